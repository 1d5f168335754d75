//! Whether the clock may be believed when rows are removed for their age.
//!
//! A clock that jumps ahead by years, for a few seconds, would let every age be over at once. So a time is believed only if
//! it goes on from the one before: within a process by a clock that cannot be set, and at the start by the time that was
//! written down when rows were last removed. After a leap nothing is removed until the clock has gone on evenly for an hour.
//! A server that was off for long waits that hour, too, which harms nobody.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use campanile_base::{Clock, Result, Timestamp};
use campanile_db::{Tx, params};

use crate::Engine;

/// What is more than a drift, a daylight saving that somebody has set by hand, or a night's sleep of a laptop.
const LEAP: Duration = Duration::from_secs(6 * 3600);
/// For how long the clock goes on evenly before it is believed again.
const HOLD: Duration = Duration::from_secs(3600);
/// How often the time is written down.
const NOTED: Duration = Duration::from_secs(600);

/// What the clock has shown in this process.
#[derive(Debug)]
pub(crate) struct TrustedTime {
    started: Instant,
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// What the clock showed, and how long the process had run then.
    shown: Timestamp,
    at: Duration,
    /// When the last leap was seen, while it is not over.
    leapt: Option<Duration>,
}

impl Default for TrustedTime {
    fn default() -> Self {
        Self { started: Instant::now(), seen: Mutex::default() }
    }
}

impl TrustedTime {
    /// Whether `now` goes on from what was shown before; `noted` is what is written down.
    fn believes(&self, clock: &Clock, now: Timestamp, noted: Option<Timestamp>) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match clock {
            Clock::System => self.started.elapsed(),
            // A clock that is turned by hand tells both.
            Clock::Manual(_) => now.since(Timestamp::from_micros(0)),
        };
        let next = judge(*seen, now, running, noted);
        if next.leapt == Some(running) {
            tracing::warn!(%now, "the clock has leapt: nothing is removed for its age until it has gone on evenly for an hour");
        }
        *seen = Some(next);
        next.leapt.is_none()
    }
}

/// What is known once the clock shows `now` after the process has run so long.
fn judge(before: Option<Seen>, now: Timestamp, running: Duration, noted: Option<Timestamp>) -> Seen {
    let expected = match before {
        Some(seen) => Some(seen.shown.plus(running.saturating_sub(seen.at))),
        None => noted,
    };
    let is_leap = expected.is_some_and(|expected| now.since(expected).max(expected.since(now)) > LEAP);
    let leapt = match before.and_then(|seen| seen.leapt) {
        _ if is_leap => Some(running),
        Some(leapt) if running.saturating_sub(leapt) < HOLD => Some(leapt),
        _ => None,
    };
    Seen { shown: now, at: running, leapt }
}

impl Engine {
    /// The time by which rows are old enough to be removed; nothing while the clock is not to be believed.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn time_to_tidy(&self) -> Result<Option<Timestamp>> {
        let now = self.clock.now();
        let noted = self.db.read(|tx| Box::pin(async move { noted(tx).await })).await?;
        if !self.trusted_time.believes(&self.clock, now, noted) {
            return Ok(None);
        }
        if noted.is_none_or(|noted| now.since(noted).max(noted.since(now)) > NOTED) {
            self.db.write(move |tx| Box::pin(async move { note(tx, now).await })).await?;
        }
        Ok(Some(now))
    }
}

async fn noted(tx: &mut Tx) -> campanile_db::Result<Option<Timestamp>> {
    tx.first("SELECT seen_at FROM engine_clock WHERE id = 1", params![], |row| row.get(0)).await
}

async fn note(tx: &mut Tx, now: Timestamp) -> campanile_db::Result<u64> {
    let sql = "INSERT INTO engine_clock (id, seen_at) VALUES (1, $1)
        ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
    tx.execute(sql, params![now]).await
}

#[cfg(test)]
mod tests;
