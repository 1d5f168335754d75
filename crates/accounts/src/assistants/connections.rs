//! Connections: which assistants read on whose behalf.

use campanile_base::{Clock, Error, Result, Thing};
use campanile_db::Tx;

use super::model::Connection;
use super::queries;
use crate::activity::{self, Action};
use crate::{Actor, Caller, Permission, PersonId};

/// The members whose connections a caller sees: all for an owner, else only the caller.
fn only(caller: &Caller) -> Option<&PersonId> {
    match &caller.actor {
        _ if caller.must(Permission::Administer).is_ok() => None,
        Actor::Person(person) => Some(person),
        _ => None,
    }
}

/// The connections that a caller may end, oldest first: a member's own, and all for an owner.
pub async fn list(tx: &mut Tx, clock: &Clock, caller: &Caller) -> Result<Vec<Connection>> {
    Ok(queries::connections(tx, &caller.organisation, only(caller), clock.now()).await?)
}

/// Ends a connection, at once.
///
/// # Errors
/// `NotFound` for a connection of another organisation, of another member unless the caller is an
/// owner, or that has ended already.
pub async fn revoke(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &str) -> Result<()> {
    if !list(tx, clock, caller).await?.iter().any(|known| known.id == id) {
        return Err(Error::NotFound(Thing::Assistant));
    }
    queries::end_connection(tx, id, clock.now()).await?;
    activity::record(tx, clock, caller, Action::AssistantDisconnected, id, serde_json::json!({})).await
}
