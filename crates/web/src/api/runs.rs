//! Runs of workflows: list, details, statistics, cancel, retry and replay.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_accounts::{Caller, Permission};
use campanile_base::Result;
use campanile_engine::operate::{self, BulkCancel, Filter, Names, RunDetail, RunSummary, Statistics};
use campanile_engine::{RunId, Status};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring};
use campanile_http::error::ApiResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::page::{List, PageView, Paging, hours, one_of, time};

/// Filters of the list of runs. All that are given must match.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RunQuery {
    /// The name of the workflow, or the kind of job.
    name: Option<String>,
    /// The status: `queued`, `running`, `waiting`, `completed`, `failed` or `cancelled`.
    status: Option<String>,
    /// Requested at this time or later: RFC 3339, or a date.
    after: Option<String>,
    /// Requested before this time: RFC 3339, or a date.
    before: Option<String>,
}

impl RunQuery {
    pub(super) fn filter(self, jobs: bool) -> Result<Filter> {
        let status = one_of("status", self.status, &Status::ALL.map(Status::as_str))?;
        Ok(Filter {
            jobs,
            name: self.name,
            status: status.as_deref().and_then(Status::parse),
            after: time("after", self.after)?,
            before: time("before", self.before)?,
        })
    }
}

/// Runs of workflows, newest first.
#[utoipa::path(get, path = "/api/runs", tag = "runs", params(RunQuery, Paging),
    responses((status = 200, body = PageView<RunSummary>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(wanted): Query<RunQuery>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<RunSummary>>> {
    Ok(Json(page(&web, caller, wanted.filter(false)?, (List::Runs, &paging)).await?))
}

pub(super) async fn page(
    web: &Web,
    caller: Caller,
    filter: Filter,
    (list, paging): (List, &Paging),
) -> Result<PageView<RunSummary>> {
    let (from, size) = paging.read(list)?;
    let page = web.app.db.read(move |tx| {
        Box::pin(async move { operate::list(tx, caller.organisation.as_str(), &filter, &from, size).await })
    });
    Ok(PageView::of(list, page.await?))
}

/// A run with its steps and their failed attempts.
#[utoipa::path(get, path = "/api/runs/{id}", tag = "runs", responses((status = 200, body = RunDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> ApiResult<Json<RunDetail>> {
    Ok(Json(whole(&web, caller, id).await?))
}

pub(super) async fn whole(web: &Web, caller: Caller, id: String) -> Result<RunDetail> {
    web.app.db.read(move |tx| Box::pin(async move { operate::get(tx, caller.organisation.as_str(), &id).await })).await
}

/// The scope of statistics.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Span {
    /// The name of the workflow, or the kind of job; all of them when absent.
    name: Option<String>,
    /// The time span: `24h`, `7d` or `30d`; `24h` when absent.
    window: Option<String>,
}

/// Counts of runs by result, and their durations.
///
/// The numbers come from counters that are kept while runs go on.
#[utoipa::path(get, path = "/api/runs/statistics", tag = "runs", params(Span),
    responses((status = 200, body = Statistics)))]
pub(super) async fn statistics(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(span): Query<Span>,
) -> ApiResult<Json<Statistics>> {
    Ok(Json(counted(&web, caller, span, Counted::Runs).await?))
}

/// The kind that is counted when no name is given.
#[derive(Clone, Copy)]
pub(super) enum Counted {
    /// Runs of workflows.
    Runs,
    /// Jobs.
    Jobs,
}

pub(super) async fn counted(web: &Web, caller: Caller, span: Span, what: Counted) -> Result<Statistics> {
    let hours = hours(span.window.as_deref())?;
    let now = web.app.clock.now();
    let (jobs, _) = web.app.engine.names();
    let counted = web.app.db.read(move |tx| {
        Box::pin(async move {
            let tenant = caller.organisation.as_str();
            let names = match (span.name.as_deref(), what) {
                (Some(name), _) => Names::One(name),
                (None, Counted::Jobs) => Names::Of(&jobs),
                (None, Counted::Runs) => Names::AllBut(&jobs),
            };
            operate::statistics(tx, tenant, names, hours, now).await
        })
    });
    counted.await
}

/// The reason to cancel a run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelIn {
    /// The reason, shown with the run.
    reason: Option<String>,
}

/// The result of a change to a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Changed {
    /// The id of the run.
    id: String,
    /// True if the request changed anything.
    changed: bool,
}

/// Cancels a run.
///
/// The step under way is dropped. Completed work stays.
#[utoipa::path(post, path = "/api/runs/{id}/cancel", tag = "runs",
    responses((status = 200, body = Changed), (status = 404)))]
pub(super) async fn cancel(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    asked: Option<Json<CancelIn>>,
) -> ApiResult<Json<Changed>> {
    let asked = asked.map(|Json(asked)| asked).unwrap_or_default();
    Ok(Json(call_off(&web, caller, id, asked).await?))
}

pub(super) async fn call_off(web: &Web, caller: Caller, id: String, asked: CancelIn) -> Result<Changed> {
    caller.must(Permission::Configure)?;
    let (engine, run) = (web.app.engine.clone(), RunId::from(id.clone()));
    let why = asked.reason.unwrap_or_else(|| "somebody called it off".to_owned());
    let cancelled = web
        .app
        .db
        .write(move |tx| Box::pin(async move { engine.cancel(tx, caller.organisation.as_str(), &run, &why).await }));
    Ok(Changed { id, changed: cancelled.await? })
}

/// Continues a failed or cancelled run from where it stopped.
#[utoipa::path(post, path = "/api/runs/{id}/retry", tag = "runs",
    responses((status = 200, body = Changed), (status = 404), (status = 409)))]
pub(super) async fn retry(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> ApiResult<Json<Changed>> {
    Ok(Json(try_again(&web, caller, id).await?))
}

pub(super) async fn try_again(web: &Web, caller: Caller, id: String) -> Result<Changed> {
    caller.must(Permission::Configure)?;
    let (engine, run) = (web.app.engine.clone(), RunId::from(id.clone()));
    let retried =
        web.app.db.write(move |tx| Box::pin(async move { engine.retry(tx, caller.organisation.as_str(), &run).await }));
    retried.await?;
    Ok(Changed { id, changed: true })
}

/// Options of a replay.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReplayIn {
    /// The step to begin at. Results of earlier steps are taken over. When absent, all steps run
    /// again.
    from_step: Option<String>,
    /// The input of the new run; the input of the old run when absent.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
}

/// The outcome of a request to start a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StartOutcome {
    /// The id of the run that does the work; `null` if flow control allowed none.
    pub(super) id: Option<String>,
    /// The outcome: `started`, `existing` (an earlier request started it), `gathered` (a run that
    /// waits to start takes it in) or `skipped`.
    pub(super) outcome: &'static str,
    /// The reason why there is no run.
    pub(super) reason: Option<&'static str>,
}

/// Starts a new run with the input of another, whole or from a step on.
#[utoipa::path(post, path = "/api/runs/{id}/replay", tag = "runs",
    responses((status = 201, body = StartOutcome), (status = 404)))]
pub(super) async fn replay(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    asked: Option<Json<ReplayIn>>,
) -> ApiResult<(StatusCode, Json<StartOutcome>)> {
    let (engine, run) = (web.app.engine.clone(), RunId::from(id));
    let ReplayIn { from_step, input } = asked.map(|Json(asked)| asked).unwrap_or_default();
    let replayed = web.app.db.write(move |tx| {
        Box::pin(
            async move { engine.replay(tx, caller.organisation.as_str(), &run, from_step.as_deref(), input).await },
        )
    });
    let begun = StartOutcome { id: Some(replayed.await?.to_string()), outcome: "started", reason: None };
    Ok((StatusCode::CREATED, Json(begun)))
}

/// The runs to cancel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelAllIn {
    /// The name of the workflow, or the kind of job.
    name: String,
    /// Requested at this time or later: RFC 3339, or a date.
    after: Option<String>,
    /// Requested before this time: RFC 3339, or a date; until now when absent.
    before: Option<String>,
}

/// Cancels all active runs of a name, in the background.
///
/// The runs are cancelled a few at a time. The answer has the id under which the progress can be
/// read.
#[utoipa::path(post, path = "/api/runs/cancellations", tag = "runs", responses((status = 202, body = BulkCancel)))]
pub(super) async fn cancel_all(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Json(asked): Json<CancelAllIn>,
) -> ApiResult<(StatusCode, Json<BulkCancel>)> {
    let (engine, times) = (web.app.engine.clone(), (time("after", asked.after)?, time("before", asked.before)?));
    let opened = web.app.db.write(move |tx| {
        Box::pin(async move { engine.cancel_all(tx, caller.organisation.as_str(), &asked.name, times).await })
    });
    Ok((StatusCode::ACCEPTED, Json(opened.await?)))
}

/// The progress of a cancellation of many runs.
#[utoipa::path(get, path = "/api/runs/cancellations/{id}", tag = "runs",
    responses((status = 200, body = BulkCancel), (status = 404)))]
pub(super) async fn cancellation(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> ApiResult<Json<BulkCancel>> {
    let found = web
        .app
        .db
        .read(move |tx| Box::pin(async move { operate::bulk_cancel(tx, caller.organisation.as_str(), &id).await }));
    Ok(Json(found.await?))
}
