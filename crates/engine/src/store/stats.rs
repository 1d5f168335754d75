//! Counters: told in the transaction of what they count, folded into one row per hour.
//!
//! A tally is a row of its own, so that transactions never wait for each other's counters; the
//! owner of the first shard folds them together every few seconds.

use std::collections::BTreeMap;

use campanile_base::{Timestamp, new_id};
use campanile_db::{Result, Tx, params, row};

/// What is counted. The first two are not ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counted {
    Queued = 0,
    Retried = 1,
    Completed = 10,
    Failed = 11,
    Cancelled = 12,
    Skipped = 13,
}

/// Durations share a bucket within about nine percent: eight to a doubling, from a millisecond on.
pub(crate) fn bucket_of(millis: i64) -> i64 {
    ((millis.max(1) as f64).log2() * 8.0).floor() as i64
}

/// The middle of a bucket, in milliseconds.
pub(crate) fn middle_of(bucket: i64) -> f64 {
    2f64.powf((bucket as f64 + 0.5) / 8.0)
}

/// One thing to count: whose, of what, and how long it took where that is known.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) what: Counted,
    pub(crate) millis: Option<i64>,
}

/// Writes what there is to count, like things together.
pub(crate) async fn count(tx: &mut Tx, counts: impl IntoIterator<Item = Count>, now: Timestamp) -> Result<()> {
    let hour = now.as_seconds() / 3600;
    type Like = (String, String, Counted, i64);
    let mut together: BTreeMap<Like, (i64, i64, i64)> = BTreeMap::new();
    for count in counts {
        let bucket = count.millis.map_or(-1, bucket_of);
        let entry = together.entry((count.tenant, count.name, count.what, bucket)).or_default();
        let millis = count.millis.unwrap_or(0);
        *entry = (entry.0 + 1, entry.1 + millis, entry.2.max(millis));
    }
    let sql = "INSERT INTO tally (id, tenant, name, hour, outcome, bucket, runs, millis, longest)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let rows: Vec<_> = together
        .into_iter()
        .map(|((tenant, name, what, bucket), (runs, millis, longest))| {
            row![new_id("tly", now), tenant, name, hour, what as i64, bucket, runs, millis, longest]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Folds at most `limit` tallies; answers how many there were.
pub(crate) async fn fold(tx: &mut Tx, limit: i64) -> Result<usize> {
    let sql = "DELETE FROM tally WHERE id IN (SELECT id FROM tally ORDER BY id LIMIT $1)
        RETURNING tenant, name, hour, outcome, bucket, runs, millis, longest";
    type Key = (String, String, i64, i64, i64);
    let tallies: Vec<(Key, [i64; 3])> = tx
        .all(sql, params![limit], |row| {
            let key = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            Ok((key, [row.get(5)?, row.get(6)?, row.get(7)?]))
        })
        .await?;
    let many = tallies.len();
    let mut stats: BTreeMap<Key, [i64; 3]> = BTreeMap::new();
    let mut active: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (key, [runs, millis, longest]) in tallies {
        let change = match key.3 {
            0 => runs,
            10..=12 => -runs,
            _ => 0,
        };
        *active.entry((key.0.clone(), key.1.clone())).or_default() += change;
        let stat = stats.entry(key).or_default();
        *stat = [stat[0] + runs, stat[1] + millis, stat[2].max(longest)];
    }
    let sql = "INSERT INTO run_stat (tenant, name, hour, outcome, bucket, runs, millis, longest)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant, name, hour, outcome, bucket) DO UPDATE SET runs = run_stat.runs + excluded.runs,
            millis = run_stat.millis + excluded.millis,
            longest = CASE WHEN excluded.longest > run_stat.longest THEN excluded.longest ELSE run_stat.longest END";
    let rows: Vec<_> = stats
        .into_iter()
        .map(|((tenant, name, hour, outcome, bucket), [runs, millis, longest])| {
            row![tenant, name, hour, outcome, bucket, runs, millis, longest]
        })
        .collect();
    tx.execute_many(sql, &rows).await?;
    let sql = "INSERT INTO run_active (tenant, name, runs) VALUES ($1, $2, $3)
        ON CONFLICT (tenant, name) DO UPDATE SET runs = run_active.runs + excluded.runs";
    let rows: Vec<_> = active.into_iter().map(|((tenant, name), change)| row![tenant, name, change]).collect();
    tx.execute_many(sql, &rows).await?;
    Ok(many)
}

/// A row of the statistics.
#[derive(Debug, Clone)]
pub(crate) struct Stat {
    pub(crate) hour: i64,
    pub(crate) outcome: i64,
    pub(crate) bucket: i64,
    pub(crate) runs: i64,
    pub(crate) millis: i64,
    pub(crate) longest: i64,
}

/// The counters of a tenant from an hour on; of one name, or of all.
pub(crate) async fn since(tx: &mut Tx, tenant: &str, name: Option<&str>, hour: i64) -> Result<Vec<Stat>> {
    let sql =
        "SELECT hour, outcome, bucket, CAST(SUM(runs) AS BIGINT), CAST(SUM(millis) AS BIGINT), MAX(longest) FROM (
            SELECT hour, outcome, bucket, runs, millis, longest FROM run_stat
            WHERE tenant = $1 AND hour >= $3 AND (CAST($2 AS TEXT) IS NULL OR name = $2)
            UNION ALL
            SELECT hour, outcome, bucket, runs, millis, longest FROM tally
            WHERE tenant = $1 AND hour >= $3 AND (CAST($2 AS TEXT) IS NULL OR name = $2)
        ) AS told GROUP BY hour, outcome, bucket";
    tx.all(sql, params![tenant, name, hour], |row| {
        Ok(Stat {
            hour: row.get(0)?,
            outcome: row.get(1)?,
            bucket: row.get(2)?,
            runs: row.get(3)?,
            millis: row.get(4)?,
            longest: row.get(5)?,
        })
    })
    .await
}

/// How many runs of each name of a tenant have not ended.
pub(crate) async fn active(tx: &mut Tx, tenant: &str) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT name, CAST(SUM(runs) AS BIGINT) FROM (
            SELECT name, runs FROM run_active WHERE tenant = $1
            UNION ALL
            SELECT name, CASE WHEN outcome = 0 THEN runs WHEN outcome BETWEEN 10 AND 12 THEN -runs ELSE 0 END
            FROM tally WHERE tenant = $1
        ) AS told GROUP BY name ORDER BY name";
    tx.all(sql, params![tenant], |row| Ok((row.get(0)?, row.get(1)?))).await
}
