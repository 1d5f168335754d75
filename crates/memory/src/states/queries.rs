//! The SQL of temporal states.

use campanile_accounts::WorkspaceId;
use campanile_db::{Result, Row, Select, Tx, insert_all, params};

use super::{StateEntity, StateRow};
use crate::search::ActorName;

campanile_db::columns! {
    columns, at:
    entity_type, entity_key, provider, state_type, valid_from, observation_id, name, value, changed_by,
    changed_by_name,
}

pub(super) async fn insert(tx: &mut Tx, workspace: &WorkspaceId, rows: &[StateRow]) -> Result<()> {
    let (bulk, rows) = insert_all!(rows.iter() => |row| "temporal_state" {
        workspace_id: text = workspace.as_str(),
        entity_type: text = &row.entity.entity_type,
        entity_key: text = &row.entity.id,
        provider: text = &row.entity.provider,
        state_type: text = &row.state,
        valid_from: bigint = row.valid_from,
        observation_id: text = &row.observation_id,
        name: text = &row.name,
        name_key: text = super::facts::key(&row.name),
        value: text = row.value.as_deref(),
        changed_by: text = row.changed_by.as_ref().map(|actor| actor.id.as_str()),
        changed_by_name: text = row.changed_by.as_ref().map(|actor| actor.name.as_str()),
    });
    tx.change(bulk, &rows).await.map(drop)
}

/// The newest rows of things with one of these names or keys.
pub(super) async fn named(tx: &mut Tx, workspace: &WorkspaceId, keys: &[String], most: i64) -> Result<Vec<StateRow>> {
    // Two queries in place of one with OR, so that each uses its index.
    let mut rows = with_keys(tx, workspace, keys, most).await?;
    let sql = concat!("SELECT ", columns!(), " FROM temporal_state WHERE workspace_id = ?");
    let named = Select::new(sql, [workspace.as_str()])
        .and_in("name_key", keys.iter().map(String::as_str))
        .then_with(" ORDER BY valid_from DESC, observation_id DESC LIMIT ?", [most])
        .all(tx, read)
        .await?;
    rows.extend(named.into_iter().filter(|row| !keys.contains(&row.entity.id)));
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(rows)
}

/// The newest rows of things with one of these keys.
pub(super) async fn with_keys(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    keys: &[String],
    most: i64,
) -> Result<Vec<StateRow>> {
    let sql = concat!("SELECT ", columns!(), " FROM temporal_state WHERE workspace_id = ?");
    Select::new(sql, [workspace.as_str()])
        .and_in("entity_key", keys.iter().map(String::as_str))
        .then_with(" ORDER BY valid_from DESC, observation_id DESC LIMIT ?", [most])
        .all(tx, read)
        .await
}

/// The keys of the things that an observation tells states of.
pub(super) async fn keys_of(tx: &mut Tx, workspace: &WorkspaceId, observation: &str) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT entity_key FROM temporal_state WHERE workspace_id = $1 AND observation_id = $2
        ORDER BY entity_key";
    tx.all(sql, params![workspace.as_str(), observation], |row| row.get(0)).await
}

/// Removes the states that observations of one workspace told.
pub(crate) async fn remove(tx: &mut Tx, workspace: &str, observations: &[&str]) -> Result<()> {
    let sql = "DELETE FROM temporal_state WHERE workspace_id = $1 AND observation_id = $2";
    let rows: Vec<_> = observations.iter().map(|id| campanile_db::row![workspace, *id]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

fn read(row: &Row<'_>) -> Result<StateRow> {
    let id: Option<String> = row.get(at::changed_by)?;
    let name: Option<String> = row.get(at::changed_by_name)?;
    Ok(StateRow {
        entity: StateEntity {
            entity_type: row.get(at::entity_type)?,
            id: row.get(at::entity_key)?,
            provider: row.get(at::provider)?,
        },
        name: row.get(at::name)?,
        state: row.get(at::state_type)?,
        value: row.get(at::value)?,
        valid_from: row.get(at::valid_from)?,
        changed_by: id.zip(name).map(|(id, name)| ActorName { id, name }),
        observation_id: row.get(at::observation_id)?,
    })
}
