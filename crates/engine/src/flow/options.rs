//! The options of a workflow, each a small type of its own.

use std::time::Duration;

use crate::Backoff;
use crate::flow::{Cron, Expression};
use crate::machine::Throttle;

/// What starts a workflow.
#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    pub(crate) event: String,
    pub(crate) when: Option<Expression>,
}

/// How many runs at a time.
#[derive(Debug, Clone)]
pub struct Limit {
    pub(crate) limit: usize,
    pub(crate) key: Option<Expression>,
    pub(crate) scope: Scope,
}

/// Where a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On each node.
    Node,
    /// On all nodes together: runs that share the limit go to one node.
    Cluster,
}

impl Limit {
    /// So many at a time, on all nodes together.
    pub fn of(limit: usize) -> Self {
        Self { limit: limit.max(1), key: None, scope: Scope::Cluster }
    }

    /// For each value of this expression, within a tenant. Without a key the limit is for all
    /// runs of the workflow.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }

    /// Where it counts.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}

/// For how long a run has its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// While it is under way; not while it sleeps, waits, or is between attempts.
    Step,
    /// From its first start to its end.
    Run,
}

/// How many runs may start within a time; the rest waits.
#[derive(Debug, Clone)]
pub struct Throttled {
    pub(crate) throttle: Throttle,
    pub(crate) key: Option<Expression>,
}

impl Throttled {
    /// `limit` in a `period`, evenly spread.
    pub fn of(limit: u32, period: Duration) -> Self {
        Self { throttle: Throttle { limit: limit.max(1), period, burst: 0 }, key: None }
    }

    /// So many beyond an even spread may start at once.
    #[must_use]
    pub fn burst(mut self, burst: u32) -> Self {
        self.throttle.burst = burst;
        self
    }

    /// For each value of this expression, within a tenant.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// How many runs may be asked for within a time; what is beyond is dropped.
#[derive(Debug, Clone)]
pub struct RateLimit {
    pub(crate) limit: u32,
    pub(crate) period: Duration,
    pub(crate) key: Option<Expression>,
}

impl RateLimit {
    /// `limit` in a `period`.
    pub fn of(limit: u32, period: Duration) -> Self {
        Self { limit: limit.max(1), period, key: None }
    }

    /// For each value of this expression, within a tenant.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// One run for a burst of events, with the last of them, once there is quiet.
#[derive(Debug, Clone)]
pub struct Debounce {
    pub(crate) period: Duration,
    pub(crate) most: Option<Duration>,
    pub(crate) key: Option<Expression>,
}

impl Debounce {
    /// Once nothing came for a `period`.
    pub fn of(period: Duration) -> Self {
        Self { period, most: None, key: None }
    }

    /// But no later than so long after the first.
    #[must_use]
    pub fn most(mut self, most: Duration) -> Self {
        self.most = Some(most);
        self
    }

    /// For each value of this expression, within a tenant.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// One run for several events: its input is the list of their data.
#[derive(Debug, Clone)]
pub struct Batch {
    pub(crate) size: usize,
    pub(crate) within: Duration,
    pub(crate) bytes: usize,
    pub(crate) key: Option<Expression>,
}

impl Batch {
    /// `size` events, or as many as came `within` this time of the first.
    pub fn of(size: usize, within: Duration) -> Self {
        Self { size: size.max(1), within, bytes: 10 << 20, key: None }
    }

    /// No more than so many bytes of data; 10 MiB unless said otherwise.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// For each value of this expression, within a tenant.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// One active run for each value of an expression, within a tenant.
#[derive(Debug, Clone)]
pub struct Singleton {
    pub(crate) key: Option<Expression>,
    pub(crate) newest_wins: bool,
}

impl Singleton {
    /// What comes while one is active is dropped.
    pub fn skip() -> Self {
        Self { key: None, newest_wins: false }
    }

    /// What comes cancels the one that is active.
    pub fn cancel() -> Self {
        Self { key: None, newest_wins: true }
    }

    /// For each value of this expression.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    #[must_use]
    pub fn key(mut self, expression: &str) -> Self {
        self.key = Some(declared(expression));
        self
    }
}

/// One run for each value of an expression, within a tenant and a window of time.
#[derive(Debug, Clone)]
pub struct Idempotency {
    pub(crate) key: Expression,
    pub(crate) window: Duration,
}

impl Idempotency {
    /// For a day.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    pub fn by(expression: &str) -> Self {
        Self { key: declared(expression), window: Duration::from_secs(24 * 3600) }
    }

    /// For so long.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }
}

/// An event that calls a run off.
#[derive(Debug, Clone)]
pub struct CancelOn {
    pub(crate) event: String,
    /// A path that must have the same value in both events.
    pub(crate) same: Option<String>,
    pub(crate) when: Option<Expression>,
}

impl CancelOn {
    /// Any event of this name in the tenant.
    pub fn event(name: &str) -> Self {
        Self { event: name.to_owned(), same: None, when: None }
    }

    /// That has the same value at this path as the run's own event, such as `data.sourceId`.
    #[must_use]
    pub fn same(mut self, path: &str) -> Self {
        self.same = Some(path.to_owned());
        self
    }

    /// For which this expression over `event` and `async` holds.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    #[must_use]
    pub fn when(mut self, expression: &str) -> Self {
        self.when = Some(declared(expression));
        self
    }
}

/// Everything that is declared beside a workflow.
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
