//! Workflows and kinds of jobs: list, start, pause and resume.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::Permission;
use campanile_base::{Error, Thing, Timestamp};
use campanile_engine::Admitted;
use campanile_engine::operate::{self, Schedule};
use campanile_http::Web;
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
    /// The schedules by which runs of it start. Such runs belong to no organisation.
    schedules: Vec<Schedule>,
}

/// All workflows and kinds of jobs.
#[utoipa::path(get, path = "/api/workflows", tag = "runs", responses((status = 200, body = PageView<WorkflowView>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
) -> ApiResult<Json<PageView<WorkflowView>>> {
    let engine = web.app.engine.clone();
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let pauses = operate::pauses(tx, caller.organisation.as_str()).await?;
            Ok::<_, Error>((pauses, engine.schedules(tx).await?))
        })
    });
    let (pauses, schedules) = read.await?;
    let (jobs, workflows) = web.app.engine.names();
    let all = workflows.into_iter().chain(jobs.into_iter().map(|kind| (kind, 0)));
    let views = all.map(|(name, version)| {
        let paused_at = pauses.iter().find(|pause| pause.name == name).map(|pause| pause.at);
        let schedules = schedules.iter().filter(|schedule| schedule.workflow == name).cloned().collect();
        WorkflowView { name: name.to_owned(), version, paused_at, schedules }
    });
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

async fn change(web: Web, caller: campanile_accounts::Caller, name: String, paused: bool) -> ApiResult<Json<Paused>> {
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
