//! The Svix API, at `/api/v1`: for everything that has to do with outbound webhooks, it is our API.
//!
//! Casing, error bodies, lists and status codes are those of the official libraries, of both generations.
//! What is not served answers with a JSON error that says so. Browsers of any origin may call: who holds no token gets
//! nowhere.

mod access;
mod applications;
mod attempts;
mod authentication;
mod body;
mod destinations;
mod endpoints;
mod environment;
mod error;
mod event_types;
mod idempotency;
mod integrations;
mod list;
mod messages;
mod operational;
mod poller;
mod proof;
pub(crate) mod query;
mod tasks;
#[cfg(test)]
mod tests;
mod transformations;

use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post, put};
use serde_json::json;

use crate::{Web, origins};

pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/health", get(health))
        .route("/health/ping", get(async || StatusCode::NO_CONTENT))
        .route("/openapi.json", get(document))
        .merge(within_applications())
        .merge(other_ways())
        .merge(of_organisations())
        .route("/stream", any(error::not_here))
        .route("/stream/{*rest}", any(error::not_here))
        .route("/connector", any(error::not_here))
        .route("/connector/{*rest}", any(error::not_here))
        .route("/auth/stream-portal-access/{stream}", any(error::not_here))
        .route("/auth/stream/{*rest}", any(error::not_here))
        .route("/auth/stream-logout", any(error::not_here))
        .route("/{*rest}", any(error::not_served))
}

/// What an application's own token opens, so far as its operations do not say otherwise.
fn within_applications() -> Router<Web> {
    Router::new()
        .route(
            "/app/{app}",
            get(applications::get).put(applications::upsert).patch(applications::patch).delete(applications::delete),
        )
        .route("/app/{app}/endpoint", get(endpoints::list).post(endpoints::create))
        .route(
            "/app/{app}/endpoint/{endpoint}",
            get(endpoints::get).put(endpoints::upsert).patch(endpoints::patch).delete(endpoints::delete),
        )
        .route("/app/{app}/endpoint/{endpoint}/secret", get(endpoints::secret))
        .route("/app/{app}/endpoint/{endpoint}/secret/rotate", post(endpoints::rotate))
        .route(
            "/app/{app}/endpoint/{endpoint}/headers",
            get(endpoints::get_headers).put(endpoints::set_headers).patch(endpoints::patch_headers),
        )
        .route("/app/{app}/endpoint/{endpoint}/stats", get(endpoints::stats))
        .route("/app/{app}/endpoint/{endpoint}/recover", post(endpoints::recover))
        .route("/app/{app}/endpoint/{endpoint}/replay-missing", post(endpoints::replay_missing))
        .route("/app/{app}/endpoint/{endpoint}/bulk-replay", post(endpoints::bulk_replay))
        .route("/app/{app}/endpoint/{endpoint}/send-example", post(messages::send_example))
        .route("/app/{app}/endpoint/{endpoint}/msg", get(attempts::messages_of))
        .route("/app/{app}/msg", get(messages::list).post(messages::create))
        .route("/app/{app}/msg/search", post(messages::search))
        .route("/app/{app}/msg/precheck/active", post(messages::precheck))
        .route("/app/{app}/msg/bulk-expunge", post(messages::bulk_expunge))
        .route("/app/{app}/msg/expunge-all-contents", post(messages::expunge_all))
        .route("/app/{app}/msg/{message}", get(messages::get))
        .route("/app/{app}/msg/{message}/raw", get(messages::raw))
        .route("/app/{app}/msg/{message}/content", delete(messages::expunge))
        .route("/app/{app}/msg/{message}/endpoint", get(attempts::endpoints_of))
        .route("/app/{app}/msg/{message}/endpoint/{endpoint}/resend", post(attempts::resend))
        .route("/app/{app}/msg/{message}/endpoint/{endpoint}/attempt", get(attempts::of_message_at_endpoint))
        .route("/app/{app}/msg/{message}/attempt", get(attempts::of_message))
        .route("/app/{app}/msg/{message}/attempt/{attempt}", get(attempts::get))
        .route("/app/{app}/msg/{message}/attempt/{attempt}/content", delete(attempts::expunge))
        .route("/app/{app}/attempt/msg/{message}", get(attempts::of_message))
        .route("/app/{app}/attempt/endpoint/{endpoint}", get(attempts::of_endpoint))
        .route("/app/{app}/attempt/endpoint/{endpoint}/count", get(attempts::count))
}

/// Endpoints that are not merely sent each message as it comes.
fn other_ways() -> Router<Web> {
    let destinations = |at: &str| {
        Router::new()
            .route(at, get(destinations::list).post(destinations::create))
            .route(
                &format!("{at}/{{endpoint}}"),
                get(destinations::get)
                    .put(destinations::upsert)
                    .patch(destinations::patch)
                    .delete(destinations::delete),
            )
            .route(&format!("{at}/{{endpoint}}/secret"), get(endpoints::secret))
            .route(&format!("{at}/{{endpoint}}/secret/rotate"), post(endpoints::rotate))
            .route(
                &format!("{at}/{{endpoint}}/headers"),
                get(endpoints::get_headers).put(endpoints::set_headers).patch(endpoints::patch_headers),
            )
            .route(
                &format!("{at}/{{endpoint}}/transformation"),
                get(transformations::get).patch(transformations::patch),
            )
            .route(&format!("{at}/{{endpoint}}/attempt"), get(attempts::of_endpoint))
            .route(&format!("{at}/{{endpoint}}/force-retry"), post(destinations::force_retry))
            .route(&format!("{at}/{{endpoint}}/skip"), post(destinations::skip))
            .route(&format!("{at}/{{endpoint}}/next-event"), get(destinations::next_event))
    };
    Router::new()
        .merge(destinations("/app/{app}/destination"))
        .merge(destinations("/app/{app}/stream/sink"))
        .route("/app/{app}/endpoint/{endpoint}/transformation", get(transformations::get).patch(transformations::patch))
        .route("/app/{app}/endpoint/{endpoint}/transformation/simulate", post(transformations::simulate))
        .route(
            "/app/{app}/endpoint/{endpoint}/oauth",
            get(proof::get_oauth).put(proof::set_oauth).delete(proof::delete_oauth),
        )
        .route(
            "/app/{app}/endpoint/{endpoint}/mtls",
            get(proof::get_identity).put(proof::set_identity).delete(proof::delete_identity),
        )
        .route("/app/{app}/endpoint/{endpoint}/ca", get(proof::get_authority).put(proof::set_authority))
        .route("/app/{app}/poller/{endpoint}", get(poller::poll))
        .route("/app/{app}/poller/{endpoint}/consumer/{consumer}", get(poller::consume))
        .route("/app/{app}/poller/{endpoint}/consumer/{consumer}/seek", post(poller::seek))
        .route("/auth/app/{app}/poller/{endpoint}/token", get(poller::token))
        .route("/auth/app/{app}/poller/{endpoint}/token/rotate", post(poller::rotate_token))
        .route("/app/{app}/integration", get(integrations::list).post(integrations::create))
        .route(
            "/app/{app}/integration/{integration}",
            get(integrations::get).put(integrations::update).delete(integrations::delete),
        )
        .route("/app/{app}/integration/{integration}/key", get(integrations::key))
        .route("/app/{app}/integration/{integration}/key/rotate", post(integrations::rotate_key))
}

fn of_organisations() -> Router<Web> {
    Router::new()
        .route("/app", get(applications::list).post(applications::create))
        .route("/event-type", get(event_types::list).post(event_types::create))
        .route("/event-type/import/openapi", post(environment::import_openapi))
        .route(
            "/event-type/{name}",
            get(event_types::get).put(event_types::upsert).patch(event_types::patch).delete(event_types::delete),
        )
        .route("/environment/export", post(environment::export))
        .route("/environment/import", post(environment::import))
        .route("/auth/app-portal-access/{app}", post(authentication::portal_access))
        .route("/auth/dashboard-access/{app}", post(authentication::dashboard_access))
        .route("/auth/app/{app}/expire-all", post(authentication::expire_all))
        .route("/auth/logout", post(authentication::logout))
        .route("/auth/one-time-token", post(authentication::one_time_token))
        .route("/auth/whoami", get(authentication::whoami))
        .route("/background-task", get(tasks::list))
        .route("/background-task/{task}", get(tasks::get))
        .route("/stats/usage/app", post(tasks::application_usage))
        .route("/stats/usage/event-types", put(tasks::event_type_usage))
        .route("/operational-webhook/endpoint", get(operational::list).post(operational::create))
        .route(
            "/operational-webhook/endpoint/{endpoint}",
            get(operational::get).put(operational::upsert).delete(operational::delete),
        )
        .route("/operational-webhook/endpoint/{endpoint}/secret", get(operational::secret))
        .route("/operational-webhook/endpoint/{endpoint}/secret/rotate", post(operational::rotate))
        .route(
            "/operational-webhook/endpoint/{endpoint}/headers",
            get(operational::get_headers).put(operational::set_headers),
        )
}

/// A path of this API as its operations have it: the official libraries call without a slash at the end, scripts
/// often with one, or with two in between. This comes before the operation is looked up.
pub(crate) fn tidied<B>(mut request: axum::http::Request<B>) -> axum::http::Request<B> {
    let path = request.uri().path();
    if path.starts_with("//") || path.starts_with("/api/v1/") && (path.ends_with('/') || path.contains("//")) {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("/{}{query}", parts.join("/")).parse() {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// What is around every operation: one answer for a request and its repeats, and access for pages of any origin,
/// with whatever headers they like.
pub(crate) async fn around(web: &Web, request: Request, next: Next) -> Response {
    match origins::preflight(&request) {
        Some(answer) => answer,
        None => origins::open(idempotency::once(web, request, next).await),
    }
}

async fn health(State(web): State<Web>) -> Response {
    let database = web.app.db.ping().await.is_ok();
    let word = json!({ "status": if database { "ok" } else { "error" } });
    let status = if database { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    (status, Json(json!({ "database": word, "queue": word, "cache": { "status": "ok" } }))).into_response()
}

async fn document() -> Json<&'static utoipa::openapi::OpenApi> {
    Json(crate::openapi())
}
