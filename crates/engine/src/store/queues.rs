//! The queues of all nodes: how many runs are due and have not started, by tenant and name.
//!
//! Each node writes what it has in memory, so nobody counts the rows of runs.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert_all, params};

use super::lease;
use crate::view::Queue;

campanile_db::columns! {
    columns, at: name, runs = "CAST(SUM(runs) AS BIGINT)", oldest = "MIN(oldest)",
}

/// The queue of one tenant and name on one node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeQueue {
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) runs: i64,
    pub(crate) oldest: Timestamp,
}

/// Replaces the queues of a node. A life that was ended writes nothing.
pub(crate) async fn replace(tx: &mut Tx, epoch: i64, queues: &[NodeQueue]) -> Result<()> {
    if !lease::still_lives(tx, epoch).await? {
        return Ok(());
    }
    lease::forget_queues(tx, epoch).await?;
    let (bulk, rows) = insert_all!(queues.iter() => |queue| "engine_queue" {
        epoch: bigint = epoch,
        tenant: text = &queue.tenant,
        name: text = &queue.name,
        runs: bigint = queue.runs,
        oldest: bigint = queue.oldest,
    });
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// The queues of a tenant on all nodes together, by name.
pub(crate) async fn of_tenant(tx: &mut Tx, tenant: &str) -> Result<Vec<Queue>> {
    let sql = concat!("SELECT ", columns!(), " FROM engine_queue WHERE tenant = $1 GROUP BY name ORDER BY name");
    tx.all(sql, params![tenant], |row| {
        Ok(Queue { name: row.get(at::name)?, waiting: row.get(at::runs)?, oldest_at: row.get(at::oldest)? })
    })
    .await
}
