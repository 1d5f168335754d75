//! The SQL of answered requests.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

/// Claims a request as the first of its kind; `false` if another is under way or was answered.
pub(super) async fn claim(tx: &mut Tx, hash: &str, until: Timestamp, now: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO answered_request (hash, until) VALUES ($1, $2)
        ON CONFLICT (hash) DO UPDATE SET until = excluded.until, status = NULL, body = NULL
            WHERE answered_request.until < $3";
    Ok(tx.execute(sql, params![hash, until, now]).await? == 1)
}

/// The status and the encrypted body of an answer; both are absent while the first request is under
/// way.
pub(super) async fn answer(tx: &mut Tx, hash: &str) -> Result<Option<(Option<i64>, Option<String>)>> {
    let sql = "SELECT status, body FROM answered_request WHERE hash = $1";
    tx.first(sql, params![hash], |row| Ok((row.get(0)?, row.get(1)?))).await
}

pub(super) async fn set_answer(tx: &mut Tx, hash: &str, status: u16, body: &str, until: Timestamp) -> Result<u64> {
    let sql = "UPDATE answered_request SET status = $2, body = $3, until = $4 WHERE hash = $1";
    tx.execute(sql, params![hash, status, body, until]).await
}

pub(super) async fn forget(tx: &mut Tx, hash: &str) -> Result<u64> {
    tx.execute("DELETE FROM answered_request WHERE hash = $1", params![hash]).await
}

/// Removes requests past their time, at most `limit`.
pub(crate) async fn tidy(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<u64> {
    let sql = "DELETE FROM answered_request
        WHERE hash IN (SELECT hash FROM answered_request WHERE until < $1 LIMIT $2)";
    tx.execute(sql, params![now, limit]).await
}
