//! The SQL of organisations and workspaces.

use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, insert, params};

use super::{Membership, Workspace};
use crate::{OrganisationId, PersonId, Role, WorkspaceId};

campanile_db::columns! { workspace_columns, workspace_at: id, organisation_id, name, notify_threshold }

pub(super) async fn insert_organisation(tx: &mut Tx, id: &OrganisationId, name: &str, now: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO organisation (id, name, created_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![id.as_str(), name, now]).await
}

pub(super) async fn name(tx: &mut Tx, id: &OrganisationId) -> Result<Option<String>> {
    tx.first("SELECT name FROM organisation WHERE id = $1", params![id.as_str()], |row| row.get(0)).await
}

pub(super) async fn of_person(tx: &mut Tx, person: &PersonId) -> Result<Vec<Membership>> {
    let sql = "SELECT organisation.id, organisation.name, membership.role FROM membership
        JOIN organisation ON organisation.id = membership.organisation_id
        WHERE membership.person_id = $1 ORDER BY membership.created_at, organisation.id";
    tx.all(sql, params![person.as_str()], |row| {
        Ok(Membership {
            id: OrganisationId::from(row.get::<String>(0)?),
            name: row.get(1)?,
            role: Role::from_stored(&row.get::<String>(2)?),
        })
    })
    .await
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
    let Workspace { id, organisation_id, name, notify_threshold } = workspace;
    let (sql, params) = insert!("workspace" {
        id: id.as_str(),
        organisation_id: organisation_id.as_str(),
        name: name,
        notify_threshold: *notify_threshold,
        created_at: now,
    } "ON CONFLICT (organisation_id, name) DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

pub(super) async fn workspaces(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Workspace>> {
    let sql =
        concat!("SELECT ", workspace_columns!(), " FROM workspace WHERE organisation_id = $1 ORDER BY created_at, id");
    tx.all(sql, params![organisation.as_str()], read_workspace).await
}

pub(super) async fn workspace(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &WorkspaceId,
) -> Result<Option<Workspace>> {
    let sql = concat!("SELECT ", workspace_columns!(), " FROM workspace WHERE organisation_id = $1 AND id = $2");
    tx.first(sql, params![organisation.as_str(), id.as_str()], read_workspace).await
}

pub(super) async fn workspace_by_id(tx: &mut Tx, id: &WorkspaceId) -> Result<Option<Workspace>> {
    let sql = concat!("SELECT ", workspace_columns!(), " FROM workspace WHERE id = $1");
    tx.first(sql, params![id.as_str()], read_workspace).await
}

/// Stores a workspace's name and threshold. `false` if another workspace has the name.
pub(super) async fn update_workspace(tx: &mut Tx, workspace: &Workspace) -> Result<bool> {
    let Workspace { id, organisation_id, name, notify_threshold } = workspace;
    let sql = "UPDATE workspace SET name = $3, notify_threshold = $4 WHERE organisation_id = $1 AND id = $2
        AND NOT EXISTS (SELECT 1 FROM workspace AS other
            WHERE other.organisation_id = $1 AND other.name = $3 AND other.id <> $2)";
    let params = params![organisation_id.as_str(), id.as_str(), name, *notify_threshold];
    Ok(tx.execute(sql, params).await? == 1)
}

fn read_workspace(row: &Row<'_>) -> Result<Workspace> {
    Ok(Workspace {
        id: WorkspaceId::from(row.get::<String>(workspace_at::id)?),
        organisation_id: OrganisationId::from(row.get::<String>(workspace_at::organisation_id)?),
        name: row.get(workspace_at::name)?,
        notify_threshold: row.get(workspace_at::notify_threshold)?,
    })
}
