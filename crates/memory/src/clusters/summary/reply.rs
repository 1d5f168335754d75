//! The reply of a language model that was to write a summary, read and checked. Pure.
//!
//! A text that cannot be a summary of the events is refused as a whole: then sentences of the events serve.

use std::collections::HashSet;

use campanile_base::plain_text::one_line;
use campanile_base::source_event::cut;
use campanile_models::json_object;
use campanile_search::terms::Splitter;
use serde::Deserialize;

use super::{LONGEST, SummaryInput};
use crate::clusters::assignment::words;

/// A summary of whose words fewer than this share stand in the events is about something else.
const SHARED: f32 = 0.2;
/// The fewest words of a summary.
const FEWEST_WORDS: usize = 4;

/// The reason for which a reply is no summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnusableReply {
    #[error("the reply is no JSON object with a summary")]
    Unreadable,
    #[error("the summary has hardly a word")]
    Empty,
    #[error("the summary has marks or addresses")]
    Marked,
    #[error("the summary says something else than the events")]
    Unsupported,
}

impl UnusableReply {
    /// The word in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Empty => "empty",
            Self::Marked => "marked",
            Self::Unsupported => "unsupported",
        }
    }
}

#[derive(Deserialize)]
struct SummaryReply {
    summary: String,
}

/// The summary of a reply, in one line of at most 500 characters.
pub(super) fn summary(reply: &str, input: &SummaryInput) -> Result<String, UnusableReply> {
    let SummaryReply { summary } = serde_json::from_str(json_object(reply)).map_err(|_| UnusableReply::Unreadable)?;
    let text = one_line(&summary);
    if text.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).count() < FEWEST_WORDS {
        return Err(UnusableReply::Empty);
    }
    if is_marked(&text) {
        return Err(UnusableReply::Marked);
    }
    if shared(&text, input) < SHARED {
        return Err(UnusableReply::Unsupported);
    }
    Ok(within(&text))
}

/// True if a text has a tag, the mark of a fence, an address or a link.
fn is_marked(text: &str) -> bool {
    let has_tag = text.match_indices('<').any(|(at, _)| {
        text[at + 1..].chars().next().is_some_and(|next| next.is_ascii_alphabetic() || next == '/' || next == '!')
    });
    has_tag || ["://", "](", "```"].iter().any(|mark| text.contains(mark))
}

/// The share of a text's words that stand in the events.
fn shared(text: &str, input: &SummaryInput) -> f32 {
    let mut splitter = Splitter::default();
    let said = words::terms(&mut splitter, text, "");
    let mut known: HashSet<String> = HashSet::new();
    for event in &input.texts {
        known.extend(words::terms(&mut splitter, &event.title, &event.body).into_keys());
    }
    let both = said.keys().filter(|word| known.contains(*word)).count();
    if said.is_empty() { 0.0 } else { both as f32 / said.len() as f32 }
}

/// The whole sentences that fit; the begin of the first one if it does not.
fn within(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(LONGEST) else { return text.to_owned() };
    let spaces = text.match_indices(' ').map(|(at, _)| at).take_while(|at| *at <= end);
    let last_end = spaces.filter(|at| text[..*at].ends_with(['.', '!', '?', '…'])).last();
    last_end.map_or_else(|| cut(text, LONGEST), |at| text[..at].to_owned())
}
