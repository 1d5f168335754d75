//! Runs of workflows: what they did, and the few things to do about them.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result};
use campanile_engine::operate::{self, BulkCancel, Filter, RunDetail, RunSummary, Statistics};
use campanile_engine::{RunId, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::page::{PageView, Paging, time};
use crate::Web;
use crate::caller::{Configuring, Known};
use crate::error::ApiResult;

/// Which runs are wanted; everything that is given must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The workflow's name or the job's kind.
    name: Option<String>,
    /// `queued`, `running`, `waiting`, `completed`, `failed` or `cancelled`.
    status: Option<String>,
    /// Asked for at this time or later, RFC 3339.
    after: Option<String>,
    /// Asked for before this time, RFC 3339.
    before: Option<String>,
}

impl Wanted {
    pub(super) fn filter(self, jobs: bool) -> Result<Filter> {
        let unknown = |text: &str| Error::invalid(format!("{text:?} is not a status"));
        let status = self.status.map(|text| Status::parse(&text).ok_or_else(|| unknown(&text))).transpose()?;
        Ok(Filter {
            jobs,
            name: self.name,
            status,
            after: time("after", self.after)?,
            before: time("before", self.before)?,
        })
    }
}

/// Runs of workflows, newest first.
#[utoipa::path(get, path = "/api/runs", tag = "runs", params(Wanted, Paging),
    responses((status = 200, body = PageView<RunSummary>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Known(caller): Known,
    Query(wanted): Query<Wanted>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<RunSummary>>> {
    Ok(Json(page(&web, caller, wanted.filter(false)?, &paging).await?))
}

pub(super) async fn page(web: &Web, caller: Caller, filter: Filter, paging: &Paging) -> Result<PageView<RunSummary>> {
    let (from, size) = paging.read()?;
    let page = web.app.db.read(move |tx| {
        Box::pin(async move { operate::list(tx, caller.organisation.as_str(), &filter, &from, size).await })
    });
    Ok(page.await?.into())
}

/// A run, with its steps and their failed attempts.
#[utoipa::path(get, path = "/api/runs/{id}", tag = "runs", responses((status = 200, body = RunDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> ApiResult<Json<RunDetail>> {
    Ok(Json(whole(&web, caller, id).await?))
}

pub(super) async fn whole(web: &Web, caller: Caller, id: String) -> Result<RunDetail> {
    web.app.db.read(move |tx| Box::pin(async move { operate::get(tx, caller.organisation.as_str(), &id).await })).await
}

/// Over which time statistics are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Span {
    /// The workflow's name or the job's kind; all of them when absent.
    name: Option<String>,
    /// `24h`, `7d` or `30d`; a day when absent.
    window: Option<String>,
}

/// Counters of runs and how long they took, from what was counted as they went.
#[utoipa::path(get, path = "/api/runs/statistics", tag = "runs", params(Span),
    responses((status = 200, body = Statistics)))]
pub(super) async fn statistics(
    State(web): State<Web>,
    Known(caller): Known,
    Query(span): Query<Span>,
) -> ApiResult<Json<Statistics>> {
    Ok(Json(counted(&web, caller, span).await?))
}

pub(super) async fn counted(web: &Web, caller: Caller, span: Span) -> Result<Statistics> {
    let hours = match span.window.as_deref() {
        None | Some("24h") => 24,
        Some("7d") => 7 * 24,
        Some("30d") => 30 * 24,
        Some(other) => return Err(Error::invalid(format!("window must be 24h, 7d or 30d, not {other:?}"))),
    };
    let now = web.app.clock.now();
    let counted = web.app.db.read(move |tx| {
        Box::pin(async move {
            let tenant = caller.organisation.as_str();
            operate::statistics(tx, tenant, span.name.as_deref(), hours, now).await
        })
    });
    counted.await
}

/// Why a run is called off.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelIn {
    /// Shown with the run.
    reason: Option<String>,
}

/// What became of a request about a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Changed {
    /// The run.
    id: String,
    /// Whether this changed anything.
    changed: bool,
}

/// Calls a run off: what it does is dropped, what it did stays.
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

/// Lets a run that failed or was cancelled go on from where it was.
#[utoipa::path(post, path = "/api/runs/{id}/retry", tag = "runs",
    responses((status = 200, body = Changed), (status = 404), (status = 409)))]
pub(super) async fn retry(
    State(web): State<Web>,
    Known(caller): Known,
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

/// How a run is to be done again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReplayIn {
    /// What came before this step is taken over; everything is done again when absent.
    from_step: Option<String>,
    /// An input of its own; that of the run when absent.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
}

/// A run that was started.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Begun {
    /// The run; none when flow control would not have one.
    pub(super) id: Option<String>,
    /// `started`, `existing`, `gathered` or `skipped`.
    pub(super) outcome: &'static str,
    /// Why there is no run.
    pub(super) reason: Option<&'static str>,
}

/// Starts a new run with the input of another, whole or from a step on.
#[utoipa::path(post, path = "/api/runs/{id}/replay", tag = "runs",
    responses((status = 201, body = Begun), (status = 404)))]
pub(super) async fn replay(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    asked: Option<Json<ReplayIn>>,
) -> ApiResult<(StatusCode, Json<Begun>)> {
    let (engine, run) = (web.app.engine.clone(), RunId::from(id));
    let ReplayIn { from_step, input } = asked.map(|Json(asked)| asked).unwrap_or_default();
    let replayed = web.app.db.write(move |tx| {
        Box::pin(
            async move { engine.replay(tx, caller.organisation.as_str(), &run, from_step.as_deref(), input).await },
        )
    });
    let begun = Begun { id: Some(replayed.await?.to_string()), outcome: "started", reason: None };
    Ok((StatusCode::CREATED, Json(begun)))
}

/// Which runs are to be called off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelAllIn {
    /// The workflow's name or the job's kind.
    name: String,
    /// Asked for at this time or later, RFC 3339.
    after: Option<String>,
    /// Asked for before this time, RFC 3339; until now when absent.
    before: Option<String>,
}

/// Calls off all active runs of a name, a few at a time. What is answered tells where to watch it.
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

/// How far such a cancellation has come.
#[utoipa::path(get, path = "/api/runs/cancellations/{id}", tag = "runs",
    responses((status = 200, body = BulkCancel), (status = 404)))]
pub(super) async fn cancellation(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> ApiResult<Json<BulkCancel>> {
    let found = web
        .app
        .db
        .read(move |tx| Box::pin(async move { operate::bulk_cancel(tx, caller.organisation.as_str(), &id).await }));
    Ok(Json(found.await?))
}
