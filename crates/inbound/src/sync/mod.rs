//! The sync of documents: files of repositories and pages of tools become documents that are
//! searched.
//!
//! # A sync
//! 1. The source is listed, and the listing is compared with what is stored. The work that follows is
//!    written down: which documents are fetched, moved and deleted.
//! 2. Documents that have moved get their new place. Others are fetched in batches, and each is stored
//!    with its passages before it counts.
//! 3. Documents that are gone are deleted, last.
//!
//! A listing that was cut deletes nothing. Whatever interrupts a sync, the work that is written down
//! is gone on with, or found again by the next one. The application composes these steps, since the
//! documents are kept by the memory.
//!
//! # The parts
//! * [`config`]: the file in a repository that says which of its files are documents.
//! * [`paths`]: the rules of that file, and the directories that they can still match.
//! * [`plan`]: the difference between what is stored and what a listing found.
//! * [`versions`]: the documents of a source, with the version that is stored and the work that is left.
//! * [`configuration`]: the finding about the configuration file, and the last complete sync.
//! * [`syncs`]: each sync, with what it found and did.
//! * [`skips`]: the reasons why something is in no document.
//! * [`removal`]: the end of all this, with the source.

pub mod config;
pub mod configuration;
pub mod paths;
pub mod plan;
pub mod removal;
pub mod skips;
pub mod syncs;
pub mod versions;
