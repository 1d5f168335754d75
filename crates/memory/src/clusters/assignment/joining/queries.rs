//! The SQL of clusters that are joined.

use std::collections::BTreeSet;

use campanile_accounts::WorkspaceId;
use campanile_db::{Result, Tx, params, row};

use crate::observations::ClusterId;

/// Moves all observations of a cluster to another one.
pub(super) async fn move_observations(tx: &mut Tx, of: &WorkspaceId, from: &ClusterId, to: &ClusterId) -> Result<u64> {
    let sql = "UPDATE observation SET cluster_id = $3 WHERE workspace_id = $1 AND cluster_id = $2";
    tx.execute(sql, params![of.as_str(), from.as_str(), to.as_str()]).await
}

/// Drops the summaries of clusters, so that they are made anew.
pub(super) async fn drop_summaries(tx: &mut Tx, of: &WorkspaceId, clusters: &BTreeSet<&str>) -> Result<()> {
    let sql = "UPDATE cluster SET summary = NULL, summary_method = NULL, summary_topics = NULL, summary_at = NULL
        WHERE workspace_id = $1 AND id = $2";
    let rows: Vec<_> = clusters.iter().map(|id| row![of.as_str(), *id]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}
