//! Requests with an `Idempotency-Key`: a repeat is answered as the first was, for twelve hours.
//!
//! The first to come stores that it is under way; whoever comes meanwhile waits. Only what succeeded is
//! remembered: a refusal may be tried again. Answers have tokens and keys in them, so they are sealed. Messages remember their request themselves, in the
//! transaction that stores them (`messages/accept.rs`); this is for everything else.

use std::time::Duration;

use campanile_base::{Result, Secret, Timestamp};
use campanile_db::{Tx, params};

use crate::Webhooks;

/// For how long a repeat is answered with what the first was answered.
const REMEMBERED: Duration = Duration::from_secs(12 * 3600);
/// For how long the first may be under way.
const UNDERWAY: Duration = Duration::from_secs(5);
/// How often somebody who waits looks again.
const LOOK: Duration = Duration::from_millis(50);

/// An answer that is remembered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body, JSON or nothing.
    pub body: String,
}

/// What to do with a request.
#[derive(Debug, Clone)]
pub enum Turn {
    /// It is the first: do it, and tell what was answered.
    First,
    /// It was done: this was answered.
    Repeat(Answer),
    /// The first is under way for too long.
    Stuck,
}

/// Whose turn it is, with a repeat's answer opened; waits for a first one that is under way.
///
/// # Errors
/// What the database says.
pub async fn begin(webhooks: &Webhooks, hash: &str) -> Result<Turn> {
    let began = std::time::Instant::now();
    loop {
        let (hash, now) = (hash.to_owned(), webhooks.clock.now());
        let turn = webhooks.db.write(move |tx| Box::pin(async move { take_turn(tx, &hash, now).await })).await?;
        match turn {
            Some(Turn::Repeat(Answer { status, body })) => {
                let body = webhooks.vault.open(&body)?.expose().to_owned();
                return Ok(Turn::Repeat(Answer { status, body }));
            }
            Some(turn) => return Ok(turn),
            None if began.elapsed() > UNDERWAY + UNDERWAY => return Ok(Turn::Stuck),
            None => tokio::time::sleep(LOOK).await,
        }
    }
}

/// A repeat's answer is as it is stored.
async fn take_turn(tx: &mut Tx, hash: &str, now: Timestamp) -> campanile_db::Result<Option<Turn>> {
    let sql = "INSERT INTO answered_request (hash, until) VALUES ($1, $2)
        ON CONFLICT (hash) DO UPDATE SET until = excluded.until, status = NULL, body = NULL
            WHERE answered_request.until < $3";
    if tx.execute(sql, params![hash, now.plus(UNDERWAY), now]).await? == 1 {
        return Ok(Some(Turn::First));
    }
    let sql = "SELECT status, body FROM answered_request WHERE hash = $1";
    let params = params![hash];
    let known = tx.first(sql, params, |row| Ok((row.get::<Option<i64>>(0)?, row.get::<Option<String>>(1)?))).await?;
    Ok(known.and_then(|(status, body)| {
        let answer = Answer { status: u16::try_from(status?).ok()?, body: body.unwrap_or_default() };
        Some(Turn::Repeat(answer))
    }))
}

/// Remembers what the first was answered, or, with nothing, that it may be tried again.
///
/// # Errors
/// What the database says.
pub async fn end(webhooks: &Webhooks, hash: &str, answer: Option<Answer>) -> Result<()> {
    let (hash, until) = (hash.to_owned(), webhooks.clock.now().plus(REMEMBERED));
    let answer = answer.map(|Answer { status, body }| (status, webhooks.vault.seal(&Secret::new(body))));
    let ended = webhooks.db.write(move |tx| {
        Box::pin(async move {
            match answer {
                Some((status, body)) => {
                    let sql = "UPDATE answered_request SET status = $2, body = $3, until = $4 WHERE hash = $1";
                    tx.execute(sql, params![&hash, status, body, until]).await
                }
                None => tx.execute("DELETE FROM answered_request WHERE hash = $1", params![&hash]).await,
            }
        })
    });
    Ok(ended.await.map(drop)?)
}

/// Forgets requests that were answered long ago, at most `limit`.
pub(crate) async fn tidy(tx: &mut Tx, now: Timestamp, limit: i64) -> campanile_db::Result<u64> {
    let sql = "DELETE FROM answered_request
        WHERE hash IN (SELECT hash FROM answered_request WHERE until < $1 LIMIT $2)";
    tx.execute(sql, params![now, limit]).await
}
