//! The SQL of syncs.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, insert, json_text, params};

use super::{DocumentSync, DocumentSyncId, SyncCause, SyncCounts, SyncMode, SyncStatus};
use crate::sources::SourceId;
use crate::sync::skips::SkipCounts;

campanile_db::columns! {
    columns, at:
    id, organisation_id, workspace_id, source_id, mode, cause, requested_by, run_id, status, reason, listed, unchanged,
    stored, moved, deleted, failed, passages, skipped, created_at, started_at, finished_at,
}

pub(crate) async fn insert(tx: &mut Tx, sync: &DocumentSync) -> Result<u64> {
    let counts = sync.counts;
    let (sql, params) = insert!("document_sync" {
        id: sync.id.as_str(),
        organisation_id: sync.organisation_id.as_str(),
        workspace_id: sync.workspace_id.as_str(),
        source_id: sync.source_id.as_str(),
        mode: sync.mode.as_str(),
        cause: sync.cause.as_str(),
        requested_by: &sync.requested_by,
        status: sync.status.as_str(),
        listed: counts.listed,
        unchanged: counts.unchanged,
        stored: counts.stored,
        moved: counts.moved,
        deleted: counts.deleted,
        failed: counts.failed,
        passages: counts.passages,
        skipped: json_text(&sync.skipped),
        created_at: sync.created_at,
    });
    tx.execute(sql, &params).await
}

pub(crate) async fn find(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &DocumentSyncId,
) -> Result<Option<DocumentSync>> {
    let sql = concat!("SELECT ", columns!(), " FROM document_sync WHERE organisation_id = $1 AND id = $2");
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

pub(crate) async fn newest(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
    most: i64,
) -> Result<Vec<DocumentSync>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM document_sync WHERE organisation_id = $1 AND source_id = $2 ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    tx.all(sql, params![organisation.as_str(), source.as_str(), most], read).await
}

/// A sync of all documents of a source that has not begun yet.
pub(crate) async fn queued_full(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
) -> Result<Option<DocumentSync>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM document_sync WHERE organisation_id = $1 AND source_id = $2 AND status = 'queued' AND mode = 'full'
        ORDER BY created_at LIMIT 1"
    );
    tx.first(sql, params![organisation.as_str(), source.as_str()], read).await
}

/// Begins a sync. `false` if it has ended already.
pub async fn start(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &DocumentSyncId,
    run: &str,
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE document_sync SET status = 'running', run_id = $3, started_at = $4
        WHERE organisation_id = $1 AND id = $2 AND status IN ('queued', 'running')";
    Ok(tx.execute(sql, params![organisation.as_str(), id.as_str(), run, now]).await? == 1)
}

/// Writes the counts of a listing. A listing that is made again replaces them.
pub(crate) async fn set_listed(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &DocumentSyncId,
    (listed, unchanged): (i64, i64),
    skipped: &SkipCounts,
) -> Result<u64> {
    let sql = "UPDATE document_sync SET listed = $3, unchanged = $4, skipped = $5
        WHERE organisation_id = $1 AND id = $2";
    let params = params![organisation.as_str(), id.as_str(), listed, unchanged, json_text(skipped)];
    tx.execute(sql, params).await
}

pub(super) async fn add_counts(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &DocumentSyncId,
    counts: SyncCounts,
) -> Result<u64> {
    let sql = "UPDATE document_sync SET listed = listed + $3, unchanged = unchanged + $4, stored = stored + $5,
            moved = moved + $6, deleted = deleted + $7, failed = failed + $8, passages = passages + $9
        WHERE organisation_id = $1 AND id = $2";
    let SyncCounts { listed, unchanged, stored, moved, deleted, failed, passages } = counts;
    let numbers =
        params![organisation.as_str(), id.as_str(), listed, unchanged, stored, moved, deleted, failed, passages];
    tx.execute(sql, numbers).await
}

pub(super) async fn set_skipped(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &DocumentSyncId,
    skipped: &SkipCounts,
) -> Result<u64> {
    let sql = "UPDATE document_sync SET skipped = $3 WHERE organisation_id = $1 AND id = $2";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), json_text(skipped)]).await
}

/// Ends a sync that has not ended. `false` if it has.
pub async fn finish(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &DocumentSyncId),
    status: SyncStatus,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE document_sync SET status = $3, reason = $4, finished_at = $5
        WHERE organisation_id = $1 AND id = $2 AND status IN ('queued', 'running')";
    let params = params![organisation.as_str(), id.as_str(), status.as_str(), reason, now];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Removes syncs that were asked for before a time, and have ended.
pub(crate) async fn forget_old(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64> {
    let sql = "DELETE FROM document_sync WHERE id IN (SELECT id FROM document_sync
        WHERE created_at < $1 AND finished_at IS NOT NULL ORDER BY created_at LIMIT $2)";
    tx.execute(sql, params![before, most]).await
}

/// Removes the syncs of a source.
pub(crate) async fn forget_all(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId) -> Result<u64> {
    let sql = "DELETE FROM document_sync WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str()]).await
}

fn read(row: &Row<'_>) -> Result<DocumentSync> {
    Ok(DocumentSync {
        id: DocumentSyncId::from(row.get::<String>(at::id)?),
        organisation_id: OrganisationId::from(row.get::<String>(at::organisation_id)?),
        workspace_id: WorkspaceId::from(row.get::<String>(at::workspace_id)?),
        source_id: SourceId::from(row.get::<String>(at::source_id)?),
        mode: SyncMode::from_stored(&row.get::<String>(at::mode)?),
        cause: SyncCause::from_stored(&row.get::<String>(at::cause)?),
        requested_by: row.get(at::requested_by)?,
        run_id: row.get(at::run_id)?,
        status: SyncStatus::from_stored(&row.get::<String>(at::status)?),
        reason: row.get(at::reason)?,
        counts: SyncCounts {
            listed: row.get(at::listed)?,
            unchanged: row.get(at::unchanged)?,
            stored: row.get(at::stored)?,
            moved: row.get(at::moved)?,
            deleted: row.get(at::deleted)?,
            failed: row.get(at::failed)?,
            passages: row.get(at::passages)?,
        },
        skipped: row.json(at::skipped)?,
        created_at: row.get(at::created_at)?,
        started_at: row.get(at::started_at)?,
        finished_at: row.get(at::finished_at)?,
    })
}
