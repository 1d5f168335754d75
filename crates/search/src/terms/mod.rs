//! The words of a text, in the form in which the index stores them and a query asks for them.
//!
//! A *word* is a run of letters, digits and `_`, joined by single `. / : # @ -` inside. Each word
//! gives several terms, so that it is found by all forms in which people write it:
//!
//! | text | terms |
//! |---|---|
//! | `Deployments failed` | `deploy`, `fail` (stemmed) |
//! | `ABC-123` | `abc`, `123`, `abc-123` |
//! | `src/db/tx.rs` | `src`, `db`, `tx`, `rs`, `src/db/tx.rs` |
//! | `getUserID` | `get`, `user`, `id`, `getuserid` |
//! | `#42`, `@jane` | `42`, `#42`; `jane`, `@jane` |
//! | `9fceb02d0ae5` | the word, and `sha:9fceb02`, which its short form has too |
//! | `検索結果` | `検索`, `索結`, `結果` (pairs of characters) |
//!
//! Letters are compared without case, compatibility forms (`ﬁ`) and Latin accents.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;

/// The characters that join the parts of a word.
const JOINERS: &[char] = &['.', '/', ':', '#', '@', '-'];
/// Longer terms are cut.
const MOST_BYTES: usize = 64;
/// Longer numbers are cut: they are data, and nobody asks for them by their last digits.
const MOST_DIGITS: usize = 12;
/// The most parts of a word. A longer path is found by its first parts.
const MOST_PARTS: usize = 32;
/// The digits of a commit that stand for all of it.
const SHORT_SHA: usize = 7;
const LONGEST_SHA: usize = 40;

/// Words that carry no meaning of their own. They are indexed, but not asked for if a query has
/// others.
const STOP_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "did", "do", "does", "for", "from", "had", "has",
    "have", "how", "i", "if", "in", "into", "is", "it", "its", "of", "on", "or", "our", "so", "that", "the", "their",
    "then", "there", "these", "this", "to", "was", "we", "were", "what", "when", "where", "which", "who", "why",
    "will", "with", "you",
];

/// Words with which a question begins.
const QUESTION_WORDS: &[&str] = &[
    "what", "which", "who", "whom", "whose", "when", "where", "how", "why", "is", "are", "was", "were", "did", "do",
    "does", "has", "have", "can", "show", "tell", "list", "find", "give",
];
/// Words by which people ask, and which no passage is about.
const ASKING_WORDS: &[&str] = &[
    "about",
    "all",
    "any",
    "anything",
    "currently",
    "everything",
    "find",
    "give",
    "happen",
    "happened",
    "happening",
    "list",
    "me",
    "now",
    "please",
    "show",
    "tell",
    "there",
    "us",
    "whose",
    "whom",
];

/// One term of a text, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term<'t> {
    /// The term.
    pub text: &'t str,
    /// The number of the word in the text.
    pub position: u32,
    /// The word's bytes in the text.
    pub start: usize,
    /// The end of the word's bytes.
    pub end: usize,
}

/// True if a word carries no meaning of its own.
pub fn is_stop_word(word: &str) -> bool {
    word.len() <= 5 && STOP_WORDS.contains(&word.to_lowercase().as_str())
}

/// True if a text begins as a question does.
pub(crate) fn is_question(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default().to_lowercase();
    QUESTION_WORDS.contains(&first.as_str())
}

/// True if a question is not about this word.
pub(crate) fn is_asking_word(word: &str) -> bool {
    ASKING_WORDS.contains(&word.to_lowercase().as_str())
}

/// True if a word is an identifier: it has digits, joiners, `_`, or capitals inside.
pub fn is_identifier(word: &str) -> bool {
    let is_inside = |(n, c): (usize, char)| c.is_ascii_digit() || c == '_' || n > 0 && c.is_uppercase();
    word.starts_with(['#', '@']) || word.contains(JOINERS) || word.char_indices().any(is_inside)
}

/// The normal form of a tag or of another text that is compared as a whole.
pub fn folded(text: &str) -> String {
    let mut folded = String::new();
    fold(text, &mut folded);
    folded
}

/// Splits texts into terms. Keeps its buffers from text to text.
pub struct Splitter {
    stemmer: Stemmer,
    /// The first bytes of the terms that are looked for; `None` for all.
    beginnings: Option<Vec<Vec<u8>>>,
    part: String,
    whole: String,
}

impl Default for Splitter {
    fn default() -> Self {
        let stemmer = Stemmer::create(Algorithm::English);
        Self { stemmer, beginnings: None, part: String::new(), whole: String::new() }
    }
}

/// A stem begins as its word does, with so many bytes.
const BEGINNING: usize = 2;

impl Splitter {
    /// For finding these terms in a text. Words that begin with other letters are not stemmed, which
    /// is most of the work; no term of theirs is one of these.
    pub fn looking_for<'t>(terms: impl Iterator<Item = &'t str>) -> Self {
        let mut beginnings: Vec<Vec<u8>> = terms.map(|term| term.bytes().take(BEGINNING).collect()).collect();
        beginnings.sort_unstable();
        beginnings.dedup();
        Self { beginnings: Some(beginnings), ..Self::default() }
    }

    /// Gives each term of a text to `take`, in order. Returns the number of words.
    pub fn split(&mut self, text: &str, take: &mut dyn FnMut(&Term<'_>)) -> u32 {
        let (mut rest, mut position) = (0, 0);
        while let Some((word, next)) = next_word(text, rest) {
            match word.is_paired {
                true => position = pairs(text, &word, position, take),
                false => {
                    self.word(text, &word, position, take);
                    position += 1;
                }
            }
            rest = next;
        }
        position
    }

    fn word(&mut self, text: &str, word: &Word, position: u32, take: &mut dyn FnMut(&Term<'_>)) {
        let written = &text[word.start..word.end];
        let mut give = |term: &str| take(&Term { text: term, position, start: word.start, end: word.end });
        let mut parts = written.split(|c: char| !is_word_character(c) || c == '_').filter(|part| !part.is_empty());
        let mut count = 0;
        for part in parts.by_ref().take(MOST_PARTS) {
            count += 1;
            self.part(part, &mut give);
        }
        if count > 1 || written.starts_with(['#', '@']) {
            fold(written, &mut self.whole);
            give(cut(&self.whole, MOST_BYTES));
        }
        if let Some(short) = short_sha(written) {
            self.whole.clear();
            self.whole.push_str("sha:");
            self.whole.extend(short.chars().map(|c| c.to_ascii_lowercase()));
            give(&self.whole);
        }
    }

    /// A part between joiners: its pieces by capitals and digits, and itself.
    fn part(&mut self, part: &str, give: &mut dyn FnMut(&str)) {
        let mut pieces = Pieces(part);
        let first = pieces.next().unwrap_or_default();
        if first.len() == part.len() {
            return self.piece(part, give);
        }
        for piece in std::iter::once(first).chain(pieces).filter(|piece| piece.chars().nth(1).is_some()) {
            self.piece(piece, give);
        }
        fold(part, &mut self.part);
        give(cut(&self.part, MOST_BYTES));
    }

    fn piece(&mut self, piece: &str, give: &mut dyn FnMut(&str)) {
        fold(piece, &mut self.part);
        if self.part.is_empty() {
            return;
        }
        if self.part.bytes().all(|byte| byte.is_ascii_digit()) {
            return give(cut(&self.part, MOST_DIGITS));
        }
        let is_sought = |beginning: &Vec<u8>| self.part.as_bytes().starts_with(beginning);
        let is_stemmed = self.beginnings.as_ref().is_none_or(|beginnings| beginnings.iter().any(is_sought));
        match is_stemmed && self.part.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            true => match self.stemmer.stem(cut(&self.part, MOST_BYTES)) {
                Cow::Borrowed(stem) => give(stem),
                Cow::Owned(stem) => give(&stem),
            },
            false => give(cut(&self.part, MOST_BYTES)),
        }
    }
}

/// A word's bytes. `is_paired` for scripts that are written without spaces.
struct Word {
    start: usize,
    end: usize,
    is_paired: bool,
}

/// The next word from a byte on, and the byte behind it.
fn next_word(text: &str, from: usize) -> Option<(Word, usize)> {
    let rest = &text[from..];
    let (offset, first) = rest.char_indices().find(|(_, c)| is_word_character(*c))?;
    let begin = from + offset;
    if is_unspaced(first) {
        let len = text[begin..].find(|c| !is_unspaced(c)).unwrap_or(text.len() - begin);
        return Some((Word { start: begin, end: begin + len, is_paired: true }, begin + len));
    }
    let end = word_end(text, begin);
    // `#42` and `@jane`, unless the sign joins two words.
    let mark = text[..begin].chars().next_back().filter(|c| matches!(c, '#' | '@') && offset > 0);
    let start = begin - mark.map_or(0, char::len_utf8);
    Some((Word { start, end, is_paired: false }, end))
}

fn word_end(text: &str, begin: usize) -> usize {
    let mut end = begin;
    let mut characters = text[begin..].char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let is_inside = match characters.peek() {
            _ if is_word_character(c) && !is_unspaced(c) => true,
            Some((_, next)) => JOINERS.contains(&c) && is_word_character(*next) && !is_unspaced(*next),
            None => false,
        };
        if !is_inside {
            break;
        }
        end = begin + at + c.len_utf8();
    }
    end
}

/// The pairs of neighbouring characters of a run; the character itself if it is alone.
fn pairs(text: &str, run: &Word, mut position: u32, take: &mut dyn FnMut(&Term<'_>)) -> u32 {
    let starts: Vec<usize> = text[run.start..run.end].char_indices().map(|(at, _)| run.start + at).collect();
    for (n, &start) in starts.iter().enumerate().take(starts.len().saturating_sub(1).max(1)) {
        let end = starts.get(n + 2).copied().unwrap_or(run.end);
        take(&Term { text: &folded(&text[start..end]), position, start, end });
        position += 1;
    }
    position
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c)
}

/// True for characters of scripts that are written without spaces: Han, Hiragana, Katakana, Hangul
/// and Thai.
fn is_unspaced(c: char) -> bool {
    matches!(c as u32, 0x0E00..=0x0E7F | 0x1100..=0x11FF | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Writes the compared form of a text: lower case, compatibility forms resolved, without the accents
/// of Latin, Greek and Cyrillic letters.
fn fold(text: &str, folded: &mut String) {
    folded.clear();
    if text.is_ascii() {
        return folded.extend(text.bytes().map(|byte| byte.to_ascii_lowercase() as char));
    }
    let is_accent = |c: &char| matches!(*c as u32, 0x0300..=0x036F);
    folded.extend(text.nfkd().flat_map(char::to_lowercase).nfkd().filter(|c| !is_accent(c)).nfc());
}

/// The first seven digits of a commit: 7 to 40 hexadecimal digits with at least one letter and one
/// decimal digit.
fn short_sha(word: &str) -> Option<&str> {
    let is_sha = (SHORT_SHA..=LONGEST_SHA).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_sha.then(|| &word[..SHORT_SHA])
}

/// A text's first bytes, up to a border of characters.
fn cut(text: &str, most: usize) -> &str {
    match text.len() <= most {
        true => text,
        false => &text[..(0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)],
    }
}

/// The pieces of a part, by capitals and digits: `HTTPServer2` is `HTTP`, `Server`, `2`.
struct Pieces<'t>(&'t str);

#[derive(PartialEq, Clone, Copy)]
enum Class {
    Upper,
    Lower,
    Digit,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            _ if c.is_numeric() => Self::Digit,
            _ if c.is_uppercase() => Self::Upper,
            _ => Self::Lower,
        }
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let mut characters = self.0.char_indices();
        let mut before = Class::of(characters.next()?.1);
        let (mut upper_from, mut end) = (None, self.0.len());
        for (at, c) in characters {
            let class = Class::of(c);
            let is_border = match (before, class) {
                (Class::Upper, Class::Lower) => {
                    // The last capital begins the next piece: `HTTPServer`.
                    if let Some(start) = upper_from {
                        end = start;
                        break;
                    }
                    false
                }
                (one, other) => one != other,
            };
            if is_border {
                end = at;
                break;
            }
            upper_from = (class == Class::Upper).then_some(at);
            before = class;
        }
        let (piece, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(piece)
    }
}
