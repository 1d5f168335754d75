//! What orchestrators and Prometheus ask.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Web;

/// Whether the process lives: always 200.
#[utoipa::path(get, path = "/api/_health/live", tag = "operations", responses((status = 200)))]
pub(super) async fn live() -> Response {
    Json(json!({ "status": "live", "version": env!("CARGO_PKG_VERSION") })).into_response()
}

/// Whether it can do its work: 200 when the database answers, can store changes, and its schema is ours, else 503.
#[utoipa::path(get, path = "/api/_health/ready", tag = "operations", responses((status = 200), (status = 503)))]
pub(super) async fn ready(State(web): State<Web>) -> Response {
    let database = web.app.db.ping().await;
    let migrated = match &database {
        Ok(()) => web.app.db.is_migrated(&campanile_app::migrations()).await.unwrap_or(false),
        Err(_) => false,
    };
    // A full disk keeps nobody from reading.
    let writable = web.app.db.writable();
    if let Err(error) = database.as_ref().and(writable.as_ref()) {
        tracing::warn!(%error, "not ready");
    }
    let word = |fine: bool| if fine { "ok" } else { "error" };
    let fine = database.is_ok() && migrated && writable.is_ok();
    let body = json!({
        "status": if fine { "ready" } else { "not ready" },
        "checks": {
            "database": word(database.is_ok()), "migrations": word(migrated), "writes": word(writable.is_ok()),
        },
    });
    let status = if fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

/// Measurements, in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn metrics(State(web): State<Web>) -> Response {
    match &web.metrics {
        Some(metrics) => {
            metrics_process::Collector::default().collect();
            ([("content-type", "text/plain; version=0.0.4")], metrics.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
