//! The memory on real databases, of both kinds.
#![allow(missing_docs, clippy::unwrap_used)]

mod search;
mod states;
