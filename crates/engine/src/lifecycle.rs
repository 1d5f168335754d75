//! The beginning and the end of a run, each in the transaction that causes it.
//!
//! [`admit`] turns a request into a run, or into the reason why there is none. At its end, a run
//! gives its result to the run that invoked it, and a failure starts the workflow declared by
//! `on_failure`. Other listeners get an event: `engine/run.failed`, `engine/run.cancelled`, or
//! `engine/run.completed` (only if a workflow is triggered by it). The end is a compare-and-set on
//! the row, so all of this happens once.
//!
//! Both are in one module because each needs the other: a new run can end the run that it replaces,
//! and the end of a run can request another.

use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::{Value, json};

use crate::event::{Event, NewEvent};
use crate::flow::admission::{self, Admitted, Request};
use crate::run::{Run, RunId, Status};
use crate::store::stats::{self, Counter};
use crate::store::steps::StepState;
use crate::store::{events, flow, runs};
use crate::workflow::Workflow;
use crate::{Engine, run_commit, trace};

/// The prefix of the engine's own events.
const OURS: &str = "engine/";
/// The beginnings of the names of events about the end of a run or a job. A run that such an event
/// started sends none when it ends.
const ABOUT_ENDS: [&str; 2] = ["engine/run.", "engine/job."];

/// Decides about a request, and stores the outcome.
///
/// # Errors
/// `Invalid` when a key expression fails for the event.
pub(crate) async fn admit(
    tx: &mut Tx,
    engine: &Engine,
    workflow: &Workflow,
    request: Request,
    now: Timestamp,
) -> Result<Admitted> {
    let json = request.event.json();
    let mut run = admission::new_run(engine, workflow, &request, &json, now)?;
    let admitted = decide(tx, engine, workflow, &request, &json, &mut run, now).await?;
    match &admitted {
        Admitted::Started(_) => {
            admission::store(tx, workflow, &json, &run, now).await?;
            engine.offer(tx, vec![run], now).await?;
        }
        Admitted::Skipped(_) => admission::count(tx, workflow, &request.tenant, Counter::Skipped, now).await?,
        Admitted::Existing(_) | Admitted::Gathered(_) => {}
    }
    Ok(admitted)
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
        let key = place("idempotency", admission::key_of(Some(&idempotency.key), json)?);
        let expires = now.plus(idempotency.window);
        if let Some(first) = flow::claim_idempotency(tx, &key, &run.id, now, expires).await? {
            return Ok(Admitted::Existing(first));
        }
    }
    if let Some(limit) = &options.rate_limit
        && !admission::within(tx, &place("rate", admission::key_of(limit.key.as_ref(), json)?), limit, now).await?
    {
        return Ok(Admitted::Skipped("the rate limit is used up"));
    }
    if let Some(debounce) = &options.debounce {
        let key = place("debounce", admission::key_of(debounce.key.as_ref(), json)?);
        if let Some(gathered) = admission::postpone(tx, engine, debounce, &key, run, now).await? {
            return Ok(gathered);
        }
    }
    if let Some(batch) = &options.batch {
        let key = place("batch", admission::key_of(batch.key.as_ref(), json)?);
        if let Some(gathered) = admission::add_to(tx, engine, batch, &key, &request.event, run, now).await? {
            return Ok(gathered);
        }
    }
    if let Some(singleton) = &options.singleton {
        let key = place("singleton", admission::key_of(singleton.key.as_ref(), json)?);
        if let Some(active) = flow::single(tx, &key).await? {
            if !singleton.newest_wins {
                return Ok(Admitted::Skipped("another is active"));
            }
            cancel(tx, engine, &active, "a newer one took its place", now).await?;
        }
        flow::set_single(tx, &key, &run.id).await?;
        run.singleton = Some(key);
    }
    Ok(Admitted::Started(run.id.clone()))
}

/// True if the end of a run affects nothing but the run itself.
pub(crate) fn is_plain(engine: &Engine, run: &Run, status: Status, listens: bool) -> bool {
    status == Status::Completed
        && !listens
        && run.singleton.is_none()
        && run.parent.is_none()
        && !engine.catalogue().is_triggered_by("engine/run.completed")
}

/// Cancels an active run of any tenant. Returns `true` if it was active.
pub(crate) async fn cancel(tx: &mut Tx, engine: &Engine, id: &RunId, why: &str, now: Timestamp) -> Result<bool> {
    let Some(run) = runs::cancel(tx, id, now, why).await? else { return Ok(false) };
    engine.touch(tx, run.shard, id, now).await?;
    if run.gathers {
        flow::close_gathering(tx, id).await?;
        flow::take_items(tx, id).await?;
    }
    count(tx, &run, Status::Cancelled, now).await?;
    trace::tell_cancelled(tx, &engine.tracing, &run, why, now);
    follow_up(tx, engine, &run, Status::Cancelled, Err(why), now).await?;
    Ok(true)
}

/// Counts the end of a run.
pub(crate) async fn count(tx: &mut Tx, run: &Run, status: Status, now: Timestamp) -> Result<()> {
    Ok(stats::count(tx, [run_commit::count_of(run, status, now)], now).await?)
}

/// Applies the effects that the end of a run has on others.
pub(crate) async fn follow_up(
    tx: &mut Tx,
    engine: &Engine,
    run: &Run,
    status: Status,
    result: std::result::Result<&str, &str>,
    now: Timestamp,
) -> Result<()> {
    events::forget_run(tx, &run.id).await?;
    if let Some(key) = &run.singleton {
        flow::release_single(tx, key, &run.id).await?;
    }
    if let Some((parent, step)) = &run.parent {
        let (state, text) = match result {
            Ok(output) => (StepState::Succeeded, output),
            Err(error) => (StepState::Failed, error),
        };
        engine.poke(tx, parent, step, state, Some(text), now).await?;
    }
    if run.is_job() {
        return match result {
            Err(error) if status == Status::Failed => tell_death(tx, engine, run, error, now).await,
            _ => Ok(()),
        };
    }
    // A run whose input cannot be read must be able to end as well. Its event is then `null`.
    let event: Value = run.args().unwrap_or_else(|error| {
        tracing::error!(run = %run.id, error = error.chain(), "a run ends whose input cannot be read");
        Value::Null
    });
    // A run that an ended run or job has started tells nothing of its own end: it could start itself.
    if event["name"].as_str().is_some_and(|name| ABOUT_ENDS.iter().any(|prefix| name.starts_with(prefix))) {
        return Ok(());
    }
    let about = json!({ "workflow": &*run.name, "run": run.id, "error": result.err(), "event": event });
    if status == Status::Failed {
        start_on_failure(tx, engine, run, &about, now).await?;
    }
    let name = format!("{OURS}run.{}", status.as_str());
    if status != Status::Completed || engine.catalogue().is_triggered_by(&name) {
        let said = NewEvent::new(name, &*run.tenant, &about).id(format!("{}:{}", run.id, run.generation));
        Box::pin(engine.send(tx, said)).await?;
    }
    Ok(())
}

/// Sends `engine/job.failed` when a job is given up and a workflow is triggered by that event. The
/// engine's own jobs are not reported.
pub(crate) async fn tell_death(tx: &mut Tx, engine: &Engine, run: &Run, error: &str, now: Timestamp) -> Result<()> {
    let name = format!("{OURS}job.failed");
    if run.is_duty() || !engine.catalogue().is_triggered_by(&name) {
        return Ok(());
    }
    let about = json!({ "job": &*run.name, "run": run.id, "error": error, "at": now });
    let said = NewEvent::new(name, &*run.tenant, &about).id(format!("{}:{}", run.id, run.generation));
    Box::pin(engine.send(tx, said)).await.map(drop)
}

async fn start_on_failure(tx: &mut Tx, engine: &Engine, run: &Run, about: &Value, now: Timestamp) -> Result<()> {
    let catalogue = engine.catalogue();
    let Some(failed) = catalogue.version(&run.name, run.version) else { return Ok(()) };
    let Some(name) = &failed.options.on_failure else { return Ok(()) };
    let Some(workflow) = catalogue.latest(name) else {
        tracing::error!(workflow = &*run.name, on_failure = name, "no workflow of this name is registered");
        return Ok(());
    };
    let event = Event { name: format!("{OURS}run.failed"), ..Event::call(about.clone(), now) };
    let request = Request { tenant: run.tenant.clone(), event, cause: "failure", parent: None, due: None };
    Box::pin(admit(tx, engine, workflow, request, now)).await.map(drop)
}
