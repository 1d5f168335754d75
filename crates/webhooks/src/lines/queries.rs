//! The SQL of lines.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params, row};

use super::Waiting;
use crate::applications::ApplicationId;

/// Takes so many numbers; answers the last of them, and until when the line is taken to be awake.
pub(super) async fn take_numbers(
    tx: &mut Tx,
    endpoint: &str,
    application: &ApplicationId,
    many: i64,
) -> Result<(i64, Timestamp)> {
    let sql = "INSERT INTO endpoint_line (endpoint_id, application_id, last, awake_until, kept_until, failures)
        VALUES ($1, $2, $3, 0, 0, 0)
        ON CONFLICT (endpoint_id) DO UPDATE SET last = endpoint_line.last + excluded.last
        RETURNING last, awake_until";
    tx.one(sql, params![endpoint, application.as_str(), many], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Stores those who wait, numbered from `number` on.
pub(super) async fn insert(tx: &mut Tx, endpoint: &str, number: i64, waiting: &[Waiting]) -> Result<()> {
    let sql = "INSERT INTO endpoint_waiting (endpoint_id, number, message_id, failures, is_manual)
        VALUES ($1, $2, $3, $4, $5)";
    let numbered = (number..).zip(waiting);
    let rows: Vec<_> = numbered
        .map(|(number, waiting)| {
            row![endpoint, number, &waiting.message, i64::from(waiting.failures), waiting.is_manual]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// The first in line, with their numbers.
pub(super) async fn first(tx: &mut Tx, endpoint: &str, limit: i64) -> Result<Vec<(i64, Waiting)>> {
    after(tx, endpoint, 0, limit).await
}

/// Those in line after a number.
pub(super) async fn after(tx: &mut Tx, endpoint: &str, number: i64, limit: i64) -> Result<Vec<(i64, Waiting)>> {
    let sql = "SELECT number, message_id, failures, is_manual FROM endpoint_waiting
        WHERE endpoint_id = $1 AND number > $2 ORDER BY number LIMIT $3";
    tx.all(sql, params![endpoint, number, limit], |row| {
        let failures = u32::try_from(row.get::<i64>(2)?).unwrap_or(0);
        Ok((row.get(0)?, Waiting { message: row.get(1)?, failures, is_manual: row.get(3)? }))
    })
    .await
}

/// All up to this number leave the line.
pub(super) async fn leave(tx: &mut Tx, endpoint: &str, last: i64) -> Result<u64> {
    let sql = "DELETE FROM endpoint_waiting WHERE endpoint_id = $1 AND number <= $2";
    tx.execute(sql, params![endpoint, last]).await
}

/// Keeps all others from joining until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, endpoint: &str) -> Result<()> {
    let sql = "SELECT last FROM endpoint_line WHERE endpoint_id = $1 /*pg: FOR UPDATE */";
    tx.first(sql, params![endpoint], |row| row.get::<i64>(0)).await.map(drop)
}

/// Until when the line is taken to be awake.
pub(super) async fn stay_awake(tx: &mut Tx, endpoint: &str, until: Timestamp) -> Result<u64> {
    let sql = "UPDATE endpoint_line SET awake_until = $2 WHERE endpoint_id = $1";
    tx.execute(sql, params![endpoint, until]).await
}

/// Has a job keep a line until a time, unless another does; `false` when one does. A job that is run again, since its node died,
/// is the same.
pub(super) async fn keep(tx: &mut Tx, endpoint: &str, job: &str, until: Timestamp, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE endpoint_line SET keeper = $2, kept_until = $3
        WHERE endpoint_id = $1 AND (keeper = $2 OR kept_until < $4)";
    Ok(tx.execute(sql, params![endpoint, job, until, now]).await? == 1)
}

/// Lets others keep a line.
pub(super) async fn let_go(tx: &mut Tx, endpoint: &str, job: &str) -> Result<u64> {
    let sql = "UPDATE endpoint_line SET kept_until = 0 WHERE endpoint_id = $1 AND keeper = $2";
    tx.execute(sql, params![endpoint, job]).await
}

/// How a line in order stands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Head {
    /// How often its first has failed.
    pub(crate) failures: u32,
    /// When it is tried again.
    pub(crate) retry_at: Option<Timestamp>,
    /// The last number that was given out.
    pub(crate) last: i64,
}

pub(super) async fn head(tx: &mut Tx, endpoint: &str) -> Result<Head> {
    let sql = "SELECT failures, retry_at, last FROM endpoint_line WHERE endpoint_id = $1";
    let params = params![endpoint];
    let head = tx.first(sql, params, |row| {
        let failures = u32::try_from(row.get::<i64>(0)?).unwrap_or(0);
        Ok(Head { failures, retry_at: row.get(1)?, last: row.get(2)? })
    });
    Ok(head.await?.unwrap_or_default())
}

pub(super) async fn set_head(tx: &mut Tx, endpoint: &str, failures: u32, retry: Option<Timestamp>) -> Result<u64> {
    let sql = "UPDATE endpoint_line SET failures = $2, retry_at = $3 WHERE endpoint_id = $1";
    tx.execute(sql, params![endpoint, i64::from(failures), retry]).await
}

/// A line that nobody looks after.
pub(super) struct Forgotten {
    pub(super) endpoint: String,
    pub(super) application: String,
    pub(super) organisation: String,
}

/// Lines of endpoints that could be sent to, in which somebody stands though nobody looks after them.
pub(super) async fn forgotten(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Forgotten>> {
    let sql = "SELECT line.endpoint_id, line.application_id, organisation_id FROM endpoint_line AS line
            JOIN application ON application.id = line.application_id
            JOIN endpoint ON endpoint.id = line.endpoint_id
        WHERE awake_until < $1 AND disabled = FALSE AND way <> 'poll'
            AND EXISTS (SELECT 1 FROM endpoint_waiting WHERE endpoint_waiting.endpoint_id = line.endpoint_id)
        ORDER BY line.endpoint_id LIMIT $2";
    tx.all(sql, params![now, limit], |row| {
        Ok(Forgotten { endpoint: row.get(0)?, application: row.get(1)?, organisation: row.get(2)? })
    })
    .await
}

/// The number before the first that came in at a message's id or later; what has come so far where there is none.
pub(super) async fn number_before(tx: &mut Tx, endpoint: &str, message: &str) -> Result<i64> {
    let sql = "SELECT MIN(number) FROM endpoint_waiting WHERE endpoint_id = $1 AND message_id >= $2";
    let first: Option<i64> = tx.one(sql, params![endpoint, message], |row| row.get(0)).await?;
    match first {
        Some(first) => Ok(first - 1),
        None => Ok(head(tx, endpoint).await?.last),
    }
}

/// How far a consumer has come.
pub(super) async fn consumer(tx: &mut Tx, endpoint: &str, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT number FROM endpoint_consumer WHERE endpoint_id = $1 AND name = $2";
    tx.first(sql, params![endpoint, name], |row| row.get(0)).await
}

pub(super) async fn set_consumer(tx: &mut Tx, endpoint: &str, name: &str, number: i64, now: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO endpoint_consumer (endpoint_id, name, number, updated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (endpoint_id, name) DO UPDATE SET number = excluded.number, updated_at = excluded.updated_at";
    tx.execute(sql, params![endpoint, name, number, now]).await
}
