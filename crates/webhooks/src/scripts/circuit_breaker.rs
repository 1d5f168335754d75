//! Suspends scripts that repeatedly take too long, so that their messages do not keep a worker
//! busy.
//!
//! After the second timeout in a row, a script is not called for a second; after each further one
//! for twice as long, up to a minute. Then one call is let through: if it is in time, the script is
//! no longer suspended. None of this is stored.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The number of timeouts in a row after which a script is suspended.
const FREE: u32 = 2;
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// The number of known scripts above which those that may be called again are forgotten.
const KNOWN: usize = 10_000;

/// The place of a script and the hash of its code: a changed script is another one.
pub(super) type Script = (String, u64);

#[derive(Default)]
pub(super) struct CircuitBreaker(Mutex<HashMap<Script, Rest>>);

struct Rest {
    /// Timeouts in a row.
    timeouts: u32,
    until: Instant,
}

impl CircuitBreaker {
    /// Admits a call, or returns the remaining time of the suspension.
    pub(super) fn admit(&self, script: &Script, now: Instant, longest_call: Duration) -> Result<(), Duration> {
        let mut known = self.known();
        let Some(rest) = known.get_mut(script).filter(|rest| rest.timeouts >= FREE) else { return Ok(()) };
        if now < rest.until {
            return Err(rest.until - now);
        }
        // While this call runs, no other is admitted.
        rest.until = now + longest_call;
        Ok(())
    }

    /// Counts a call that has taken too long.
    pub(super) fn timed_out(&self, script: &Script, now: Instant) {
        let mut known = self.known();
        if known.len() > KNOWN {
            known.retain(|_, rest| rest.until > now);
        }
        let rest = known.entry(script.clone()).or_insert(Rest { timeouts: 0, until: now });
        rest.timeouts = rest.timeouts.saturating_add(1);
        let doubled = rest.timeouts.saturating_sub(FREE).min(10);
        rest.until = now + (FIRST * 2_u32.pow(doubled)).min(LONGEST);
    }

    /// Clears the count: a call was in time.
    pub(super) fn was_in_time(&self, script: &Script) {
        self.known().remove(script);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Script, Rest>> {
        self.0.lock().expect("nobody panics while they hold it")
    }
}
