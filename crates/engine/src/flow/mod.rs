//! Flow control: which runs there are at all, and how they are kept apart.
//!
//! What is decided when a run is asked for stands in [`admission`], in this order: idempotency,
//! rate limit, singleton, debounce or batch. What is decided when one starts (concurrency, throttle,
//! priority, fairness) is the machine's. Expressions over events are CEL.

pub(crate) mod admission;
mod cron;
mod expression;
mod options;

#[cfg(test)]
mod tests;

pub use cron::{Cron, Missed};
pub use expression::Expression;
pub use options::{Batch, CancelOn, Debounce, Hold, Idempotency, Limit, RateLimit, Scope, Singleton, Throttled};
pub(crate) use options::{Options, Trigger, declared};
