//! Workflows and kinds of jobs: list, start, pause and resume.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::Tx;
use campanile_engine::operate::{self, Pause, Queue, Schedule};
use campanile_engine::{Admitted, Engine};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::Authenticated;
use campanile_http::error::ApiResult;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::page::PageView;
use super::runs::StartOutcome;

/// A workflow or a kind of job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkflowView {
    /// The name of the workflow, or the kind of job.
    name: String,
    /// The latest version; 0 for a kind of job.
    version: i64,
    /// The time since which it is paused; `null` if it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    paused_at: Option<Timestamp>,
    /// The number of its runs that have not ended, from counters.
    active: i64,
    /// The number of its runs that are due and have not started. The nodes tell it every two
    /// seconds, of what they have in memory.
    waiting: i64,
    /// The time the oldest of these was requested; `null` if none waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_waiting_at: Option<Timestamp>,
    /// The schedules by which runs of it start. Such runs belong to no organisation.
    schedules: Vec<Schedule>,
}

/// The state of an organisation's workflows and jobs.
struct EngineState {
    pauses: Vec<Pause>,
    schedules: Vec<Schedule>,
    queues: Vec<Queue>,
    active: Vec<(String, i64)>,
}

impl EngineState {
    async fn read(tx: &mut Tx, engine: &Engine, caller: &Caller) -> Result<Self> {
        let tenant = caller.organisation.as_str();
        Ok(Self {
            pauses: operate::pauses(tx, tenant).await?,
            schedules: engine.schedules(tx).await?,
            queues: operate::queues(tx, tenant).await?,
            active: operate::active(tx, tenant).await?,
        })
    }

    fn view(&self, name: &str, version: i64) -> WorkflowView {
        let queue = self.queues.iter().find(|queue| queue.name == name);
        WorkflowView {
            name: name.to_owned(),
            version,
            paused_at: self.pauses.iter().find(|pause| pause.name == name).map(|pause| pause.at),
            active: self.active.iter().find(|(of, _)| of == name).map_or(0, |(_, runs)| *runs),
            waiting: queue.map_or(0, |queue| queue.waiting),
            oldest_waiting_at: queue.map(|queue| queue.oldest_at),
            schedules: self.schedules.iter().filter(|schedule| schedule.workflow == name).cloned().collect(),
        }
    }
}

/// All workflows and kinds of jobs.
#[utoipa::path(get, path = "/api/workflows", tag = "runs", responses((status = 200, body = PageView<WorkflowView>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
) -> ApiResult<Json<PageView<WorkflowView>>> {
    let engine = web.app.engine.clone();
    let read = web.app.db.read(move |tx| Box::pin(async move { EngineState::read(tx, &engine, &caller).await }));
    let state = read.await?;
    let (jobs, workflows) = web.app.engine.names();
    let all = workflows.into_iter().chain(jobs.into_iter().map(|kind| (kind, 0)));
    let views = all.map(|(name, version)| state.view(name, version));
    Ok(Json(PageView::whole(views.collect())))
}

/// Starts a run of a workflow. The body is its input.
#[utoipa::path(post, path = "/api/workflows/{name}/runs", tag = "runs", request_body = Object,
    responses((status = 201, body = StartOutcome), (status = 404)))]
pub(super) async fn start(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    Json(input): Json<Value>,
) -> ApiResult<(StatusCode, Json<StartOutcome>)> {
    caller.must(Permission::Configure)?;
    let admitted = web.app.engine.submit(&name, caller.organisation.as_str(), input).await?;
    let id = admitted.run().map(ToString::to_string);
    let (outcome, reason) = match admitted {
        Admitted::Started(_) => ("started", None),
        Admitted::Existing(_) => ("existing", None),
        Admitted::Gathered(_) => ("gathered", None),
        Admitted::Skipped(why) => ("skipped", Some(why)),
    };
    Ok((StatusCode::CREATED, Json(StartOutcome { id, outcome, reason })))
}

/// The pause state of a workflow or a kind of job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Paused {
    /// The name of the workflow, or the kind of job.
    name: String,
    /// True if it is paused now.
    paused: bool,
}

/// Pauses a workflow or a kind of job, for this organisation.
///
/// Nothing new is started. Runs under way go on until they wait for something.
#[utoipa::path(post, path = "/api/workflows/{name}/pause", tag = "runs",
    responses((status = 200, body = Paused), (status = 404)))]
pub(super) async fn pause(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
) -> ApiResult<Json<Paused>> {
    change(web, caller, name, true).await
}

/// Resumes a workflow or a kind of job.
#[utoipa::path(post, path = "/api/workflows/{name}/resume", tag = "runs",
    responses((status = 200, body = Paused), (status = 404)))]
pub(super) async fn resume(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
) -> ApiResult<Json<Paused>> {
    change(web, caller, name, false).await
}

async fn change(web: Web, caller: Caller, name: String, paused: bool) -> ApiResult<Json<Paused>> {
    caller.must(Permission::Configure)?;
    let (jobs, workflows) = web.app.engine.names();
    if !jobs.contains(&name.as_str()) && !workflows.iter().any(|(known, _)| *known == name) {
        return Err(Error::NotFound(Thing::Workflow).into());
    }
    let (engine, changed) = (web.app.engine.clone(), name.clone());
    let write = web.app.db.write(move |tx| {
        Box::pin(async move {
            let tenant = caller.organisation.as_str();
            match paused {
                true => engine.pause(tx, tenant, &changed, "a member").await,
                false => engine.resume(tx, tenant, &changed).await,
            }
        })
    });
    write.await?;
    Ok(Json(Paused { name, paused }))
}
