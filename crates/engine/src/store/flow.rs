//! Stored state of flow control: limiters, idempotency windows, singletons, gatherings, pauses.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, params, row};

use crate::run::RunId;

campanile_db::columns! { gathering_columns, gathering_at: run_id, items, bytes, until }

/// The theoretical arrival time of a limiter, locked for this transaction.
pub(crate) async fn tat(tx: &mut Tx, key: &str) -> Result<Option<Timestamp>> {
    tx.lock(key).await?;
    tx.first("SELECT tat FROM limiter WHERE key = $1", params![key], |row| row.get(0)).await
}

pub(crate) async fn set_tat(tx: &mut Tx, key: &str, tat: Timestamp) -> Result<()> {
    let sql = "INSERT INTO limiter (key, tat) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET tat = excluded.tat";
    tx.execute(sql, params![key, tat]).await.map(drop)
}

/// Stores the usage of throttles.
pub(crate) async fn save_throttles(tx: &mut Tx, used: &[(u64, Timestamp)]) -> Result<()> {
    let sql = "INSERT INTO limiter (key, tat) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET tat = excluded.tat
        WHERE excluded.tat > limiter.tat";
    let rows: Vec<_> = used.iter().map(|(key, tat)| row![format!("throttle:{key:016x}"), *tat]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// The usage of throttles, where it still has an effect.
pub(crate) async fn throttles(tx: &mut Tx, now: Timestamp) -> Result<Vec<(u64, Timestamp)>> {
    let sql = "SELECT key, tat FROM limiter WHERE key >= 'throttle:' AND key < 'throttle;' AND tat > $1";
    let rows: Vec<(String, Timestamp)> = tx.all(sql, params![now], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    let key = |text: &str| u64::from_str_radix(text.trim_start_matches("throttle:"), 16).unwrap_or_default();
    Ok(rows.into_iter().map(|(text, tat)| (key(&text), tat)).collect())
}

/// Claims a key for a run until a time. Returns the run that already has it, if there is one.
pub(crate) async fn claim_idempotency(
    tx: &mut Tx,
    key: &str,
    run: &RunId,
    now: Timestamp,
    expires: Timestamp,
) -> Result<Option<RunId>> {
    let sql = "INSERT INTO idempotency (key, run_id, expires) VALUES ($1, $2, $3)
        ON CONFLICT (key) DO UPDATE SET run_id = excluded.run_id, expires = excluded.expires
        WHERE idempotency.expires <= $4";
    if tx.execute(sql, params![key, run.as_str(), expires, now]).await? == 1 {
        return Ok(None);
    }
    let sql = "SELECT run_id FROM idempotency WHERE key = $1";
    tx.first(sql, params![key], |row| row.get::<String>(0).map(RunId::from)).await
}

/// The singleton run of a key, locked for this transaction.
pub(crate) async fn single(tx: &mut Tx, key: &str) -> Result<Option<RunId>> {
    tx.lock(key).await?;
    let sql = "SELECT run_id FROM singleton WHERE key = $1";
    tx.first(sql, params![key], |row| row.get::<String>(0).map(RunId::from)).await
}

pub(crate) async fn set_single(tx: &mut Tx, key: &str, run: &RunId) -> Result<()> {
    let sql = "INSERT INTO singleton (key, run_id) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET run_id = excluded.run_id";
    tx.execute(sql, params![key, run.as_str()]).await.map(drop)
}

pub(crate) async fn release_single(tx: &mut Tx, key: &str, run: &RunId) -> Result<()> {
    tx.execute("DELETE FROM singleton WHERE key = $1 AND run_id = $2", params![key, run.as_str()]).await.map(drop)
}

/// A run that takes in more events until it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gathering {
    pub(crate) run: RunId,
    pub(crate) items: i64,
    pub(crate) bytes: i64,
    /// The latest time at which it starts.
    pub(crate) until: Timestamp,
}

/// The open gathering of a key. It is locked for this transaction, against other additions and
/// against the start of the run.
pub(crate) async fn gathering(tx: &mut Tx, key: &str) -> Result<Option<Gathering>> {
    tx.lock(key).await?;
    let sql = concat!("SELECT ", gathering_columns!(), " FROM gathering WHERE key = $1 /*pg: FOR UPDATE */");
    tx.first(sql, params![key], |row| {
        Ok(Gathering {
            run: RunId::from(row.get::<String>(gathering_at::run_id)?),
            items: row.get(gathering_at::items)?,
            bytes: row.get(gathering_at::bytes)?,
            until: row.get(gathering_at::until)?,
        })
    })
    .await
}

pub(crate) async fn set_gathering(tx: &mut Tx, key: &str, open: &Gathering) -> Result<()> {
    let (sql, params) = insert!("gathering" {
        key: key,
        run_id: open.run.as_str(),
        items: open.items,
        bytes: open.bytes,
        until: open.until,
    } "ON CONFLICT (key) DO UPDATE SET run_id = excluded.run_id, items = excluded.items, bytes = excluded.bytes,
        until = excluded.until");
    tx.execute(sql, &params).await.map(drop)
}

/// Closes the gathering of a run. The next event opens another.
pub(crate) async fn close_gathering(tx: &mut Tx, run: &RunId) -> Result<()> {
    tx.execute("DELETE FROM gathering WHERE run_id = $1", params![run.as_str()]).await.map(drop)
}

/// Changes the due time of a gathering run that has not started, and its input if one is given.
/// Returns its shard, or `None` when it has started.
pub(crate) async fn move_gathering(
    tx: &mut Tx,
    run: &RunId,
    due: Timestamp,
    input: Option<&str>,
) -> Result<Option<i64>> {
    let sql = "UPDATE run SET due = $2, input = COALESCE($3, input), generation = generation + 1
        WHERE id = $1 AND status < 10 AND gathers RETURNING shard";
    tx.first(sql, params![run.as_str(), due, input], |row| row.get(0)).await
}

pub(crate) async fn add_item(tx: &mut Tx, run: &RunId, item: i64, data: &str) -> Result<()> {
    let sql = "INSERT INTO gathered (run_id, item, data) VALUES ($1, $2, $3)";
    tx.execute(sql, params![run.as_str(), item, data]).await.map(drop)
}

/// Takes the items of a batch, in order, and deletes them. The caller stores them in the run's
/// input.
pub(crate) async fn take_items(tx: &mut Tx, run: &RunId) -> Result<Vec<String>> {
    let sql = "SELECT data FROM gathered WHERE run_id = $1 ORDER BY item";
    let items = tx.all(sql, params![run.as_str()], |row| row.get(0)).await?;
    tx.execute("DELETE FROM gathered WHERE run_id = $1", params![run.as_str()]).await?;
    Ok(items)
}

/// All pauses, as tenant and name.
pub(crate) async fn paused(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    tx.all("SELECT tenant, name FROM paused", params![], |row| Ok((row.get(0)?, row.get(1)?))).await
}

pub(crate) async fn pause(tx: &mut Tx, tenant: &str, name: &str, by: &str, now: Timestamp) -> Result<bool> {
    let (sql, params) = insert!("paused" {
        tenant: tenant,
        name: name,
        at: now,
        by_whom: by,
    } "ON CONFLICT (tenant, name) DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

pub(crate) async fn resume(tx: &mut Tx, tenant: &str, name: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM paused WHERE tenant = $1 AND name = $2", params![tenant, name]).await? == 1)
}
