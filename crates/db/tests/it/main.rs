//! The conformance of `db`: every claim holds on SQLite and on PostgreSQL.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod dialect;
mod files;
mod groups;
mod migrations;
mod ranges;
mod stretches;
