//! The SQL of the catalogue.

use campanile_accounts::WorkspaceId;
use campanile_base::PageSize;
use campanile_db::{Param, Result, Row, Select, Tx, params};
use serde::Deserialize;

use super::EntityView;

campanile_db::columns! {
    columns, at: category, key, value, confidence, evidence, occurrences, first_observation_id, last_seen_at,
}

/// An entity as its observation has it.
#[derive(Deserialize)]
pub(super) struct NamedEntity {
    pub(super) category: String,
    pub(super) key: String,
    pub(super) value: String,
}

pub(super) async fn by_key(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    category: &str,
    key: &str,
) -> Result<Option<EntityView>> {
    let sql = concat!("SELECT ", columns!(), " FROM entity WHERE workspace_id = $1 AND category = $2 AND key = $3");
    tx.first(sql, params![workspace.as_str(), category, key], read).await
}

/// The entities that were named for the first time before a place, the newest first.
pub(super) async fn newest(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    category: Option<&str>,
    (first, of, key): (&str, &str, &str),
    size: PageSize,
) -> Result<Vec<EntityView>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM entity WHERE workspace_id = ? AND (first_observation_id, category, key) < (?, ?, ?)"
    );
    Select::new(sql, [workspace.as_str(), first, of, key])
        .and_if("category = ?", category)
        .then_with(" ORDER BY first_observation_id DESC, category DESC, key DESC LIMIT ?", [size.to_fetch()])
        .all(tx, read)
        .await
}

/// The entities that were named more than once, behind a place, the most frequent first.
pub(super) async fn most(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    category: Option<&str>,
    (occurrences, of, key): (i64, &str, &str),
    size: PageSize,
) -> Result<Vec<EntityView>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM entity WHERE workspace_id = ? AND occurrences > 1 AND (occurrences, category, key) < (?, ?, ?)"
    );
    let place: [Param<'_>; 4] = [workspace.as_str().into(), occurrences.into(), of.into(), key.into()];
    Select::new(sql, place)
        .and_if("category = ?", category)
        .then_with(" ORDER BY occurrences DESC, category DESC, key DESC LIMIT ?", [size.to_fetch()])
        .all(tx, read)
        .await
}

/// The entities of a category whose key begins with a text, behind a key.
pub(super) async fn by_name(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    category: &str,
    prefix: &str,
    after: &str,
    size: PageSize,
) -> Result<Vec<EntityView>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM entity WHERE workspace_id = $1 AND category = $2 AND key >= $3 AND key < $4 AND key > $5
        ORDER BY key LIMIT $6"
    );
    // Texts are ordered by their bytes.
    let end = format!("{prefix}{}", char::MAX);
    tx.all(sql, params![workspace.as_str(), category, prefix, end, after, size.to_fetch()], read).await
}

/// The entities of these observations.
pub(super) async fn entities_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    observations: &[String],
) -> Result<Vec<Vec<NamedEntity>>> {
    if observations.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT entities FROM observation WHERE workspace_id = ?";
    let ids = observations.iter().map(String::as_str);
    Select::new(sql, [workspace.as_str()]).and_in("id", ids).all(tx, |row| row.json(0)).await
}

fn read(row: &Row<'_>) -> Result<EntityView> {
    Ok(EntityView {
        category: row.get(at::category)?,
        key: row.get(at::key)?,
        value: row.get(at::value)?,
        confidence: row.get(at::confidence)?,
        evidence: row.get(at::evidence)?,
        occurrences: row.get(at::occurrences)?,
        first_observation_id: row.get(at::first_observation_id)?,
        last_seen_at: row.get(at::last_seen_at)?,
    })
}
