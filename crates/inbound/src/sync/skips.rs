//! The reasons why something of a source is in no document, and how often each was met.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reason why a file, a page or a part of a page is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// A link to another file.
    Symlink,
    /// Another repository within the repository.
    Submodule,
    /// A pointer to a file that Git LFS keeps elsewhere.
    LfsPointer,
    /// A file or page that is larger than a document may be, or has too many passages.
    TooLarge,
    /// A file that is no text.
    Binary,
    /// A file or page without text.
    Empty,
    /// Code that a program has written.
    Generated,
    /// A path or name that is too long, or has control characters.
    BadName,
    /// A file or page that was listed and could not be read a moment later.
    Gone,
    /// A kind of block without a form in Markdown.
    UnsupportedBlock,
    /// A part of a page that is not shared with the integration.
    NotShared,
    /// A part of a page that stands below too many others.
    TooDeep,
    /// The blocks of a page beyond the most that are read.
    TooManyBlocks,
    /// The words of a recorded meeting; its summary and notes are read.
    Transcript,
    /// Any other reason; the log names it.
    Unreadable,
}

impl SkipReason {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Symlink,
        Self::Submodule,
        Self::LfsPointer,
        Self::TooLarge,
        Self::Binary,
        Self::Empty,
        Self::Generated,
        Self::BadName,
        Self::Gone,
        Self::UnsupportedBlock,
        Self::NotShared,
        Self::TooDeep,
        Self::TooManyBlocks,
        Self::Transcript,
        Self::Unreadable,
    ];

    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Symlink => "symlink",
            Self::Submodule => "submodule",
            Self::LfsPointer => "lfs_pointer",
            Self::TooLarge => "too_large",
            Self::Binary => "binary",
            Self::Empty => "empty",
            Self::Generated => "generated",
            Self::BadName => "bad_name",
            Self::Gone => "gone",
            Self::UnsupportedBlock => "unsupported_block",
            Self::NotShared => "not_shared",
            Self::TooDeep => "too_deep",
            Self::TooManyBlocks => "too_many_blocks",
            Self::Transcript => "transcript",
            Self::Unreadable => "unreadable",
        }
    }

    /// The reason of this word; `Unreadable` for a word of a later version.
    pub fn from_stored(word: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word).unwrap_or(Self::Unreadable)
    }
}

/// The number of things that were left out, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkipCounts(BTreeMap<SkipReason, u64>);

impl SkipCounts {
    /// Counts one.
    pub fn add(&mut self, reason: SkipReason) {
        *self.0.entry(reason).or_default() += 1;
    }

    /// Adds the counts of `others`.
    pub fn add_all(&mut self, others: &Self) {
        for (reason, number) in &others.0 {
            *self.0.entry(*reason).or_default() += number;
        }
    }

    /// The number for a reason.
    pub fn of(&self, reason: SkipReason) -> u64 {
        self.0.get(&reason).copied().unwrap_or(0)
    }

    /// True if nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
