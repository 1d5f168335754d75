//! The SQL of organisations and workspaces.

use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, params};

use super::{OrganisationId, Workspace, WorkspaceId};

pub(super) async fn insert_organisation(tx: &mut Tx, id: &OrganisationId, name: &str, now: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO organisation (id, name, created_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![id.as_str(), name, now]).await
}

pub(super) async fn name(tx: &mut Tx, id: &OrganisationId) -> Result<Option<String>> {
    tx.first("SELECT name FROM organisation WHERE id = $1", params![id.as_str()], |row| row.get(0)).await
}

pub(super) async fn any_organisation(tx: &mut Tx) -> Result<bool> {
    let sql = "SELECT id FROM organisation LIMIT 1";
    Ok(tx.first(sql, params![], |row| row.get::<String>(0)).await?.is_some())
}

pub(super) async fn all(tx: &mut Tx) -> Result<Vec<OrganisationId>> {
    tx.all("SELECT id FROM organisation ORDER BY id", params![], |row| row.get::<String>(0).map(OrganisationId::from))
        .await
}

pub(super) async fn insert_workspace(tx: &mut Tx, workspace: &Workspace, now: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO workspace (id, organisation_id, name, notify_threshold, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organisation_id, name) DO NOTHING";
    let Workspace { id, organisation_id, name, notify_threshold } = workspace;
    Ok(tx.execute(sql, params![id.as_str(), organisation_id.as_str(), name, *notify_threshold, now]).await? == 1)
}

pub(super) async fn workspaces(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Workspace>> {
    let sql = "SELECT id, organisation_id, name, notify_threshold FROM workspace
        WHERE organisation_id = $1 ORDER BY created_at, id";
    tx.all(sql, params![organisation.as_str()], read_workspace).await
}

pub(super) async fn workspace(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &WorkspaceId,
) -> Result<Option<Workspace>> {
    let sql = "SELECT id, organisation_id, name, notify_threshold FROM workspace
        WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id.as_str()], read_workspace).await
}

pub(super) async fn workspace_by_id(tx: &mut Tx, id: &WorkspaceId) -> Result<Option<Workspace>> {
    let sql = "SELECT id, organisation_id, name, notify_threshold FROM workspace WHERE id = $1";
    tx.first(sql, params![id.as_str()], read_workspace).await
}

pub(super) async fn set_threshold(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &WorkspaceId,
    threshold: i64,
) -> Result<u64> {
    let sql = "UPDATE workspace SET notify_threshold = $3 WHERE organisation_id = $1 AND id = $2";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), threshold]).await
}

fn read_workspace(row: &Row<'_>) -> Result<Workspace> {
    Ok(Workspace {
        id: WorkspaceId::from(row.get::<String>(0)?),
        organisation_id: OrganisationId::from(row.get::<String>(1)?),
        name: row.get(2)?,
        notify_threshold: row.get(3)?,
    })
}
