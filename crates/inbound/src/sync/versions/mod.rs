//! The documents of a source as they were listed and stored: a row each, with the version of its
//! content and the work that is left.
//!
//! The work is written before it is done. So a sync that is interrupted goes on where it was, and a
//! batch takes whatever is left.

pub mod queries;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::{Db, Tx};

use super::plan::{Plan, StoredVersion};
use super::skips::{SkipCounts, SkipReason};
use crate::sources::SourceId;

/// The rows that are written in one transaction.
const TOGETHER: usize = 500;

/// A kind of work that is left for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Its content is fetched and stored.
    Fetch,
    /// It gets another key.
    Move,
    /// It is deleted.
    Delete,
}

/// A document with work that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItem {
    /// Its key.
    pub key: String,
    /// The version that is stored.
    pub version: String,
    /// The version to fetch, or the key to move to; empty for a deletion.
    pub target: String,
}

/// The stored documents of a source.
#[derive(Debug, Default)]
pub struct StoredVersions {
    /// The versions by key.
    pub versions: BTreeMap<String, StoredVersion>,
    /// The reasons of those that are no documents.
    pub skipped: BTreeMap<String, SkipReason>,
}

impl Work {
    /// The word as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Move => "move",
            Self::Delete => "delete",
        }
    }
}

impl StoredVersions {
    /// The reasons of the keys that stay as they are: they are still in no document.
    pub fn skipped_besides(&self, plan: &Plan) -> SkipCounts {
        let fetched = plan.fetch.iter().map(|document| document.key.as_str());
        let worked_on: BTreeSet<&str> = fetched.chain(plan.delete.iter().map(String::as_str)).collect();
        let mut counts = SkipCounts::default();
        self.skipped
            .iter()
            .filter(|(key, _)| !worked_on.contains(key.as_str()))
            .for_each(|(_, reason)| counts.add(*reason));
        counts
    }
}

/// Reads the stored documents of a source.
///
/// # Errors
/// `Unavailable`.
pub async fn stored(db: &Db, organisation: &OrganisationId, source: &SourceId) -> Result<StoredVersions> {
    let (organisation, source) = (organisation.clone(), source.clone());
    let rows = db.read(move |tx| Box::pin(async move { queries::all(tx, &organisation, &source).await }));
    let mut found = StoredVersions::default();
    for (key, version, reason) in rows.await? {
        if let Some(reason) = reason {
            found.skipped.insert(key.clone(), reason);
        }
        found.versions.insert(key, version);
    }
    Ok(found)
}

/// Writes the work of a plan, in several transactions. It may be written again.
///
/// # Errors
/// `Unavailable`.
pub async fn write_plan(db: &Db, organisation: &OrganisationId, source: &SourceId, plan: &Plan) -> Result<()> {
    let of = (organisation.clone(), source.clone());
    db.write(move |tx| Box::pin(async move { queries::clear_work(tx, (&of.0, &of.1)).await })).await?;
    for part in plan.fetch.chunks(TOGETHER) {
        let (of, part) = ((organisation.clone(), source.clone()), part.to_vec());
        db.write(move |tx| Box::pin(async move { queries::want(tx, (&of.0, &of.1), &part).await })).await?;
    }
    for part in plan.moves.chunks(TOGETHER) {
        let (of, part) = ((organisation.clone(), source.clone()), part.to_vec());
        db.write(move |tx| Box::pin(async move { queries::plan_moves(tx, (&of.0, &of.1), &part).await })).await?;
    }
    for part in plan.delete.chunks(TOGETHER) {
        let (of, part) = ((organisation.clone(), source.clone()), part.to_vec());
        db.write(move |tx| Box::pin(async move { queries::plan_deletions(tx, (&of.0, &of.1), &part).await })).await?;
    }
    for (keys, is_missing) in [(&plan.missing, true), (&plan.found_again, false)] {
        for part in keys.chunks(TOGETHER) {
            let (of, part) = ((organisation.clone(), source.clone()), part.to_vec());
            let marked =
                db.write(move |tx| Box::pin(async move { queries::mark(tx, (&of.0, &of.1), &part, is_missing).await }));
            marked.await?;
        }
    }
    Ok(())
}

/// The next documents with this kind of work.
///
/// # Errors
/// `Unavailable`.
pub async fn next(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
    work: Work,
    most: i64,
) -> Result<Vec<WorkItem>> {
    Ok(queries::next(tx, (organisation, source), work, most).await?)
}
