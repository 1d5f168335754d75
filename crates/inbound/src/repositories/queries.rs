//! The SQL of repositories.

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_db::{Bulk, Result, Tx, insert, params, row};

use crate::sources::SourceId;

pub(super) async fn activate(
    tx: &mut Tx,
    source: &SourceId,
    id: i64,
    installation: Option<i64>,
    full_name: &str,
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("repository" {
        source_id: source.as_str(),
        provider_id: id,
        installation_id: installation,
        full_name: full_name,
        status: "active",
        updated_at: now,
    } "ON CONFLICT (source_id, provider_id) DO UPDATE SET
        installation_id = COALESCE(excluded.installation_id, repository.installation_id),
        full_name = excluded.full_name, status = excluded.status, updated_at = excluded.updated_at");
    tx.execute(sql, &params).await
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

/// Changes the status of an installation's repositories from one value to another.
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

/// The repositories that have some lower-case names: the name, the number and its first known name.
pub(super) async fn holders_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    names: &[String],
) -> Result<Vec<(String, (i64, String))>> {
    let bulk = Bulk {
        each: "SELECT name, provider_id, known_as FROM repository_name WHERE workspace_id = $1 AND name = $2",
        together: "SELECT held.name, held.provider_id, held.known_as
            FROM unnest($1::text[], $2::text[]) AS asked (workspace, name)
            JOIN repository_name AS held ON held.workspace_id = asked.workspace AND held.name = asked.name",
        is_searched: false,
    };
    let rows: Vec<_> = names.iter().map(|name| row![workspace.as_str(), name]).collect();
    tx.gather(bulk, &rows, |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).await
}

pub(super) async fn first_name_of(tx: &mut Tx, workspace: &WorkspaceId, number: i64) -> Result<Option<String>> {
    let sql = "SELECT known_as FROM repository_name WHERE workspace_id = $1 AND provider_id = $2 ORDER BY name LIMIT 1";
    tx.first(sql, params![workspace.as_str(), number], |row| row.get(0)).await
}

/// True if a repository has this name, or had it first.
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
    let (sql, params) = insert!("repository_name" {
        workspace_id: workspace.as_str(),
        name: name,
        provider_id: number,
        known_as: known_as,
    } "ON CONFLICT (workspace_id, name) DO UPDATE SET
        provider_id = excluded.provider_id, known_as = excluded.known_as");
    tx.execute(sql, &params).await
}
