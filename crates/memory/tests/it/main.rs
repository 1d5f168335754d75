//! The memory on real databases, of both kinds.
#![allow(missing_docs, clippy::unwrap_used)]

mod acceptance;
mod clusters;
mod documents;
mod embedding;
mod quality;
mod search;
mod states;
