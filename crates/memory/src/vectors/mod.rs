//! Vectors of passages, as stored, and the range of passages that have them.
//!
//! A vector is made once for a passage and an embedder, and never changes. Vectors have an order of
//! their own: an index in memory takes those in that are behind the last one it has.

mod queries;

use std::ops::Range;

use campanile_accounts::WorkspaceId;
use campanile_db::Tx;
use campanile_embed::Vector;

pub(crate) use queries::{behind, between, delete, head, numbered, progress};

/// The passages that are embedded before the next look at what is new.
const TOGETHER: i64 = 32;

/// The passages that have vectors: a range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) first_no: i64,
    pub(crate) next_no: i64,
}

impl Progress {
    /// The numbers to be embedded next: those behind the range, then those before it. `None` if
    /// there are none.
    pub(crate) fn next(&self, behind_last: i64) -> Option<Range<i64>> {
        match *self {
            Self { next_no, .. } if next_no < behind_last => Some(next_no..behind_last.min(next_no + TOGETHER)),
            Self { first_no, .. } if first_no > 0 => Some((first_no - TOGETHER).max(0)..first_no),
            _ => None,
        }
    }

    fn with(self, numbers: &Range<i64>) -> Self {
        Self { first_no: self.first_no.min(numbers.start), next_no: self.next_no.max(numbers.end) }
    }
}

/// Stores the vectors of a range of passages. Those whose passage was removed meanwhile are left
/// out. Returns false, and stores nothing, if somebody else has moved on meanwhile.
pub(crate) async fn store(
    tx: &mut Tx,
    (workspace, embedder): (&WorkspaceId, &str),
    (before, numbers): (Progress, Range<i64>),
    vectors: &[(u32, Vector)],
) -> campanile_db::Result<bool> {
    queries::begin(tx, workspace, embedder, before).await?;
    let count = vectors.len() as i64;
    let moved = queries::advance(tx, workspace, embedder, (before, before.with(&numbers)), count).await?;
    let Some(next_seq) = moved else { return Ok(false) };
    queries::insert(tx, workspace, embedder, next_seq - count, vectors).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_passages_come_first_and_then_earlier_ones_from_the_newest() {
        let progress = Progress { first_no: 100, next_no: 200 };
        assert_eq!(progress.next(210), Some(200..210));
        assert_eq!(progress.next(1_000), Some(200..232));
        assert_eq!(progress.next(200), Some(68..100));
        assert_eq!(progress.with(&(68..100)), Progress { first_no: 68, next_no: 200 });
        assert_eq!(Progress { first_no: 5, next_no: 9 }.next(9), Some(0..5));
        assert_eq!(Progress { first_no: 0, next_no: 9 }.next(9), None);
    }
}
