//! The Svix API, at `/api/v1`: the part that webhooks need to be set up, sent and looked at.
//!
//! Casing, error bodies and lists are those of the official libraries. What is not served answers
//! with a JSON error that says so.

mod applications;
mod attempts;
mod endpoints;
mod error;
mod list;
mod messages;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::json;

use crate::Web;

pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/health", get(health))
        .route("/health/ping", get(async || StatusCode::NO_CONTENT))
        .route("/app", get(applications::list).post(applications::create))
        .route("/app/{app}", get(applications::get))
        .route("/app/{app}/endpoint", get(endpoints::list).post(endpoints::create))
        .route("/app/{app}/endpoint/{endpoint}", get(endpoints::get).put(endpoints::replace).delete(endpoints::delete))
        .route("/app/{app}/endpoint/{endpoint}/secret", get(endpoints::secret))
        .route("/app/{app}/endpoint/{endpoint}/secret/rotate", post(endpoints::rotate))
        .route("/app/{app}/msg", get(messages::list).post(messages::create))
        .route("/app/{app}/msg/{message}", get(messages::get))
        .route("/app/{app}/attempt/msg/{message}", get(attempts::of_message))
        .route("/app/{app}/attempt/endpoint/{endpoint}", get(attempts::of_endpoint))
        .route("/{*rest}", any(error::not_served))
        .layer(axum::middleware::map_request(trimmed))
}

/// The official libraries call without a slash at the end, scripts often with one.
async fn trimmed(mut request: axum::extract::Request) -> axum::extract::Request {
    let path = request.uri().path();
    if path.len() > 1 && path.ends_with('/') {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("{}{query}", path.trim_end_matches('/')).parse() {
            *request.uri_mut() = uri;
        }
    }
    request
}

async fn health(State(web): State<Web>) -> Response {
    let database = web.app.db.ping().await.is_ok();
    let word = json!({ "status": if database { "ok" } else { "error" } });
    let status = if database { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    (status, Json(json!({ "database": word, "queue": word, "cache": { "status": "ok" } }))).into_response()
}
