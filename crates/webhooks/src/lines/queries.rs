//! The SQL of lines.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, insert_all, params};

use super::waiting::Waiting;
use crate::model::applications::ApplicationId;

campanile_db::columns! { waiting_columns, waiting_at: number, message_id, failures, is_manual }
campanile_db::columns! { head_columns, head_at: failures, retry_at, last }
campanile_db::columns! {
    forgotten_columns, forgotten_at:
    endpoint_id = "line.endpoint_id",
    application_id = "line.application_id",
    organisation_id,
}

/// Reserves `many` line numbers. Returns the last of them, and the time until which the line counts
/// as awake.
pub(super) async fn take_numbers(
    tx: &mut Tx,
    endpoint: &str,
    application: &ApplicationId,
    many: i64,
) -> Result<(i64, Timestamp)> {
    let (sql, params) = insert!("endpoint_line" {
        endpoint_id: endpoint,
        application_id: application.as_str(),
        last: many,
        awake_until: 0_i64,
        kept_until: 0_i64,
        failures: 0_i64,
    } "ON CONFLICT (endpoint_id) DO UPDATE SET last = endpoint_line.last + excluded.last
        RETURNING last, awake_until");
    tx.one(sql, &params, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Stores waiting messages, numbered from `number` on.
pub(super) async fn insert(tx: &mut Tx, endpoint: &str, number: i64, waiting: &[Waiting]) -> Result<()> {
    let numbered = (number..).zip(waiting);
    let (bulk, rows) = insert_all!(numbered => |(number, waiting)| "endpoint_waiting" {
        endpoint_id: text = endpoint,
        number: bigint = number,
        message_id: text = &waiting.message,
        failures: bigint = waiting.failures,
        is_manual: boolean = waiting.is_manual,
    });
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// The first messages of a line, with their numbers.
pub(super) async fn first(tx: &mut Tx, endpoint: &str, limit: i64) -> Result<Vec<(i64, Waiting)>> {
    after(tx, endpoint, 0, limit).await
}

/// The messages of a line after a number.
pub(super) async fn after(tx: &mut Tx, endpoint: &str, number: i64, limit: i64) -> Result<Vec<(i64, Waiting)>> {
    let sql = concat!(
        "SELECT ",
        waiting_columns!(),
        " FROM endpoint_waiting WHERE endpoint_id = $1 AND number > $2 ORDER BY number LIMIT $3"
    );
    tx.all(sql, params![endpoint, number, limit], |row| {
        let waiting = Waiting {
            message: row.get(waiting_at::message_id)?,
            failures: u32::try_from(row.get::<i64>(waiting_at::failures)?).unwrap_or(0),
            is_manual: row.get(waiting_at::is_manual)?,
        };
        Ok((row.get(waiting_at::number)?, waiting))
    })
    .await
}

/// Removes all messages up to this number from the line.
pub(super) async fn leave(tx: &mut Tx, endpoint: &str, last: i64) -> Result<u64> {
    let sql = "DELETE FROM endpoint_waiting WHERE endpoint_id = $1 AND number <= $2";
    tx.execute(sql, params![endpoint, last]).await
}

/// Locks the line's row: no message can join until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, endpoint: &str) -> Result<()> {
    let sql = "SELECT last FROM endpoint_line WHERE endpoint_id = $1 /*pg: FOR UPDATE */";
    tx.first(sql, params![endpoint], |row| row.get::<i64>(0)).await.map(drop)
}

/// Sets the time until which the line counts as awake.
pub(super) async fn stay_awake(tx: &mut Tx, endpoint: &str, until: Timestamp) -> Result<u64> {
    let sql = "UPDATE endpoint_line SET awake_until = $2 WHERE endpoint_id = $1";
    tx.execute(sql, params![endpoint, until]).await
}

/// Makes a job the keeper of a line until a time; `false` while another job keeps it. A job that is
/// run again after its node died has the same id, so it still keeps the line.
pub(super) async fn keep(tx: &mut Tx, endpoint: &str, job: &str, until: Timestamp, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE endpoint_line SET keeper = $2, kept_until = $3
        WHERE endpoint_id = $1 AND (keeper = $2 OR kept_until < $4)";
    Ok(tx.execute(sql, params![endpoint, job, until, now]).await? == 1)
}

/// Releases a line that this job keeps.
pub(super) async fn let_go(tx: &mut Tx, endpoint: &str, job: &str) -> Result<u64> {
    let sql = "UPDATE endpoint_line SET kept_until = 0 WHERE endpoint_id = $1 AND keeper = $2";
    tx.execute(sql, params![endpoint, job]).await
}

/// The state of an ordered line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Head {
    /// The number of failed requests for its first messages.
    pub(crate) failures: u32,
    /// The time of the next retry.
    pub(crate) retry_at: Option<Timestamp>,
    /// The highest number that was assigned.
    pub(crate) last: i64,
}

pub(super) async fn head(tx: &mut Tx, endpoint: &str) -> Result<Head> {
    let sql = concat!("SELECT ", head_columns!(), " FROM endpoint_line WHERE endpoint_id = $1");
    let params = params![endpoint];
    let head = tx.first(sql, params, |row| {
        Ok(Head {
            failures: u32::try_from(row.get::<i64>(head_at::failures)?).unwrap_or(0),
            retry_at: row.get(head_at::retry_at)?,
            last: row.get(head_at::last)?,
        })
    });
    Ok(head.await?.unwrap_or_default())
}

pub(super) async fn set_head(tx: &mut Tx, endpoint: &str, failures: u32, retry: Option<Timestamp>) -> Result<u64> {
    let sql = "UPDATE endpoint_line SET failures = $2, retry_at = $3 WHERE endpoint_id = $1";
    tx.execute(sql, params![endpoint, i64::from(failures), retry]).await
}

/// A line with messages but without a job.
pub(super) struct Forgotten {
    pub(super) endpoint: String,
    pub(super) application: String,
    pub(super) organisation: String,
}

/// Lines that hold messages although no job looks after them, of endpoints that can be sent to.
pub(super) async fn forgotten(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Forgotten>> {
    let sql = concat!(
        "SELECT ",
        forgotten_columns!(),
        " FROM endpoint_line AS line
            JOIN application ON application.id = line.application_id
            JOIN endpoint ON endpoint.id = line.endpoint_id
        WHERE awake_until < $1 AND disabled = FALSE AND way <> 'poll'
            AND EXISTS (SELECT 1 FROM endpoint_waiting WHERE endpoint_waiting.endpoint_id = line.endpoint_id)
        ORDER BY line.endpoint_id LIMIT $2"
    );
    tx.all(sql, params![now, limit], |row| {
        Ok(Forgotten {
            endpoint: row.get(forgotten_at::endpoint_id)?,
            application: row.get(forgotten_at::application_id)?,
            organisation: row.get(forgotten_at::organisation_id)?,
        })
    })
    .await
}

/// The number before the first message with this id or a later one; if there is none, the highest
/// assigned number.
pub(super) async fn number_before(tx: &mut Tx, endpoint: &str, message: &str) -> Result<i64> {
    let sql = "SELECT MIN(number) FROM endpoint_waiting WHERE endpoint_id = $1 AND message_id >= $2";
    let first: Option<i64> = tx.one(sql, params![endpoint, message], |row| row.get(0)).await?;
    match first {
        Some(first) => Ok(first - 1),
        None => Ok(head(tx, endpoint).await?.last),
    }
}

/// The stored position of a consumer.
pub(super) async fn consumer(tx: &mut Tx, endpoint: &str, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT number FROM endpoint_consumer WHERE endpoint_id = $1 AND name = $2";
    tx.first(sql, params![endpoint, name], |row| row.get(0)).await
}

pub(super) async fn set_consumer(tx: &mut Tx, endpoint: &str, name: &str, number: i64, now: Timestamp) -> Result<u64> {
    let (sql, params) = insert!("endpoint_consumer" {
        endpoint_id: endpoint,
        name: name,
        number: number,
        updated_at: now,
    } "ON CONFLICT (endpoint_id, name) DO UPDATE SET number = excluded.number, updated_at = excluded.updated_at");
    tx.execute(sql, &params).await
}
