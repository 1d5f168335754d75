//! Remembers: turns source events into observations that are scored, classified and tied to the
//! people, commits, branches, issues and deployments that they belong to.
//!
//! # How an event is remembered
//! Everything that can be told from the event alone is told by pure functions: its
//! [significance](significance::score), its [category and topics](classification), the
//! [entities](entities) it names. Then one transaction, the caller's, stores the observation, ties
//! it to earlier ones through the [graph] and notes its [actor](actors). Events of a workspace
//! are tied one at a time, so that two that come together see each other.
//!
//! An event is remembered once per workspace, by its source id. Significance is a note on an
//! observation and never a gate: what is dropped for being dull would be missing from the graph.

pub mod actors;
pub mod classification;
pub mod entities;
pub mod graph;
pub mod observations;
pub mod retention;
pub mod significance;

use campanile_db::Migrations;

pub use observations::{Filter, Observation, ObservationDetail, ObservationId, Remembered, remember};

/// The tables of memory.
pub const MIGRATIONS: Migrations =
    Migrations { component: "memory", files: &[include_str!("../migrations/1_memory.sql")] };
