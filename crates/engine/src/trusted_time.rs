//! Checks that the clock is plausible before rows are removed for their age.
//!
//! If the clock jumps ahead by years, even for a few seconds, all rows look expired. So a time is
//! trusted only if it continues the time before it. Within a process, a monotonic clock is the
//! reference. At the start, it is the time that was stored when rows were last removed. After a
//! jump, nothing is removed until the clock has run evenly for an hour. A server that was off for
//! long waits this hour too, which does no harm.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use campanile_base::{Clock, Result, Timestamp};

use crate::Engine;
use crate::store::clock;

/// The largest plausible deviation: more than clock drift, a daylight-saving change made by hand,
/// or a laptop that slept.
const LEAP: Duration = Duration::from_secs(6 * 3600);
/// The time that the clock must run evenly before it is trusted again.
const HOLD: Duration = Duration::from_secs(3600);
/// The interval at which the time is stored.
const NOTED: Duration = Duration::from_secs(600);

/// The clock readings of this process.
#[derive(Debug)]
pub(crate) struct TrustedTime {
    started: Instant,
    seen: Mutex<Option<ClockReading>>,
}

#[derive(Debug, Clone, Copy)]
struct ClockReading {
    /// The time that the clock showed, and the uptime of the process at that moment.
    shown: Timestamp,
    at: Duration,
    /// The uptime at which the last jump was seen, while the clock is not trusted.
    leapt: Option<Duration>,
}

impl Default for TrustedTime {
    fn default() -> Self {
        Self { started: Instant::now(), seen: Mutex::default() }
    }
}

impl TrustedTime {
    /// True if `now` continues the earlier readings. `noted` is the stored time.
    fn believes(&self, clock: &Clock, now: Timestamp, noted: Option<Timestamp>) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match clock {
            Clock::System => self.started.elapsed(),
            // A manual clock is the reference for both.
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

/// The new reading when the clock shows `now` and the process has this uptime.
fn judge(before: Option<ClockReading>, now: Timestamp, running: Duration, noted: Option<Timestamp>) -> ClockReading {
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
    ClockReading { shown: now, at: running, leapt }
}

impl Engine {
    /// The current time for judging the age of rows; `None` while the clock is not trusted.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn time_to_tidy(&self) -> Result<Option<Timestamp>> {
        let now = self.clock.now();
        let noted = self.db.read(|tx| Box::pin(async move { clock::noted(tx).await })).await?;
        if !self.trusted_time.believes(&self.clock, now, noted) {
            return Ok(None);
        }
        if noted.is_none_or(|noted| now.since(noted).max(noted.since(now)) > NOTED) {
            self.db.write(move |tx| Box::pin(async move { clock::note(tx, now).await })).await?;
        }
        Ok(Some(now))
    }
}

#[cfg(test)]
mod tests;
