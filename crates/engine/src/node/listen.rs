//! Connects events with the runs that wait for them, in either order.
//!
//! A sender stores its event and then looks for listeners. A run that begins to listen stores that
//! and then looks back for the event. On PostgreSQL, the two could miss each other. So both take
//! locks on the condition: an equality such as `data.order="17"`. Runs that wait for other values
//! are not affected. Only if a run listens by a path that is new for this event name, all senders
//! of that event have to wait, because they cannot know of the path yet.

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
use crate::{Engine, lifecycle};

/// The number of past events that are read at a time.
const PAGE: i64 = 256;

/// True if the expression of a wait holds for an event. A run whose input cannot be read is
/// cancelled: it could never go on, and the sender must not fail because of it.
async fn listens(tx: &mut Tx, engine: &Engine, wait: &WaitRow, event: &Value, now: Timestamp) -> Result<bool> {
    let Some(text) = &wait.expression else { return Ok(true) };
    let Some(run) = runs::any(tx, &wait.run).await? else { return Ok(false) };
    let own: Value = match run.args() {
        Ok(own) => own,
        Err(error) => {
            Box::pin(lifecycle::cancel(tx, engine, &wait.run, &error.chain(), now)).await?;
            return Ok(false);
        }
    };
    Ok(Expression::parse(text).is_ok_and(|expression| expression.holds(&[("event", &own), ("async", event)])))
}

/// Delivers its event to a listening run, once.
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
            Box::pin(lifecycle::cancel(tx, engine, &wait.run, &why, now)).await?;
        }
    }
    Ok(())
}

/// Locks out runs that are about to listen for this event. Returns the equalities that the event
/// fulfils.
pub(crate) async fn lock_to_tell(tx: &mut Tx, tenant: &str, name: &str, event: &Value) -> Result<Vec<String>> {
    tx.lock_shared(&lock_name(tenant, name, None)).await?;
    let paths = events::paths(tx, name).await?;
    let equalities: Vec<String> = paths.iter().filter_map(|path| equality_at(event, path)).collect();
    for equal in &equalities {
        tx.lock_shared(&lock_name(tenant, name, Some(equal))).await?;
    }
    Ok(equalities)
}

/// Delivers an event to the runs that listen for it with one of these equalities, the youngest first.
/// Each is locked until the transaction ends, and two senders that lock the same runs in different orders
/// would wait for each other. A run that ends locks itself before the older run that has started it.
pub(crate) async fn tell(
    tx: &mut Tx,
    engine: &Engine,
    (tenant, name): (&str, &str),
    equalities: &[String],
    event: &Value,
    now: Timestamp,
) -> Result<()> {
    let mut waits = Vec::new();
    for equal in equalities {
        waits.extend(events::listeners(tx, tenant, name, equal, now).await?);
    }
    waits.sort_by(|a, b| b.run.cmp(&a.run).then_with(|| a.key.cmp(&b.key)));
    for wait in waits {
        if listens(tx, engine, &wait, event, now).await? {
            hear(tx, engine, &wait, &event.to_string(), now).await?;
        }
    }
    Ok(())
}

/// Locks out senders of the event that this run is about to listen for.
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

/// Makes a run listen from now on. Returns `true` if the event had already come: then the run has
/// it.
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
    // If the equality holds, its value is somewhere in the text of the data, in the same form.
    let value = wait.equal.split_once('=').filter(|_| path.starts_with("data.")).map_or("", |(_, value)| value);
    // The event of that exact time was already taken: "~" sorts after every id.
    let mut from = (listen.since, "~".to_owned());
    loop {
        let said = events::since(tx, tenant, &wait.event, (from.0, &from.1), value, PAGE).await?;
        let Some(last) = said.last() else { return Ok(false) };
        from = (last.at, last.id.clone());
        for row in said {
            let event = Event::from_row(row)?.json();
            if equality_at(&event, path).is_some_and(|equal| equal == wait.equal)
                && listens(tx, engine, &wait, &event, now).await?
            {
                hear(tx, engine, &wait, &event.to_string(), now).await?;
                return Ok(true);
            }
        }
    }
}
