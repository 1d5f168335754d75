//! The options of a workflow, each as a small type.

use std::time::Duration;

use crate::Backoff;
use crate::flow::{Cron, Expression, Throttle};

/// An event that starts a workflow.
#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    pub(crate) event: String,
    pub(crate) when: Option<Expression>,
}

/// A concurrency limit: the maximum number of runs at a time.
#[derive(Debug, Clone)]
pub struct Limit {
    pub(crate) limit: usize,
    pub(crate) key: Option<Expression>,
    pub(crate) scope: Scope,
}

/// The scope in which a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each node counts by itself.
    Node,
    /// All nodes count together: runs that share the limit go to one node.
    Cluster,
}

impl Limit {
    /// `limit` runs at a time, on all nodes together.
    pub fn of(limit: usize) -> Self {
        Self { limit: limit.max(1), key: None, scope: Scope::Cluster }
    }

    /// Counts separately for each value of this expression, within a tenant. Without a key, all
    /// runs of the workflow share the limit.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }

    /// Sets the scope in which the limit counts.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}

/// The time during which a run occupies its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Only while it is under way, not while it sleeps, waits, or is between attempts.
    Step,
    /// From the first start to the end.
    Run,
}

/// A throttle: the number of runs that may start within a period. The other runs wait.
#[derive(Debug, Clone)]
pub struct Throttled {
    pub(crate) throttle: Throttle,
    pub(crate) key: Option<Expression>,
}

impl Throttled {
    /// `limit` starts per `period`, evenly spread.
    pub fn of(limit: u32, period: Duration) -> Self {
        Self { throttle: Throttle { limit: limit.max(1), period, burst: 0 }, key: None }
    }

    /// Allows so many starts at once beyond the even spread.
    #[must_use]
    pub fn burst(mut self, burst: u32) -> Self {
        self.throttle.burst = burst;
        self
    }

    /// Counts separately for each value of this expression, within a tenant.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// A rate limit: the number of runs that may be requested within a period. Further requests are
/// dropped.
#[derive(Debug, Clone)]
pub struct RateLimit {
    pub(crate) limit: u32,
    pub(crate) period: Duration,
    pub(crate) key: Option<Expression>,
}

impl RateLimit {
    /// `limit` requests per `period`.
    pub fn of(limit: u32, period: Duration) -> Self {
        Self { limit: limit.max(1), period, key: None }
    }

    /// Counts separately for each value of this expression, within a tenant.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// Debounce: one run for a burst of events, with the last event, after a quiet period.
#[derive(Debug, Clone)]
pub struct Debounce {
    pub(crate) period: Duration,
    pub(crate) most: Option<Duration>,
    pub(crate) key: Option<Expression>,
}

impl Debounce {
    /// Starts the run when no event came for a `period`.
    pub fn of(period: Duration) -> Self {
        Self { period, most: None, key: None }
    }

    /// Starts the run at the latest this long after the first event.
    #[must_use]
    pub fn most(mut self, most: Duration) -> Self {
        self.most = Some(most);
        self
    }

    /// Gathers separately for each value of this expression, within a tenant.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// A batch: one run for several events. Its input is the list of their data.
#[derive(Debug, Clone)]
pub struct Batch {
    pub(crate) size: usize,
    pub(crate) within: Duration,
    pub(crate) bytes: usize,
    pub(crate) key: Option<Expression>,
}

impl Batch {
    /// Starts the run after `size` events, or when `within` has passed since the first.
    pub fn of(size: usize, within: Duration) -> Self {
        Self { size: size.max(1), within, bytes: 10 << 20, key: None }
    }

    /// Limits the data of a batch to so many bytes. The default is 10 MiB.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Gathers separately for each value of this expression, within a tenant.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// A singleton: one active run for each value of an expression, within a tenant.
#[derive(Debug, Clone)]
pub struct Singleton {
    pub(crate) key: Option<Expression>,
    pub(crate) newest_wins: bool,
}

impl Singleton {
    /// Drops a request while a run is active.
    pub fn skip() -> Self {
        Self { key: None, newest_wins: false }
    }

    /// Cancels the active run when a new request comes.
    pub fn cancel() -> Self {
        Self { key: None, newest_wins: true }
    }

    /// Counts separately for each value of this expression.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// Idempotency: one run for each value of an expression, within a tenant and a time window.
#[derive(Debug, Clone)]
pub struct Idempotency {
    pub(crate) key: Expression,
    pub(crate) window: Duration,
}

impl Idempotency {
    /// One run per value and day.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    pub fn by(expression: &str) -> Self {
        Self { key: declared(expression), window: Duration::from_secs(24 * 3600) }
    }

    /// Sets the time window.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }
}

/// An event that cancels a run.
#[derive(Debug, Clone)]
pub struct CancelOn {
    pub(crate) event: String,
    /// A path that must have the same value in both events.
    pub(crate) same: Option<String>,
    pub(crate) when: Option<Expression>,
}

impl CancelOn {
    /// Any event of this name in the tenant cancels the run.
    pub fn event(name: &str) -> Self {
        Self { event: name.to_owned(), same: None, when: None }
    }

    /// Requires the same value at this path as in the run's own event, such as `data.sourceId`.
    #[must_use]
    pub fn same(mut self, path: &str) -> Self {
        self.same = Some(path.to_owned());
        self
    }

    /// Requires that this expression over `event` and `async` holds.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    #[must_use]
    pub fn when(mut self, expression: &str) -> Self {
        self.when = Some(declared(expression));
        self
    }
}

/// All options of a workflow.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) crons: Vec<Cron>,
    pub(crate) attempts: u32,
    pub(crate) backoff: Backoff,
    pub(crate) per_node: usize,
    pub(crate) limits: Vec<Limit>,
    pub(crate) hold: Hold,
    pub(crate) throttle: Option<Throttled>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) debounce: Option<Debounce>,
    pub(crate) batch: Option<Batch>,
    pub(crate) singleton: Option<Singleton>,
    pub(crate) idempotency: Option<Idempotency>,
    pub(crate) priority: Option<Expression>,
    pub(crate) start_timeout: Option<Duration>,
    pub(crate) finish_timeout: Option<Duration>,
    pub(crate) step_timeout: Duration,
    pub(crate) cancel_on: Vec<CancelOn>,
    pub(crate) on_failure: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            triggers: Vec::new(),
            crons: Vec::new(),
            attempts: 4,
            backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(600) },
            per_node: 256,
            limits: Vec::new(),
            hold: Hold::Step,
            throttle: None,
            rate_limit: None,
            debounce: None,
            batch: None,
            singleton: None,
            idempotency: None,
            priority: None,
            start_timeout: None,
            finish_timeout: None,
            step_timeout: Duration::from_secs(300),
            cancel_on: Vec::new(),
            on_failure: None,
        }
    }
}

pub(crate) fn declared(expression: &str) -> Expression {
    Expression::parse(expression).unwrap_or_else(|error| panic!("{error}"))
}
