//! The lives of nodes, the owners of shards, and the nudges.

use campanile_base::{Timestamp, new_id};
use campanile_db::{Result, Tx, params, row};

use crate::run::RunId;

campanile_db::columns! { columns, at: shard, epoch, clean }

/// The number of shards: rows of `shard_lease`, and bits of a mask.
pub(crate) const SHARDS: u32 = 64;

/// Begins a new life of this node. An earlier life under the same name ends.
pub(crate) async fn join(tx: &mut Tx, name: &str, now: Timestamp) -> Result<i64> {
    let sql = "UPDATE engine_epoch SET value = value + 1 WHERE id = 1 RETURNING value";
    let epoch = tx.one(sql, params![], |row| row.get(0)).await?;
    let sql = "SELECT epoch FROM engine_node WHERE name = $1";
    for earlier in tx.all(sql, params![name], |row| row.get::<i64>(0)).await? {
        declare_dead(tx, earlier).await?;
    }
    let sql = "INSERT INTO engine_node (epoch, name, started_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![epoch, name, now]).await?;
    tx.execute("INSERT INTO engine_beat (epoch, beat) VALUES ($1, 0)", params![epoch]).await?;
    Ok(epoch)
}

/// The nodes that live, oldest first: name, the time of their start, and the number of their shards.
pub(crate) async fn nodes(tx: &mut Tx) -> Result<Vec<(String, Timestamp, i64)>> {
    let sql = "SELECT engine_node.name, engine_node.started_at,
            (SELECT COUNT(*) FROM shard_lease WHERE shard_lease.epoch = engine_node.epoch)
        FROM engine_node ORDER BY engine_node.epoch";
    tx.all(sql, params![], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
}

/// Records a heartbeat. Returns `false` when another node has ended this life.
pub(crate) async fn beat(tx: &mut Tx, epoch: i64) -> Result<bool> {
    Ok(tx.execute("UPDATE engine_beat SET beat = beat + 1 WHERE epoch = $1", params![epoch]).await? == 1)
}

/// All lives, each with its number of beats.
pub(crate) async fn beats(tx: &mut Tx) -> Result<Vec<(i64, i64)>> {
    tx.all("SELECT epoch, beat FROM engine_beat", params![], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Ends a life that has gone silent. It waits for a commit of that life that is in progress. Later
/// commits of that life change nothing.
pub(crate) async fn declare_dead(tx: &mut Tx, epoch: i64) -> Result<bool> {
    let buried = tx.execute("DELETE FROM engine_node WHERE epoch = $1", params![epoch]).await? == 1;
    tx.execute("DELETE FROM engine_beat WHERE epoch = $1", params![epoch]).await?;
    forget_queues(tx, epoch).await?;
    tx.execute("UPDATE shard_lease SET epoch = 0, clean = FALSE WHERE epoch = $1", params![epoch]).await?;
    Ok(buried)
}

/// Removes the stored lengths of a node's queues.
pub(super) async fn forget_queues(tx: &mut Tx, epoch: i64) -> Result<()> {
    tx.execute("DELETE FROM engine_queue WHERE epoch = $1", params![epoch]).await.map(drop)
}

/// Ends a life in good order: none of its runs was under way.
pub(crate) async fn leave(tx: &mut Tx, epoch: i64) -> Result<()> {
    tx.execute("UPDATE shard_lease SET epoch = 0, clean = TRUE WHERE epoch = $1", params![epoch]).await?;
    declare_dead(tx, epoch).await.map(drop)
}

/// True if this life may still write. The answer holds until the transaction ends.
pub(crate) async fn still_lives(tx: &mut Tx, epoch: i64) -> Result<bool> {
    let sql = "SELECT epoch FROM engine_node WHERE epoch = $1 /*pg: FOR KEY SHARE */";
    Ok(tx.first(sql, params![epoch], |row| row.get::<i64>(0)).await?.is_some())
}

/// A shard, the life that owns it (0: none), and a flag that its last owner left in good order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) shard: i64,
    pub(crate) epoch: i64,
    pub(crate) clean: bool,
}

pub(crate) async fn leases(tx: &mut Tx) -> Result<Vec<Lease>> {
    let sql = concat!("SELECT ", columns!(), " FROM shard_lease ORDER BY shard");
    tx.all(sql, params![], |row| {
        Ok(Lease { shard: row.get(at::shard)?, epoch: row.get(at::epoch)?, clean: row.get(at::clean)? })
    })
    .await
}

/// Takes those of these shards that are free, and returns them.
pub(crate) async fn take(tx: &mut Tx, shards: &[i64], epoch: i64) -> Result<Vec<i64>> {
    let sql = "UPDATE shard_lease SET epoch = $2 WHERE shard = $1 AND epoch = 0";
    let rows: Vec<_> = shards.iter().map(|shard| row![*shard, epoch]).collect();
    let taken = tx.execute_many(sql, &rows).await?;
    Ok(shards.iter().zip(taken).filter(|(_, taken)| *taken == 1).map(|(shard, _)| *shard).collect())
}

/// Releases these shards of its own. None of their runs is under way.
pub(crate) async fn free(tx: &mut Tx, shards: &[i64], epoch: i64) -> Result<()> {
    let sql = "UPDATE shard_lease SET epoch = 0, clean = TRUE WHERE shard = $1 AND epoch = $2";
    let rows: Vec<_> = shards.iter().map(|shard| row![*shard, epoch]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Stores nudges: the owners of these shards will read these runs again.
pub(crate) async fn nudge(tx: &mut Tx, runs: &[(i64, RunId)], now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO nudge (id, shard, run_id) VALUES ($1, $2, $3)";
    let rows: Vec<_> = runs.iter().map(|(shard, run)| row![new_id("nudge", now), *shard, run.as_str()]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Takes the nudges for these shards, at most `limit`.
pub(crate) async fn take_nudges(tx: &mut Tx, shards: u64, limit: i64) -> Result<Vec<RunId>> {
    let sql = "DELETE FROM nudge WHERE id IN (SELECT id FROM nudge
            WHERE ((CAST($1 AS BIGINT) >> CAST(shard AS INTEGER)) & 1) = 1 ORDER BY id LIMIT $2)
        RETURNING run_id";
    tx.all(sql, params![shards as i64, limit], |row| row.get::<String>(0).map(RunId::from)).await
}
