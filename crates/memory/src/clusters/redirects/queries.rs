//! The SQL of clusters that were joined with others.

use std::collections::HashMap;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Select, Tx, params};

use crate::observations::ClusterId;

/// Notes that a cluster has the observations of another one now. What led to that one leads to the survivor.
pub(in crate::clusters) async fn add(
    tx: &mut Tx,
    (organisation, workspace): (&str, &WorkspaceId),
    vanished: &ClusterId,
    survivor: &ClusterId,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE cluster_redirect SET survivor_id = $3 WHERE workspace_id = $1 AND survivor_id = $2";
    tx.execute(sql, params![workspace.as_str(), vanished.as_str(), survivor.as_str()]).await?;
    let sql = "INSERT INTO cluster_redirect (id, organisation_id, workspace_id, survivor_id, joined_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET survivor_id = excluded.survivor_id";
    let params = params![vanished.as_str(), organisation, workspace.as_str(), survivor.as_str(), now];
    tx.execute(sql, params).await.map(drop)
}

/// The cluster that has the observations of a former one.
pub(in crate::clusters) async fn survivor_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
) -> Result<Option<ClusterId>> {
    let sql = "SELECT survivor_id FROM cluster_redirect WHERE workspace_id = $1 AND id = $2";
    tx.first(sql, params![workspace.as_str(), id], |row| row.get::<String>(0).map(ClusterId::from)).await
}

/// The survivors of those of these clusters that were joined with others, by their former ids.
pub(in crate::clusters) async fn survivors(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    ids: &[&str],
) -> Result<HashMap<String, ClusterId>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT id, survivor_id FROM cluster_redirect WHERE workspace_id = ?";
    let select = Select::new(sql, [workspace.as_str()]).and_in("id", ids.iter().copied());
    let rows = select.all(tx, |row| Ok((row.get(0)?, ClusterId::from(row.get::<String>(1)?)))).await?;
    Ok(rows.into_iter().collect())
}

/// The workspace of a former cluster, within an organisation.
pub(in crate::clusters) async fn workspace_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &str,
) -> Result<Option<WorkspaceId>> {
    let sql = "SELECT workspace_id FROM cluster_redirect WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id], |row| row.get::<String>(0).map(WorkspaceId::from)).await
}

/// Removes what leads to a cluster.
pub(in crate::clusters) async fn remove_to(tx: &mut Tx, workspace: &WorkspaceId, survivor: &str) -> Result<u64> {
    let sql = "DELETE FROM cluster_redirect WHERE workspace_id = $1 AND survivor_id = $2";
    tx.execute(sql, params![workspace.as_str(), survivor]).await
}
