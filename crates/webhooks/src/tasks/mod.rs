//! Tasks: work on many messages, which runs in the background and reports its progress.
//!
//! A task is a row and a job. The job works a page at a time. The effects of a page and the
//! progress commit together, so after a crash the task continues where it was. Its end is announced
//! by an operational webhook.

pub(crate) mod queries;
mod work;

use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::Tx;
use campanile_engine::{JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{Webhooks, notice};
use campanile_db::Range;

pub use work::{Stretch, Work};

campanile_base::id_type!(
    /// One task.
    pub TaskId, "qtask"
);

/// The kind of job that runs tasks.
const RUN: &str = "webhooks.task";

/// The state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TaskStatus {
    /// Still running.
    Running,
    /// Finished.
    Finished,
    /// Given up.
    Failed,
}

impl TaskStatus {
    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }

    /// Reads what [`TaskStatus::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Finished, Self::Failed].into_iter().find(|status| status.as_str() == text)
    }
}

/// A task, in the Svix API's shape.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its id.
    #[schema(value_type = String)]
    pub id: TaskId,
    /// Its state.
    pub status: TaskStatus,
    /// The kind of work.
    pub task: String,
    /// The result so far.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
    /// The time of the last progress.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A task as it is stored.
struct StoredTask {
    task: Task,
    organisation_id: OrganisationId,
    progress: Progress,
}

/// The work of a task, its progress and its result.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Progress {
    work: Work,
    /// The last row that was visited.
    cursor: String,
    /// The number of messages that were affected or counted.
    count: i64,
    /// The other results.
    #[serde(default)]
    result: Map<String, Value>,
}

/// Starts a task.
///
/// # Errors
/// `Forbidden` without the permission to configure.
pub async fn begin(tx: &mut Tx, webhooks: &Webhooks, caller: &Caller, work: Work) -> Result<Task> {
    caller.must(Permission::Configure)?;
    let now = webhooks.clock.now();
    let task = Task {
        id: TaskId::new(now),
        status: TaskStatus::Running,
        task: work.name().to_owned(),
        data: Map::new(),
        updated_at: now,
    };
    let progress = Progress { cursor: work.start(), work, count: 0, result: Map::new() };
    let stored = StoredTask { task, organisation_id: caller.organisation.clone(), progress };
    queries::insert(tx, &stored, now).await?;
    let job = NewJob::new(RUN, caller.organisation.as_str(), &stored.task.id).key(caller.organisation.as_str());
    webhooks.engine.enqueue(tx, job).await?;
    Ok(stored.task)
}

/// A task by its id.
///
/// # Errors
/// `NotFound`.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Task> {
    let found = queries::by_id(tx, id).await?.filter(|stored| stored.organisation_id == *organisation);
    found.map(|stored| stored.task).ok_or(Error::NotFound(Thing::BackgroundTask))
}

/// Tasks of an organisation, filtered by status and kind.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    status: Option<TaskStatus>,
    task: Option<&str>,
    range: &Range,
) -> Result<Vec<Task>> {
    Ok(queries::list(tx, organisation, status, task, range).await?)
}

pub(crate) fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let options = JobOptions {
        max_attempts: 20,
        concurrency: 8,
        per_key: 2,
        timeout: std::time::Duration::from_secs(3_600),
        ..JobOptions::default()
    };
    let within = webhooks.clone();
    registry.register(RUN, options, move |attempt| {
        let webhooks = within.clone();
        async move {
            let id: TaskId = attempt.job.args()?;
            while go_on(&webhooks, &id).await? {}
            Ok(Outcome::done())
        }
    });
    let within = webhooks.clone();
    registry.on_death(RUN, move |tx, job, error| {
        let (webhooks, id) = (within.clone(), job.args::<TaskId>().ok());
        Box::pin(async move {
            let Some(id) = id else { return Ok(()) };
            let Some(mut stored) = queries::by_id(tx, id.as_str()).await? else { return Ok(()) };
            stored.progress.result.insert("error".to_owned(), error.into());
            queries::update(tx, &stored, TaskStatus::Failed, webhooks.clock.now()).await.map(drop)
        })
    });
}

/// Runs one page of a task; `true` if there may be more.
async fn go_on(webhooks: &Webhooks, id: &TaskId) -> Result<bool> {
    let (within, id) = (webhooks.clone(), id.clone());
    let page = webhooks.db.write(move |tx| {
        Box::pin(async move {
            let Some(mut stored) = queries::by_id(tx, id.as_str()).await? else { return Ok(false) };
            if stored.task.status != TaskStatus::Running {
                return Ok(false);
            }
            let now = within.clock.now();
            let goes_on = work::page(tx, &within, &stored.organisation_id, &mut stored.progress).await?;
            let status = if goes_on { TaskStatus::Running } else { TaskStatus::Finished };
            queries::update(tx, &stored, status, now).await?;
            if !goes_on {
                let task = Task { status, data: stored.progress.shown(), updated_at: now, ..stored.task };
                let about = json!({ "taskId": task.id, "task": task.task, "status": task.status, "data": task.data });
                notice::task_finished(tx, &within, &stored.organisation_id, about).await?;
            }
            Ok::<_, Error>(goes_on)
        })
    });
    page.await
}

impl Progress {
    /// The result as shown to users.
    fn shown(&self) -> Map<String, Value> {
        let mut shown = self.result.clone();
        shown.insert("count".to_owned(), self.count.into());
        shown
    }
}
