//! The SQL of clusters that lose observations.

use campanile_accounts::WorkspaceId;
use campanile_db::{Result, Tx, params};

/// The title of the most significant observation of a cluster.
pub(super) async fn best_title(tx: &mut Tx, workspace: &WorkspaceId, cluster: &str) -> Result<Option<String>> {
    let sql = "SELECT title FROM observation WHERE workspace_id = $1 AND cluster_id = $2
        ORDER BY significance DESC, occurred_at, id LIMIT 1";
    tx.first(sql, params![workspace.as_str(), cluster], |row| row.get(0)).await
}

/// Counts the observations of a cluster, sets its title, and drops its summary.
pub(super) async fn recount(tx: &mut Tx, workspace: &WorkspaceId, cluster: &str, title: &str) -> Result<u64> {
    let sql = "UPDATE cluster SET
        observations = (SELECT COUNT(*) FROM observation WHERE workspace_id = $1 AND cluster_id = $2),
        first_at = (SELECT MIN(occurred_at) FROM observation WHERE workspace_id = $1 AND cluster_id = $2),
        title = $3, label = CASE WHEN label <> title THEN label ELSE $3 END,
        summary = NULL, summary_method = NULL, summary_topics = NULL, summary_at = NULL
        WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, params![workspace.as_str(), cluster, title]).await
}

pub(super) async fn delete(tx: &mut Tx, workspace: &WorkspaceId, cluster: &str) -> Result<u64> {
    let sql = "DELETE FROM cluster WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, params![workspace.as_str(), cluster]).await
}
