//! The SQL of what a language model has said of observations.

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert_all, json_text, params};
use serde_json::Value;

use super::reply::{ModelCategory, ModelEntity};
use crate::observations::ObservationId;

/// The most entities of an observation.
const MOST: usize = 50;

/// Sets the category of an observation. Returns its text; `None` if it is gone.
pub(super) async fn set_category(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &ObservationId,
    said: &ModelCategory,
    topics: &[String],
) -> Result<Option<String>> {
    let sql = "UPDATE observation
        SET category = $3, topics = $4, category_method = 'model', category_confidence = $5
        WHERE workspace_id = $1 AND id = $2 RETURNING body";
    let params = params![workspace.as_str(), id.as_str(), said.category, json_text(topics), said.confidence];
    tx.first(sql, params, |row| row.get(0)).await
}

/// Adds entities to an observation and to its workspace, except those that it has.
pub(super) async fn add_entities(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &ObservationId,
    found: Vec<ModelEntity>,
    now: Timestamp,
) -> Result<()> {
    let sql = "SELECT entities FROM observation WHERE workspace_id = $1 AND id = $2";
    let known = tx.first(sql, params![workspace.as_str(), id.as_str()], |row| row.json::<Vec<Value>>(0)).await?;
    let Some(mut all) = known else { return Ok(()) };
    let has = |all: &[Value], entity: &ModelEntity| {
        let key = entity.key.to_lowercase();
        all.iter().any(|known| known["key"].as_str().is_some_and(|known| known.to_lowercase() == key))
    };
    let mut new: Vec<ModelEntity> = found.into_iter().filter(|entity| !has(&all, entity)).collect();
    new.truncate(MOST.saturating_sub(all.len()));
    if new.is_empty() {
        return Ok(());
    }
    all.extend(new.iter().map(|entity| serde_json::to_value(entity).expect("an entity is plain data")));
    let sql = "UPDATE observation SET entities = $3 WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, params![workspace.as_str(), id.as_str(), json_text(&all)]).await?;
    // In order, so that two transactions do not wait for each other.
    new.sort_by_key(|entity| (entity.category, entity.key.to_lowercase()));
    let (bulk, rows) = insert_all!(new.iter() => |entity| "entity" {
        workspace_id: text = workspace.as_str(),
        category: text = entity.category,
        key: text = entity.key.to_lowercase(),
        value: text = &entity.value,
        confidence: float8 = entity.confidence,
        evidence: text = &entity.evidence,
        first_observation_id: text = id.as_str(),
        occurrences: bigint = 1_i64,
        last_seen_at: bigint = now,
        method: text = "model",
    } "ON CONFLICT (workspace_id, category, key) DO UPDATE SET
        occurrences = entity.occurrences + 1, last_seen_at = excluded.last_seen_at");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}
