//! For those who look after the work: lists, statistics, and the few things to do about a run.

use std::collections::BTreeMap;
use std::time::Duration;

use campanile_base::{Cursor, Error, Page, PageSize, Result, Timestamp, new_id};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::event::Event;
use crate::flow::admission::{self, Request};
use crate::registry::{JobOptions, Registry};
use crate::run::{NewJob, Outcome, RunId, Status, Verdict};
use crate::store::stats::{self, Count, Counted};
use crate::store::steps::{StepRow, StepState};
use crate::store::{flow, history, runs, steps};
use crate::{Engine, ending};

/// The job that calls many runs off.
const BULK: &str = "engine.cancel";
/// How many runs are called off in one transaction.
const BULK_SIZE: i64 = 200;

/// Which runs are wanted; everything that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Jobs, and not workflows.
    pub jobs: bool,
    /// The job's kind or the workflow's name.
    pub name: Option<String>,
    /// How far they have come.
    pub status: Option<Status>,
    /// Asked for at this time or later.
    pub after: Option<Timestamp>,
    /// Asked for before this time.
    pub before: Option<Timestamp>,
}

impl Filter {
    /// The lowest and the highest code of the statuses that are wanted.
    pub(crate) fn statuses(&self) -> (i64, i64) {
        self.status.map_or((0, i64::MAX), |status| (status.code(), status.code()))
    }

    pub(crate) fn is_unfinished(&self) -> bool {
        self.status.is_some_and(|status| status != Status::Completed)
    }
}

/// A line of a list of runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunSummary {
    /// Its id.
    pub id: String,
    /// The job's kind or the workflow's name.
    pub name: String,
    /// The workflow's version; 0 for a job.
    pub version: i64,
    /// How far it has come. What is under way for the first time is still `queued`: a start is not written.
    pub status: Status,
    /// Why there is a run: `call`, `event`, `cron`, `invoke`, `failure` or `replay`.
    pub cause: String,
    /// How many attempts have failed.
    pub failures: i64,
    /// Lower goes first.
    pub priority: i64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub queued_at: Timestamp,
    /// When it began, once something of it is stored.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// When it goes on, while it is active.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
    /// The last error.
    pub error: Option<String>,
}

/// A run, whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunDetail {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// The arguments of a job; of a workflow the event or call that started it.
    #[schema(value_type = serde_json::Value)]
    pub input: Box<RawValue>,
    /// What a workflow came to.
    #[schema(value_type = Option<serde_json::Value>)]
    pub output: Option<Box<RawValue>>,
    /// Its steps, in the order of their results; then what is pending.
    pub steps: Vec<StepView>,
    /// Under which OpenTelemetry collectors find it, where traces are sent.
    pub trace_id: String,
}

/// A step of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// Its key: the name, and from the second time on which time it is.
    pub key: String,
    /// `run`, `transaction`, `sleep`, `wait` or `invoke`.
    pub kind: &'static str,
    /// `pending`, `completed` or `failed`.
    pub status: &'static str,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it came to its result.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// When it goes on, while it is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due: Option<Timestamp>,
    /// What it came to.
    #[schema(value_type = Option<serde_json::Value>)]
    pub output: Option<Box<RawValue>>,
    /// Why it failed, for good or the last time.
    pub error: Option<String>,
    /// The attempts that failed.
    pub failures: Vec<Attempted>,
}

/// An attempt that failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Attempted {
    /// Which attempt it was, from 1.
    pub number: i64,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it failed.
    #[schema(value_type = String, format = DateTime)]
    pub ended_at: Timestamp,
    /// Why.
    pub error: String,
}

impl StepView {
    pub(crate) fn new(step: StepRow, failures: Vec<Attempted>) -> Self {
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

/// Many runs that are being called off.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkCancel {
    /// Its id.
    pub id: String,
    /// Of which job or workflow.
    pub name: String,
    /// Asked for at this time or later.
    #[schema(value_type = String, format = DateTime)]
    pub queued_after: Timestamp,
    /// Asked for before this time.
    #[schema(value_type = String, format = DateTime)]
    pub queued_before: Timestamp,
    /// How many were called off so far.
    pub cancelled: i64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When all were.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// Something that is paused.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Pause {
    /// The job's kind or the workflow's name.
    pub name: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// Counters of a span of time.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Statistics {
    /// How many runs were asked for.
    pub queued: i64,
    /// How many ended well.
    pub completed: i64,
    /// How many were given up.
    pub failed: i64,
    /// How many were called off.
    pub cancelled: i64,
    /// How many were not started, as flow control would have it.
    pub skipped: i64,
    /// How many attempts failed and were followed by another.
    pub retried: i64,
    /// How many have not ended now.
    pub active: i64,
    /// Completed of completed and failed, from 0 to 1; none when there were none.
    pub success_rate: Option<f64>,
    /// Of completed runs, from their start to their end, in milliseconds.
    pub duration: Option<Durations>,
    /// An entry for each hour in which something ended or was asked for, oldest first.
    pub hours: Vec<Hour>,
}

/// How long runs took, in milliseconds. Percentiles are within five percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Durations {
    /// On average.
    pub average: f64,
    /// Half of them took less.
    pub p50: f64,
    /// Nineteen of twenty took less.
    pub p95: f64,
    /// Ninety-nine of a hundred took less.
    pub p99: f64,
    /// The longest.
    pub max: i64,
}

/// The counters of an hour.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hour {
    /// Its beginning.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How many runs were asked for.
    pub queued: i64,
    /// How many ended well.
    pub completed: i64,
    /// How many were given up.
    pub failed: i64,
    /// Of those that ended well, in milliseconds.
    pub average: Option<f64>,
}

/// Runs of a tenant, newest first. Of what a filter does not let through, so many are looked at for one page.
///
/// # Errors
/// What the database says.
pub async fn list(
    tx: &mut Tx,
    tenant: &str,
    filter: &Filter,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<RunSummary>> {
    let before = if from.id.is_empty() { "~" } else { &from.id };
    let looked_at = history::looked_at(tx, tenant, filter, before).await?;
    let (stop, until) = looked_at.map_or((None, String::new()), |(last, next)| (Some(last), next));
    let rows = history::list(tx, tenant, filter, (before, &until), size.to_fetch()).await?;
    // This list reads on by the id alone.
    let stop = stop.map(|id| Cursor { id, ..Cursor::newest() });
    Ok(Page::of_bounded(rows, size, stop, |last| Cursor { at: last.queued_at, id: last.id.clone() }))
}

/// A run of a tenant, with its steps and their failed attempts.
///
/// # Errors
/// `NotFound` when the tenant has no such run.
pub async fn get(tx: &mut Tx, tenant: &str, id: &str) -> Result<RunDetail> {
    let found = history::by_id(tx, tenant, id).await?.ok_or(Error::NotFound("run"))?;
    let (summary, input, output) = found;
    let steps = history::steps(tx, id).await?;
    let trace_id = RunId::from(id.to_owned()).trace().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(RunDetail { summary, input: raw(input), output: output.map(raw), steps, trace_id })
}

/// The counters of a tenant over the last `hours`, of one name or of all.
///
/// # Errors
/// What the database says.
pub async fn statistics(
    tx: &mut Tx,
    tenant: &str,
    name: Option<&str>,
    hours: i64,
    now: Timestamp,
) -> Result<Statistics> {
    let first = now.as_seconds() / 3600 - hours + 1;
    let told = stats::since(tx, tenant, name, first).await?;
    let active = stats::active(tx, tenant).await?;
    let mut sum = Statistics {
        active: active.iter().filter(|(n, _)| name.is_none_or(|name| name == n)).map(|(_, runs)| runs).sum(),
        ..Statistics::default()
    };
    let mut by_hour: BTreeMap<i64, (Hour, i64)> = BTreeMap::new();
    let mut buckets: BTreeMap<i64, i64> = BTreeMap::new();
    let (mut millis, mut longest) = (0, 0);
    for stat in told {
        let at = Timestamp::from_seconds(stat.hour * 3600);
        let (hour, spent) =
            by_hour.entry(stat.hour).or_insert((Hour { at, queued: 0, completed: 0, failed: 0, average: None }, 0));
        match stat.outcome {
            0 => (sum.queued, hour.queued) = (sum.queued + stat.runs, hour.queued + stat.runs),
            1 => sum.retried += stat.runs,
            10 => {
                (sum.completed, hour.completed) = (sum.completed + stat.runs, hour.completed + stat.runs);
                *buckets.entry(stat.bucket).or_default() += stat.runs;
                (millis, *spent, longest) = (millis + stat.millis, *spent + stat.millis, longest.max(stat.longest));
            }
            11 => (sum.failed, hour.failed) = (sum.failed + stat.runs, hour.failed + stat.runs),
            12 => sum.cancelled += stat.runs,
            _ => sum.skipped += stat.runs,
        }
    }
    sum.hours = by_hour
        .into_values()
        .map(|(hour, spent)| Hour {
            average: (hour.completed > 0).then(|| spent as f64 / hour.completed as f64),
            ..hour
        })
        .collect();
    let judged = sum.completed + sum.failed;
    sum.success_rate = (judged > 0).then(|| sum.completed as f64 / judged as f64);
    sum.duration = (sum.completed > 0).then(|| {
        let percentile = |part: f64| percentile(&buckets, sum.completed, part).min(longest as f64);
        let average = millis as f64 / sum.completed as f64;
        Durations { average, p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99), max: longest }
    });
    Ok(sum)
}

fn percentile(buckets: &BTreeMap<i64, i64>, all: i64, part: f64) -> f64 {
    let wanted = (all as f64 * part).ceil() as i64;
    let mut seen = 0;
    for (bucket, runs) in buckets {
        seen += runs;
        if seen >= wanted {
            return stats::middle_of(*bucket);
        }
    }
    0.0
}

/// What is paused of a tenant.
///
/// # Errors
/// What the database says.
pub async fn pauses(tx: &mut Tx, tenant: &str) -> Result<Vec<Pause>> {
    let pauses = history::pauses(tx, tenant).await?;
    Ok(pauses.into_iter().map(|(name, at, by)| Pause { name, at, by }).collect())
}

/// How far a bulk cancellation has come.
///
/// # Errors
/// `NotFound` when the tenant has none of this id.
pub async fn bulk_cancel(tx: &mut Tx, tenant: &str, id: &str) -> Result<BulkCancel> {
    let found = history::bulk(tx, id).await?.filter(|(owner, _, _)| owner == tenant);
    found.map(|(_, bulk, _)| bulk).ok_or(Error::NotFound("cancellation"))
}

impl Engine {
    /// Calls off all active runs of a name that were asked for within these times, a few at a time.
    ///
    /// # Errors
    /// What the database says.
    pub async fn cancel_all(
        &self,
        tx: &mut Tx,
        tenant: &str,
        name: &str,
        (queued_after, queued_before): (Option<Timestamp>, Option<Timestamp>),
    ) -> Result<BulkCancel> {
        let now = self.clock.now();
        let bulk = BulkCancel {
            id: new_id("cancel", now),
            name: name.to_owned(),
            queued_after: queued_after.unwrap_or(Timestamp::from_micros(0)),
            // What is asked for later is not meant, whatever was said.
            queued_before: queued_before.map_or(now, |before| before.min(now)),
            cancelled: 0,
            created_at: now,
            finished_at: None,
        };
        history::open_bulk(tx, tenant, &bulk).await?;
        self.enqueue(tx, NewJob::new(BULK, tenant, &Bulk { id: bulk.id.clone() })).await?;
        Ok(bulk)
    }

    /// Lets a run that failed or was cancelled go on from where it was: steps that have a result keep
    /// it, the others have all their attempts again.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run; `Conflict` when it has not failed.
    pub async fn retry(&self, tx: &mut Tx, tenant: &str, id: &RunId) -> Result<()> {
        let now = self.clock.now();
        let run = runs::any(tx, id).await?.filter(|run| &*run.tenant == tenant).ok_or(Error::NotFound("run"))?;
        if let Some(key) = &run.singleton {
            match flow::single(tx, key).await? {
                Some(other) if other != *id => return Err(Error::conflict(format!("{other} is active in its place"))),
                _ => flow::set_single(tx, key, id).await?,
            }
        }
        let shard = history::revive(tx, id.as_str(), now).await?;
        let shard = shard.ok_or_else(|| Error::conflict(format!("the run is {}", run.status.as_str())))?;
        steps::forget_failures(tx, id).await?;
        let count =
            Count { tenant: tenant.to_owned(), name: run.name.to_string(), what: Counted::Queued, millis: None };
        stats::count(tx, [count], now).await?;
        Ok(self.touch(tx, shard, id, now).await?)
    }

    /// Starts a new run with the input of another, or one of its own. From a step on: what came to its
    /// result before that step is taken over.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run or it no such step; `Invalid` for a job, or when its
    /// workflow is not registered any more.
    pub async fn replay(
        &self,
        tx: &mut Tx,
        tenant: &str,
        id: &RunId,
        from_step: Option<&str>,
        input: Option<Value>,
    ) -> Result<RunId> {
        let now = self.clock.now();
        let run = runs::any(tx, id).await?.filter(|run| &*run.tenant == tenant).ok_or(Error::NotFound("run"))?;
        // Steps belong to the version that made them.
        let catalogue = self.catalogue();
        let workflow = match from_step {
            Some(_) => catalogue.version(&run.name, run.version),
            None => catalogue.latest(&run.name),
        };
        let workflow = workflow.ok_or_else(|| Error::invalid(format!("{} cannot be replayed", run.name)))?;
        let mut event: Event = serde_json::from_str(&run.input).map_err(Error::internal)?;
        event.data = input.unwrap_or(event.data);
        let request = Request { tenant: run.tenant.clone(), event, cause: "replay", parent: None, due: None };
        let json = request.event.json();
        let mut again = admission::new_run(self, workflow, &request, &json, now)?;
        if let Some(step) = from_step {
            let journal = steps::journal(tx, id).await?;
            let seq = journal.iter().find(|row| row.key == step).and_then(|row| row.seq);
            let seq = seq.ok_or(Error::NotFound("step"))?;
            steps::copy(tx, id, &again.id, seq).await?;
            again.seq = seq - 1;
        }
        runs::insert(tx, std::slice::from_ref(&again)).await?;
        stats::count(tx, crate::queued(&again), now).await?;
        let replayed = again.id.clone();
        self.offer(tx, vec![again], now).await?;
        Ok(replayed)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Bulk {
    id: String,
}

pub(crate) fn register(registry: &mut Registry, engine: &Engine) {
    let engine = engine.clone();
    registry.register(BULK, JobOptions { max_attempts: 20, ..JobOptions::default() }, move |attempt| {
        let engine = engine.clone();
        async move {
            let Bulk { id } = attempt.job.args()?;
            let within = engine.clone();
            let db = &engine.db;
            let is_done = db.write(move |tx| Box::pin(async move { cancel_some(tx, &within, &id).await })).await?;
            Ok(match is_done {
                true => Outcome::done(),
                false => Outcome::of(Verdict::PutOff { after: Duration::from_millis(10), reason: String::new() }),
            })
        }
    });
}

/// Calls off the next few; answers whether these were the last.
async fn cancel_some(tx: &mut Tx, engine: &Engine, id: &str) -> Result<bool> {
    let Some((tenant, bulk, after)) = history::bulk(tx, id).await? else { return Ok(true) };
    if bulk.finished_at.is_some() {
        return Ok(true);
    }
    let now = engine.clock.now();
    let next = history::to_cancel(tx, &tenant, &bulk, &after, BULK_SIZE).await?;
    let mut cancelled = 0;
    for run in &next {
        let run = RunId::from(run.clone());
        cancelled += i64::from(ending::cancel(tx, engine, &run, "it was cancelled with others", now).await?);
    }
    let is_last = (next.len() as i64) < BULK_SIZE;
    let cursor = next.last().map_or(after.as_str(), String::as_str);
    history::bulk_got_to(tx, id, cursor, cancelled, is_last.then_some(now)).await?;
    Ok(is_last)
}

/// Stored JSON as it is. What an older program stored otherwise is shown as text.
fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json.clone())
        .or_else(|_| serde_json::value::to_raw_value(&json))
        .expect("any text can be written as JSON")
}
