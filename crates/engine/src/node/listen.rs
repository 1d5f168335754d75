//! Between events and the runs that wait for them, whichever came first.
//!
//! A sender writes its event and then looks for those who listen; a run that begins to listen writes
//! that down and then looks back for the event. On PostgreSQL the two could miss each other, so
//! they are kept apart by locks on what is waited for: an equality such as `data.order="17"`. Those who
//! wait for other values go on undisturbed. Only a path by which nobody has listened for
//! this event before stops all of its senders, who cannot know of it yet.

use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::Value;

use crate::event::{Event, equality_at};
use crate::flow::Expression;
use crate::run::RunId;
use crate::store::events::{self, WaitKind, WaitRow};
use crate::store::runs;
use crate::store::steps::StepState;
use crate::workflow::journal::Listen;
use crate::{Engine, ending};

/// How many events are looked back at in one go.
const PAGE: i64 = 256;

/// Whether the expression of a wait holds for an event.
async fn listens(tx: &mut Tx, wait: &WaitRow, event: &Value) -> Result<bool> {
    let Some(text) = &wait.expression else { return Ok(true) };
    let Some(run) = runs::any(tx, &wait.run).await? else { return Ok(false) };
    let own: Value = serde_json::from_str(&run.input).unwrap_or_default();
    Ok(Expression::parse(text).is_ok_and(|expression| expression.holds(&[("event", &own), ("async", event)])))
}

/// Lets a listening run know of its event, once.
async fn hear(tx: &mut Tx, engine: &Engine, wait: &WaitRow, event: &str, now: Timestamp) -> Result<()> {
    if !events::stop_listening(tx, &wait.run, &wait.key).await? {
        return Ok(());
    }
    match wait.kind {
        WaitKind::GoOn => {
            engine.poke(tx, &wait.run, &wait.key, StepState::Succeeded, Some(event), now).await?;
        }
        WaitKind::Cancel => {
            let why = format!("the event {} called it off", wait.event);
            Box::pin(ending::cancel(tx, engine, &wait.run, &why, now)).await?;
        }
    }
    Ok(())
}

/// Keeps those away who are about to listen for this event. Answers the equalities that it fulfils.
pub(crate) async fn lock_to_tell(tx: &mut Tx, tenant: &str, name: &str, event: &Value) -> Result<Vec<String>> {
    tx.lock_shared(&lock_name(tenant, name, None)).await?;
    let paths = events::paths(tx, name).await?;
    let equalities: Vec<String> = paths.iter().filter_map(|path| equality_at(event, path)).collect();
    for equal in &equalities {
        tx.lock_shared(&lock_name(tenant, name, Some(equal))).await?;
    }
    Ok(equalities)
}

/// Tells those who listen for an event by this equality.
pub(crate) async fn tell(
    tx: &mut Tx,
    engine: &Engine,
    tenant: &str,
    name: &str,
    equal: &str,
    event: &Value,
    now: Timestamp,
) -> Result<()> {
    for wait in events::listeners(tx, tenant, name, equal, now).await? {
        if listens(tx, &wait, event).await? {
            hear(tx, engine, &wait, &event.to_string(), now).await?;
        }
    }
    Ok(())
}

/// Keeps those away who are about to send what this run is to listen for.
pub(crate) async fn lock_to_listen(tx: &mut Tx, tenant: &str, name: &str, equal: &str) -> Result<()> {
    if !events::knows_path(tx, name, path_of(equal)).await? {
        tx.lock(&lock_name(tenant, name, None)).await?;
    }
    Ok(tx.lock(&lock_name(tenant, name, Some(equal))).await?)
}

fn lock_name(tenant: &str, event: &str, equal: Option<&str>) -> String {
    match equal {
        None => format!("engine event {tenant} {event}"),
        Some(equal) => format!("engine event {tenant} {event} {equal}"),
    }
}

fn path_of(equal: &str) -> &str {
    equal.split_once('=').map_or("", |(path, _)| path)
}

/// Lets a run listen from now on. Answers whether the event had come already: the run has it then.
pub(crate) async fn listen(
    tx: &mut Tx,
    engine: &Engine,
    run: &RunId,
    tenant: &str,
    (key, listen): (&str, &Listen),
    now: Timestamp,
) -> Result<bool> {
    let wait = WaitRow {
        run: run.clone(),
        key: key.to_owned(),
        kind: WaitKind::GoOn,
        tenant: tenant.to_owned(),
        event: listen.event.clone(),
        equal: listen.equal.clone(),
        expression: listen.expression.clone(),
        expires: listen.until,
    };
    events::listen(tx, std::slice::from_ref(&wait)).await?;
    let path = path_of(&wait.equal);
    // What is equal is somewhere in the text of the data, as it stands in the equality.
    let value = wait.equal.split_once('=').filter(|_| path.starts_with("data.")).map_or("", |(_, value)| value);
    // An event of that very moment was the last one: "~" comes after every id.
    let mut from = (listen.since, "~".to_owned());
    loop {
        let said = events::since(tx, tenant, &wait.event, (from.0, &from.1), value, PAGE).await?;
        let Some(last) = said.last() else { return Ok(false) };
        from = (last.at, last.id.clone());
        for row in said {
            let event = Event::from_row(row).json();
            if equality_at(&event, path).is_some_and(|equal| equal == wait.equal) && listens(tx, &wait, &event).await? {
                hear(tx, engine, &wait, &event.to_string(), now).await?;
                return Ok(true);
            }
        }
    }
}
