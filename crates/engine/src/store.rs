//! The SQL of jobs and leases.

use std::time::Duration;

use campanile_base::{Cursor, PageSize, Timestamp};
use campanile_db::{Result, Row, Tx, params, row};
use serde::Serialize;

use crate::job::{Job, JobId};

/// Into how many parts the work is cut; rows of `shard_lease`.
pub(crate) const SHARDS: u64 = 64;

pub(crate) async fn insert(tx: &mut Tx, jobs: &[Job], now: Timestamp) -> Result<Vec<u64>> {
    let sql =
        "INSERT INTO job (id, shard, kind, tenant, key, priority, due, attempt, generation, dedupe, args, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, $10)
        ON CONFLICT (dedupe) WHERE dedupe IS NOT NULL DO NOTHING";
    let rows: Vec<_> = jobs
        .iter()
        .map(|job| {
            row![
                job.id.as_str(),
                job.shard,
                &job.kind,
                &job.tenant,
                job.key.as_deref(),
                job.priority,
                job.due,
                job.dedupe.as_deref(),
                &job.args,
                now
            ]
        })
        .collect();
    tx.execute_many(sql, &rows).await
}

/// The jobs that are due first, up to `until`.
pub(crate) async fn due(tx: &mut Tx, until: Timestamp, limit: i64) -> Result<Vec<Job>> {
    let sql = "SELECT id, shard, kind, tenant, key, priority, due, attempt, generation, dedupe, args
        FROM job WHERE due <= $1 ORDER BY due, id LIMIT $2";
    tx.all(sql, params![until, limit], read_job).await
}

fn read_job(row: &Row<'_>) -> Result<Job> {
    Ok(Job {
        id: JobId::from(row.get::<String>(0)?),
        shard: row.get(1)?,
        kind: row.get(2)?,
        tenant: row.get(3)?,
        key: row.get(4)?,
        priority: row.get(5)?,
        due: row.get(6)?,
        attempt: row.get::<i64>(7)? as u32,
        generation: row.get(8)?,
        dedupe: row.get(9)?,
        args: row.get(10)?,
    })
}

/// Takes each job off the table if this epoch still owns it in this generation; 0 where not.
pub(crate) async fn remove(tx: &mut Tx, jobs: &[(JobId, i64)], epoch: i64) -> Result<Vec<u64>> {
    let sql = "DELETE FROM job WHERE id = $1 AND generation = $2
        AND EXISTS (SELECT 1 FROM shard_lease WHERE shard_lease.shard = job.shard AND epoch = $3)";
    let rows: Vec<_> = jobs.iter().map(|(id, generation)| row![id.as_str(), *generation, epoch]).collect();
    tx.execute_many(sql, &rows).await
}

/// Makes a failed job due again, in a new generation, under the same fence as [`remove`].
pub(crate) async fn postpone(tx: &mut Tx, job: &Job, epoch: i64, due: Timestamp, error: &str) -> Result<bool> {
    let sql = "UPDATE job SET attempt = attempt + 1, generation = generation + 1, due = $4, last_error = $5
        WHERE id = $1 AND generation = $2
        AND EXISTS (SELECT 1 FROM shard_lease WHERE shard_lease.shard = job.shard AND epoch = $3)";
    Ok(tx.execute(sql, params![job.id.as_str(), job.generation, epoch, due, error]).await? == 1)
}

pub(crate) async fn bury(tx: &mut Tx, job: &Job, now: Timestamp, created_at: Timestamp, error: &str) -> Result<u64> {
    let sql = "INSERT INTO dead_job (id, kind, tenant, key, attempts, args, created_at, died_at, error)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let attempts = i64::from(job.attempt) + 1;
    let params = params![
        job.id.as_str(),
        &job.kind,
        &job.tenant,
        job.key.as_deref(),
        attempts,
        &job.args,
        created_at,
        now,
        error
    ];
    tx.execute(sql, params).await
}

pub(crate) async fn created_at(tx: &mut Tx, id: &JobId) -> Result<Option<Timestamp>> {
    tx.first("SELECT created_at FROM job WHERE id = $1", params![id.as_str()], |row| row.get(0)).await
}

/// A number for one life of one node.
pub(crate) async fn new_epoch(tx: &mut Tx) -> Result<i64> {
    tx.one("UPDATE engine_epoch SET value = value + 1 WHERE id = 1 RETURNING value", params![], |row| row.get(0)).await
}

/// Takes every shard that has run out, or that belonged to an earlier life of this node. Epochs are
/// compared for order only between lives of one node, of which the later is in the right; a
/// neighbour's may be younger than ours and dead all the same.
pub(crate) async fn take_shards(tx: &mut Tx, node: &str, epoch: i64, now: Timestamp, ttl: Duration) -> Result<u64> {
    let sql = "UPDATE shard_lease SET node = $1, epoch = $2, expires = $4
        WHERE (epoch <> $2 AND expires < $3) OR (epoch < $2 AND node = $1)";
    tx.execute(sql, params![node, epoch, now, now.plus(ttl)]).await
}

/// Renews the lease; answers how many shards are still this epoch's.
pub(crate) async fn renew_shards(tx: &mut Tx, epoch: i64, now: Timestamp, ttl: Duration) -> Result<u64> {
    tx.execute("UPDATE shard_lease SET expires = $2 WHERE epoch = $1", params![epoch, now.plus(ttl)]).await
}

pub(crate) async fn release_shards(tx: &mut Tx, epoch: i64) -> Result<u64> {
    tx.execute("UPDATE shard_lease SET expires = 0 WHERE epoch = $1", params![epoch]).await
}

/// A job that failed for good.
#[derive(Debug, Clone, Serialize)]
pub struct DeadJob {
    /// Its id.
    pub id: String,
    /// What kind of work it was.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was given up.
    pub died_at: Timestamp,
    /// Why.
    pub error: String,
}

/// The dead letters of a tenant, newest first.
///
/// # Errors
/// What the database says.
pub async fn dead_jobs(tx: &mut Tx, tenant: &str, from: &Cursor, size: PageSize) -> Result<Vec<DeadJob>> {
    let sql = "SELECT id, kind, attempts, died_at, error FROM dead_job
        WHERE tenant = $1 AND (died_at, id) < ($2, $3) ORDER BY died_at DESC, id DESC LIMIT $4";
    tx.all(sql, params![tenant, from.at, &from.id, size.to_fetch()], |row| {
        Ok(DeadJob {
            id: row.get(0)?,
            kind: row.get(1)?,
            attempts: row.get(2)?,
            died_at: row.get(3)?,
            error: row.get(4)?,
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use campanile_db::testing::on_each_database;

    use super::*;

    const TTL: Duration = Duration::from_secs(15);
    const ALL: u64 = SHARDS;

    #[tokio::test]
    async fn a_lease_passes_on_when_it_has_run_out_and_at_once_to_the_next_life_of_its_node() {
        on_each_database(vec![crate::MIGRATIONS], async |db| {
            let at = |seconds: i64| Timestamp::from_seconds(1_700_000_000 + seconds);
            let take = async |node: &'static str, epoch, seconds| {
                db.write(move |tx| Box::pin(async move { take_shards(tx, node, epoch, at(seconds), TTL).await })).await
            };
            assert_eq!(take("a", 1, 0).await.unwrap(), ALL, "free shards are taken");
            assert_eq!(take("b", 2, 10).await.unwrap(), 0, "a lease in force is respected");
            assert_eq!(take("b", 2, 16).await.unwrap(), ALL, "one that has run out is not");
            assert_eq!(take("a", 1, 20).await.unwrap(), 0);
            assert_eq!(take("a", 1, 40).await.unwrap(), ALL, "an older node inherits from a younger one too");
            assert_eq!(take("a", 3, 41).await.unwrap(), ALL, "the next life of a node does not wait");
            assert_eq!(take("a", 1, 42).await.unwrap(), 0, "and its earlier life does not take back");
            let renewed = db.write(move |tx| Box::pin(async move { renew_shards(tx, 1, at(43), TTL).await })).await;
            assert_eq!(renewed.unwrap(), 0);
        })
        .await;
    }
}
