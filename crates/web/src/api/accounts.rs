//! Workspaces, keys and the activity trail.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_accounts::activity::{self, Activity};
use campanile_accounts::keys::{self, SecretKey};
use campanile_accounts::{Permission, Workspace, WorkspaceId, organisations};
use campanile_base::{Cursor, Page};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::{PageView, Paging};
use crate::Web;
use crate::caller::{Administering, Configuring, Known};
use crate::error::ApiResult;

/// The workspaces of the organisation.
#[utoipa::path(get, path = "/api/workspaces", tag = "accounts", responses((status = 200, body = PageView<Workspace>)))]
pub(super) async fn workspaces(State(web): State<Web>, Known(caller): Known) -> ApiResult<Json<PageView<Workspace>>> {
    let organisation = caller.organisation;
    let all =
        web.app.db.read(move |tx| Box::pin(async move { organisations::workspaces(tx, &organisation).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// A workspace to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkspaceIn {
    /// Its name.
    name: String,
}

/// Makes a workspace, with its webhook application.
#[utoipa::path(post, path = "/api/workspaces", tag = "accounts",
    responses((status = 201, body = Workspace), (status = 409)))]
pub(super) async fn create_workspace(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Json(asked): Json<WorkspaceIn>,
) -> ApiResult<(StatusCode, Json<Workspace>)> {
    Ok((StatusCode::CREATED, Json(web.app.create_workspace(caller, asked.name).await?)))
}

/// What can be changed about a workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkspacePatch {
    /// From which significance on members are told, 0 to 100.
    notify_threshold: i64,
}

/// Changes from which significance on members are told.
#[utoipa::path(patch, path = "/api/workspaces/{id}", tag = "accounts",
    responses((status = 200, body = Workspace), (status = 404)))]
pub(super) async fn update_workspace(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    Json(asked): Json<WorkspacePatch>,
) -> ApiResult<Json<Workspace>> {
    let (clock, id) = (web.app.clock.clone(), WorkspaceId::from(id));
    let changed = web.app.db.write(move |tx| {
        Box::pin(
            async move { organisations::set_notify_threshold(tx, &clock, &caller, &id, asked.notify_threshold).await },
        )
    });
    Ok(Json(changed.await?))
}

/// The secret keys that work.
#[utoipa::path(get, path = "/api/keys", tag = "accounts", responses((status = 200, body = PageView<SecretKey>)))]
pub(super) async fn keys(State(web): State<Web>, Known(caller): Known) -> ApiResult<Json<PageView<SecretKey>>> {
    caller.must(Permission::Administer)?;
    let organisation = caller.organisation;
    let all = web.app.db.read(move |tx| Box::pin(async move { keys::list(tx, &organisation).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyIn {
    /// What it is for.
    name: String,
}

/// A key that was made. The secret is not shown again.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyMade {
    #[serde(flatten)]
    key: SecretKey,
    /// The key itself.
    secret: String,
}

/// Makes a secret key.
#[utoipa::path(post, path = "/api/keys", tag = "accounts", responses((status = 201, body = KeyMade)))]
pub(super) async fn create_key(
    State(web): State<Web>,
    Administering(caller): Administering,
    Json(asked): Json<KeyIn>,
) -> ApiResult<(StatusCode, Json<KeyMade>)> {
    let clock = web.app.clock.clone();
    let made =
        web.app.db.write(move |tx| Box::pin(async move { keys::create(tx, &clock, &caller, &asked.name).await }));
    let (key, secret) = made.await?;
    Ok((StatusCode::CREATED, Json(KeyMade { key, secret: secret.expose().to_owned() })))
}

/// Ends a secret key, at once.
#[utoipa::path(delete, path = "/api/keys/{id}", tag = "accounts", responses((status = 204), (status = 404)))]
pub(super) async fn revoke_key(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { keys::revoke(tx, &clock, &caller, &id).await })).await?;
    web.known_keys.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/api/activity", tag = "accounts", params(Paging),
    responses((status = 200, body = PageView<Activity>)))]
pub(super) async fn activity(
    State(web): State<Web>,
    Known(caller): Known,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Activity>>> {
    let (from, size) = paging.read()?;
    let rows =
        web.app.db.read(move |tx| Box::pin(async move { activity::list(tx, &caller.organisation, &from, size).await }));
    let page = Page::of(rows.await?, size, |last| Cursor { at: last.at, id: last.id.clone() });
    Ok(Json(page.into()))
}
