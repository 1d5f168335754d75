//! Runs, steps and counters as the API shows them.

use campanile_base::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::run::Status;
use crate::store::steps::{StepRow, StepState};

/// A filter for runs. All given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Select jobs instead of workflows.
    pub jobs: bool,
    /// The job's kind or the workflow's name.
    pub name: Option<String>,
    /// The status of the run.
    pub status: Option<Status>,
    /// Queued at this time or later.
    pub after: Option<Timestamp>,
    /// Queued before this time.
    pub before: Option<Timestamp>,
}

impl Filter {
    /// The lowest and the highest status code that match.
    pub(crate) fn statuses(&self) -> (i64, i64) {
        self.status.map_or((0, i64::MAX), |status| (status.code(), status.code()))
    }

    pub(crate) fn is_unfinished(&self) -> bool {
        self.status.is_some_and(|status| status != Status::Completed)
    }
}

/// One entry of a list of runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunSummary {
    /// The run's id.
    pub id: String,
    /// The job's kind or the workflow's name.
    pub name: String,
    /// The workflow's version; 0 for a job.
    pub version: i64,
    /// The status. A run that is under way for the first time is still `queued`: a start is not
    /// stored.
    pub status: Status,
    /// The reason for the run: `call`, `event`, `cron`, `invoke`, `failure` or `replay`.
    pub cause: String,
    /// The number of attempts that have failed.
    pub failures: i64,
    /// The priority; lower goes first.
    pub priority: i64,
    /// The time the run was requested.
    #[schema(value_type = String, format = DateTime)]
    pub queued_at: Timestamp,
    /// The time it started, once some progress is stored.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// The time it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// The time at which it is due, while it is active.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
    /// The last error.
    pub error: Option<String>,
}

/// A run with all its details.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunDetail {
    /// The fields that a list shows.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// The input: the arguments of a job, or the event or call that started a workflow.
    #[schema(value_type = serde_json::Value)]
    pub input: Box<RawValue>,
    /// The output of a workflow.
    #[schema(value_type = Option<serde_json::Value>)]
    pub output: Option<Box<RawValue>>,
    /// The run whose step started this one; `null` if no run did.
    pub parent: Option<ParentRun>,
    /// The runs that steps of this one started: the first hundred.
    pub children: Vec<ChildRun>,
    /// The steps: those with results first, in the order of their results, then the pending ones.
    pub steps: Vec<StepView>,
    /// The OpenTelemetry trace id, for finding the run where traces are collected.
    pub trace_id: String,
}

/// The run whose step started another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ParentRun {
    /// The run's id.
    pub id: String,
    /// The key of the step.
    pub step: String,
}

/// A run that a step of another started.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChildRun {
    /// The run's id.
    pub id: String,
    /// The workflow's name.
    pub name: String,
    /// The status.
    pub status: Status,
    /// The key of the step that started it.
    pub step: String,
}

/// A step of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// The step's key: its name. From the second use of a name on, a number is appended: `name:1`,
    /// `name:2`.
    pub key: String,
    /// `run`, `transaction`, `sleep`, `wait` or `invoke`.
    pub kind: &'static str,
    /// `pending`, `completed` or `failed`.
    pub status: &'static str,
    /// The time it started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// The time of its result.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// The time at which it continues, while it is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
    /// The result.
    #[schema(value_type = Option<serde_json::Value>)]
    pub output: Option<Box<RawValue>>,
    /// The error: the final one, or the last one while the step is pending.
    pub error: Option<String>,
    /// The attempts that failed.
    pub failures: Vec<FailedAttempt>,
}

/// An attempt that failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FailedAttempt {
    /// The number of the attempt, from 1.
    pub number: i64,
    /// The time it started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// The time it failed.
    #[schema(value_type = String, format = DateTime)]
    pub ended_at: Timestamp,
    /// The error.
    pub error: String,
}

impl StepView {
    pub(crate) fn new(step: StepRow, failures: Vec<FailedAttempt>) -> Self {
        let (status, output, error) = match step.state {
            StepState::Pending => ("pending", None, step.result),
            StepState::Succeeded => ("completed", step.result.map(raw), None),
            StepState::Failed => ("failed", None, step.result),
        };
        Self {
            key: step.key,
            kind: step.kind.as_str(),
            status,
            started_at: step.started_at,
            ended_at: step.ended_at,
            due: step.due,
            output,
            error,
            failures,
        }
    }
}

/// A bulk cancellation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkCancel {
    /// The id of the cancellation.
    pub id: String,
    /// The job's kind or the workflow's name.
    pub name: String,
    /// Only runs queued at this time or later.
    #[schema(value_type = String, format = DateTime)]
    pub queued_after: Timestamp,
    /// Only runs queued before this time.
    #[schema(value_type = String, format = DateTime)]
    pub queued_before: Timestamp,
    /// The number of runs cancelled so far.
    pub cancelled: i64,
    /// The time it was requested.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time it finished.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// A pause of a job kind or workflow.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Pause {
    /// The job's kind or the workflow's name.
    pub name: String,
    /// The time it was paused.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The caller who paused it.
    pub by: String,
}

/// The runs of a name that are due and have not started.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    /// The job's kind or the workflow's name.
    pub name: String,
    /// Their number, as the nodes have them in memory; a long queue has more in the table.
    pub waiting: i64,
    /// The time the oldest of them was requested.
    #[schema(value_type = String, format = DateTime)]
    pub oldest_at: Timestamp,
}

/// A schedule by which runs of a workflow start.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// The workflow's name.
    pub workflow: String,
    /// The schedule in cron notation. With six fields, the first is the seconds.
    pub cron: String,
    /// The IANA time zone that the schedule is in.
    pub time_zone: String,
    /// The last planned time that came; `null` until one has come.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_at: Option<Timestamp>,
    /// The next planned time; `null` if there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
}

/// The counters of a period.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Statistics {
    /// The number of runs that were requested.
    pub queued: i64,
    /// The number of runs that completed.
    pub completed: i64,
    /// The number of runs that failed for good.
    pub failed: i64,
    /// The number of runs that were cancelled.
    pub cancelled: i64,
    /// The number of requests that flow control dropped.
    pub skipped: i64,
    /// The number of attempts that failed and were followed by another.
    pub retried: i64,
    /// The number of runs that have not ended, now.
    pub active: i64,
    /// The share of completed runs among completed and failed ones, from 0 to 1; none if there are
    /// none.
    pub success_rate: Option<f64>,
    /// The durations of completed runs, from start to end.
    pub duration: Option<Durations>,
    /// One entry for each hour in which a run was requested or ended, oldest first.
    pub hours: Vec<Hour>,
}

/// The durations of runs, in milliseconds. Percentiles are accurate to five percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Durations {
    /// The average.
    pub average: f64,
    /// The median: half of the runs took less.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The longest.
    pub max: i64,
}

/// The counters of one hour.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hour {
    /// The start of the hour.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The number of runs that were requested.
    pub queued: i64,
    /// The number of runs that completed.
    pub completed: i64,
    /// The number of runs that failed for good.
    pub failed: i64,
    /// The average duration of completed runs, in milliseconds.
    pub average: Option<f64>,
}

/// Stored JSON, unchanged. Text that is not valid JSON (from an older program) is shown as a
/// string.
pub(crate) fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json.clone())
        .or_else(|_| serde_json::value::to_raw_value(&json))
        .expect("any text can be written as JSON")
}
