//! From an event or a call to a run, or to the reason why there is none.

use std::sync::Arc;

use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::Value;

use super::Expression;
use super::options::{Batch, Debounce, Options, RateLimit, Scope};
use crate::event::{Event, equality_at};
use crate::machine::Throttle;
use crate::run::{Run, RunId, hash};
use crate::store::events::{WaitKind, WaitRow};
use crate::store::flow::{self, Gathering};
use crate::store::lease::SHARDS;
use crate::store::stats::{self, Count, Counted};
use crate::store::{events, runs};
use crate::workflow::Workflow;
use crate::{Engine, ending};

/// What became of a request for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// There is a new run.
    Started(RunId),
    /// The same was asked for before: this run does it.
    Existing(RunId),
    /// This run, which has not started yet, takes it in.
    Gathered(RunId),
    /// There is none, for this reason.
    Skipped(&'static str),
}

impl Admitted {
    /// The run that does what was asked for, if any does.
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Started(run) | Self::Existing(run) | Self::Gathered(run) => Some(run),
            Self::Skipped(_) => None,
        }
    }
}

/// What asks for a run.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) tenant: Arc<str>,
    pub(crate) event: Event,
    pub(crate) cause: &'static str,
    pub(crate) parent: Option<(RunId, String)>,
    pub(crate) due: Option<Timestamp>,
}

/// Whether all there is to do for a request is to store its run.
pub(crate) fn is_plain(options: &Options) -> bool {
    options.idempotency.is_none()
        && options.rate_limit.is_none()
        && options.debounce.is_none()
        && options.batch.is_none()
        && options.singleton.is_none()
        && options.cancel_on.is_empty()
}

/// Decides about a request and stores what follows from it.
///
/// # Errors
/// `Invalid` when a key cannot be made of the event; what the database says.
pub(crate) async fn admit(
    tx: &mut Tx,
    engine: &Engine,
    workflow: &Workflow,
    request: Request,
    now: Timestamp,
) -> Result<Admitted> {
    let json = request.event.json();
    let mut run = new_run(engine, workflow, &request, &json, now)?;
    let admitted = decide(tx, engine, workflow, &request, &json, &mut run, now).await?;
    match &admitted {
        Admitted::Started(_) => {
            store(tx, workflow, &json, &run, now).await?;
            engine.offer(tx, vec![run], now).await?;
        }
        Admitted::Skipped(_) => count(tx, workflow, &request.tenant, Counted::Skipped, now).await?,
        Admitted::Existing(_) | Admitted::Gathered(_) => {}
    }
    Ok(admitted)
}

/// The run of a request, before anything is decided about it.
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

async fn decide(
    tx: &mut Tx,
    engine: &Engine,
    workflow: &Workflow,
    request: &Request,
    json: &Value,
    run: &mut Run,
    now: Timestamp,
) -> Result<Admitted> {
    let options = &workflow.options;
    let place = |what: &str, key: String| format!("{what}:{}:{}:{key}", workflow.name, request.tenant);
    if let Some(idempotency) = &options.idempotency {
        let key = place("idempotency", key_of(Some(&idempotency.key), json)?);
        let expires = now.plus(idempotency.window);
        if let Some(first) = flow::claim_idempotency(tx, &key, &run.id, now, expires).await? {
            return Ok(Admitted::Existing(first));
        }
    }
    if let Some(limit) = &options.rate_limit
        && !within(tx, &place("rate", key_of(limit.key.as_ref(), json)?), limit, now).await?
    {
        return Ok(Admitted::Skipped("the rate limit is used up"));
    }
    if let Some(debounce) = &options.debounce {
        let key = place("debounce", key_of(debounce.key.as_ref(), json)?);
        if let Some(gathered) = postpone(tx, engine, debounce, &key, run, now).await? {
            return Ok(gathered);
        }
    }
    if let Some(batch) = &options.batch {
        let key = place("batch", key_of(batch.key.as_ref(), json)?);
        if let Some(gathered) = add_to(tx, engine, batch, &key, &request.event, run, now).await? {
            return Ok(gathered);
        }
    }
    if let Some(singleton) = &options.singleton {
        let key = place("singleton", key_of(singleton.key.as_ref(), json)?);
        if let Some(active) = flow::single(tx, &key).await? {
            if !singleton.newest_wins {
                return Ok(Admitted::Skipped("another is active"));
            }
            ending::cancel(tx, engine, &active, "a newer one took its place", now).await?;
        }
        flow::set_single(tx, &key, &run.id).await?;
        run.singleton = Some(key);
    }
    Ok(Admitted::Started(run.id.clone()))
}

async fn store(tx: &mut Tx, workflow: &Workflow, json: &Value, run: &Run, now: Timestamp) -> Result<()> {
    runs::insert(tx, std::slice::from_ref(run)).await?;
    let waits: Vec<WaitRow> = workflow
        .options
        .cancel_on
        .iter()
        .enumerate()
        .filter_map(|(index, cancel)| {
            // A path that the run's own event does not have calls nothing off.
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
    count(tx, workflow, &run.tenant, Counted::Queued, now).await
}

async fn count(tx: &mut Tx, workflow: &Workflow, tenant: &str, what: Counted, now: Timestamp) -> Result<()> {
    let count = Count { tenant: tenant.to_owned(), name: workflow.name.to_owned(), what, millis: None };
    Ok(stats::count(tx, [count], now).await?)
}

/// The value of a key; the empty one where there is no expression.
fn key_of(expression: Option<&Expression>, json: &Value) -> Result<String> {
    let Some(expression) = expression else { return Ok(String::new()) };
    let key = expression.key(&[("event", json)])?;
    // An empty value is a key of its own, and not the absence of one.
    Ok(if key.is_empty() { "\"\"".to_owned() } else { key })
}

/// Runs that share something that is counted in memory go to one shard, and so to one owner. With
/// one such thing its key decides; with several only the whole workflow has them all in common.
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

/// GCRA over a stored arrival time: `limit` at once, then one for each part of the period.
async fn within(tx: &mut Tx, key: &str, limit: &RateLimit, now: Timestamp) -> Result<bool> {
    let throttle = Throttle { limit: limit.limit, period: limit.period, burst: limit.limit - 1 };
    let tat = flow::tat(tx, key).await?.unwrap_or(now);
    let Ok(next) = throttle.pass(tat, now) else { return Ok(false) };
    flow::set_tat(tx, key, next).await?;
    Ok(true)
}

/// A debounced run that is still waiting takes the event in; otherwise `run` is to be one.
async fn postpone(
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

/// An open batch takes the event in; otherwise `run` opens one.
async fn add_to(
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
    // One that this event would make too large goes without it.
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

/// Lets a batch start now; what comes next opens another.
async fn flush(tx: &mut Tx, engine: &Engine, run: &RunId, now: Timestamp) -> Result<()> {
    flow::close_gathering(tx, run).await?;
    if let Some(shard) = flow::move_gathering(tx, run, now, None).await? {
        engine.touch(tx, shard, run, now).await?;
    }
    Ok(())
}
