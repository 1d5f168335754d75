//! The sync of documents: files of repositories and pages of tools become documents that are
//! searched.
//!
//! # The parts
//! * [`config`]: the file in a repository that says which of its files are documents.
//! * [`paths`]: the rules of that file, and the directories that they can still match.
//! * [`plan`]: the difference between what is stored and what a listing found.
//! * [`skips`]: the reasons why something is in no document.

pub mod config;
pub mod configuration;
pub mod paths;
pub mod plan;
pub mod skips;
pub mod syncs;
pub mod versions;
