//! Takes a text apart into the pieces of words that a model knows (WordPiece, as BERT's uncased
//! models have it).
//!
//! A text is lower-cased and loses its accents; words end at spaces and at punctuation; each
//! Chinese character is a word. A word that the vocabulary lacks is its longest beginning that is
//! in it, and so on with the rest. A word of more than a hundred characters is unknown as a whole.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// The longest word that is taken apart, in characters.
const LONGEST_WORD: usize = 100;

/// The vocabulary of a model.
#[derive(Debug)]
pub struct Tokenizer {
    /// By piece; a piece that continues a word begins with `##`.
    pieces: HashMap<Box<str>, u32>,
    unknown: u32,
    begin: u32,
    end: u32,
}

impl Tokenizer {
    /// Reads a `vocab.txt`: a piece in each line, numbered from zero. `None` when one of the
    /// pieces that every model has (`[UNK]`, `[CLS]`, `[SEP]`) is absent.
    pub fn new(vocabulary: &str) -> Option<Self> {
        let lines = vocabulary.lines().zip(0_u32..);
        let pieces: HashMap<Box<str>, u32> = lines.map(|(piece, id)| (piece.into(), id)).collect();
        let id = |piece: &str| pieces.get(piece).copied();
        let (unknown, begin, end) = (id("[UNK]")?, id("[CLS]")?, id("[SEP]")?);
        Some(Self { pieces, unknown, begin, end })
    }

    /// The largest number of a piece, plus one.
    pub(crate) fn size(&self) -> usize {
        self.pieces.values().max().map_or(0, |id| *id as usize + 1)
    }

    /// The pieces of a text between the marks of its begin and end: at most `most` in all.
    pub fn ids(&self, text: &str, most: usize) -> Vec<u32> {
        let room = most.saturating_sub(1);
        let mut ids = vec![self.begin];
        self.each_word(text, |word| {
            self.add(word, &mut ids);
            ids.len() < room
        });
        ids.truncate(room.max(1));
        ids.push(self.end);
        ids
    }

    /// The number of pieces of a text, without the marks.
    pub fn count(&self, text: &str) -> usize {
        let mut ids = Vec::new();
        self.each_word(text, |word| {
            self.add(word, &mut ids);
            true
        });
        ids.len()
    }

    fn add(&self, word: &str, ids: &mut Vec<u32>) {
        let first = ids.len();
        let mut piece = String::new();
        let mut rest = word;
        if word.chars().count() > LONGEST_WORD {
            return ids.push(self.unknown);
        }
        while !rest.is_empty() {
            let is_continued = rest.len() < word.len();
            let ends = rest.char_indices().map(|(at, char)| at + char.len_utf8()).rev();
            let longest = ends.into_iter().find_map(|end| {
                piece.clear();
                piece.push_str(if is_continued { "##" } else { "" });
                piece.push_str(&rest[..end]);
                self.pieces.get(piece.as_str()).map(|id| (*id, end))
            });
            let Some((id, end)) = longest else {
                ids.truncate(first);
                return ids.push(self.unknown);
            };
            ids.push(id);
            rest = &rest[end..];
        }
    }

    /// Calls `take` with each word, until it says that it has enough.
    fn each_word(&self, text: &str, mut take: impl FnMut(&str) -> bool) {
        let mut word = String::new();
        for char in text.chars().filter_map(cleaned).flat_map(spelled) {
            let stands_alone = is_punctuation(char) || is_chinese(char);
            if char == ' ' || stands_alone {
                if !word.is_empty() && !take(&word) {
                    return;
                }
                word.clear();
                if stands_alone && !take(char.encode_utf8(&mut [0; 4])) {
                    return;
                }
                continue;
            }
            word.push(char);
        }
        if !word.is_empty() {
            take(&word);
        }
    }
}

/// A space for any white space; nothing for characters that cannot be seen.
fn cleaned(char: char) -> Option<char> {
    match char {
        '\t' | '\n' | '\r' => Some(' '),
        '\0' | '\u{fffd}' => None,
        _ if char.is_ascii() => (!char.is_ascii_control()).then_some(char),
        _ if char.is_whitespace() => Some(' '),
        _ if char.general_category_group() == GeneralCategoryGroup::Other => None,
        _ => Some(char),
    }
}

/// The character in lower case, without accents.
fn spelled(char: char) -> impl Iterator<Item = char> {
    let ascii = char.is_ascii().then(|| char.to_ascii_lowercase());
    let other = (!char.is_ascii()).then(|| {
        let decomposed = std::iter::once(char).nfd().filter(|char| !is_accent(*char));
        decomposed.flat_map(char::to_lowercase)
    });
    ascii.into_iter().chain(other.into_iter().flatten())
}

fn is_accent(char: char) -> bool {
    !char.is_ascii() && char.general_category() == GeneralCategory::NonspacingMark
}

fn is_punctuation(char: char) -> bool {
    match char.is_ascii() {
        true => char.is_ascii_punctuation(),
        false => char.general_category_group() == GeneralCategoryGroup::Punctuation,
    }
}

/// The blocks of Chinese characters, as the models were trained with them.
fn is_chinese(char: char) -> bool {
    matches!(char,
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2a6df}' | '\u{2a700}'..='\u{2b73f}'
        | '\u{2b740}'..='\u{2b81f}' | '\u{2b820}'..='\u{2ceaf}' | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}')
}
