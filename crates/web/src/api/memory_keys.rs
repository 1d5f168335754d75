//! Memory keys: what assistants read a workspace's memory with.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::WorkspaceId;
use campanile_accounts::memory_keys::{self, MemoryKey};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::Administering;
use campanile_http::error::ApiResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::PageView;

/// The memory keys that are not revoked.
#[utoipa::path(get, path = "/api/memory-keys", tag = "accounts", responses((status = 200, body = PageView<MemoryKey>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Administering(caller): Administering,
) -> ApiResult<Json<PageView<MemoryKey>>> {
    let organisation = caller.organisation;
    let all = web.app.db.read(move |tx| Box::pin(async move { memory_keys::list(tx, &organisation).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// A memory key to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryKeyIn {
    /// The purpose of the key, for people.
    name: String,
    /// The workspace that it reads.
    workspace_id: String,
}

/// A memory key that was created. The secret is not shown again.
#[derive(Serialize, ToSchema)]
pub(super) struct MemoryKeyMade {
    #[serde(flatten)]
    key: MemoryKey,
    /// The key itself, for the `Authorization` header.
    secret: String,
}

/// Creates a memory key, which reads one workspace and may do nothing else.
#[utoipa::path(post, path = "/api/memory-keys", tag = "accounts",
    responses((status = 201, body = MemoryKeyMade), (status = 403), (status = 404)))]
pub(super) async fn create(
    State(web): State<Web>,
    Administering(caller): Administering,
    Json(MemoryKeyIn { name, workspace_id }): Json<MemoryKeyIn>,
) -> ApiResult<(StatusCode, Json<MemoryKeyMade>)> {
    let (clock, workspace) = (web.app.clock.clone(), WorkspaceId::from(workspace_id));
    let made = web
        .app
        .db
        .write(move |tx| Box::pin(async move { memory_keys::create(tx, &clock, &caller, &workspace, &name).await }));
    let (key, secret) = made.await?;
    Ok((StatusCode::CREATED, Json(MemoryKeyMade { key, secret: secret.expose().to_owned() })))
}

/// Revokes a memory key.
#[utoipa::path(delete, path = "/api/memory-keys/{id}", tag = "accounts",
    responses((status = 204), (status = 404)))]
pub(super) async fn revoke(
    State(web): State<Web>,
    Administering(caller): Administering,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { memory_keys::revoke(tx, &clock, &caller, &id).await })).await?;
    web.known_keys.forget();
    Ok(StatusCode::NO_CONTENT)
}
