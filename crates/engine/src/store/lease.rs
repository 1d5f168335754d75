//! Who lives, who owns which shards, and what they are to look at.

use campanile_base::{Timestamp, new_id};
use campanile_db::{Result, Tx, params, row};

use crate::run::RunId;

/// Into how many parts the work is cut; rows of `shard_lease`, bits of a mask.
pub(crate) const SHARDS: u32 = 64;

/// Begins a life of this node; an earlier one under the same name is over with that.
pub(crate) async fn join(tx: &mut Tx, name: &str, now: Timestamp) -> Result<i64> {
    let sql = "UPDATE engine_epoch SET value = value + 1 WHERE id = 1 RETURNING value";
    let epoch = tx.one(sql, params![], |row| row.get(0)).await?;
    let sql = "SELECT epoch FROM engine_node WHERE name = $1";
    for earlier in tx.all(sql, params![name], |row| row.get::<i64>(0)).await? {
        bury(tx, earlier).await?;
    }
    let sql = "INSERT INTO engine_node (epoch, name, started_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![epoch, name, now]).await?;
    tx.execute("INSERT INTO engine_beat (epoch, beat) VALUES ($1, 0)", params![epoch]).await?;
    Ok(epoch)
}

/// Shows that this life goes on; `false` when it has been ended by another node.
pub(crate) async fn beat(tx: &mut Tx, epoch: i64) -> Result<bool> {
    Ok(tx.execute("UPDATE engine_beat SET beat = beat + 1 WHERE epoch = $1", params![epoch]).await? == 1)
}

/// All lives, and how often each has beaten.
pub(crate) async fn beats(tx: &mut Tx) -> Result<Vec<(i64, i64)>> {
    tx.all("SELECT epoch, beat FROM engine_beat", params![], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Ends a life that has gone silent. What it is committing just now is waited for; what it tries
/// to commit later changes nothing.
pub(crate) async fn bury(tx: &mut Tx, epoch: i64) -> Result<bool> {
    let buried = tx.execute("DELETE FROM engine_node WHERE epoch = $1", params![epoch]).await? == 1;
    tx.execute("DELETE FROM engine_beat WHERE epoch = $1", params![epoch]).await?;
    tx.execute("UPDATE shard_lease SET epoch = 0, clean = FALSE WHERE epoch = $1", params![epoch]).await?;
    Ok(buried)
}

/// Ends a life in good order: nothing of it was under way.
pub(crate) async fn leave(tx: &mut Tx, epoch: i64) -> Result<()> {
    tx.execute("UPDATE shard_lease SET epoch = 0, clean = TRUE WHERE epoch = $1", params![epoch]).await?;
    bury(tx, epoch).await.map(drop)
}

/// Whether this life may still write: it may until this transaction ends.
pub(crate) async fn still_lives(tx: &mut Tx, epoch: i64) -> Result<bool> {
    let sql = "SELECT epoch FROM engine_node WHERE epoch = $1 /*pg: FOR KEY SHARE */";
    Ok(tx.first(sql, params![epoch], |row| row.get::<i64>(0)).await?.is_some())
}

/// A shard, the life that owns it (0: none), and whether its last owner left in good order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) shard: i64,
    pub(crate) epoch: i64,
    pub(crate) clean: bool,
}

pub(crate) async fn leases(tx: &mut Tx) -> Result<Vec<Lease>> {
    let sql = "SELECT shard, epoch, clean FROM shard_lease ORDER BY shard";
    tx.all(sql, params![], |row| Ok(Lease { shard: row.get(0)?, epoch: row.get(1)?, clean: row.get(2)? })).await
}

/// Takes these shards where nobody has them; answers which.
pub(crate) async fn take(tx: &mut Tx, shards: &[i64], epoch: i64) -> Result<Vec<i64>> {
    let sql = "UPDATE shard_lease SET epoch = $2 WHERE shard = $1 AND epoch = 0";
    let rows: Vec<_> = shards.iter().map(|shard| row![*shard, epoch]).collect();
    let taken = tx.execute_many(sql, &rows).await?;
    Ok(shards.iter().zip(taken).filter(|(_, taken)| *taken == 1).map(|(shard, _)| *shard).collect())
}

/// Gives these shards of one's own back; nothing of them is under way.
pub(crate) async fn free(tx: &mut Tx, shards: &[i64], epoch: i64) -> Result<()> {
    let sql = "UPDATE shard_lease SET epoch = 0, clean = TRUE WHERE shard = $1 AND epoch = $2";
    let rows: Vec<_> = shards.iter().map(|shard| row![*shard, epoch]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Leaves word for the owners of these shards to look at these runs.
pub(crate) async fn nudge(tx: &mut Tx, runs: &[(i64, RunId)], now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO nudge (id, shard, run_id) VALUES ($1, $2, $3)";
    let rows: Vec<_> = runs.iter().map(|(shard, run)| row![new_id("nudge", now), *shard, run.as_str()]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Takes the word that was left for these shards, at most `limit`.
pub(crate) async fn take_nudges(tx: &mut Tx, shards: u64, limit: i64) -> Result<Vec<RunId>> {
    let sql = "DELETE FROM nudge WHERE id IN (SELECT id FROM nudge
            WHERE ((CAST($1 AS BIGINT) >> CAST(shard AS INTEGER)) & 1) = 1 ORDER BY id LIMIT $2)
        RETURNING run_id";
    tx.all(sql, params![shards as i64, limit], |row| row.get::<String>(0).map(RunId::from)).await
}
