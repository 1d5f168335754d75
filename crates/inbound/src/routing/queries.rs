//! The SQL of the way of deliveries to an app.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use super::{TargetSource, UnlinkedCount};
use crate::connections::{Connection, ConnectionId};
use crate::sources::SourceId;

/// The sources of a connection's resource.
pub(super) async fn sources_of(tx: &mut Tx, connection: &Connection, resource: &str) -> Result<Vec<TargetSource>> {
    let sql = "SELECT id, workspace_id FROM source
        WHERE organisation_id = $1 AND connection_id = $2 AND resource_id = $3 ORDER BY id";
    let Connection { organisation_id, id, .. } = connection;
    tx.all(sql, params![organisation_id.as_str(), id.as_str(), resource], |row| {
        Ok(TargetSource {
            organisation: organisation_id.clone(),
            source: SourceId::from(row.get::<String>(0)?),
            workspace: WorkspaceId::from(row.get::<String>(1)?),
        })
    })
    .await
}

/// Counts a delivery of an event that is counted already. `false` if it is not.
pub(super) async fn add_unlinked(tx: &mut Tx, connection: &Connection, event: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE unlinked_delivery SET number = number + 1, last_at = $4
        WHERE organisation_id = $1 AND connection_id = $2 AND event = $3";
    let params = params![connection.organisation_id.as_str(), connection.id.as_str(), event, now];
    Ok(tx.execute(sql, params).await? == 1)
}

pub(super) async fn insert_unlinked(tx: &mut Tx, connection: &Connection, event: &str, now: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO unlinked_delivery (organisation_id, connection_id, event, number, last_at)
        VALUES ($1, $2, $3, 1, $4)
        ON CONFLICT (connection_id, event) DO UPDATE
            SET number = unlinked_delivery.number + 1, last_at = excluded.last_at";
    tx.execute(sql, params![connection.organisation_id.as_str(), connection.id.as_str(), event, now]).await
}

/// The number of events that are counted for a connection.
pub(super) async fn number_of_unlinked(tx: &mut Tx, connection: &Connection) -> Result<i64> {
    let sql = "SELECT count(*) FROM unlinked_delivery WHERE organisation_id = $1 AND connection_id = $2";
    tx.one(sql, params![connection.organisation_id.as_str(), connection.id.as_str()], |row| row.get(0)).await
}

pub(super) async fn unlinked(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &ConnectionId,
) -> Result<Vec<UnlinkedCount>> {
    let sql = "SELECT event, number, last_at FROM unlinked_delivery
        WHERE organisation_id = $1 AND connection_id = $2 ORDER BY event";
    tx.all(sql, params![organisation.as_str(), id.as_str()], |row| {
        Ok(UnlinkedCount { event: row.get(0)?, number: row.get(1)?, last_at: row.get(2)? })
    })
    .await
}

/// Removes the counters of a connection.
pub(crate) async fn forget_unlinked(tx: &mut Tx, organisation: &OrganisationId, id: &ConnectionId) -> Result<u64> {
    let sql = "DELETE FROM unlinked_delivery WHERE organisation_id = $1 AND connection_id = $2";
    tx.execute(sql, params![organisation.as_str(), id.as_str()]).await
}
