//! Deliveries: what the providers sent, and how it was processed.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_accounts::{Caller, WorkspaceId};
use campanile_base::{Error, Result, Thing};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring, workspace};
use campanile_http::error::ApiResult;
use campanile_inbound::deliveries::{self, DeliveryDetail, DeliverySummary, Filter, Origin};
use serde::Deserialize;
use utoipa::IntoParams;

use super::page::{List, PageView, Paging, Within, one_of, time};

/// Filters of the list of deliveries. All that are given must match.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryQuery {
    /// The status: `received`, `processed`, `skipped` or `failed`.
    status: Option<String>,
    /// The id of the source.
    source: Option<String>,
    /// The event, as the provider names it, such as `pull_request`.
    event: Option<String>,
    /// The way in which it reached us: `webhook`, `backfill`, `poll`, `manual` or `api`.
    origin: Option<String>,
    /// The provider's id of the delivery.
    delivery_id: Option<String>,
    /// Not before this time: RFC 3339, or a date.
    after: Option<String>,
    /// Before this time: RFC 3339, or a date.
    before: Option<String>,
}

impl DeliveryQuery {
    fn filter(self) -> Result<Filter> {
        Ok(Filter {
            status: self.status,
            source: self.source,
            event: self.event,
            origin: one_of("origin", self.origin, &Origin::ALL.map(Origin::as_str))?,
            delivery: self.delivery_id,
            after: time("after", self.after)?,
            before: time("before", self.before)?,
        })
    }
}

/// Deliveries, newest first.
#[utoipa::path(get, path = "/api/deliveries", tag = "deliveries", params(DeliveryQuery, Paging),
    responses((status = 200, body = PageView<DeliverySummary>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(wanted): Query<DeliveryQuery>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<DeliverySummary>>> {
    let (from, size) = paging.read(List::Deliveries)?;
    let filter = wanted.filter()?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { deliveries::page(tx, &workspace.id, &filter, &from, size).await })
    });
    Ok(Json(PageView::of(List::Deliveries, page.await?)))
}

/// A delivery with its headers and its body.
#[utoipa::path(get, path = "/api/deliveries/{id}", tag = "deliveries", params(Within),
    responses((status = 200, body = DeliveryDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(within): Query<Within>,
) -> ApiResult<Json<DeliveryDetail>> {
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let found =
        web.app.db.read(move |tx| Box::pin(async move { deliveries::by_id(tx, &workspace, &id).await })).await?;
    Ok(Json(found.ok_or(Error::NotFound(Thing::Delivery))?))
}

/// Processes a delivery again that failed or was skipped.
///
/// The stored body is used, exactly as it came. Observations that are stored already are not stored
/// twice.
#[utoipa::path(post, path = "/api/deliveries/{id}/process", tag = "deliveries", params(Within),
    responses((status = 202, body = DeliverySummary), (status = 404), (status = 409)))]
pub(super) async fn process(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    Query(within): Query<Within>,
) -> ApiResult<(StatusCode, Json<DeliverySummary>)> {
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let intake = web.app.intake.clone();
    let waiting =
        web.app.db.write(move |tx| Box::pin(async move { intake.process_again(tx, &caller, &workspace, &id).await }));
    Ok((StatusCode::ACCEPTED, Json(waiting.await?)))
}

async fn workspace_of(web: &Web, caller: &Caller, within: Within, id: &str) -> Result<WorkspaceId> {
    let id = id.to_owned();
    let look = within.of(web, caller, Thing::Delivery, |tx, organisation| {
        Box::pin(async move { deliveries::workspace_of(tx, &organisation, &id).await })
    });
    look.await
}
