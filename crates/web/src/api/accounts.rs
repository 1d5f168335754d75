//! Workspaces, keys and the activity trail.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_accounts::activity::{self, Activity};
use campanile_accounts::keys::{self, SecretKey};
use campanile_accounts::organisations::WorkspaceChanges;
use campanile_accounts::{Workspace, WorkspaceId, organisations};
use campanile_base::Result;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Administering, Authenticated, Configuring};
use campanile_http::error::ApiResult;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{List, PageView, Paging, one_of, time};

/// The workspaces of the organisation.
#[utoipa::path(get, path = "/api/workspaces", tag = "accounts", responses((status = 200, body = PageView<Workspace>)))]
pub(super) async fn workspaces(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
) -> ApiResult<Json<PageView<Workspace>>> {
    let organisation = caller.organisation;
    let all =
        web.app.db.read(move |tx| Box::pin(async move { organisations::workspaces(tx, &organisation).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// A workspace to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkspaceIn {
    /// The name of the workspace.
    name: String,
}

/// Creates a workspace, together with its webhook application.
#[utoipa::path(post, path = "/api/workspaces", tag = "accounts",
    responses((status = 201, body = Workspace), (status = 409)))]
pub(super) async fn create_workspace(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Json(asked): Json<WorkspaceIn>,
) -> ApiResult<(StatusCode, Json<Workspace>)> {
    Ok((StatusCode::CREATED, Json(web.app.create_workspace(caller, asked.name).await?)))
}

/// Changes to a workspace. What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkspacePatch {
    /// Another name, of 1 to 100 characters.
    name: Option<String>,
    /// The significance from which members are notified, 0 to 100.
    notify_threshold: Option<i64>,
}

/// Changes a workspace: its name, the significance from which its members are notified, or both.
#[utoipa::path(patch, path = "/api/workspaces/{id}", tag = "accounts",
    responses((status = 200, body = Workspace), (status = 404), (status = 409)))]
pub(super) async fn update_workspace(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    Json(asked): Json<WorkspacePatch>,
) -> ApiResult<Json<Workspace>> {
    let (clock, id) = (web.app.clock.clone(), WorkspaceId::from(id));
    let WorkspacePatch { name, notify_threshold } = asked;
    let changes = WorkspaceChanges { name, notify_threshold };
    let changed = web.app.db.write(move |tx| {
        Box::pin(async move { organisations::update_workspace(tx, &clock, &caller, &id, changes).await })
    });
    Ok(Json(changed.await?))
}

/// The secret keys that are not revoked.
#[utoipa::path(get, path = "/api/keys", tag = "accounts", responses((status = 200, body = PageView<SecretKey>)))]
pub(super) async fn keys(
    State(web): State<Web>,
    Administering(caller): Administering,
) -> ApiResult<Json<PageView<SecretKey>>> {
    let organisation = caller.organisation;
    let all = web.app.db.read(move |tx| Box::pin(async move { keys::list(tx, &organisation).await })).await?;
    Ok(Json(PageView::whole(all)))
}

/// A secret key to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyIn {
    /// The purpose of the key, for people.
    name: String,
}

/// A secret key that was created. The secret is not shown again.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyMade {
    #[serde(flatten)]
    key: SecretKey,
    /// The secret key itself, for the `Authorization` header.
    secret: String,
}

/// Creates a secret key.
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

/// Revokes a secret key.
#[utoipa::path(delete, path = "/api/keys/{id}", tag = "accounts", responses((status = 204), (status = 404)))]
pub(super) async fn revoke_key(
    State(web): State<Web>,
    Administering(caller): Administering,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    web.app.db.write(move |tx| Box::pin(async move { keys::revoke(tx, &clock, &caller, &id).await })).await?;
    web.known_keys.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// The kinds of actors.
const ACTOR_KINDS: [&str; 4] = ["person", "key", "application", "system"];

/// Filters of the activity trail. All that are given must match.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ActivityQuery {
    /// The action, such as `key.created`, or its first word: `key` matches everything that is done
    /// to keys.
    action: Option<String>,
    /// The kind of actor: `person`, `key`, `application` or `system`.
    kind: Option<String>,
    /// The actor's id.
    actor: Option<String>,
    /// The id of the object that was changed.
    subject: Option<String>,
    /// Not before this time: RFC 3339, or a date.
    after: Option<String>,
    /// Before this time: RFC 3339, or a date.
    before: Option<String>,
}

impl ActivityQuery {
    fn filter(self) -> Result<activity::Filter> {
        Ok(activity::Filter {
            action: self.action,
            actor_kind: one_of("kind", self.kind, &ACTOR_KINDS)?,
            actor: self.actor,
            subject: self.subject,
            after: time("after", self.after)?,
            before: time("before", self.before)?,
        })
    }
}

/// The activity trail: what members, keys, portals and the server have changed, newest first.
#[utoipa::path(get, path = "/api/activity", tag = "accounts", params(ActivityQuery, Paging),
    responses((status = 200, body = PageView<Activity>)))]
pub(super) async fn activity(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(wanted): Query<ActivityQuery>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Activity>>> {
    let (from, size) = paging.read(List::Activity)?;
    let filter = wanted.filter()?;
    let organisation = caller.organisation.clone();
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { activity::page(tx, &organisation, &filter, &from, size).await })
    });
    Ok(Json(PageView::of(List::Activity, page.await?)))
}
