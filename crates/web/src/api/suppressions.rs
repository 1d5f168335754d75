//! Suppressed mail addresses, which get no more mail: list, add and remove.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_accounts::Permission;
use campanile_base::{Cursor, Page};
use campanile_db::Range;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring};
use campanile_http::error::ApiResult;
use campanile_notify::suppressions::{self, Reason, Suppression};
use serde::Deserialize;
use utoipa::ToSchema;

use super::page::{List, PageView, Paging};

/// A mail address to suppress.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SuppressionIn {
    /// The mail address.
    address: String,
    /// The reason, for people.
    details: Option<String>,
}

/// The suppressed addresses of the organisation, in alphabetical order.
#[utoipa::path(get, path = "/api/suppressions", tag = "suppressions", params(Paging),
    responses((status = 200, body = PageView<Suppression>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Suppression>>> {
    caller.must(Permission::Configure)?;
    let (from, size) = paging.read(List::Suppressions)?;
    // Without a cursor the address is empty, so the list starts at its beginning.
    let range = Range { low: from.id, ..Range::first(size.to_fetch()) };
    let read =
        web.app.db.read(move |tx| Box::pin(async move { suppressions::list(tx, &caller.organisation, &range).await }));
    let cursor = |last: &Suppression| Cursor { at: last.created_at, id: last.address.clone() };
    Ok(Json(PageView::of(List::Suppressions, Page::of(read.await?, size, cursor))))
}

/// Suppresses an address: it gets no more mail.
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

/// Removes an address from the list, so that it gets mail again.
#[utoipa::path(delete, path = "/api/suppressions/{address}", tag = "suppressions",
    responses((status = 204), (status = 404)))]
pub(super) async fn remove(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(address): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = web.app.clock.clone();
    let removed =
        web.app.db.write(move |tx| Box::pin(async move { suppressions::remove(tx, &clock, &caller, &address).await }));
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}
