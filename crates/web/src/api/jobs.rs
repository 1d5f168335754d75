//! Jobs: work of one call. Those that are done leave; those that failed for good stay as dead
//! letters, which say why and can be retried.

use axum::Json;
use axum::extract::{Path, Query, State};
use campanile_engine::operate::{RunDetail, RunSummary, Statistics};

use super::page::{PageView, Paging};
use super::runs::{self, CancelIn, Changed, Span, Wanted};
use crate::Web;
use crate::caller::{Configuring, Known};
use crate::error::ApiResult;

/// Jobs that are waiting, under way or dead, newest first.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", params(Wanted, Paging),
    responses((status = 200, body = PageView<RunSummary>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Known(caller): Known,
    Query(wanted): Query<Wanted>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<RunSummary>>> {
    Ok(Json(runs::page(&web, caller, wanted.filter(true)?, &paging).await?))
}

/// Counters of a kind of job, from what was counted as they went.
#[utoipa::path(get, path = "/api/jobs/statistics", tag = "jobs", params(Span),
    responses((status = 200, body = Statistics)))]
pub(super) async fn statistics(
    State(web): State<Web>,
    Known(caller): Known,
    Query(span): Query<Span>,
) -> ApiResult<Json<Statistics>> {
    Ok(Json(runs::counted(&web, caller, span).await?))
}

/// A job, with its arguments and its last error.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "jobs", responses((status = 200, body = RunDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> ApiResult<Json<RunDetail>> {
    Ok(Json(runs::whole(&web, caller, id).await?))
}

/// Calls a job off.
#[utoipa::path(post, path = "/api/jobs/{id}/cancel", tag = "jobs",
    responses((status = 200, body = Changed), (status = 404)))]
pub(super) async fn cancel(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    asked: Option<Json<CancelIn>>,
) -> ApiResult<Json<Changed>> {
    let asked = asked.map(|Json(asked)| asked).unwrap_or_default();
    Ok(Json(runs::call_off(&web, caller, id, asked).await?))
}

/// Tries a dead letter again, with all its attempts.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", tag = "jobs",
    responses((status = 200, body = Changed), (status = 404), (status = 409)))]
pub(super) async fn retry(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> ApiResult<Json<Changed>> {
    Ok(Json(runs::try_again(&web, caller, id).await?))
}
