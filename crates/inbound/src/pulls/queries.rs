//! The SQL of backfills.

use campanile_accounts::OrganisationId;
use campanile_base::{Cursor, PageSize, Timestamp};
use campanile_db::{Result, Row, Tx, insert, params};

use super::{Backfill, BackfillId, Progress, PullMode};
use crate::connections::ConnectionId;
use crate::sources::SourceId;

campanile_db::columns! {
    columns, at:
    id, organisation_id, connection_id, depth_days, is_automatic, status, reason, requested_by, created_at, finished_at,
    mode,
}

pub(crate) async fn insert(tx: &mut Tx, backfill: &Backfill) -> Result<u64> {
    let (sql, params) = insert!("backfill" {
        id: backfill.id.as_str(),
        organisation_id: backfill.organisation_id.as_str(),
        connection_id: backfill.connection_id.as_str(),
        mode: backfill.mode.as_str(),
        depth_days: backfill.depth,
        is_automatic: backfill.is_automatic,
        status: &backfill.status,
        requested_by: &backfill.requested_by,
        created_at: backfill.created_at,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &BackfillId) -> Result<Option<Backfill>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM backfill
        WHERE organisation_id = $1 AND id = $2 AND mode = 'backfill'"
    );
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

pub(super) async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<Backfill>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM backfill WHERE organisation_id = $1 AND connection_id = $2 AND mode = 'backfill'
            AND (created_at, id) < ($3, $4)
        ORDER BY created_at DESC, id DESC LIMIT $5"
    );
    let params = params![organisation.as_str(), connection.as_str(), from.at, &from.id, size.to_fetch()];
    tx.all(sql, params, read).await
}

/// True if a backfill of a connection is active.
pub(crate) async fn has_active(tx: &mut Tx, organisation: &OrganisationId, connection: &ConnectionId) -> Result<bool> {
    let sql = "SELECT 1 FROM backfill
        WHERE organisation_id = $1 AND connection_id = $2 AND status = 'active' AND mode = 'backfill' LIMIT 1";
    let params = params![organisation.as_str(), connection.as_str()];
    Ok(tx.first(sql, params, |_| Ok(())).await?.is_some())
}

/// True if a reconcile of a source is active that was begun with an id from `since` on. One that broke off
/// longer ago holds up no other.
pub(crate) async fn is_reconciled(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
    since: &str,
) -> Result<bool> {
    let sql = "SELECT 1 FROM pull_run WHERE organisation_id = $1 AND source_id = $2 AND mode = 'reconcile'
        AND finished_at IS NULL AND backfill_id >= $3 LIMIT 1";
    Ok(tx.first(sql, params![organisation.as_str(), source.as_str(), since], |_| Ok(())).await?.is_some())
}

/// The time at which a backfill or a reconcile was asked for.
pub(crate) async fn created_at(tx: &mut Tx, organisation: &OrganisationId, id: &BackfillId) -> Result<Timestamp> {
    let sql = "SELECT created_at FROM backfill WHERE organisation_id = $1 AND id = $2";
    tx.one(sql, params![organisation.as_str(), id.as_str()], |row| row.get(0)).await
}

/// The time of the last backfill that somebody asked for.
pub(crate) async fn last_requested(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
) -> Result<Option<Timestamp>> {
    let sql = "SELECT created_at FROM backfill WHERE organisation_id = $1 AND connection_id = $2 AND NOT is_automatic
        ORDER BY created_at DESC LIMIT 1";
    tx.first(sql, params![organisation.as_str(), connection.as_str()], |row| row.get(0)).await
}

/// Locks the row of a backfill until the transaction ends. Returns its status.
pub(crate) async fn lock(tx: &mut Tx, organisation: &OrganisationId, id: &BackfillId) -> Result<Option<String>> {
    let sql = "UPDATE backfill SET status = status WHERE organisation_id = $1 AND id = $2 RETURNING status";
    tx.first(sql, params![organisation.as_str(), id.as_str()], |row| row.get(0)).await
}

/// Ends a backfill that is active.
pub(crate) async fn end(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &BackfillId),
    status: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE backfill SET status = $3, reason = $4, finished_at = $5
        WHERE organisation_id = $1 AND id = $2 AND status = 'active'";
    Ok(tx.execute(sql, params![organisation.as_str(), id.as_str(), status, reason, now]).await? == 1)
}

/// The active backfills and reconciles of a connection.
pub(crate) async fn active(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
) -> Result<Vec<BackfillId>> {
    let sql = "SELECT id FROM backfill WHERE organisation_id = $1 AND connection_id = $2 AND status = 'active'";
    let params = params![organisation.as_str(), connection.as_str()];
    tx.all(sql, params, |row| row.get::<String>(0).map(BackfillId::from)).await
}

/// Removes backfills, or reconciles, that ended before a time, and their stretches. Returns their number.
pub(crate) async fn forget_old(tx: &mut Tx, mode: PullMode, old: &str, most: i64) -> Result<u64> {
    let stretches = "DELETE FROM pull_run WHERE backfill_id IN
        (SELECT id FROM backfill WHERE id < $1 AND mode = $3 AND status <> 'active' ORDER BY id LIMIT $2)";
    tx.execute(stretches, params![old, most, mode.as_str()]).await?;
    let sql = "DELETE FROM backfill WHERE id IN
        (SELECT id FROM backfill WHERE id < $1 AND mode = $3 AND status <> 'active' ORDER BY id LIMIT $2)";
    tx.execute(sql, params![old, most, mode.as_str()]).await
}

fn read(row: &Row<'_>) -> Result<Backfill> {
    Ok(Backfill {
        id: BackfillId::from(row.get::<String>(at::id)?),
        organisation_id: OrganisationId::from(row.get::<String>(at::organisation_id)?),
        connection_id: ConnectionId::from(row.get::<String>(at::connection_id)?),
        depth: row.get(at::depth_days)?,
        is_automatic: row.get(at::is_automatic)?,
        status: row.get(at::status)?,
        reason: row.get(at::reason)?,
        requested_by: row.get(at::requested_by)?,
        created_at: row.get(at::created_at)?,
        finished_at: row.get(at::finished_at)?,
        progress: Progress::default(),
        mode: PullMode::from_stored(&row.get::<String>(at::mode)?),
    })
}
