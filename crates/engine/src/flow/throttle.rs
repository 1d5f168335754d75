//! GCRA, the rule of throttles and rate limits: how many starts are admitted per period.

use std::time::Duration;

use campanile_base::Timestamp;

/// A limit on starts per period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throttle {
    pub(crate) limit: u32,
    pub(crate) period: Duration,
    /// The number of starts beyond an even spread that may happen at once.
    pub(crate) burst: u32,
}

impl Throttle {
    /// GCRA: decides if one start may pass at `now`, given the theoretical arrival time `tat`.
    /// Returns the next `tat`, or as the error the earliest time at which it may pass.
    pub(crate) fn pass(&self, tat: Timestamp, now: Timestamp) -> Result<Timestamp, Timestamp> {
        let spread = self.period / self.limit.max(1);
        let tat = tat.max(now);
        let earliest = tat.minus(spread * self.burst);
        if earliest > now { Err(earliest) } else { Ok(tat.plus(spread)) }
    }
}
