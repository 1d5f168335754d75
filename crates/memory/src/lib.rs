//! Memory: turns source events into observations. They are scored, classified and connected to the
//! people, commits, branches, issues and deployments that they concern.
//!
//! # The steps
//! Pure functions compute all that depends on the event alone: its
//! [significance](significance::score), its [category and topics](classification), and the
//! [entities](entities) that it names. Then the caller's transaction stores the observation,
//! connects it to earlier ones in the [graph], and records its [actor](actors) and what the [person](people)
//! behind it does. Events of one
//! workspace are connected one at a time, so that two concurrent events see each other.
//!
//! The observation's text becomes [passages], in the same transaction: from its commit on it is
//! found by [`search`]. A little later they get vectors, by [`embedding`].
//!
//! The entities of a workspace are listed by the [catalogue], with the observations that name them.
//! A language model may [read it again](understanding), where a workspace wants it.
//!
//! The state of an issue, a deployment or a project, as far as events tell it, is kept as [`states`]. All
//! events about an issue or a pull request are read as one of the [`threads`].
//! [`documents`] are remembered beside observations: they are split, and their chunks are passages as
//! well.
//!
//! Observations of one thing are gathered in [`clusters`], once they have vectors.
//!
//! An event is remembered once per workspace, by its source id. Events are kept whatever their
//! significance: a dropped event would be missing from the graph.

pub mod actors;
pub mod catalogue;
pub mod classification;
pub mod clusters;
pub mod documents;
pub mod embedding;
pub mod entities;
pub mod graph;
mod jobs;
mod memory;
mod model_view;
mod models;
mod noted;
pub mod observations;
pub mod overview;
mod passages;
pub mod people;
mod remember;
pub mod retention;
pub mod search;
mod segments;
mod serving;
mod settings;
pub mod significance;
pub mod states;
pub mod threads;
pub mod trial;
pub mod understanding;
mod vectors;
pub mod watch;
pub mod workspace_settings;

use campanile_db::Migrations;

pub use embedding::EmbedderSettings;
pub use jobs::register;
pub use memory::Memory;
pub use model_view::ModelView;
pub use models::{ModelChoice, Models};
pub use observations::{ClusterId, Filter, Observation, ObservationDetail, ObservationId};
pub use remember::{RememberOutcome, remember, remember_from_sources};
pub use settings::Settings;

/// The tables of memory.
pub const MIGRATIONS: Migrations = Migrations {
    component: "memory",
    files: &[
        include_str!("../migrations/1_memory.sql"),
        include_str!("../migrations/2_search.sql"),
        include_str!("../migrations/3_documents.sql"),
        include_str!("../migrations/4_vectors.sql"),
        include_str!("../migrations/5_answers.sql"),
        include_str!("../migrations/6_repositories.sql"),
        include_str!("../migrations/7_clusters.sql"),
        include_str!("../migrations/8_models.sql"),
        include_str!("../migrations/9_people.sql"),
        include_str!("../migrations/10_summaries.sql"),
        include_str!("../migrations/11_joined_clusters.sql"),
        include_str!("../migrations/12_brought.sql"),
    ],
};
