//! The one function that changes the status of a connection.

use campanile_accounts::Caller;
use campanile_accounts::activity::{self, Action};
use campanile_base::{Clock, Result};
use campanile_db::Tx;
use campanile_engine::{Engine, NewEvent};
use serde_json::json;

use super::log::{LogEvent, Trigger, note};
use super::{Connection, Status, queries};

/// A change of the status.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The new status.
    pub(crate) to: Status,
    /// The line of the log.
    pub(crate) event: LogEvent,
    /// The cause, in a sentence for people.
    pub(crate) reason: Option<String>,
    /// The kind of cause.
    pub(crate) trigger: Trigger,
}

/// Changes the status of a connection, if it is still the one that `connection` has. Returns
/// `false` if it is not; then nothing is written.
pub(crate) async fn change_status(
    tx: &mut Tx,
    (engine, clock): (&Engine, &Clock),
    by: &Caller,
    connection: &Connection,
    change: Change,
) -> Result<bool> {
    let Change { to, event, reason, trigger } = change;
    let (from, now) = (connection.status, clock.now());
    let kept = reason.as_deref().filter(|_| to != Status::Active);
    if !queries::set_status(tx, connection, to, kept, now).await? {
        return Ok(false);
    }
    let changed = (from != to).then_some((from, to));
    note(tx, connection, now, event, changed, reason.as_deref(), trigger).await?;
    let Connection { id, provider, account_label, .. } = connection;
    if let Some(action) = action(event) {
        let about = json!({ "provider": provider, "account": account_label, "reason": reason });
        activity::record(tx, clock, by, action, id.as_str(), about).await?;
    }
    let data = json!({ "connection": id, "provider": provider, "account": account_label, "reason": reason });
    let name = format!("connection.{}", event.as_str());
    engine.send(tx, NewEvent::new(name, connection.organisation_id.as_str(), &data)).await?;
    Ok(true)
}

/// The record in the activity trail.
fn action(event: LogEvent) -> Option<Action> {
    match event {
        LogEvent::Requested => Some(Action::ConnectionRequested),
        LogEvent::Suspended => Some(Action::ConnectionSuspended),
        LogEvent::Connected => Some(Action::ConnectionConnected),
        LogEvent::Degraded => Some(Action::ConnectionDegraded),
        LogEvent::Recovered => Some(Action::ConnectionRecovered),
        LogEvent::Revoked => Some(Action::ConnectionRevoked),
        LogEvent::Closing => Some(Action::ConnectionDisconnected),
        LogEvent::Closed => Some(Action::ConnectionClosed),
        LogEvent::Changed
        | LogEvent::AccessRevoked
        | LogEvent::LeftBehind
        | LogEvent::Erased
        | LogEvent::DataDeleted => None,
    }
}
