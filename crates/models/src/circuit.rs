//! A circuit: a provider that fails again and again is left alone for a while.
//!
//! Pure: the caller brings the time. After the wait, calls are let through again; the next failure opens
//! the circuit at once, and a success closes it for good.

use std::time::{Duration, Instant};

/// The failures in a row that open the circuit.
const FAILURES: u32 = 5;
/// The time for which it is open.
const OPEN: Duration = Duration::from_secs(30);

/// The failures of a provider in a row, and the time until which it is left alone.
#[derive(Debug, Default)]
pub(crate) struct Circuit {
    failures: u32,
    until: Option<Instant>,
}

impl Circuit {
    /// The time for which no call may be made yet.
    pub(crate) fn rest(&self, now: Instant) -> Option<Duration> {
        let left = self.until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Notes a call that was answered.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Notes a call that failed. `asked` is the wait that the provider asked for.
    pub(crate) fn failed(&mut self, now: Instant, asked: Option<Duration>) {
        self.failures = (self.failures + 1).min(FAILURES);
        let own = (self.failures == FAILURES).then_some(OPEN);
        if let Some(wait) = asked.max(own) {
            self.until = Some(now + wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_open_it_for_half_a_minute() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        for _ in 0..4 {
            circuit.failed(now, None);
        }
        assert_eq!(circuit.rest(now), None);
        circuit.succeeded();
        for _ in 0..5 {
            assert_eq!(circuit.rest(now), None);
            circuit.failed(now, None);
        }
        assert_eq!(circuit.rest(now), Some(OPEN));
        assert_eq!(circuit.rest(now + OPEN), None);
        circuit.failed(now + OPEN, None);
        assert_eq!(circuit.rest(now + OPEN), Some(OPEN), "one more failure is enough now");
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept_from_the_first_failure_on() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        circuit.failed(now, Some(Duration::from_secs(7)));
        assert_eq!(circuit.rest(now), Some(Duration::from_secs(7)));
    }
}
