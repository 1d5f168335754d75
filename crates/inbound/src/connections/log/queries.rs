//! The SQL of the log.

use campanile_accounts::OrganisationId;
use campanile_base::{Cursor, PageSize};
use campanile_db::{Result, Tx, insert, params};

use super::super::ConnectionId;
use super::LogLine;

pub(super) async fn insert(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
    line: &LogLine,
) -> Result<u64> {
    let (sql, params) = insert!("connection_log" {
        id: &line.id,
        organisation_id: organisation.as_str(),
        connection_id: connection.as_str(),
        at: line.at,
        event: &line.event,
        from_status: line.from_status.as_deref(),
        to_status: line.to_status.as_deref(),
        reason: line.reason.as_deref(),
        triggered_by: &line.triggered_by,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<LogLine>> {
    let sql = "SELECT id, at, event, from_status, to_status, reason, triggered_by FROM connection_log
        WHERE organisation_id = $1 AND connection_id = $2 AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT $5";
    let params = params![organisation.as_str(), connection.as_str(), from.at, &from.id, size.to_fetch()];
    tx.all(sql, params, |row| {
        Ok(LogLine {
            id: row.get(0)?,
            at: row.get(1)?,
            event: row.get(2)?,
            from_status: row.get(3)?,
            to_status: row.get(4)?,
            reason: row.get(5)?,
            triggered_by: row.get(6)?,
        })
    })
    .await
}

/// Removes lines with ids below `old`.
pub(crate) async fn forget_old(tx: &mut Tx, old: &str, most: i64) -> Result<u64> {
    let sql = "DELETE FROM connection_log WHERE id IN
        (SELECT id FROM connection_log WHERE id < $1 ORDER BY id LIMIT $2)";
    tx.execute(sql, params![old, most]).await
}
