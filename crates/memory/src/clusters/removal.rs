//! Clusters when observations of theirs are removed: what they name follows, the summary is made anew, and a
//! cluster without observations goes.

use std::collections::BTreeSet;

use campanile_accounts::WorkspaceId;
use campanile_db::{Result, Tx};

use super::{assignment, redirects};
use crate::observations::ClusterId;
use crate::passages;

/// Brings clusters in line with the observations that are left. The caller has removed some.
pub(crate) async fn shrink(tx: &mut Tx, workspace: &WorkspaceId, clusters: &BTreeSet<&str>) -> Result<()> {
    if clusters.is_empty() {
        return Ok(());
    }
    tx.lock(&assignment::lock_name(workspace.as_str())).await?;
    for cluster in clusters {
        if !assignment::regather(tx, workspace, &ClusterId::from((*cluster).to_owned())).await? {
            assignment::delete(tx, workspace, cluster).await?;
            redirects::remove_to(tx, workspace, cluster).await?;
        }
    }
    // The summaries quote what is gone.
    let clusters: Vec<&str> = clusters.iter().copied().collect();
    passages::remove(tx, workspace.as_str(), &clusters).await
}
