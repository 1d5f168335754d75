//! Settings of the engine.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The lease time of nodes, and the retention times.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The lease time. A node that shows no sign of life for this long is taken for dead, and
    /// others take over its work.
    pub lease: Duration,
    /// The retention time of completed and cancelled runs.
    pub keep_completed: Duration,
    /// The retention time of failed runs, which can be retried meanwhile.
    pub keep_failed: Duration,
    /// The retention time of events. Runs that begin to wait look back on them.
    pub keep_events: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let lease = Duration::from_secs(10);
        Self { lease, keep_completed: 7 * DAY, keep_failed: 32 * DAY, keep_events: 32 * DAY }
    }
}

/// The retention time of counters: 400 days.
pub(crate) const KEEP_STATS: Duration = DAY.saturating_mul(400);
