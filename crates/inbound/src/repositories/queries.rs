//! The SQL of repositories.

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use crate::sources::SourceId;

pub(super) async fn activate(
    tx: &mut Tx,
    source: &SourceId,
    id: i64,
    installation: Option<i64>,
    full_name: &str,
    now: Timestamp,
) -> Result<u64> {
    let sql = "INSERT INTO repository (source_id, provider_id, installation_id, full_name, status, updated_at)
        VALUES ($1, $2, $3, $4, 'active', $5)
        ON CONFLICT (source_id, provider_id) DO UPDATE SET
            installation_id = COALESCE(excluded.installation_id, repository.installation_id),
            full_name = excluded.full_name, status = 'active', updated_at = excluded.updated_at";
    tx.execute(sql, params![source.as_str(), id, installation, full_name, now]).await
}

pub(super) async fn set_status(
    tx: &mut Tx,
    source: &SourceId,
    id: i64,
    status: &'static str,
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE repository SET status = $3, updated_at = $4
        WHERE source_id = $1 AND provider_id = $2 AND status IN ('active', 'suspended')";
    tx.execute(sql, params![source.as_str(), id, status, now]).await
}

/// Gives the repositories of an installation that have one status another.
pub(super) async fn move_installation(
    tx: &mut Tx,
    source: &SourceId,
    installation: i64,
    (from, to): (&'static str, &'static str),
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE repository SET status = $4, updated_at = $5
        WHERE source_id = $1 AND installation_id = $2 AND status = $3";
    tx.execute(sql, params![source.as_str(), installation, from, to, now]).await
}

/// Who has a name, in lower case, and the first name of whoever has it.
pub(super) async fn holder_of(tx: &mut Tx, workspace: &WorkspaceId, name: &str) -> Result<Option<(i64, String)>> {
    let sql = "SELECT provider_id, known_as FROM repository_name WHERE workspace_id = $1 AND name = $2";
    tx.first(sql, params![workspace.as_str(), name], |row| Ok((row.get(0)?, row.get(1)?))).await
}

pub(super) async fn first_name_of(tx: &mut Tx, workspace: &WorkspaceId, number: i64) -> Result<Option<String>> {
    let sql = "SELECT known_as FROM repository_name WHERE workspace_id = $1 AND provider_id = $2 ORDER BY name LIMIT 1";
    tx.first(sql, params![workspace.as_str(), number], |row| row.get(0)).await
}

/// Whether a repository has a name, or had it first.
pub(super) async fn is_taken(tx: &mut Tx, workspace: &WorkspaceId, name: &str) -> Result<bool> {
    let sql =
        "SELECT name FROM repository_name WHERE workspace_id = $1 AND (name = lower($2) OR lower(known_as) = lower($2))
        LIMIT 1";
    Ok(tx.first(sql, params![workspace.as_str(), name], |row| row.get::<String>(0)).await?.is_some())
}

pub(super) async fn give_name(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    name: &str,
    number: i64,
    known_as: &str,
) -> Result<u64> {
    let sql = "INSERT INTO repository_name (workspace_id, name, provider_id, known_as) VALUES ($1, $2, $3, $4)
        ON CONFLICT (workspace_id, name) DO UPDATE SET provider_id = excluded.provider_id, known_as = excluded.known_as";
    tx.execute(sql, params![workspace.as_str(), name, number, known_as]).await
}
