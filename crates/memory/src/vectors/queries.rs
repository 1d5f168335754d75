//! The SQL of vectors and of their progress.

use std::ops::Range;

use campanile_accounts::WorkspaceId;
use campanile_db::{Result, Row, Select, Tx, json_text, params, row};
use campanile_embed::Vector;

use super::Progress;

/// The passages of a workspace that have vectors, if any was made.
pub(crate) async fn progress(tx: &mut Tx, workspace: &WorkspaceId, embedder: &str) -> Result<Option<Progress>> {
    let sql = "SELECT ranges FROM embedding_progress WHERE workspace_id = $1 AND embedder_id = $2";
    tx.first(sql, params![workspace.as_str(), embedder], |row: &Row<'_>| row.json(0)).await
}

/// The workspaces with passages that have no vector yet.
pub(crate) async fn behind(tx: &mut Tx, embedder: &str) -> Result<Vec<WorkspaceId>> {
    let sql = "SELECT head.workspace_id FROM search_head AS head
        LEFT JOIN embedding_progress AS progress
            ON progress.workspace_id = head.workspace_id AND progress.embedder_id = $1
        WHERE head.next_no > 0
            AND (progress.workspace_id IS NULL
                OR progress.ranges <> '[[0,' || CAST(head.next_no AS TEXT) || ']]')";
    tx.all(sql, params![embedder], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

/// Begins without any range, unless that was done.
pub(super) async fn begin(tx: &mut Tx, workspace: &WorkspaceId, embedder: &str) -> Result<u64> {
    let sql = "INSERT INTO embedding_progress (workspace_id, embedder_id, ranges, next_seq)
        VALUES ($1, $2, '[]', 0) ON CONFLICT (workspace_id, embedder_id) DO NOTHING";
    tx.execute(sql, params![workspace.as_str(), embedder]).await
}

/// Changes the ranges and takes places for vectors. Returns the place behind the last, or `None` if
/// the ranges are others by now.
pub(super) async fn advance(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    embedder: &str,
    (before, after): (&Progress, &Progress),
    vectors: i64,
) -> Result<Option<i64>> {
    let sql = "UPDATE embedding_progress SET ranges = $4, next_seq = next_seq + $5
        WHERE workspace_id = $1 AND embedder_id = $2 AND ranges = $3 RETURNING next_seq";
    let (before, after) = (json_text(before), json_text(after));
    let params = params![workspace.as_str(), embedder, before.as_str(), after.as_str(), vectors];
    tx.first(sql, params, |row| row.get(0)).await
}

/// Stores vectors, except those of passages that are gone.
pub(super) async fn insert(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    embedder: &str,
    first_seq: i64,
    vectors: &[(u32, Vector)],
) -> Result<()> {
    let sql = "INSERT INTO passage_vector (workspace_id, embedder_id, no, seq, data)
        SELECT workspace_id, CAST($2 AS TEXT), no, $4, $5 FROM (
            SELECT workspace_id, no FROM passage WHERE workspace_id = $1 AND no = $3
            UNION ALL SELECT workspace_id, no FROM chunk WHERE workspace_id = $1 AND no = $3
        ) AS living WHERE TRUE
        ON CONFLICT (workspace_id, embedder_id, no) DO NOTHING";
    let rows: Vec<_> = (first_seq..)
        .zip(vectors)
        .map(|(seq, (no, vector))| row![workspace.as_str(), embedder, i64::from(*no), seq, vector.to_bytes()])
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Some vectors from a place on, before another, in order: place, passage, bytes.
pub(crate) async fn between(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    embedder: &str,
    places: Range<i64>,
    most: i64,
) -> Result<Vec<(i64, i64, Vec<u8>)>> {
    let sql = "SELECT seq, no, data FROM passage_vector
        WHERE workspace_id = $1 AND embedder_id = $2 AND seq >= $3 AND seq < $4 ORDER BY seq LIMIT $5";
    let params = params![workspace.as_str(), embedder, places.start, places.end, most];
    tx.all(sql, params, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
}

/// The bytes of the vectors of passages, in no order.
pub(crate) async fn numbered(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    embedder: &str,
    numbers: &[u32],
) -> Result<Vec<Vec<u8>>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT data FROM passage_vector WHERE workspace_id = ? AND embedder_id = ?";
    let select = Select::new(sql, [workspace.as_str(), embedder]);
    select.and_in("no", numbers.iter().map(|no| i64::from(*no))).all(tx, |row| row.get(0)).await
}

/// Deletes the vectors of passages, of all embedders.
pub(crate) async fn delete(tx: &mut Tx, workspace: &str, numbers: &[i64]) -> Result<()> {
    let sql = "DELETE FROM passage_vector WHERE workspace_id = $1 AND no = $2 AND embedder_id IN
        (SELECT embedder_id FROM embedding_progress WHERE workspace_id = $1)";
    let rows: Vec<_> = numbers.iter().map(|no| row![workspace, *no]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Deletes some vectors of an embedder.
pub(super) async fn forget_some(tx: &mut Tx, workspace: &WorkspaceId, embedder: &str, most: i64) -> Result<u64> {
    let sql = "DELETE FROM passage_vector WHERE workspace_id = $1 AND embedder_id = $2 AND no IN (
        SELECT no FROM passage_vector WHERE workspace_id = $1 AND embedder_id = $2 ORDER BY no LIMIT $3)";
    tx.execute(sql, params![workspace.as_str(), embedder, most]).await
}

/// Deletes the progress of an embedder.
pub(super) async fn forget_progress(tx: &mut Tx, workspace: &WorkspaceId, embedder: &str) -> Result<u64> {
    let sql = "DELETE FROM embedding_progress WHERE workspace_id = $1 AND embedder_id = $2";
    tx.execute(sql, params![workspace.as_str(), embedder]).await
}
