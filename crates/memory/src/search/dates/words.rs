//! The words of a text, for the reader of times.

use std::ops::Range;

/// A word, in lower case, without punctuation around it.
pub(super) struct Word {
    pub(super) text: String,
    /// Its bytes.
    pub(super) at: Range<usize>,
    /// True if it begins with a capital.
    pub(super) is_capital: bool,
    /// True behind a minus: `-yesterday`.
    pub(super) is_negated: bool,
}

/// The words that are looked at: a time is not named behind so many.
const MOST: usize = 200;

/// The words of a text. `3-7` is three words, and `week's` is `week`.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for part in text.split_whitespace().take(MOST) {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        match two_numbers(part) {
            Some(dash) => {
                let behind = dash + part[dash..].chars().next().map_or(1, char::len_utf8);
                for range in [0..dash, dash..behind, behind..part.len()] {
                    words.push(word(text, start + range.start..start + range.end));
                }
            }
            None => words.push(word(text, start..start + part.len())),
        }
    }
    words
}

/// The byte of the dash between two numbers of one or two digits.
fn two_numbers(part: &str) -> Option<usize> {
    let dash = part.find(['-', '–'])?;
    let behind = dash + part[dash..].chars().next().map_or(1, char::len_utf8);
    let is_number = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(&part[..dash]) && is_number(part[behind..].trim_end_matches([',', '?', '.']))).then_some(dash)
}

fn word(text: &str, part: Range<usize>) -> Word {
    let whole = &text[part.clone()];
    let trimmed = whole.trim_matches(|c: char| !c.is_alphanumeric());
    // A dash between two days is a word.
    let trimmed = if trimmed.is_empty() { whole } else { trimmed };
    let start = trimmed.as_ptr() as usize - text.as_ptr() as usize;
    let bare = trimmed.strip_suffix("'s").or_else(|| trimmed.strip_suffix("’s")).unwrap_or(trimmed);
    // `#3`, `$20` and `30%` are no days.
    let has_sign = whole.contains(['#', '$', '€', '£', '%', '@', '/', '\\']);
    Word {
        text: if has_sign { whole } else { bare }.to_lowercase(),
        at: start..start + trimmed.len(),
        is_capital: bare.starts_with(char::is_uppercase),
        is_negated: whole.len() > 1 && whole.starts_with('-'),
    }
}
