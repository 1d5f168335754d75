//! The engine on real databases: jobs run once, come back after a crash, and end as told.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod jobs;
