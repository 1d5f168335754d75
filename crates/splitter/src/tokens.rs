//! The size of a text in tokens, estimated.
//!
//! The rule is close to WordPiece on English texts: a word is one token, a longer one has one for
//! every eight characters, and each punctuation mark and each character of a script without spaces
//! is a token. The sizes of pieces are computed by this module alone.

/// The characters of a token within a longer word.
const LONGEST: usize = 8;

/// The number of tokens of a text.
pub fn count(text: &str) -> usize {
    Tokens::of(text).count()
}

/// The tokens of a text: the bytes of each. Between two of them is white space or nothing.
pub(crate) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Tokens<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.find(|c: char| !c.is_whitespace())?;
        let mut characters = self.text[start..].chars();
        let first = characters.next()?;
        let mut end = start + first.len_utf8();
        if is_of_word(first) {
            let same = characters.take(LONGEST - 1).take_while(|c| is_of_word(*c));
            end += same.map(char::len_utf8).sum::<usize>();
        }
        self.at = end;
        Some((start, end))
    }
}

/// True for letters and digits of scripts that put spaces between words.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() && !matches!(u32::from(c), 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0x20000..=0x3FFFF)
}
