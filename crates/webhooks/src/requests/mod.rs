//! Requests with an `Idempotency-Key`: for twelve hours, a repeat gets the answer of the first
//! request.
//!
//! The first request stores that it is under way; repeats wait for its answer. Only successful
//! answers are stored: a refused request may be tried again. Answers may contain tokens and keys,
//! so they are encrypted. Messages store their request themselves, in the transaction that stores
//! them (`messages/accept.rs`); this is for all other requests.

pub(crate) mod queries;

use std::time::Duration;

use campanile_base::{Result, Secret, Timestamp};
use campanile_db::Tx;

use crate::Webhooks;

/// The time for which a repeat gets the answer of the first request.
const REMEMBERED: Duration = Duration::from_secs(12 * 3600);
/// The time after which an unfinished first request no longer blocks a repeat.
const UNDERWAY: Duration = Duration::from_secs(5);
/// The interval at which a waiting request looks again.
const LOOK: Duration = Duration::from_millis(50);

/// A stored answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body: JSON, or empty.
    pub body: String,
}

/// The action for a request.
#[derive(Debug, Clone)]
pub enum Turn {
    /// It is the first: run it, then call [`end`].
    First,
    /// It was done before: return this answer.
    Repeat(Answer),
    /// Another request with this key has been under way for too long.
    Stuck,
}

/// Decides what to do with a request; waits while the first one is under way. The answer of a
/// repeat is decrypted.
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

/// The answer of a repeat is still encrypted here. `None` while the first request is under way.
async fn take_turn(tx: &mut Tx, hash: &str, now: Timestamp) -> campanile_db::Result<Option<Turn>> {
    if queries::claim(tx, hash, now.plus(UNDERWAY), now).await? {
        return Ok(Some(Turn::First));
    }
    Ok(queries::answer(tx, hash).await?.and_then(|(status, body)| {
        let answer = Answer { status: u16::try_from(status?).ok()?, body: body.unwrap_or_default() };
        Some(Turn::Repeat(answer))
    }))
}

/// Stores the answer of the first request. With `None`, the request may be tried again.
pub async fn end(webhooks: &Webhooks, hash: &str, answer: Option<Answer>) -> Result<()> {
    let (hash, until) = (hash.to_owned(), webhooks.clock.now().plus(REMEMBERED));
    let answer = answer.map(|Answer { status, body }| (status, webhooks.vault.seal(&Secret::new(body))));
    let ended = webhooks.db.write(move |tx| {
        Box::pin(async move {
            match answer {
                Some((status, body)) => queries::set_answer(tx, &hash, status, &body, until).await,
                None => queries::forget(tx, &hash).await,
            }
        })
    });
    Ok(ended.await.map(drop)?)
}
