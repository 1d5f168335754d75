//! Entities: the things that observations name.

use axum::extract::{Path, Query, State};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, workspace};
use campanile_http::error::ApiResult;
use campanile_memory::Observation;
use campanile_memory::catalogue::{self, EntityDetail, EntityFilter, EntityOrder, EntityView};
use serde::Deserialize;
use utoipa::IntoParams;

use super::page::{List, PageView, Paging};
use super::search::{InWorkspace, WorkspaceQuery};

/// Filters of the list of entities, and its order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EntityQuery {
    /// `engineer`, `project`, `endpoint`, `config`, `definition`, `service` or `reference`.
    category: Option<String>,
    /// The begin of the key, in any case. The list is by name then.
    prefix: Option<String>,
    /// `newest` (named for the first time last), `most` (named by the most observations, and by more than one)
    /// or `name`; `newest` when absent.
    #[param(value_type = Option<String>)]
    order: Option<EntityOrder>,
}

/// The entities of a workspace.
#[utoipa::path(get, path = "/api/entities", tag = "entities", params(EntityQuery, Paging),
    responses((status = 200, body = PageView<EntityView>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(asked): Query<EntityQuery>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<EntityView>>> {
    let EntityQuery { category, prefix, order } = asked;
    let filter = EntityFilter { category, prefix, order: order.unwrap_or_default() };
    let list = match filter.effective_order() {
        EntityOrder::Newest => List::EntitiesByTime,
        EntityOrder::Most => List::EntitiesByNumber,
        EntityOrder::Name => List::EntitiesByName,
    };
    let (from, size) = paging.read(list)?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { catalogue::page(tx, &workspace.id, &filter, &from, size).await })
    });
    Ok(Json(PageView::of(list, page.await?)))
}

/// An entity with the entities that are named beside it, and its states.
#[utoipa::path(get, path = "/api/entities/{category}/{key}", tag = "entities",
    params(("category" = String, Path), ("key" = String, Path), WorkspaceQuery),
    responses((status = 200, body = EntityDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    within: InWorkspace,
    Path((category, key)): Path<(String, String)>,
) -> ApiResult<Json<EntityDetail>> {
    let organisation = within.caller.organisation;
    let read = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move { catalogue::entity(tx, &within.id, &category, &key).await })
    });
    Ok(Json(read.await?))
}

/// The observations that name an entity, newest first. A page may be short, or empty, and still not be the last.
#[utoipa::path(get, path = "/api/entities/{category}/{key}/observations", tag = "entities",
    params(("category" = String, Path), ("key" = String, Path), Paging),
    responses((status = 200, body = PageView<Observation>), (status = 404)))]
pub(super) async fn observations(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path((category, key)): Path<(String, String)>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Observation>>> {
    let (from, size) = paging.read(List::EntityObservations)?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { catalogue::observations(tx, &workspace.id, (&category, &key), &from, size).await })
    });
    Ok(Json(PageView::of(List::EntityObservations, page.await?)))
}
