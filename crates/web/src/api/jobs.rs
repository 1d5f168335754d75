//! Jobs: units of work without steps. A job that succeeds is removed. A job that failed for good
//! stays as a dead letter, which holds the error and can be retried.

use axum::extract::{Path, Query, State};
use campanile_engine::operate::{RunDetail, RunSummary, Statistics};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring};
use campanile_http::error::ApiResult;

use super::page::{List, PageView, Paging};
use super::runs::{self, CancelIn, Changed, RunQuery, Span};

/// Jobs that wait, run or are dead letters, newest first.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", params(RunQuery, Paging),
    responses((status = 200, body = PageView<RunSummary>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(wanted): Query<RunQuery>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<RunSummary>>> {
    Ok(Json(runs::page(&web, caller, wanted.filter(true)?, (List::Jobs, &paging)).await?))
}

/// Counts of jobs by result, and their durations.
///
/// The numbers come from counters that are kept while jobs run.
#[utoipa::path(get, path = "/api/jobs/statistics", tag = "jobs", params(Span),
    responses((status = 200, body = Statistics)))]
pub(super) async fn statistics(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(span): Query<Span>,
) -> ApiResult<Json<Statistics>> {
    Ok(Json(runs::counted(&web, caller, span, runs::Counted::Jobs).await?))
}

/// A job with its arguments and its last error.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "jobs", responses((status = 200, body = RunDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> ApiResult<Json<RunDetail>> {
    Ok(Json(runs::whole(&web, caller, id).await?))
}

/// Cancels a job.
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

/// Retries a dead letter, with all its attempts.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", tag = "jobs",
    responses((status = 200, body = Changed), (status = 404), (status = 409)))]
pub(super) async fn retry(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> ApiResult<Json<Changed>> {
    Ok(Json(runs::try_again(&web, caller, id).await?))
}
