//! What the end of a run leads to, in the transaction that ends it.
//!
//! Whoever waits for the run gets its result; a failure starts the workflow that is declared for it;
//! an event tells everyone else: `engine/run.failed`, `engine/run.cancelled`, and `engine/run.completed`
//! where somebody listens. The end is a compare-and-set on the row, so all of this happens once.

use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::{Value, json};

use crate::event::{Event, NewEvent};
use crate::flow::admission::{self, Request};
use crate::run::{Run, RunId, Status};
use crate::store::stats::{self, Count, Counted};
use crate::store::steps::StepState;
use crate::store::{events, flow, runs};
use crate::{Engine, trace};

/// Events of ours begin like this; a run that was started by one sends none when it ends.
const OURS: &str = "engine/";

/// Whether an end concerns nobody but the run.
pub(crate) fn is_plain(engine: &Engine, run: &Run, status: Status, listens: bool) -> bool {
    status == Status::Completed
        && !listens
        && run.singleton.is_none()
        && run.parent.is_none()
        && !engine.catalogue().is_triggered_by("engine/run.completed")
}

/// Calls off an active run, whoever's it is. Answers whether it was active.
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

/// Counts an end.
pub(crate) async fn count(tx: &mut Tx, run: &Run, status: Status, now: Timestamp) -> Result<()> {
    Ok(stats::count(tx, [count_of(run, status, now)], now).await?)
}

/// What there is to count of an end.
pub(crate) fn count_of(run: &Run, status: Status, now: Timestamp) -> Count {
    let what = match status {
        Status::Completed => Counted::Completed,
        Status::Failed => Counted::Failed,
        _ => Counted::Cancelled,
    };
    let took = now.since(run.started_at.unwrap_or(run.queued_at));
    let millis = Some(i64::try_from(took.as_millis()).unwrap_or(i64::MAX));
    Count { tenant: run.tenant.to_string(), name: run.name.to_string(), what, millis }
}

/// Everything that a run's end leads to beside the run.
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
    let event: Value = serde_json::from_str(&run.input).unwrap_or_default();
    if event["name"].as_str().is_some_and(|name| name.starts_with(OURS) && name != "engine/called") {
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

/// Tells those who listen that a job is given up. Duties are the node's own.
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
    Box::pin(admission::admit(tx, engine, workflow, request, now)).await.map(drop)
}
