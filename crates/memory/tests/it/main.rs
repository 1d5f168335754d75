//! The memory on real databases, of both kinds.
#![allow(missing_docs, clippy::unwrap_used)]

mod acceptance;
mod catalogue;
mod clusters;
mod documents;
mod embedding;
mod joined_clusters;
mod people;
mod providers;
mod quality;
mod retellings;
mod search;
mod states;
mod summaries;
mod together;
mod understanding;
