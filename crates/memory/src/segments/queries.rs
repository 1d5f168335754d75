//! The SQL of segments.

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, params};

use super::{SegmentId, StoredSegment};

campanile_db::columns! { columns, at: id, first_no, next_no, next_removal }

/// The segments of a workspace that are ready, in the order of their passages.
pub(crate) async fn list(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<StoredSegment>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM search_segment WHERE workspace_id = $1 AND is_ready ORDER BY first_no, id"
    );
    tx.all(sql, params![workspace.as_str()], |row| {
        Ok(StoredSegment {
            id: SegmentId::from(row.get::<String>(at::id)?),
            range: (row.get(at::first_no)?, row.get(at::next_no)?),
            next_removal: row.get(at::next_removal)?,
        })
    })
    .await
}

pub(super) async fn unfinished(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<SegmentId>> {
    let sql = "SELECT id FROM search_segment WHERE workspace_id = $1 AND NOT is_ready";
    tx.all(sql, params![workspace.as_str()], |row| row.get::<String>(0).map(SegmentId::from)).await
}

/// The bytes of a segment; fewer if parts are missing.
pub(super) async fn parts(tx: &mut Tx, id: &SegmentId) -> Result<Vec<u8>> {
    let sql = "SELECT data FROM search_segment_part WHERE segment_id = $1 ORDER BY part";
    let mut bytes = Vec::new();
    let mut take = |data: Vec<u8>| bytes.extend(data);
    tx.all(sql, params![id.as_str()], |row| row.get(0).map(&mut take)).await?;
    Ok(bytes)
}

pub(super) async fn insert(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    segment: &StoredSegment,
    bytes: i64,
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("search_segment" {
        id: segment.id.as_str(),
        workspace_id: workspace.as_str(),
        first_no: segment.range.0,
        next_no: segment.range.1,
        next_removal: segment.next_removal,
        bytes: bytes,
        is_ready: false,
        created_at: now,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn insert_part(tx: &mut Tx, id: &SegmentId, part: i64, data: &[u8]) -> Result<u64> {
    let (sql, params) = insert!("search_segment_part" { segment_id: id.as_str(), part: part, data: data });
    tx.execute(sql, &params).await
}

pub(super) async fn make_ready(tx: &mut Tx, id: &SegmentId) -> Result<u64> {
    tx.execute("UPDATE search_segment SET is_ready = TRUE WHERE id = $1", params![id.as_str()]).await
}

/// Deletes a segment with its parts. Returns false if it was gone.
pub(super) async fn delete(tx: &mut Tx, id: &SegmentId) -> Result<bool> {
    tx.execute("DELETE FROM search_segment_part WHERE segment_id = $1", params![id.as_str()]).await?;
    Ok(tx.execute("DELETE FROM search_segment WHERE id = $1", params![id.as_str()]).await? == 1)
}

/// Deletes the removals that no segment of a workspace has to know any more. Indexes in memory that
/// have not seen them are loaded again.
pub(super) async fn forget_removals(tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
    let sql = "UPDATE search_head SET first_removal = COALESCE(
            (SELECT MIN(next_removal) FROM search_segment WHERE workspace_id = $1 AND is_ready), next_removal)
        WHERE workspace_id = $1";
    tx.execute(sql, params![workspace.as_str()]).await?;
    let sql = "DELETE FROM passage_removed WHERE workspace_id = $1 AND seq <
        (SELECT first_removal FROM search_head WHERE workspace_id = $1)";
    tx.execute(sql, params![workspace.as_str()]).await.map(drop)
}
