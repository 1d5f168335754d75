//! For tests, benchmarks and the demo: the other ends of everything that Campanile talks to.
//!
//! * [`server`]: the real binary as a process, started, asked, killed and started again.
//! * [`provider`]: deliveries, signed as their providers sign them.
//! * [`receiver`]: an HTTP endpoint that records what it is sent.
//! * [`mailbox`]: an SMTP server that keeps what it is given.

pub mod mailbox;
pub mod provider;
pub mod receiver;
pub mod server;
