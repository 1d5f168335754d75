//! Vectors of passages, as stored, and the ranges of passages that have them.
//!
//! A vector is made once for a passage and an embedder, and never changes. Vectors have an order of
//! their own: an index in memory takes those in that are behind the last one it has.

mod queries;

use std::ops::Range;

use campanile_accounts::WorkspaceId;
use campanile_db::Tx;
use campanile_embed::Vector;
use serde::{Deserialize, Serialize};

pub(crate) use queries::{behind, between, delete, numbered, progress};

/// The passages that are embedded before the next look at what is new.
const TOGETHER: i64 = 32;
/// More new passages than these do not keep the newest waiting: they are embedded from its end on.
const FEW: i64 = 128;
/// The vectors that are removed at a time.
const FORGOTTEN: i64 = 2_000;
/// The most ranges. With as many, new passages wait for their turn.
const MOST_RANGES: usize = 64;

/// The passages that have vectors: ranges of numbers, in order, with passages between them that have
/// none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Progress(Vec<(i64, i64)>);

impl Progress {
    /// The numbers to be embedded next. `None` if there are none below `behind_last`.
    ///
    /// First those that are new, in order; of many, the newest. Then what was left out, from the
    /// newest on.
    pub(crate) fn next(&self, behind_last: i64) -> Option<Range<i64>> {
        let reached = self.reached();
        let is_long = behind_last - reached > FEW && self.0.len() < MOST_RANGES;
        if reached < behind_last && !is_long {
            return Some(reached..behind_last.min(reached + TOGETHER));
        }
        let until = if reached < behind_last { behind_last } else { self.0.last()?.0 };
        if until == 0 {
            return None;
        }
        let before = self.0.iter().rev().map(|range| range.1).find(|end| *end < until).unwrap_or(0);
        Some(before.max(until - TOGETHER)..until)
    }

    /// All numbers below `behind_last`.
    pub(crate) fn whole(behind_last: i64) -> Self {
        Self(if behind_last > 0 { vec![(0, behind_last)] } else { Vec::new() })
    }

    /// The numbers of `ready` to be worked off next, in the same order as [`Progress::next`]. `None` if
    /// there are none.
    pub(crate) fn next_within(&self, ready: &Self) -> Option<Range<i64>> {
        let (first, behind_last) = ready.0.iter().rev().find_map(|range| self.last_gap(*range))?;
        let is_new = first >= self.0.last().map_or(0, |last| last.1);
        let is_long = behind_last - first > FEW && self.0.len() < MOST_RANGES;
        match is_new && !is_long {
            true => Some(first..behind_last.min(first + TOGETHER)),
            false => Some(first.max(behind_last - TOGETHER)..behind_last),
        }
    }

    /// The last numbers of a range that are not in it.
    fn last_gap(&self, (first, behind_last): (i64, i64)) -> Option<(i64, i64)> {
        let mut end = behind_last;
        for (from, until) in self.0.iter().rev() {
            if *until < end {
                break;
            }
            end = end.min(*from);
        }
        let before = self.0.iter().rev().map(|range| range.1).find(|until| *until < end).unwrap_or(0);
        (first < end).then(|| (first.max(before), end))
    }

    /// The number behind the last passage that has a vector.
    pub(crate) fn reached(&self) -> i64 {
        self.0.last().map_or(0, |last| last.1)
    }

    /// The number of passages in the ranges.
    pub(crate) fn count(&self) -> i64 {
        self.0.iter().map(|(first, next)| next - first).sum()
    }

    /// The ranges with these numbers too.
    pub(crate) fn with(&self, numbers: &Range<i64>) -> Self {
        let mut all = self.0.clone();
        all.push((numbers.start, numbers.end));
        all.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (first, next) in all {
            match joined.last_mut() {
                Some(last) if first <= last.1 => last.1 = last.1.max(next),
                _ => joined.push((first, next)),
            }
        }
        Self(joined)
    }
}

/// Stores the vectors of a range of passages. Those whose passage was removed meanwhile are left
/// out. Returns false, and stores nothing, if somebody else has moved on meanwhile.
pub(crate) async fn store(
    tx: &mut Tx,
    (workspace, embedder): (&WorkspaceId, &str),
    (before, numbers): (&Progress, Range<i64>),
    vectors: &[(u32, Vector)],
) -> campanile_db::Result<bool> {
    queries::begin(tx, workspace, embedder).await?;
    let count = vectors.len() as i64;
    let moved = queries::advance(tx, workspace, embedder, (before, &before.with(&numbers)), count).await?;
    let Some(next_seq) = moved else { return Ok(false) };
    queries::insert(tx, workspace, embedder, next_seq - count, vectors).await?;
    Ok(true)
}

/// Removes some vectors of a model, and in the end its progress. Returns the number of vectors removed; zero when
/// nothing of it is left.
pub(crate) async fn forget(tx: &mut Tx, workspace: &WorkspaceId, embedder: &str) -> campanile_db::Result<u64> {
    let removed = queries::forget_some(tx, workspace, embedder, FORGOTTEN).await?;
    if removed == 0 {
        queries::forget_progress(tx, workspace, embedder).await?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(of: &[(i64, i64)]) -> Progress {
        Progress(of.to_vec())
    }

    #[test]
    fn new_passages_come_first_and_then_earlier_ones_from_the_newest() {
        assert_eq!(Progress::default().next(0), None);
        assert_eq!(Progress::default().next(10), Some(0..10));
        assert_eq!(ranges(&[(0, 9)]).next(9), None);
        assert_eq!(ranges(&[(100, 200)]).next(210), Some(200..210));
        assert_eq!(ranges(&[(100, 200)]).next(200), Some(68..100));
        assert_eq!(ranges(&[(5, 9)]).next(9), Some(0..5));
    }

    #[test]
    fn what_is_ready_is_worked_off_once_and_new_numbers_first() {
        let none = Progress::default();
        assert_eq!(none.next_within(&none), None);
        assert_eq!(none.next_within(&Progress::whole(10)), Some(0..10));
        assert_eq!(ranges(&[(0, 10)]).next_within(&Progress::whole(10)), None);
        assert_eq!(ranges(&[(0, 10)]).next_within(&ranges(&[(0, 12), (50, 60)])), Some(50..60));
        assert_eq!(ranges(&[(0, 10), (50, 60)]).next_within(&ranges(&[(0, 12), (50, 60)])), Some(10..12));
        assert_eq!(ranges(&[(20, 30)]).next_within(&Progress::whole(30)), Some(0..20));
        assert_eq!(ranges(&[(0, 10)]).next_within(&Progress::whole(5_000)), Some(4_968..5_000));
        let (mut ready, mut done, mut seen) = (none.clone(), none, std::collections::BTreeSet::new());
        for round in 0..6_000_i64 {
            let behind_last = (round.min(300) * 61) % 8_000 + round.min(300) * 7;
            if let Some(numbers) = ready.next(behind_last.max(ready.0.last().map_or(0, |last| last.1))) {
                ready = ready.with(&numbers);
            }
            let Some(numbers) = done.next_within(&ready) else { continue };
            assert!(numbers.clone().all(|no| seen.insert(no)), "{numbers:?} of {done:?}");
            done = done.with(&numbers);
        }
        assert_eq!(done, ready);
    }

    #[test]
    fn the_newest_do_not_wait_behind_an_import() {
        let imported = ranges(&[(0, 100)]);
        assert_eq!(imported.next(5_000), Some(4_968..5_000));
        let begun = imported.with(&(4_968..5_000));
        assert_eq!(begun.next(5_001), Some(5_000..5_001));
        assert_eq!(begun.next(5_000), Some(4_936..4_968));
        assert_eq!(begun.with(&(110..4_968)).next(5_000), Some(100..110));
        assert_eq!(begun.with(&(100..4_968)), ranges(&[(0, 5_000)]));
    }

    #[test]
    fn whatever_arrives_is_embedded_once_and_in_the_end_all_of_it() {
        let (mut progress, mut behind_last, mut done) = (Progress::default(), 0_i64, std::collections::BTreeSet::new());
        for round in 0..4_000_i64 {
            behind_last += if round < 300 { (round * 37) % 90 } else { 0 };
            let Some(numbers) = progress.next(behind_last) else { continue };
            assert!(numbers.clone().all(|no| done.insert(no)), "{numbers:?} of {progress:?}");
            progress = progress.with(&numbers);
            assert!(progress.0.len() <= MOST_RANGES);
        }
        assert_eq!(done.len() as i64, behind_last);
        assert_eq!(progress, ranges(&[(0, behind_last)]));
    }
}
