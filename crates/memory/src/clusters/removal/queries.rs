//! The SQL of clusters that lose all of their observations.

use campanile_accounts::WorkspaceId;
use campanile_db::{Result, Tx, params};

pub(super) async fn delete(tx: &mut Tx, workspace: &WorkspaceId, cluster: &str) -> Result<u64> {
    let sql = "DELETE FROM cluster WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, params![workspace.as_str(), cluster]).await
}
