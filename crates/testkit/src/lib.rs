//! The other ends of Campanile, for tests and benchmarks: its [stand-ins](campanile_stand_ins), and
//! the [real binary as a process](server), which can be started, called, killed and restarted.

pub mod server;

pub use campanile_stand_ins::{
    embeddings, github, gitlab, linear, mailbox, model, notion, pagerduty, provider, receiver, sentry, vercel,
};
