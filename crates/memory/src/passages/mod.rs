//! Passages: the pieces of text that search finds.
//!
//! An observation is one passage: its title is the heading, and the first thousand characters of
//! its text are the body. A longer text has up to four further passages. The text is not stored a
//! second time: a passage names its owner and the piece.
//!
//! A passage never changes. It has a number within its workspace, given in order in the transaction
//! that stores it. A removed passage is noted, for the indexes that still have it.

mod queries;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use campanile_accounts::WorkspaceId;
use campanile_base::Result;
use campanile_base::source_event::Reference;
use campanile_db::Tx;
use campanile_search as index;

use crate::observations::{Observation, ObservationId};
use crate::vectors;

pub(crate) use queries::{Head, between, head, numbered, removed_since};

/// The first character of each piece of an observation's text. A piece ends where the next one
/// begins, or at a space soon after; the last one ends with the text, or after its length. The
/// migration that made passages of earlier observations has the same numbers.
const PARTS: [usize; 5] = [0, 1_000, 2_800, 4_600, 6_400];
/// The most passages of an observation.
pub(crate) const MOST_PIECES: usize = PARTS.len();
/// The length of the last piece, in characters.
const LAST: usize = 1_800;
/// A piece is longer by up to so many bytes so that it ends with a word.
const SLACK: usize = 64;

/// A passage with its owner.
#[derive(Debug, Clone)]
pub(crate) struct Passage {
    /// Its number.
    pub(crate) no: u32,
    /// The number of the piece.
    pub(crate) part: usize,
    /// The owner.
    pub(crate) observation: Observation,
    /// The owner's text.
    pub(crate) text: String,
    /// The things that the owner refers to.
    pub(crate) references: Vec<Reference>,
}

impl Passage {
    /// The piece of the text.
    pub(crate) fn body(&self) -> &str {
        piece(&self.text, self.part)
    }

    /// The words by which it can be filtered.
    pub(crate) fn tags(&self) -> Vec<String> {
        let Observation { provider, event_type, category, topics, actor, .. } = &self.observation;
        let first_word = event_type.split('.').next().unwrap_or(event_type);
        let mut tags = vec![
            "kind:observation".to_owned(),
            format!("source:{provider}"),
            format!("type:{event_type}"),
            format!("category:{category}"),
        ];
        if first_word != event_type {
            tags.push(format!("type:{first_word}"));
        }
        tags.extend(topics.iter().map(|topic| format!("topic:{topic}")));
        if let Some(actor) = actor {
            tags.extend([format!("actor:{}", actor.actor_id), format!("actor:{}", actor.told.name)]);
        }
        tags
    }

    /// The text that is indexed with the first piece: the things that the observation refers to,
    /// and does not name in its text.
    fn unnamed_references(&self) -> String {
        let is_named = |id: &str| self.text.contains(id) || self.observation.title.contains(id);
        let ids = self.references.iter().map(|reference| reference.id.as_str()).filter(|id| !is_named(id));
        if self.part == 0 { ids.collect::<Vec<_>>().join(" ") } else { String::new() }
    }

    /// The text that is indexed: the piece, and the things that the observation refers to.
    pub(crate) fn indexed_text(&self) -> Cow<'_, str> {
        let references = self.unnamed_references();
        match references.is_empty() {
            true => self.body().into(),
            false => format!("{}\n{references}", self.body()).into(),
        }
    }

    /// The text of which its vector is made: the title tells what the piece is about.
    pub(crate) fn embedded_text(&self) -> String {
        format!("{}\n{}", self.observation.title, self.body())
    }

    /// Adds it to an index.
    pub(crate) fn give<R>(&self, take: impl FnOnce(&index::Passage<'_>) -> R) -> R {
        let (tags, body) = (self.tags(), self.indexed_text());
        take(&index::Passage {
            no: self.no,
            heading: &self.observation.title,
            body: &body,
            tags: &tags,
            occurred_at: self.observation.occurred_at.as_micros(),
            significance: u8::try_from(self.observation.significance.clamp(0, 100)).unwrap_or(0),
        })
    }
}

/// The number of passages of an observation's text.
fn pieces(text: &str) -> usize {
    let characters = text.chars().count();
    PARTS.iter().filter(|first| characters > **first).count().max(1)
}

/// A piece of a text.
fn piece(text: &str, part: usize) -> &str {
    let begin = PARTS.get(part).map_or(text.len(), |first| border(text, *first));
    let after = match PARTS.get(part + 1) {
        Some(next) => border(text, *next),
        None => border(text, PARTS[PARTS.len() - 1] + LAST),
    };
    &text[begin..after.max(begin)]
}

/// The byte of a character, or of the end of the word in which it stands.
fn border(text: &str, character: usize) -> usize {
    let Some((at, _)) = text.char_indices().nth(character) else { return text.len() };
    let within = |end: &usize| *end <= SLACK;
    match at {
        0 => 0,
        _ => at + text[at..].find(char::is_whitespace).or(Some(text.len() - at)).filter(within).unwrap_or(0),
    }
}

/// Stores the passages of an observation. Returns the numbers of passages in the workspace, before
/// and after.
pub(crate) async fn add(tx: &mut Tx, workspace: &WorkspaceId, id: &ObservationId, text: &str) -> Result<(i64, i64)> {
    let pieces = pieces(text) as i64;
    let after = queries::take_numbers(tx, workspace, pieces).await?;
    queries::insert(tx, workspace, id, after - pieces..after).await?;
    Ok((after - pieces, after))
}

/// Removes the passages of observations of one workspace, and notes it.
pub(crate) async fn remove(tx: &mut Tx, workspace: &str, owners: &[&str]) -> campanile_db::Result<()> {
    let mut gone = Vec::new();
    for owner in owners {
        gone.extend(queries::delete(tx, workspace, owner).await?);
    }
    if !gone.is_empty() {
        vectors::delete(tx, workspace, &gone).await?;
        let after = queries::take_removals(tx, workspace, gone.len() as i64).await?;
        queries::note_removed(tx, workspace, after - gone.len() as i64, &gone).await?;
    }
    Ok(())
}
