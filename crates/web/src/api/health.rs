//! Health checks for orchestrators, and metrics for Prometheus.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use campanile_http::Web;
use campanile_http::body::Json;
use serde_json::json;

use metrics_exporter_prometheus::PrometheusHandle;

/// Liveness check: always 200.
#[utoipa::path(get, path = "/api/_health/live", tag = "operations", responses((status = 200)))]
pub(super) async fn live() -> Response {
    Json(json!({ "status": "live", "version": env!("CARGO_PKG_VERSION") })).into_response()
}

/// Readiness check: 200 if the server can do its work, else 503.
///
/// Ready means: the database answers, it can store changes, and its schema is that of this version.
#[utoipa::path(get, path = "/api/_health/ready", tag = "operations", responses((status = 200), (status = 503)))]
pub(super) async fn ready(State(web): State<Web>) -> Response {
    let database = web.app.db.ping().await;
    let migrated = match &database {
        Ok(()) => web.app.db.is_migrated(&campanile_app::migrations()).await.unwrap_or(false),
        Err(_) => false,
    };
    // Asked apart from the ping, because a full disk still allows reads.
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

/// Metrics in Prometheus' text format; 404 where metrics are off.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn metrics(State(source): State<Option<PrometheusHandle>>) -> Response {
    match &source {
        Some(metrics) => {
            metrics_process::Collector::default().collect();
            ([("content-type", "text/plain; version=0.0.4")], metrics.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
