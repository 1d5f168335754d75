//! Connections: which assistants read on whose behalf.

use campanile_base::{Clock, Error, Result, Thing, Timestamp};
use campanile_db::Tx;

use super::model::Connection;
use super::queries;
use crate::activity::{self, Action};
use crate::{Actor, Caller, OrganisationId, Permission, PersonId};

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

/// Ends all connections of a member who leaves, so that none is there if they come back.
pub(crate) async fn end_all_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &PersonId,
    now: Timestamp,
) -> campanile_db::Result<()> {
    queries::end_connections_of(tx, organisation, person, now).await
}
