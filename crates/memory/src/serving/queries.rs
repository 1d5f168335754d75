//! The SQL of models and of the workspaces that they serve.

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, json_text, params};

use super::{GRACE, Serving, StoredEmbedder, VectorHead};

campanile_db::columns! {
    columns, at:
    serving_id, swapped_at, building_id, building_since, previous_id, previous_until,
}

/// The models of a workspace, if any has made a vector.
pub(crate) async fn of(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<Serving>> {
    let sql = concat!("SELECT ", columns!(), " FROM workspace_embedder WHERE workspace_id = $1");
    let read = |row: &Row<'_>| {
        let since: Option<Timestamp> = row.get(at::building_since)?;
        let until: Option<Timestamp> = row.get(at::previous_until)?;
        Ok(Serving {
            id: row.get(at::serving_id)?,
            swapped_at: row.get(at::swapped_at)?,
            building: row.get::<Option<String>>(at::building_id)?.zip(since),
            previous: row.get::<Option<String>>(at::previous_id)?.zip(until),
        })
    };
    tx.first(sql, params![workspace.as_str()], read).await
}

/// The vectors by which a workspace is searched, if any was made. With each search one statement.
pub(crate) async fn head(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<VectorHead>> {
    let sql = "SELECT serving.serving_id, COALESCE(progress.next_seq, 0), setting.vector_weight
        FROM workspace_embedder AS serving
        LEFT JOIN embedding_progress AS progress
            ON progress.workspace_id = serving.workspace_id AND progress.embedder_id = serving.serving_id
        LEFT JOIN memory_setting AS setting ON setting.workspace_id = serving.workspace_id
        WHERE serving.workspace_id = $1";
    let read = |row: &Row<'_>| Ok(VectorHead { embedder: row.get(0)?, next_vector: row.get(1)?, weight: row.get(2)? });
    tx.first(sql, params![workspace.as_str()], read).await
}

/// Has a model serve a workspace that none serves yet.
pub(crate) async fn begin(tx: &mut Tx, workspace: &WorkspaceId, id: &str, now: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO workspace_embedder (workspace_id, serving_id, swapped_at) VALUES ($1, $2, $3)
        ON CONFLICT (workspace_id) DO NOTHING";
    tx.execute(sql, params![workspace.as_str(), id, now]).await
}

pub(super) async fn build(tx: &mut Tx, workspace: &WorkspaceId, id: &str, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE workspace_embedder SET building_id = $2, building_since = $3
        WHERE workspace_id = $1 AND serving_id <> $2 AND (building_id IS NULL OR building_id <> $2)";
    tx.execute(sql, params![workspace.as_str(), id, now]).await
}

/// Leaves the model that was to take the place of the one that serves. Its vectors are kept for a while.
pub(crate) async fn stop_building(tx: &mut Tx, workspace: &WorkspaceId, id: &str, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE workspace_embedder
        SET building_id = NULL, building_since = NULL, previous_id = building_id, previous_until = $3
        WHERE workspace_id = $1 AND serving_id = $2 AND building_id IS NOT NULL";
    tx.execute(sql, params![workspace.as_str(), id, now.plus(GRACE)]).await
}

/// Has a model take the place of the one that serves. Returns 0 if it serves already.
pub(crate) async fn swap(tx: &mut Tx, workspace: &WorkspaceId, id: &str, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE workspace_embedder
        SET previous_id = serving_id, previous_until = $4, serving_id = $2, swapped_at = $3,
            building_id = NULL, building_since = NULL
        WHERE workspace_id = $1 AND serving_id <> $2";
    tx.execute(sql, params![workspace.as_str(), id, now, now.plus(GRACE)]).await
}

/// The workspaces in which a model is to take the place of another.
pub(crate) async fn building(tx: &mut Tx) -> Result<Vec<WorkspaceId>> {
    let sql = "SELECT workspace_id FROM workspace_embedder WHERE building_id IS NOT NULL";
    tx.all(sql, params![], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

/// The models whose vectors are kept for nothing: workspace and model.
pub(crate) async fn abandoned(tx: &mut Tx, now: Timestamp) -> Result<Vec<(WorkspaceId, String)>> {
    let sql = "SELECT progress.workspace_id, progress.embedder_id FROM embedding_progress AS progress
        JOIN workspace_embedder AS chosen ON chosen.workspace_id = progress.workspace_id
        WHERE progress.embedder_id <> chosen.serving_id
            AND (chosen.building_id IS NULL OR progress.embedder_id <> chosen.building_id)
            AND (chosen.previous_id IS NULL OR progress.embedder_id <> chosen.previous_id
                OR chosen.previous_until < $1)";
    tx.all(sql, params![now], |row| Ok((WorkspaceId::from(row.get::<String>(0)?), row.get(1)?))).await
}

/// Forgets that a model was the former one, once its vectors are gone.
pub(crate) async fn forget_previous(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<u64> {
    let sql = "UPDATE workspace_embedder SET previous_id = NULL, previous_until = NULL
        WHERE workspace_id = $1 AND previous_id = $2";
    tx.execute(sql, params![workspace.as_str(), id]).await
}

/// Keeps what it takes to run a model again.
pub(crate) async fn keep_embedder(tx: &mut Tx, id: &str, settings: &StoredEmbedder, now: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO embedder (id, settings, created_at) VALUES ($1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET settings = excluded.settings";
    tx.execute(sql, params![id, json_text(settings), now]).await
}

/// A model, and the numbers of its vectors.
pub(crate) async fn embedder(tx: &mut Tx, id: &str) -> Result<Option<(StoredEmbedder, Option<i64>)>> {
    let sql = "SELECT settings, dimensions FROM embedder WHERE id = $1";
    tx.first(sql, params![id], |row| Ok((row.json(0)?, row.get(1)?))).await
}

/// Notes the numbers of a model's vectors, if they are not known. Returns the known ones.
pub(crate) async fn note_dimensions(tx: &mut Tx, id: &str, dimensions: i64) -> Result<Option<i64>> {
    let sql = "UPDATE embedder SET dimensions = COALESCE(dimensions, $2) WHERE id = $1 RETURNING dimensions";
    tx.first(sql, params![id, dimensions], |row| row.get(0)).await
}
