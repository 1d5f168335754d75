//! Stand-ins for what Campanile talks to: for `campanile demo`, tests and benchmarks.
//!
//! * [`provider`]: deliveries, signed as their providers sign them.
//! * [`receiver`]: an HTTP endpoint that records the requests it gets.
//! * [`model`]: a language model that writes what it is told to, or fails in one of many ways.
//! * [`mailbox`]: an SMTP server that keeps the mails it gets.

pub mod mailbox;
pub mod model;
pub mod provider;
pub mod receiver;
