//! The documents of a linked source: its configuration file, and its syncs.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring};
use campanile_http::error::ApiResult;
use campanile_inbound::connectors::documents::SourceDocuments;
use campanile_inbound::sources::SourceId;
use campanile_inbound::sync::configuration::ConfigFinding;
use campanile_inbound::sync::syncs::DocumentSync;

/// The state of a source's documents: the configuration file, their number, and the newest syncs with
/// what each found.
#[utoipa::path(get, path = "/api/sources/{id}/documents", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = SourceDocuments), (status = 404)))]
pub(super) async fn show(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<SourceId>,
) -> ApiResult<Json<SourceDocuments>> {
    let connectors = web.app.connectors.clone();
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { connectors.source_documents(tx, &caller.organisation, &id).await }));
    Ok(Json(read.await?))
}

/// Syncs all documents of a source.
///
/// One sync of a source runs at a time. While one has not begun, it is returned, and no other is made.
/// A source without documents answers 409.
#[utoipa::path(post, path = "/api/sources/{id}/sync", tag = "sources", params(("id" = String, Path)),
    responses((status = 202, body = DocumentSync), (status = 404), (status = 409)))]
pub(super) async fn sync(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<SourceId>,
) -> ApiResult<(StatusCode, Json<DocumentSync>)> {
    Ok((StatusCode::ACCEPTED, Json(web.app.sync_documents(caller, id).await?)))
}

/// Looks for the configuration file of a repository. Nothing is synced.
#[utoipa::path(post, path = "/api/sources/{id}/detect-config", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = ConfigFinding), (status = 404), (status = 409)))]
pub(super) async fn detect_config(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<SourceId>,
) -> ApiResult<Json<ConfigFinding>> {
    Ok(Json(web.app.detect_configuration(&caller, &id).await?))
}
