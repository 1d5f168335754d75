//! The words of a text, for the reader of times.

use std::ops::Range;

/// A word, in lower case, without punctuation around it.
pub(super) struct Word {
    pub(super) text: String,
    /// Its bytes.
    pub(super) at: Range<usize>,
}

/// The words that are looked at: a time is not named behind so many.
const MOST: usize = 200;

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let begin = text.as_ptr() as usize;
    let word = |part: &'_ str| {
        let trimmed = part.trim_matches(|c: char| !c.is_alphanumeric());
        // A dash between two days is a word.
        let trimmed = if trimmed.is_empty() { part } else { trimmed };
        let start = trimmed.as_ptr() as usize - begin;
        (start, trimmed.len())
    };
    text.split_whitespace()
        .take(MOST)
        .map(|part| {
            let (start, length) = word(part);
            let at = start..start + length;
            Word { text: text[at.clone()].to_lowercase(), at }
        })
        .collect()
}
