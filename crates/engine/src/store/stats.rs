//! Counters: written in the transaction of the change that they count, and folded into one row per
//! hour.
//!
//! Each tally is a row of its own, so transactions never wait for each other's counters. A job of
//! the engine folds them every two seconds.

use std::collections::BTreeMap;

use campanile_base::histogram::bucket_of;
use campanile_base::{Timestamp, new_id};
use campanile_db::{Result, Select, Tx, insert_all, params, row};

campanile_db::columns! {
    columns, at:
    hour, outcome, bucket, runs = "CAST(SUM(runs) AS BIGINT)", millis = "CAST(SUM(millis) AS BIGINT)",
    longest = "MAX(longest)",
}
campanile_db::columns! { tally_columns, tally_at: tenant, name, hour, outcome, bucket, runs, millis, longest }

/// The events that are counted. `Queued` and `Retried` are not ends of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counter {
    Queued = 0,
    Retried = 1,
    Completed = 10,
    Failed = 11,
    Cancelled = 12,
    Skipped = 13,
}

/// One event to count; with its duration, if that is known.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) what: Counter,
    pub(crate) millis: Option<i64>,
}

/// Stores counts, with equal ones combined.
pub(crate) async fn count(tx: &mut Tx, counts: impl IntoIterator<Item = Count>, now: Timestamp) -> Result<()> {
    let hour = now.as_seconds() / 3600;
    type Like = (String, String, Counter, i64);
    let mut together: BTreeMap<Like, (i64, i64, i64)> = BTreeMap::new();
    for count in counts {
        let bucket = count.millis.map_or(-1, bucket_of);
        let entry = together.entry((count.tenant, count.name, count.what, bucket)).or_default();
        let millis = count.millis.unwrap_or(0);
        *entry = (entry.0 + 1, entry.1 + millis, entry.2.max(millis));
    }
    let (bulk, rows) = insert_all!(
        together.into_iter() => |((tenant, name, what, bucket), (runs, millis, longest))| "tally" {
            id: text = new_id("tly", now),
            tenant: text = tenant,
            name: text = name,
            hour: bigint = hour,
            outcome: bigint = what as i64,
            bucket: bigint = bucket,
            runs: bigint = runs,
            millis: bigint = millis,
            longest: bigint = longest,
        }
    );
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// Folds at most `limit` tallies. Returns how many there were.
pub(crate) async fn fold(tx: &mut Tx, limit: i64) -> Result<usize> {
    let sql = concat!(
        "DELETE FROM tally WHERE id IN (SELECT id FROM tally ORDER BY id LIMIT $1) RETURNING ",
        tally_columns!()
    );
    type Key = (String, String, i64, i64, i64);
    let tallies: Vec<(Key, [i64; 3])> = tx
        .all(sql, params![limit], |row| {
            let key = (
                row.get(tally_at::tenant)?,
                row.get(tally_at::name)?,
                row.get(tally_at::hour)?,
                row.get(tally_at::outcome)?,
                row.get(tally_at::bucket)?,
            );
            Ok((key, [row.get(tally_at::runs)?, row.get(tally_at::millis)?, row.get(tally_at::longest)?]))
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
    let (bulk, rows) = insert_all!(
        stats.into_iter() => |((tenant, name, hour, outcome, bucket), [runs, millis, longest])| "run_stat" {
            tenant: text = tenant,
            name: text = name,
            hour: bigint = hour,
            outcome: bigint = outcome,
            bucket: bigint = bucket,
            runs: bigint = runs,
            millis: bigint = millis,
            longest: bigint = longest,
        } "ON CONFLICT (tenant, name, hour, outcome, bucket) DO UPDATE SET runs = run_stat.runs + excluded.runs,
            millis = run_stat.millis + excluded.millis,
            longest = CASE WHEN excluded.longest > run_stat.longest THEN excluded.longest ELSE run_stat.longest END"
    );
    tx.execute_many(bulk.each, &rows).await?;
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

/// The names that are counted.
#[derive(Debug, Clone, Copy)]
pub enum Names<'n> {
    /// One name.
    One(&'n str),
    /// These names.
    Of(&'n [&'static str]),
    /// All names but these.
    AllBut(&'n [&'static str]),
}

impl Names<'_> {
    /// True for a name that is counted.
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => *one == name,
            Self::Of(names) => names.contains(&name),
            Self::AllBut(names) => !names.contains(&name),
        }
    }
}

/// The counters of a tenant from an hour on.
pub(crate) async fn since(tx: &mut Tx, tenant: &str, names: Names<'_>, hour: i64) -> Result<Vec<Stat>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM (
            SELECT name, hour, outcome, bucket, runs, millis, longest FROM run_stat WHERE tenant = ? AND hour >= ?
            UNION ALL
            SELECT name, hour, outcome, bucket, runs, millis, longest FROM tally WHERE tenant = ? AND hour >= ?
        ) AS told WHERE hour >= ?"
    );
    let select = Select::new(sql, params![tenant, hour, tenant, hour, hour].iter().cloned());
    let select = match names {
        Names::One(name) => select.and_with("name = ?", [name]),
        Names::Of(names) => select.and_in("name", names.iter().copied()),
        Names::AllBut(names) => select.and_not_in("name", names.iter().copied()),
    };
    select
        .then(" GROUP BY hour, outcome, bucket")
        .all(tx, |row| {
            Ok(Stat {
                hour: row.get(at::hour)?,
                outcome: row.get(at::outcome)?,
                bucket: row.get(at::bucket)?,
                runs: row.get(at::runs)?,
                millis: row.get(at::millis)?,
                longest: row.get(at::longest)?,
            })
        })
        .await
}

/// The number of active runs of a tenant, by name.
pub(crate) async fn active(tx: &mut Tx, tenant: &str) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT name, CAST(SUM(runs) AS BIGINT) FROM (
            SELECT name, runs FROM run_active WHERE tenant = $1
            UNION ALL
            SELECT name, CASE WHEN outcome = 0 THEN runs WHEN outcome BETWEEN 10 AND 12 THEN -runs ELSE 0 END
            FROM tally WHERE tenant = $1
        ) AS told GROUP BY name ORDER BY name";
    tx.all(sql, params![tenant], |row| Ok((row.get(0)?, row.get(1)?))).await
}
