//! Scripts that take too long time and again rest in between, so that their messages do not keep a process busy.
//!
//! From the second time in a row on, a script is not called for a second, then two, up to a minute. After that one call is
//! let through: it decides. None of this is stored.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How often in a row a script may take too long before it rests.
const FREE: u32 = 2;
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// From how many scripts on those are forgotten that could be called again.
const KNOWN: usize = 10_000;

/// A script of an endpoint; a changed script is another one.
pub(super) type Script = (String, u64);

#[derive(Default)]
pub(super) struct Rests(Mutex<HashMap<Script, Rest>>);

struct Rest {
    /// In a row.
    timeouts: u32,
    until: Instant,
}

impl Rests {
    /// Lets a call through, or says how long the script rests.
    pub(super) fn admit(&self, script: &Script, now: Instant, longest_call: Duration) -> Result<(), Duration> {
        let mut known = self.known();
        let Some(rest) = known.get_mut(script).filter(|rest| rest.timeouts >= FREE) else { return Ok(()) };
        if now < rest.until {
            return Err(rest.until - now);
        }
        // While this call is under way, no other is.
        rest.until = now + longest_call;
        Ok(())
    }

    /// Notes that a call has taken too long.
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

    /// Notes that a call was in time.
    pub(super) fn was_in_time(&self, script: &Script) {
        self.known().remove(script);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Script, Rest>> {
        self.0.lock().expect("nobody panics while they hold it")
    }
}
