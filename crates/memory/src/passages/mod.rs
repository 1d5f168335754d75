//! Passages: the pieces of text that search finds.
//!
//! An observation is one passage: its title is the heading, and the first thousand characters of
//! its text are the body. A longer text has up to four further passages. That text is not stored a
//! second time: a passage names its owner and the piece. A document is cut into *chunks*, at its
//! headings and paragraphs. The summary of a cluster is a passage as well.
//!
//! A passage never changes. It has a number within its workspace, given in order in the transaction
//! that stores it. A removed passage is noted, for the indexes that still have it.

mod observed;
mod queries;
mod summarised;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use campanile_accounts::WorkspaceId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use campanile_search as index;

use crate::documents::document::{Chunk, Document};
use crate::observations::{ClusterId, ObservationId, ObservedActor};
use crate::vectors;

pub(crate) use observed::{MOST_PIECES, ObservationPiece};
pub(crate) use queries::{Head, between, head, neighbours_of, numbered, numbers_of, removed_since};
pub(crate) use summarised::SummaryPiece;

/// The significance of chunks and summaries, which have none of their own.
const SIGNIFICANCE_OF_OTHERS: i64 = 50;

/// A passage with its owner.
#[derive(Debug, Clone)]
pub(crate) struct Passage {
    /// Its number.
    pub(crate) no: u32,
    /// The owner of the text.
    pub(crate) owner: Owner,
}

/// The owner of a passage, with the piece of its text.
#[derive(Debug, Clone)]
pub(crate) enum Owner {
    /// An observation.
    Observation(Box<ObservationPiece>),
    /// A document.
    Document(Box<(Chunk, Document)>),
    /// A cluster.
    Summary(Box<SummaryPiece>),
}

impl Passage {
    /// The id of the owner.
    pub(crate) fn owner_id(&self) -> &str {
        match &self.owner {
            Owner::Observation(piece) => piece.observation.id.as_str(),
            Owner::Document(owner) => owner.1.id.as_str(),
            Owner::Summary(piece) => &piece.cluster,
        }
    }

    /// The source: a provider, or the kind of source of a document. A summary has that of most of its
    /// observations.
    pub(crate) fn source(&self) -> &str {
        match &self.owner {
            Owner::Observation(piece) => &piece.observation.provider,
            Owner::Document(owner) => &owner.1.source,
            Owner::Summary(piece) => piece.sources.first().map_or("", String::as_str),
        }
    }

    /// The heading: a title, and the headings under which the piece stands.
    pub(crate) fn heading(&self) -> Cow<'_, str> {
        match &self.owner {
            Owner::Observation(piece) => piece.observation.title.as_str().into(),
            Owner::Document(owner) => owner.0.headings.join(" › ").into(),
            Owner::Summary(piece) => piece.title.as_str().into(),
        }
    }

    /// The piece of the text.
    pub(crate) fn body(&self) -> &str {
        match &self.owner {
            Owner::Observation(piece) => piece.body(),
            Owner::Document(owner) => &owner.0.text,
            Owner::Summary(piece) => &piece.text,
        }
    }

    /// The text that is indexed: the piece, and the things that the owner refers to.
    pub(crate) fn indexed_text(&self) -> Cow<'_, str> {
        match &self.owner {
            Owner::Observation(piece) => piece.indexed_text(),
            Owner::Document(owner) => owner.0.text.as_str().into(),
            Owner::Summary(piece) => piece.text.as_str().into(),
        }
    }

    /// The words for the kind of event, who caused it, and where; none for documents and summaries.
    pub(crate) fn facts(&self) -> String {
        match &self.owner {
            Owner::Observation(piece) => piece.facts(),
            Owner::Document(_) | Owner::Summary(_) => String::new(),
        }
    }

    /// The time of the event, or the time at which the text was stored.
    pub(crate) fn occurred_at(&self) -> Timestamp {
        match &self.owner {
            Owner::Observation(piece) => piece.observation.occurred_at,
            Owner::Document(owner) => owner.0.stored_at,
            Owner::Summary(piece) => piece.last_at,
        }
    }

    /// The importance, from 0 to 100.
    pub(crate) fn significance(&self) -> i64 {
        match &self.owner {
            Owner::Observation(piece) => piece.observation.significance,
            Owner::Document(_) | Owner::Summary(_) => SIGNIFICANCE_OF_OTHERS,
        }
    }

    /// The category of an observation; empty for others.
    pub(crate) fn category(&self) -> &str {
        match &self.owner {
            Owner::Observation(piece) => &piece.observation.category,
            Owner::Document(_) | Owner::Summary(_) => "",
        }
    }

    /// The cluster of an observation.
    pub(crate) fn cluster_id(&self) -> Option<&ClusterId> {
        match &self.owner {
            Owner::Observation(piece) => piece.observation.cluster_id.as_ref(),
            Owner::Document(_) | Owner::Summary(_) => None,
        }
    }

    /// The person who caused the event.
    pub(crate) fn actor(&self) -> Option<&ObservedActor> {
        match &self.owner {
            Owner::Observation(piece) => piece.observation.actor.as_ref(),
            Owner::Document(_) | Owner::Summary(_) => None,
        }
    }

    /// The words by which it can be filtered. Only what never changes: the place of a document is
    /// looked up when a search asks for it.
    pub(crate) fn tags(&self) -> Vec<String> {
        match &self.owner {
            Owner::Observation(piece) => piece.tags(),
            Owner::Summary(piece) => piece.tags(),
            Owner::Document(owner) => {
                let Document { id, source, format, .. } = &owner.1;
                let kind = ["kind:chunk".to_owned(), "type:document".to_owned(), format!("type:document.{format}")];
                kind.into_iter().chain([format!("source:{source}"), format!("document:{id}")]).collect()
            }
        }
    }

    /// The text of which its vector is made: the title tells what the piece is about.
    pub(crate) fn embedded_text(&self) -> String {
        format!("{}\n{}", self.heading(), self.body())
    }

    /// Adds it to an index.
    pub(crate) fn give<R>(&self, take: impl FnOnce(&index::Passage<'_>) -> R) -> R {
        let (tags, heading, body) = (self.tags(), self.heading(), self.indexed_text());
        take(&index::Passage {
            no: self.no,
            heading: &heading,
            body: &body,
            tags: &tags,
            occurred_at: self.occurred_at().as_micros(),
            significance: u8::try_from(self.significance().clamp(0, 100)).unwrap_or(0),
        })
    }
}

/// A chunk to be stored.
#[derive(Debug)]
pub(crate) struct NewChunk<'c> {
    /// Its identity within the document.
    pub(crate) hash: &'c str,
    /// The title of the document, and the headings under which it stands.
    pub(crate) headings: &'c [String],
    /// Its text.
    pub(crate) text: &'c str,
    /// Its bytes in the document's text.
    pub(crate) body: (i64, i64),
    /// Its size.
    pub(crate) tokens: i64,
}

/// Stores the passages of observations with these texts. Returns the numbers of passages in the
/// workspace, before and after.
pub(crate) async fn add<'o>(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    observations: impl IntoIterator<Item = (&'o ObservationId, &'o str)>,
) -> Result<(i64, i64)> {
    let pieces =
        |(id, text): (&'o ObservationId, &str)| (0..observed::pieces(text) as i64).map(|part| (id.as_str(), part));
    let parts: Vec<(&str, i64)> = observations.into_iter().flat_map(pieces).collect();
    let after = queries::take_numbers(tx, workspace, parts.len() as i64).await?;
    let before = after - parts.len() as i64;
    queries::insert(tx, workspace, "observation", before, &parts).await?;
    Ok((before, after))
}

/// Stores the passage of a cluster's summary in place of the one before. Returns the numbers of passages
/// in the workspace, before and after.
pub(crate) async fn replace_summary(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    cluster: &str,
) -> campanile_db::Result<(i64, i64)> {
    remove(tx, workspace.as_str(), &[cluster]).await?;
    let after = queries::take_numbers(tx, workspace, 1).await?;
    queries::insert(tx, workspace, "summary", after - 1, &[(cluster, 0)]).await?;
    Ok((after - 1, after))
}

/// Stores chunks of a document. Returns the numbers of passages in the workspace, before and after.
pub(crate) async fn add_chunks(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    document: &Document,
    chunks: &[NewChunk<'_>],
) -> Result<(i64, i64)> {
    if chunks.is_empty() {
        return Ok((0, 0));
    }
    let after = queries::take_numbers(tx, workspace, chunks.len() as i64).await?;
    let before = after - chunks.len() as i64;
    queries::insert_chunks(tx, workspace, document, before, chunks).await?;
    Ok((before, after))
}

/// Removes chunks by their numbers, and notes it.
pub(crate) async fn remove_chunks(tx: &mut Tx, workspace: &WorkspaceId, numbers: &[i64]) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    queries::delete_chunks(tx, workspace, numbers).await?;
    Ok(leave(tx, workspace.as_str(), numbers).await?)
}

/// Removes the passages of observations or clusters of one workspace, and notes it.
pub(crate) async fn remove(tx: &mut Tx, workspace: &str, owners: &[&str]) -> campanile_db::Result<()> {
    let mut gone = Vec::new();
    for owner in owners {
        gone.extend(queries::delete(tx, workspace, owner).await?);
    }
    if gone.is_empty() { Ok(()) } else { leave(tx, workspace, &gone).await }
}

/// Removes the vectors of passages that are gone, and notes the removal.
async fn leave(tx: &mut Tx, workspace: &str, gone: &[i64]) -> campanile_db::Result<()> {
    vectors::delete(tx, workspace, gone).await?;
    let after = queries::take_removals(tx, workspace, gone.len() as i64).await?;
    queries::note_removed(tx, workspace, after - gone.len() as i64, gone).await
}
