//! Turns a request into a run: builds the run, stores it, or adds the event to a run that gathers.

use std::sync::Arc;

use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::Value;

use super::options::{Batch, Debounce, Options, RateLimit, Scope};
use super::{Expression, Throttle};
use crate::Engine;
use crate::event::{Event, equality_at};
use crate::run::{Run, RunId, hash};
use crate::store::events::{WaitKind, WaitRow};
use crate::store::flow::{self, Gathering};
use crate::store::lease::SHARDS;
use crate::store::stats::{self, Count, Counter};
use crate::store::{events, runs};
use crate::workflow::Workflow;

/// The outcome of a request for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// A new run was stored.
    Started(RunId),
    /// The same request came before, and this run handles it.
    Existing(RunId),
    /// This run, which has not started yet, takes the event in.
    Gathered(RunId),
    /// No run was created, for this reason.
    Skipped(&'static str),
}

impl Admitted {
    /// The run that handles the request, if there is one.
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Started(run) | Self::Existing(run) | Self::Gathered(run) => Some(run),
            Self::Skipped(_) => None,
        }
    }
}

/// A request for a run.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) tenant: Arc<str>,
    pub(crate) event: Event,
    pub(crate) cause: &'static str,
    pub(crate) parent: Option<(RunId, String)>,
    pub(crate) due: Option<Timestamp>,
}

/// True if the only effect of a request is a stored run.
pub(crate) fn is_plain(options: &Options) -> bool {
    options.idempotency.is_none()
        && options.rate_limit.is_none()
        && options.debounce.is_none()
        && options.batch.is_none()
        && options.singleton.is_none()
        && options.cancel_on.is_empty()
}

/// Builds the run of a request, before flow control decides about it.
pub(crate) fn new_run(
    engine: &Engine,
    workflow: &Workflow,
    request: &Request,
    json: &Value,
    now: Timestamp,
) -> Result<Run> {
    let options = &workflow.options;
    let input = serde_json::to_string(&request.event).expect("an event is plain data");
    let mut run = Run::new(workflow.name, workflow.version, request.tenant.clone(), input, 0, now);
    for (key, limit) in run.keys.iter_mut().zip(&options.limits) {
        *key = Some(key_of(limit.key.as_ref(), json)?.into());
    }
    if let Some(throttled) = &options.throttle {
        run.throttle = Some(key_of(throttled.key.as_ref(), json)?.into());
    }
    if let Some(priority) = &options.priority {
        run.priority = priority.number(&[("event", json)])?;
    }
    run.start_by = options.start_timeout.map(|timeout| now.plus(timeout));
    run.wait_until(request.due.unwrap_or(now).max(now));
    (run.cause, run.parent) = (request.cause, request.parent.clone());
    run.shard = shard_of(engine, options, &run);
    Ok(run)
}

/// Stores a run that will start, and its waits for cancelling events.
pub(crate) async fn store(tx: &mut Tx, workflow: &Workflow, json: &Value, run: &Run, now: Timestamp) -> Result<()> {
    runs::insert(tx, std::slice::from_ref(run)).await?;
    let waits: Vec<WaitRow> = workflow
        .options
        .cancel_on
        .iter()
        .enumerate()
        .filter_map(|(index, cancel)| {
            // A run whose own event lacks this path is never cancelled by it.
            let equal = cancel.same.as_deref().map_or(Some(String::new()), |path| equality_at(json, path))?;
            Some(WaitRow {
                run: run.id.clone(),
                key: format!("#cancel:{index}"),
                kind: WaitKind::Cancel,
                tenant: run.tenant.to_string(),
                event: cancel.event.clone(),
                equal,
                expression: cancel.when.as_ref().map(|when| when.as_str().to_owned()),
                expires: Timestamp::from_micros(i64::MAX),
            })
        })
        .collect();
    if !waits.is_empty() {
        events::listen(tx, &waits).await?;
    }
    count(tx, workflow, &run.tenant, Counter::Queued, now).await
}

/// Counts the outcome of a request.
pub(crate) async fn count(tx: &mut Tx, workflow: &Workflow, tenant: &str, what: Counter, now: Timestamp) -> Result<()> {
    let count = Count { tenant: tenant.to_owned(), name: workflow.name.to_owned(), what, millis: None };
    Ok(stats::count(tx, [count], now).await?)
}

/// The value of a key; empty when there is no expression.
pub(crate) fn key_of(expression: Option<&Expression>, json: &Value) -> Result<String> {
    let Some(expression) = expression else { return Ok(String::new()) };
    let key = expression.key(&[("event", json)])?;
    // An empty value is a key of its own, distinct from no key.
    Ok(if key.is_empty() { "\"\"".to_owned() } else { key })
}

/// The shard of a run. Runs that share an in-memory limit need the same shard, and so the same
/// owner. If the run has one such limit, its key selects the shard. If it has several, only the
/// workflow is common to all of them, so its name selects the shard.
fn shard_of(engine: &Engine, options: &Options, run: &Run) -> i64 {
    let in_cluster = options.limits.iter().zip(&run.keys).filter(|(limit, _)| limit.scope == Scope::Cluster);
    let throttle = options.throttle.as_ref().map(|_| &run.throttle);
    let shared: Vec<&str> = in_cluster.map(|(_, key)| key).chain(throttle).filter_map(|key| key.as_deref()).collect();
    let pinned = match shared[..] {
        [] => return engine.near_shard(),
        [""] => hash([&*run.name]),
        [key] => hash([&*run.name, &*run.tenant, key]),
        _ => hash([&*run.name]),
    };
    (pinned % u64::from(SHARDS)) as i64
}

/// Applies a rate limit: GCRA over a stored arrival time. It admits `limit` at once, then one for
/// each `period / limit`.
pub(crate) async fn within(tx: &mut Tx, key: &str, limit: &RateLimit, now: Timestamp) -> Result<bool> {
    let throttle = Throttle { limit: limit.limit, period: limit.period, burst: limit.limit - 1 };
    let tat = flow::tat(tx, key).await?.unwrap_or(now);
    let Ok(next) = throttle.pass(tat, now) else { return Ok(false) };
    flow::set_tat(tx, key, next).await?;
    Ok(true)
}

/// Adds the event to a debounced run that still waits. If there is none, `run` becomes one.
pub(crate) async fn postpone(
    tx: &mut Tx,
    engine: &Engine,
    debounce: &Debounce,
    key: &str,
    run: &mut Run,
    now: Timestamp,
) -> Result<Option<Admitted>> {
    if let Some(open) = flow::gathering(tx, key).await? {
        let due = now.plus(debounce.period).min(open.until);
        if let Some(shard) = flow::move_gathering(tx, &open.run, due, Some(&run.input)).await? {
            engine.touch(tx, shard, &open.run, now).await?;
            return Ok(Some(Admitted::Gathered(open.run)));
        }
    }
    let until = debounce.most.map_or(Timestamp::from_micros(i64::MAX), |most| now.plus(most));
    run.gathers = true;
    run.wait_until(now.plus(debounce.period).min(until));
    flow::set_gathering(tx, key, &Gathering { run: run.id.clone(), items: 1, bytes: 0, until }).await?;
    Ok(None)
}

/// Adds the event to the open batch. If there is none, `run` opens one.
pub(crate) async fn add_to(
    tx: &mut Tx,
    engine: &Engine,
    batch: &Batch,
    key: &str,
    event: &Event,
    run: &mut Run,
    now: Timestamp,
) -> Result<Option<Admitted>> {
    let data = event.data.to_string();
    let bytes = data.len() as i64;
    let is_full = |open: &Gathering| open.items >= batch.size as i64 || open.bytes >= batch.bytes as i64;
    let fits = |open: &Gathering| open.bytes + bytes <= batch.bytes as i64 && open.until > now;
    let found = flow::gathering(tx, key).await?;
    if let Some(mut open) = found.clone().filter(fits) {
        flow::add_item(tx, &open.run, open.items, &data).await?;
        (open.items, open.bytes) = (open.items + 1, open.bytes + bytes);
        match is_full(&open) {
            true => flush(tx, engine, &open.run, now).await?,
            false => flow::set_gathering(tx, key, &open).await?,
        }
        return Ok(Some(Admitted::Gathered(open.run)));
    }
    // This event does not fit into the open batch, so that batch starts without it.
    if let Some(open) = found {
        flush(tx, engine, &open.run, now).await?;
    }
    let open = Gathering { run: run.id.clone(), items: 1, bytes, until: now.plus(batch.within) };
    flow::add_item(tx, &run.id, 0, &data).await?;
    run.gathers = true;
    if !is_full(&open) {
        run.wait_until(open.until);
        flow::set_gathering(tx, key, &open).await?;
    }
    Ok(None)
}

/// Makes a batch start now. The next event opens another.
async fn flush(tx: &mut Tx, engine: &Engine, run: &RunId, now: Timestamp) -> Result<()> {
    flow::close_gathering(tx, run).await?;
    if let Some(shard) = flow::move_gathering(tx, run, now, None).await? {
        engine.touch(tx, shard, run, now).await?;
    }
    Ok(())
}
