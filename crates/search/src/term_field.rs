//! The field in which a term stands, and the key under which its passages are listed.

/// The field in which a term stands. Its name is the first byte of the term's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TermField {
    Body,
    Heading,
    /// A tag, which is compared as a whole: `source:github`.
    Tag,
}

impl TermField {
    pub(crate) fn key(self, term: &str) -> Vec<u8> {
        let mut key = Vec::with_capacity(term.len() + 1);
        self.write_key(term, &mut key);
        key
    }

    pub(crate) fn write_key(self, term: &str, key: &mut Vec<u8>) {
        key.clear();
        key.push(match self {
            Self::Body => b'b',
            Self::Heading => b'h',
            Self::Tag => b't',
        });
        key.extend(term.as_bytes());
    }
}
