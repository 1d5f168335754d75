//! Addresses that no mail goes to any more: the list, what puts one there, and what takes it off.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_accounts::Permission;
use campanile_base::{Cursor, Page};
use campanile_db::Range;
use campanile_notify::suppressions::{self, Reason, Suppression};
use serde::Deserialize;
use utoipa::ToSchema;

use super::page::{PageView, Paging};
use crate::Web;
use crate::caller::{Configuring, Known};
use crate::error::ApiResult;

/// An address that is to get no more mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SuppressionIn {
    /// The address.
    address: String,
    /// Why; for people.
    details: Option<String>,
}

/// Addresses that no mail of the organisation goes to, by address.
#[utoipa::path(get, path = "/api/suppressions", tag = "suppressions", params(Paging),
    responses((status = 200, body = PageView<Suppression>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Known(caller): Known,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Suppression>>> {
    caller.must(Permission::Configure)?;
    let (from, size) = paging.read()?;
    // The cursor of a first page has no address.
    let range = Range { low: from.id, ..Range::first(size.to_fetch()) };
    let read =
        web.app.db.read(move |tx| Box::pin(async move { suppressions::list(tx, &caller.organisation, &range).await }));
    let cursor = |last: &Suppression| Cursor { at: last.created_at, id: last.address.clone() };
    Ok(Json(Page::of(read.await?, size, cursor).into()))
}

/// Keeps mail from an address.
#[utoipa::path(post, path = "/api/suppressions", tag = "suppressions", request_body = SuppressionIn,
    responses((status = 201, body = Suppression), (status = 400)))]
pub(super) async fn add(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Json(asked): Json<SuppressionIn>,
) -> ApiResult<(StatusCode, Json<Suppression>)> {
    let clock = web.app.clock.clone();
    let added = web.app.db.write(move |tx| {
        Box::pin(async move {
            let why = (Reason::Manual, asked.details.as_deref(), None);
            suppressions::add(tx, &clock, &caller, &asked.address, why).await
        })
    });
    Ok((StatusCode::CREATED, Json(added.await?)))
}

/// Lets mail go to an address again.
#[utoipa::path(delete, path = "/api/suppressions/{address}", tag = "suppressions",
    responses((status = 204), (status = 404)))]
pub(super) async fn remove(
    State(web): State<Web>,
    Known(caller): Known,
    Path(address): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    let removed =
        web.app.db.write(move |tx| Box::pin(async move { suppressions::remove(tx, &clock, &caller, &address).await }));
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}
