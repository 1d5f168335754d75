//! The pillars together, without a server around them, on both databases.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod retention;
