//! The memory on real databases, of both kinds.
#![allow(missing_docs, clippy::unwrap_used)]

mod acceptance;
mod clusters;
mod documents;
mod embedding;
mod providers;
mod quality;
mod search;
mod states;
mod understanding;
