//! What can be set about the engine.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How nodes keep their shards, and how long is kept what has ended.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// A node that shows no sign of life for so long is taken for dead, and its work is done by others.
    pub lease: Duration,
    /// Completed and cancelled runs are kept for so long.
    pub keep_completed: Duration,
    /// Failed runs, which can be retried meanwhile.
    pub keep_failed: Duration,
    /// Events, which runs that begin to listen look back on.
    pub keep_events: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let lease = Duration::from_secs(10);
        Self { lease, keep_completed: 7 * DAY, keep_failed: 32 * DAY, keep_events: 32 * DAY }
    }
}

/// Counters are kept for a bit more than a year.
pub(crate) const KEEP_STATS: Duration = DAY.saturating_mul(400);
