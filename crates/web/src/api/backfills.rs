//! Backfills: the history of a connected account comes along.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring};
use campanile_http::error::ApiResult;
use campanile_inbound::connections::ConnectionId;
use campanile_inbound::connectors::backfill::{BackfillEstimate, BackfillRequest};
use campanile_inbound::pulls::{self, Backfill, BackfillDetail, BackfillId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::connections::PlaceQuery;
use super::page::{List, PageView};

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list, request)).routes(routes!(estimate)).routes(routes!(get, cancel))
}

/// Begins to bring the history of a connection's sources along.
///
/// It rings nobody. One backfill of a connection is active at a time (409), and one can be asked for
/// an hour after the last (429). A stretch that an earlier backfill has completed is pulled only from
/// where that one began.
#[utoipa::path(post, path = "/api/connections/{id}/backfills", tag = "connections", params(("id" = String, Path)),
    responses((status = 202, body = BackfillDetail), (status = 400), (status = 404), (status = 409), (status = 429)))]
pub(super) async fn request(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<ConnectionId>,
    Json(asked): Json<BackfillRequest>,
) -> ApiResult<(StatusCode, Json<BackfillDetail>)> {
    Ok((StatusCode::ACCEPTED, Json(web.app.connectors.request_backfill(&caller, &id, asked).await?)))
}

/// The stretches that a backfill would have, with about the number of things in each.
///
/// A number is `null` if the provider does not tell it.
#[utoipa::path(post, path = "/api/connections/{id}/backfills/estimate", tag = "connections",
    params(("id" = String, Path)),
    responses((status = 200, body = BackfillEstimate), (status = 400), (status = 404), (status = 409)))]
pub(super) async fn estimate(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<ConnectionId>,
    Json(asked): Json<BackfillRequest>,
) -> ApiResult<Json<BackfillEstimate>> {
    Ok(Json(web.app.connectors.estimate_backfill(&caller, &id, asked).await?))
}

/// The backfills of a connection, newest first, each with its progress.
#[utoipa::path(get, path = "/api/connections/{id}/backfills", tag = "connections",
    params(("id" = String, Path), PlaceQuery),
    responses((status = 200, body = PageView<Backfill>), (status = 404)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConnectionId>,
    Query(place): Query<PlaceQuery>,
) -> ApiResult<Json<PageView<Backfill>>> {
    let (from, size) = place.read(List::Backfills)?;
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { pulls::page(tx, &caller.organisation, &id, &from, size).await }));
    Ok(Json(PageView::of(List::Backfills, read.await?)))
}

/// A backfill with its stretches: each is one kind of thing of one source.
#[utoipa::path(get, path = "/api/backfills/{id}", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, body = BackfillDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<BackfillId>,
) -> ApiResult<Json<BackfillDetail>> {
    let read = web.app.db.read(move |tx| Box::pin(async move { pulls::find(tx, &caller.organisation, &id).await }));
    Ok(Json(read.await?))
}

/// Cancels a backfill that is active. The history that it has brought stays.
#[utoipa::path(delete, path = "/api/backfills/{id}", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, body = BackfillDetail), (status = 404), (status = 409)))]
pub(super) async fn cancel(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<BackfillId>,
) -> ApiResult<Json<BackfillDetail>> {
    Ok(Json(web.app.connectors.cancel_backfill(&caller, &id).await?))
}
