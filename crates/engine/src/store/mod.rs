//! The SQL of the engine, by subject.

pub(crate) mod clock;
pub(crate) mod events;
pub(crate) mod flow;
pub(crate) mod history;
pub(crate) mod lease;
pub(crate) mod queues;
pub(crate) mod runs;
pub(crate) mod stats;
pub(crate) mod steps;
