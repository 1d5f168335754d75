//! Observations and their edges.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_accounts::{Caller, WorkspaceId};
use campanile_base::{Error, Result, Thing};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring, MemoryReader, workspace};
use campanile_http::error::ApiResult;
use campanile_memory::classification::CATEGORIES;
use campanile_memory::graph::{self, EdgeView, Neighbourhood, neighbourhood};
use campanile_memory::observations::ObservationInput;
use campanile_memory::{Filter, Observation, ObservationDetail, observations, people, threads};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{List, PageView, Paging, SOURCES, Within, one_of, time};

/// Filters of the list of observations. All that are given must match.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ObservationQuery {
    /// The source: `github`, `vercel`, `linear`, `sentry`, `pagerduty`, `gitlab`, `api` or `manual`. Also known as
    /// `provider`.
    #[serde(alias = "provider")]
    source: Option<String>,
    /// The type, or its first word: `pull_request` matches everything that happens to a pull
    /// request.
    r#type: Option<String>,
    /// A person, by an id (`github:123`), a name or a mail address of any of their accounts.
    actor: Option<String>,
    /// A topic of the observation.
    topic: Option<String>,
    /// The category, such as `bug_fix`.
    category: Option<String>,
    /// The lowest significance. Also known as `significance`.
    #[serde(alias = "significance")]
    min_significance: Option<i64>,
    /// Not before this time: RFC 3339, or a date. Also known as `since`.
    #[serde(alias = "since")]
    after: Option<String>,
    /// Before this time: RFC 3339, or a date. Also known as `until`.
    #[serde(alias = "until")]
    before: Option<String>,
}

impl ObservationQuery {
    fn filter(self) -> Result<Filter> {
        Ok(Filter {
            provider: one_of("source", self.source, &SOURCES)?,
            event_type: self.r#type.map(|name| name.trim().to_lowercase()),
            actor: self.actor,
            topic: self.topic,
            category: one_of("category", self.category, &CATEGORIES)?,
            min_significance: self.min_significance,
            after: time("after", self.after)?,
            before: time("before", self.before)?,
            ..Filter::default()
        })
    }
}

/// Observations, newest first.
#[utoipa::path(get, path = "/api/observations", tag = "observations", params(ObservationQuery, Paging),
    responses((status = 200, body = PageView<Observation>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(wanted): Query<ObservationQuery>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Observation>>> {
    let (from, size) = paging.read(List::Observations)?;
    let filter = wanted.filter()?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let organisation = caller.organisation.clone();
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move {
            let filter = people::widened(tx, &organisation, filter).await?;
            observations::page(tx, &workspace.id, &filter, &from, size).await
        })
    });
    Ok(Json(PageView::of(List::Observations, page.await?)))
}

/// The workspace of a new observation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CreationQuery {
    /// The workspace; the organisation's first workspace when absent.
    workspace: Option<String>,
}

/// Remembers an observation that no connected tool tells.
///
/// It is searched, tied to others, assigned to a cluster and announced like any other. Its source is `api`, or
/// `manual` when a signed-in member tells it. What is told again under the same `id` is remembered once: the answer
/// is 200 with the first one.
#[utoipa::path(post, path = "/api/observations", tag = "observations", params(CreationQuery),
    request_body = ObservationInput,
    responses((status = 201, body = Observation), (status = 200, body = Observation), (status = 400)))]
pub(super) async fn create(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Query(within): Query<CreationQuery>,
    Json(input): Json<ObservationInput>,
) -> ApiResult<(StatusCode, Json<Observation>)> {
    let workspace = workspace(&web.app, &caller, within.workspace.as_deref()).await?;
    let (observation, is_new) = web.app.create_observation(&caller, &workspace, input).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(observation)))
}

/// An observation with all its details, and the thread that it is a part of.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FullObservation {
    /// All its details.
    #[serde(flatten)]
    detail: ObservationDetail,
    /// The id of the thread of the issue or pull request that it is about; `null` if it is about none.
    thread: Option<String>,
}

/// An observation with all its details.
#[utoipa::path(get, path = "/api/observations/{id}", tag = "observations", params(Within),
    responses((status = 200, body = FullObservation), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(within): Query<Within>,
) -> ApiResult<Json<FullObservation>> {
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let found = observations::by_id(tx, &workspace, &id).await?;
            let detail = found.ok_or(Error::NotFound(Thing::Observation))?;
            let thread = threads::id_of(tx, &workspace, &detail).await?;
            Ok::<_, Error>(FullObservation { detail, thread })
        })
    });
    Ok(Json(read.await?))
}

/// The edges of an observation to others, the most certain first.
#[utoipa::path(get, path = "/api/observations/{id}/edges", tag = "observations", params(Within),
    responses((status = 200, body = PageView<EdgeView>), (status = 404)))]
pub(super) async fn edges(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(within): Query<Within>,
) -> ApiResult<Json<PageView<EdgeView>>> {
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let edges = web.app.db.read(move |tx| Box::pin(async move { graph::edges(tx, &workspace, &id).await })).await?;
    Ok(Json(PageView::whole(edges)))
}

/// The reach of the graph around an observation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct GraphQuery {
    /// The number of edges between the observation and the farthest others, 1 to 3; 2 when absent.
    depth: Option<u8>,
    /// The most observations, 1 to 100; 40 when absent.
    limit: Option<usize>,
}

/// The observations around one, and all edges between them. The nearest come first, and of equally
/// near ones those of the most certain edges.
#[utoipa::path(get, path = "/api/observations/{id}/graph", tag = "observations", params(GraphQuery, Within),
    responses((status = 200, body = Neighbourhood), (status = 404)))]
pub(super) async fn graph(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(asked): Query<GraphQuery>,
    Query(within): Query<Within>,
) -> ApiResult<Json<Neighbourhood>> {
    let (depth, limit) = (asked.depth.unwrap_or(2), asked.limit.unwrap_or(40));
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let found = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { neighbourhood(tx, &workspace, &id, depth, limit).await })
    });
    Ok(Json(found.await?))
}

/// The edges of an observation to others; the same as `/api/observations/{id}/edges`.
#[utoipa::path(get, path = "/v1/related/{id}", tag = "search", params(Within),
    responses((status = 200, body = PageView<EdgeView>), (status = 404)))]
pub(super) async fn related_v1(
    web: State<Web>,
    reader: MemoryReader,
    id: Path<String>,
    Query(within): Query<Within>,
) -> ApiResult<Json<PageView<EdgeView>>> {
    let within = within.bound_to(&reader)?;
    edges(web, Authenticated(reader.caller), id, Query(within)).await
}

/// The observations around one; the same as `/api/observations/{id}/graph`.
#[utoipa::path(get, path = "/v1/graph/{id}", tag = "search", params(GraphQuery, Within),
    responses((status = 200, body = Neighbourhood), (status = 404)))]
pub(super) async fn graph_v1(
    web: State<Web>,
    reader: MemoryReader,
    id: Path<String>,
    asked: Query<GraphQuery>,
    Query(within): Query<Within>,
) -> ApiResult<Json<Neighbourhood>> {
    let within = within.bound_to(&reader)?;
    graph(web, Authenticated(reader.caller), id, asked, Query(within)).await
}

async fn workspace_of(web: &Web, caller: &Caller, within: Within, id: &str) -> Result<WorkspaceId> {
    let id = id.to_owned();
    let look = within.of(web, caller, Thing::Observation, |tx, organisation| {
        Box::pin(async move { observations::workspace_of(tx, &organisation, &id).await })
    });
    look.await
}
