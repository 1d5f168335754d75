//! The passages of an observation: its title is the heading, and pieces of its text are the bodies.

use std::borrow::Cow;

use campanile_base::source_event::Reference;

use crate::observations::Observation;

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

/// A piece of an observation's text.
#[derive(Debug, Clone)]
pub(crate) struct ObservationPiece {
    /// The number of the piece.
    pub(crate) part: usize,
    /// The owner.
    pub(crate) observation: Observation,
    /// The owner's text.
    pub(crate) text: String,
    /// The things that the owner refers to.
    pub(crate) references: Vec<Reference>,
    /// The repository of the event; empty if it has none.
    pub(crate) repository: String,
}

impl ObservationPiece {
    pub(super) fn body(&self) -> &str {
        piece(&self.text, self.part)
    }

    pub(super) fn tags(&self) -> Vec<String> {
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

    /// The words for the kind of event, who caused it, and where.
    pub(super) fn facts(&self) -> String {
        let Observation { provider, event_type, actor, .. } = &self.observation;
        // As words: an event is found by `merged` as well as by `pull_request.merged`.
        let event_type = event_type.replace(['.', '_'], " ");
        let actor = actor.as_ref().map_or("", |actor| actor.told.name.as_str());
        [provider, &event_type, actor, &self.repository].join(" ")
    }

    /// The things that the observation refers to, and does not name in its text.
    fn unnamed_references(&self) -> String {
        let is_named = |id: &str| self.text.contains(id) || self.observation.title.contains(id);
        let ids = self.references.iter().map(|reference| reference.id.as_str()).filter(|id| !is_named(id));
        ids.collect::<Vec<_>>().join(" ")
    }

    /// The piece; the first one with the facts of the observation.
    pub(super) fn indexed_text(&self) -> Cow<'_, str> {
        match self.part {
            0 => format!("{}\n{}\n{}", self.body(), self.facts(), self.unnamed_references()).into(),
            _ => self.body().into(),
        }
    }
}

/// The number of passages of an observation's text.
pub(super) fn pieces(text: &str) -> usize {
    let characters = text.chars().count();
    PARTS.iter().filter(|first| characters > **first).count().max(1)
}

/// A piece of a text.
pub(super) fn piece(text: &str, part: usize) -> &str {
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
