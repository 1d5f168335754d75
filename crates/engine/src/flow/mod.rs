//! Flow control: which requests become runs, and how runs are kept apart.
//!
//! The checks on a request are in [`admission`], in this order: idempotency, rate limit, debounce,
//! batch, singleton. The checks at the start of a run (concurrency, throttle, priority, fairness)
//! belong to the machine. Expressions over events are written in CEL.

pub(crate) mod admission;
mod cron;
mod expression;
mod options;
mod throttle;

#[cfg(test)]
mod tests;

pub use cron::{Cron, Missed};
pub use expression::Expression;
pub use options::{Batch, CancelOn, Debounce, Hold, Idempotency, Limit, RateLimit, Scope, Singleton, Throttled};
pub(crate) use options::{Options, Trigger, declared};
pub(crate) use throttle::Throttle;
