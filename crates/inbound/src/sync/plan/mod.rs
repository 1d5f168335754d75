//! The difference between the stored documents of a source and what a listing found: which are
//! fetched, moved and deleted.
//!
//! Pure. A version that is known is not fetched again. A version that is at a new place while the old
//! place is gone has moved. An incomplete listing deletes nothing, and moves nothing, since a place
//! that it does not have may still be there.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

/// A document as its source lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDocument {
    /// Its name in the source: the path of a file, the id of a page.
    pub key: String,
    /// The version of its content: the hash of a file, the time of the last edit of a page.
    pub version: String,
}

/// A document, or a skipped file, as it was stored by an earlier sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVersion {
    /// The version that was read last.
    pub version: String,
    /// False if it was left out, so that there is no document to move.
    pub is_document: bool,
    /// True if the last complete listing did not have it.
    pub is_missing: bool,
}

/// The documents that a listing looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// All of the source.
    Complete,
    /// All of the source, which may hide documents for a while: one that is not listed is deleted when
    /// a second listing does not have it either.
    CompleteIfRepeated,
    /// These keys, completely.
    Keys(BTreeSet<String>),
    /// Some, because the listing was cut.
    Incomplete,
}

/// A document at another place, with the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The old key.
    pub from: String,
    /// The new key.
    pub to: String,
}

/// The work that makes the stored documents equal to the listed ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The documents to fetch.
    pub fetch: Vec<ListedDocument>,
    /// The documents that have moved.
    pub moves: Vec<Move>,
    /// The keys that are gone.
    pub delete: Vec<String>,
    /// The keys that were not listed, and are deleted if the next listing does not have them either.
    pub missing: Vec<String>,
    /// The keys that were missing, and are there again.
    pub found_again: Vec<String>,
    /// The number of documents that are as they were.
    pub unchanged: usize,
}

impl Coverage {
    fn is_known_gone(&self, key: &str) -> bool {
        match self {
            Self::Complete | Self::CompleteIfRepeated => true,
            Self::Keys(keys) => keys.contains(key),
            Self::Incomplete => false,
        }
    }
}

/// Compares what is stored with what was listed.
pub fn plan(stored: &BTreeMap<String, StoredVersion>, listed: Vec<ListedDocument>, coverage: &Coverage) -> Plan {
    let mut plan = Plan::default();
    let there: BTreeSet<&str> = listed.iter().map(|document| document.key.as_str()).collect();
    let gone: Vec<(&String, &StoredVersion)> =
        stored.iter().filter(|(key, _)| !there.contains(key.as_str()) && coverage.is_known_gone(key)).collect();
    let mut places = MovedFrom::of(&gone);
    for document in &listed {
        match stored.get(&document.key) {
            Some(known) => {
                if known.is_missing {
                    plan.found_again.push(document.key.clone());
                }
                match known.version == document.version {
                    true => plan.unchanged += 1,
                    false => plan.fetch.push(document.clone()),
                }
            }
            None => match places.take(document) {
                Some(from) => plan.moves.push(Move { from, to: document.key.clone() }),
                None => plan.fetch.push(document.clone()),
            },
        }
    }
    for (key, known) in gone.into_iter().filter(|(key, _)| !places.taken.contains(key.as_str())) {
        match coverage {
            Coverage::CompleteIfRepeated if !known.is_missing => plan.missing.push(key.clone()),
            _ => plan.delete.push(key.clone()),
        }
    }
    plan
}

/// The places that are gone, by the version that they had.
struct MovedFrom<'s> {
    by_version: BTreeMap<&'s str, Vec<&'s str>>,
    taken: BTreeSet<&'s str>,
}

impl<'s> MovedFrom<'s> {
    fn of(gone: &[(&'s String, &'s StoredVersion)]) -> Self {
        let mut by_version: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, known) in gone.iter().filter(|(_, known)| known.is_document) {
            by_version.entry(known.version.as_str()).or_default().push(key.as_str());
        }
        Self { by_version, taken: BTreeSet::new() }
    }

    /// The place that a document has moved from; one with the same file name if there are several.
    fn take(&mut self, document: &ListedDocument) -> Option<String> {
        let places = self.by_version.get_mut(document.version.as_str())?;
        let name = file_name(&document.key);
        let at = places.iter().position(|place| file_name(place) == name).unwrap_or(0);
        let place = (at < places.len()).then(|| places.remove(at))?;
        self.taken.insert(place);
        Some(place.to_owned())
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
