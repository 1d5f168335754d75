//! The job that turns the newest passages of a workspace into segments, and segments into larger
//! ones.
//!
//! Passages are sealed in ranges of 4,096. Eight neighbours of one size become one, up to 262,144
//! passages: so each passage is written again a few times only, and an index has few segments. A
//! segment with many removed passages is written anew without them.

use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Error, Result};
use campanile_engine::{Backoff, JobOptions, NewJob, Outcome, Registry};
use campanile_search::{Index, Segment};
use serde::{Deserialize, Serialize};

use crate::Memory;
use crate::passages;
use crate::segments::{self, StoredSegment};

const MERGE: &str = "memory.merge";
/// The segments of one size that become one.
const TOGETHER: usize = 8;
/// The ranges of the largest segments.
const LARGEST: i64 = 64;
/// A segment is written anew when more of its passages than this, in percent, are removed.
const MOST_REMOVED: i64 = 20;

#[derive(Serialize, Deserialize)]
struct MergeArgs {
    workspace: WorkspaceId,
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, memory: &Memory) {
    let options = JobOptions {
        max_attempts: 5,
        backoff: Backoff::Exponential { first: Duration::from_secs(2), most: Duration::from_secs(300) },
        concurrency: 1,
        timeout: Duration::from_secs(600),
        ..JobOptions::default()
    };
    let within = memory.clone();
    registry.register(MERGE, options, move |attempt| {
        let memory = within.clone();
        async move {
            let MergeArgs { workspace } = attempt.job.args()?;
            merge(&memory, &workspace).await?;
            Ok(Outcome::done())
        }
    });
}

/// The job for a workspace. There is one at a time.
pub(crate) fn job(organisation: &OrganisationId, workspace: &WorkspaceId) -> NewJob {
    let args = MergeArgs { workspace: workspace.clone() };
    NewJob::new(MERGE, organisation.as_str(), &args).dedupe(format!("{MERGE}:{workspace}"))
}

/// True if storing passages from `before` to `after` has filled a range.
pub(crate) fn is_due(memory: &Memory, before: i64, after: i64) -> bool {
    let sealed = memory.settings.sealed_passages;
    before / sealed != after / sealed
}

/// Has the segments of a workspace made, unless that is under way.
pub(crate) async fn soon(memory: &Memory, organisation: &OrganisationId, workspace: &WorkspaceId) -> Result<()> {
    let (engine, job) = (memory.engine.clone(), job(organisation, workspace));
    Ok(memory.db.write(move |tx| Box::pin(async move { engine.enqueue(tx, job).await.map(drop) })).await?)
}

/// Seals and merges the segments of a workspace until nothing is left to do. The job does the same.
///
/// # Errors
/// `Unavailable`.
pub async fn merge(memory: &Memory, workspace: &WorkspaceId) -> Result<()> {
    segments::remove_unfinished(&memory.db, workspace).await?;
    let mut has_changed = false;
    while step(memory, workspace).await? {
        has_changed = true;
    }
    segments::forget_removals(&memory.db, workspace).await?;
    match has_changed {
        true => memory.indexes.reload(&memory.db, workspace).await,
        false => Ok(()),
    }
}

/// Does the next thing. Returns false if there is none.
async fn step(memory: &Memory, workspace: &WorkspaceId) -> Result<bool> {
    let of = workspace.clone();
    let read = memory.db.read(move |tx| {
        Box::pin(async move {
            let head = passages::head(tx, &of).await?;
            let stored = segments::list(tx, &of).await?;
            let removed = passages::removed_since(tx, &of, head.first_removal).await?;
            Ok::<_, campanile_db::Error>((head, stored, removed))
        })
    });
    let (head, stored, removed) = read.await?;
    let Memory { db, clock, settings, .. } = memory;
    if let Some(range) = unsealed(&stored, head.next_no, settings.sealed_passages) {
        let bytes = segments::build(db, workspace, range.clone()).await?;
        return segments::store(db, clock, workspace, (range, head.next_removal), bytes, Vec::new()).await;
    }
    let count = |segment: &StoredSegment| {
        let is_in =
            |(seq, no): &&(i64, i64)| *seq >= segment.next_removal && (segment.range.0..segment.range.1).contains(no);
        removed.iter().filter(is_in).count() as i64
    };
    let Some(chosen) = chosen(&stored, settings.sealed_passages, count) else { return Ok(false) };
    let mut loaded: Vec<Arc<Segment>> = Vec::new();
    for segment in chosen {
        match segments::load(db, workspace, segment).await? {
            Some(read) => loaded.push(read),
            // It was damaged, and is removed: its range is sealed again in the next step.
            None => return Ok(true),
        }
    }
    let gone: Vec<u32> = removed.iter().filter_map(|(_, no)| u32::try_from(*no).ok()).collect();
    let merged = tokio::task::spawn_blocking(move || Index::merge(&loaded, &gone)).await.map_err(Error::internal)?;
    let range = chosen[0].range.0..chosen[chosen.len() - 1].range.1;
    let replaced = chosen.iter().map(|segment| segment.id.clone()).collect();
    segments::store(db, clock, workspace, (range, head.next_removal), merged, replaced).await
}

/// The first range without a segment: between two of them, or a full one behind the last.
fn unsealed(stored: &[StoredSegment], next_no: i64, sealed: i64) -> Option<std::ops::Range<i64>> {
    let mut next = 0;
    for segment in stored {
        if segment.range.0 > next {
            return Some(next..segment.range.0.min(next + sealed));
        }
        next = segment.range.1;
    }
    (next_no - next >= sealed).then(|| next..next + sealed)
}

/// The neighbours to be merged: eight of one size, or one with many removed passages.
fn chosen(stored: &[StoredSegment], sealed: i64, removed: impl Fn(&StoredSegment) -> i64) -> Option<&[StoredSegment]> {
    let passages = |segment: &StoredSegment| segment.range.1 - segment.range.0;
    let size = |segment: &StoredSegment| (passages(segment) / sealed).max(1).ilog(TOGETHER as i64);
    let is_one_size = |run: &&[StoredSegment]| {
        run.iter().all(|segment| size(segment) == size(&run[0]))
            && run.iter().map(passages).sum::<i64>() <= LARGEST * sealed
    };
    let eight = stored.windows(TOGETHER).find(is_one_size);
    eight.or_else(|| stored.chunks(1).find(|one| removed(&one[0]) * 100 > passages(&one[0]) * MOST_REMOVED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segments::SegmentId;

    const SEALED: i64 = 4_096;

    fn stored(ranges: &[(i64, i64)]) -> Vec<StoredSegment> {
        let segment = |&(from, until): &(i64, i64)| StoredSegment {
            id: SegmentId::from(format!("seg_{from}")),
            range: (from * SEALED, until * SEALED),
            next_removal: 0,
        };
        ranges.iter().map(segment).collect()
    }

    #[test]
    fn full_ranges_are_sealed_and_gaps_filled() {
        assert_eq!(unsealed(&[], SEALED - 1, SEALED), None);
        assert_eq!(unsealed(&[], SEALED, SEALED), Some(0..SEALED));
        assert_eq!(unsealed(&stored(&[(0, 8)]), 9 * SEALED, SEALED), Some(8 * SEALED..9 * SEALED));
        assert_eq!(unsealed(&stored(&[(0, 1), (3, 4)]), 4 * SEALED, SEALED), Some(SEALED..2 * SEALED));
    }

    #[test]
    fn eight_of_one_size_are_merged_up_to_the_largest() {
        let ones: Vec<(i64, i64)> = (0..8).map(|n| (n, n + 1)).collect();
        assert_eq!(chosen(&stored(&ones), SEALED, |_| 0).map(<[_]>::len), Some(8));
        assert_eq!(chosen(&stored(&ones[..7]), SEALED, |_| 0), None);
        let eights: Vec<(i64, i64)> = (0..8).map(|n| (n * 8, n * 8 + 8)).collect();
        assert_eq!(chosen(&stored(&eights), SEALED, |_| 0).map(<[_]>::len), Some(8));
        let largest: Vec<(i64, i64)> = (0..8).map(|n| (n * 64, n * 64 + 64)).collect();
        assert_eq!(chosen(&stored(&largest), SEALED, |_| 0), None);
    }

    #[test]
    fn a_segment_with_many_removed_passages_is_written_anew() {
        let segments = stored(&[(0, 8), (8, 9)]);
        let removed = |segment: &StoredSegment| if segment.range.0 == 0 { 100 } else { SEALED / 4 };
        assert_eq!(chosen(&segments, SEALED, removed).map(|run| run[0].range.0), Some(8 * SEALED));
    }
}
