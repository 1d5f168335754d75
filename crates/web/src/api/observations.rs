//! Observations and their edges.

use axum::Json;
use axum::extract::{Path, Query, State};
use campanile_accounts::{Caller, WorkspaceId};
use campanile_base::{Error, Result};
use campanile_memory::graph::{self, EdgeView};
use campanile_memory::{Filter, Observation, ObservationDetail, observations};
use serde::Deserialize;
use utoipa::IntoParams;

use super::page::{PageView, Paging, Within, time};
use crate::Web;
use crate::caller::{Known, workspace};
use crate::error::ApiResult;

/// Which observations are wanted; everything that is given must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The provider: `github`, `vercel`, `linear` or `sentry`. Also known as `provider`.
    #[serde(alias = "provider")]
    source: Option<String>,
    /// The type, or its first word: `pull_request` means all that happens to one.
    r#type: Option<String>,
    /// The actor's id (`github:123`) or name.
    actor: Option<String>,
    /// One of the topics.
    topic: Option<String>,
    /// The least significance.
    #[serde(alias = "significance")]
    min_significance: Option<i64>,
    /// Not before this time, RFC 3339. Also known as `since`.
    #[serde(alias = "since")]
    after: Option<String>,
    /// Before this time, RFC 3339. Also known as `until`.
    #[serde(alias = "until")]
    before: Option<String>,
}

impl Wanted {
    fn filter(self) -> Result<Filter> {
        Ok(Filter {
            provider: self.source,
            event_type: self.r#type,
            actor: self.actor,
            topic: self.topic,
            min_significance: self.min_significance,
            after: time("after", self.after)?,
            before: time("before", self.before)?,
        })
    }
}

/// Observations, newest first.
#[utoipa::path(get, path = "/api/observations", tag = "observations", params(Wanted, Paging),
    responses((status = 200, body = PageView<Observation>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Known(caller): Known,
    Query(wanted): Query<Wanted>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Observation>>> {
    let (from, size) = paging.read()?;
    let filter = wanted.filter()?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { observations::page(tx, &workspace.id, &filter, &from, size).await })
    });
    Ok(Json(page.await?.into()))
}

/// An observation, whole.
#[utoipa::path(get, path = "/api/observations/{id}", tag = "observations", params(Within),
    responses((status = 200, body = ObservationDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
    Query(within): Query<Within>,
) -> ApiResult<Json<ObservationDetail>> {
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let found =
        web.app.db.read(move |tx| Box::pin(async move { observations::by_id(tx, &workspace, &id).await })).await?;
    Ok(Json(found.ok_or(Error::NotFound("observation"))?))
}

/// What an observation is tied to, the most certain first.
#[utoipa::path(get, path = "/api/observations/{id}/edges", tag = "observations", params(Within),
    responses((status = 200, body = PageView<EdgeView>), (status = 404)))]
pub(super) async fn edges(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
    Query(within): Query<Within>,
) -> ApiResult<Json<PageView<EdgeView>>> {
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let edges = web.app.db.read(move |tx| Box::pin(async move { graph::edges(tx, &workspace, &id).await })).await?;
    Ok(Json(PageView::whole(edges)))
}

async fn workspace_of(web: &Web, caller: &Caller, within: Within, id: &str) -> Result<WorkspaceId> {
    let id = id.to_owned();
    let look = within.of(web, caller, "observation", |tx, organisation| {
        Box::pin(async move { observations::workspace_of(tx, &organisation, &id).await })
    });
    look.await
}
