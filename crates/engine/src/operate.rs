//! Operations on runs: lists, statistics, retry, replay, bulk cancellation.

use std::collections::BTreeMap;
use std::time::Duration;

use campanile_base::histogram;
use campanile_base::{Cursor, Error, Page, PageSize, Result, Thing, Timestamp, new_id};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::event::Event;
use crate::flow::admission::{self, Request};
use crate::registry::{JobOptions, Registry};
use crate::run::{NewJob, Outcome, RunId, Verdict};
use crate::store::history::StoredRun;
use crate::store::stats::{self, Count, Counter};
use crate::store::{flow, history, lease, queues, runs, steps};
use crate::view::raw;
use crate::{Engine, lifecycle};

pub use crate::store::stats::Names;

pub use crate::view::{
    BulkCancel, ChildRun, Durations, FailedAttempt, Filter, Hour, ParentRun, Pause, Queue, RunDetail, RunSummary,
    Schedule, Statistics, StepView,
};

/// The job kind of bulk cancellations.
const BULK: &str = "engine.cancel";
/// The maximum number of runs that one transaction cancels.
const BULK_SIZE: i64 = 200;
/// The maximum number of runs started by one that are shown with it.
const MOST_CHILDREN: i64 = 100;

/// The runs of a tenant, newest first. One page examines a bounded number of rows, even if the
/// filter rejects most of them.
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
    // This list is ordered by id alone, so the cursor needs no time.
    let stop = stop.map(|id| Cursor { id, ..Cursor::newest() });
    Ok(Page::of_bounded(rows, size, stop, |last| Cursor { at: last.queued_at, id: last.id.clone() }))
}

/// A run of a tenant, with its steps and their failed attempts.
///
/// # Errors
/// `NotFound` when the tenant has no such run.
pub async fn get(tx: &mut Tx, tenant: &str, id: &str) -> Result<RunDetail> {
    let found = history::by_id(tx, tenant, id).await?.ok_or(Error::NotFound(Thing::Run))?;
    let StoredRun { summary, input, output, parent } = found;
    let children = history::children(tx, tenant, id, MOST_CHILDREN).await?;
    let steps = history::steps(tx, id).await?;
    let trace_id = RunId::from(id.to_owned()).trace().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(RunDetail { summary, input: raw(input), output: output.map(raw), parent, children, steps, trace_id })
}

/// The counters of a tenant over the last `hours`.
pub async fn statistics(tx: &mut Tx, tenant: &str, names: Names<'_>, hours: i64, now: Timestamp) -> Result<Statistics> {
    let first = now.as_seconds() / 3600 - hours + 1;
    let told = stats::since(tx, tenant, names, first).await?;
    let active = stats::active(tx, tenant).await?;
    let mut sum = Statistics {
        active: active.iter().filter(|(name, _)| names.has(name)).map(|(_, runs)| runs).sum(),
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
        let percentile = |part: f64| histogram::percentile(&buckets, part).min(longest as f64);
        let average = millis as f64 / sum.completed as f64;
        Durations { average, p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99), max: longest }
    });
    Ok(sum)
}

/// The pauses of a tenant.
pub async fn pauses(tx: &mut Tx, tenant: &str) -> Result<Vec<Pause>> {
    let pauses = history::pauses(tx, tenant).await?;
    Ok(pauses.into_iter().map(|(name, at, by)| Pause { name, at, by }).collect())
}

/// The queues of a tenant, by name. The nodes store them every few seconds.
pub async fn queues(tx: &mut Tx, tenant: &str) -> Result<Vec<Queue>> {
    Ok(queues::of_tenant(tx, tenant).await?)
}

/// The numbers of a tenant's runs that have not ended, by name, from counters.
pub async fn active(tx: &mut Tx, tenant: &str) -> Result<Vec<(String, i64)>> {
    Ok(stats::active(tx, tenant).await?)
}

/// A node: a process that runs the work of some shards.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NodeView {
    /// Its name.
    pub name: String,
    /// The time of its start.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// The number of its shards; all nodes together have 64.
    pub shards: i64,
}

/// The nodes that are alive, oldest first.
pub async fn nodes(tx: &mut Tx) -> Result<Vec<NodeView>> {
    let nodes = lease::nodes(tx).await?;
    Ok(nodes.into_iter().map(|(name, started_at, shards)| NodeView { name, started_at, shards }).collect())
}

/// The progress of a bulk cancellation.
///
/// # Errors
/// `NotFound` when the tenant has no bulk cancellation of this id.
pub async fn bulk_cancel(tx: &mut Tx, tenant: &str, id: &str) -> Result<BulkCancel> {
    let found = history::bulk(tx, id).await?.filter(|(owner, _, _)| owner == tenant);
    found.map(|(_, bulk, _)| bulk).ok_or(Error::NotFound(Thing::Cancellation))
}

impl Engine {
    /// Cancels all active runs of a name that were queued between these times, in portions.
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
            // Runs that are queued later are never included, even if `queued_before` is later.
            queued_before: queued_before.map_or(now, |before| before.min(now)),
            cancelled: 0,
            created_at: now,
            finished_at: None,
        };
        history::open_bulk(tx, tenant, &bulk).await?;
        self.enqueue(tx, NewJob::new(BULK, tenant, &Bulk { id: bulk.id.clone() })).await?;
        Ok(bulk)
    }

    /// Continues a run that failed or was cancelled. Steps with a result keep it; the others get
    /// all their attempts again.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run; `Conflict` when the run has not failed or been
    /// cancelled, or when another run is active for its singleton key.
    pub async fn retry(&self, tx: &mut Tx, tenant: &str, id: &RunId) -> Result<()> {
        let now = self.clock.now();
        let run = runs::any(tx, id).await?.filter(|run| &*run.tenant == tenant).ok_or(Error::NotFound(Thing::Run))?;
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
            Count { tenant: tenant.to_owned(), name: run.name.to_string(), what: Counter::Queued, millis: None };
        stats::count(tx, [count], now).await?;
        Ok(self.touch(tx, shard, id, now).await?)
    }

    /// Starts a new run with the input of another run, or with the given input. With `from_step`,
    /// the results before that step are copied.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run, or the run no such step; `Invalid` for a job, or
    /// when the workflow is no longer registered.
    pub async fn replay(
        &self,
        tx: &mut Tx,
        tenant: &str,
        id: &RunId,
        from_step: Option<&str>,
        input: Option<Value>,
    ) -> Result<RunId> {
        let now = self.clock.now();
        let run = runs::any(tx, id).await?.filter(|run| &*run.tenant == tenant).ok_or(Error::NotFound(Thing::Run))?;
        // Steps belong to the version that created them.
        let catalogue = self.catalogue();
        let workflow = match from_step {
            Some(_) => catalogue.version(&run.name, run.version),
            None => catalogue.latest(&run.name),
        };
        let workflow = workflow.ok_or_else(|| Error::invalid(format!("{} cannot be replayed", run.name)))?;
        let mut event: Event = run.args()?;
        event.data = input.unwrap_or(event.data);
        let request = Request { tenant: run.tenant.clone(), event, cause: "replay", parent: None, due: None };
        let json = request.event.json();
        let mut again = admission::new_run(self, workflow, &request, &json, now)?;
        if let Some(step) = from_step {
            let journal = steps::journal(tx, id).await?;
            let seq = journal.iter().find(|row| row.key == step).and_then(|row| row.seq);
            let seq = seq.ok_or(Error::NotFound(Thing::Step))?;
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

/// Cancels the next portion. Returns `true` if it was the last.
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
        cancelled += i64::from(lifecycle::cancel(tx, engine, &run, "it was cancelled with others", now).await?);
    }
    let is_last = (next.len() as i64) < BULK_SIZE;
    let cursor = next.last().map_or(after.as_str(), String::as_str);
    history::bulk_got_to(tx, id, cursor, cancelled, is_last.then_some(now)).await?;
    Ok(is_last)
}
