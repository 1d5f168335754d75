//! Segments of the index, as stored: ranges of passages that were indexed once and for all.
//!
//! A segment is derived from the rows of its passages. If one is missing or damaged, its range is
//! indexed again from the rows, and a search answers meanwhile as well.
//!
//! The bytes are written in parts of a mebibyte, each in a transaction of its own: other writers do
//! not wait for a large segment. A segment counts once it is marked as ready, in the same
//! transaction that removes those that it replaces.

mod queries;

use std::ops::Range;
use std::sync::Arc;

use campanile_accounts::WorkspaceId;
use campanile_base::{Clock, Result};
use campanile_db::Db;
use campanile_search::{Segment, Tail};

use crate::passages;

pub(crate) use queries::list;

campanile_base::id_type!(
    /// One segment.
    pub(crate) SegmentId, "seg"
);

/// The bytes of a part.
const PART: usize = 1 << 20;
/// The passages that are read at a time.
const TOGETHER: i64 = 512;

/// A stored segment, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredSegment {
    /// Its id.
    pub(crate) id: SegmentId,
    /// Its passages.
    pub(crate) range: (i64, i64),
    /// Removals before this one are not in it.
    pub(crate) next_removal: i64,
}

/// Reads a segment. `None` if it is gone, or damaged: it is then removed, so that it is built again.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn load(db: &Db, workspace: &WorkspaceId, stored: &StoredSegment) -> Result<Option<Arc<Segment>>> {
    let id = stored.id.clone();
    let bytes = db.read_in_turn(workspace.as_str(), move |tx| Box::pin(async move { queries::parts(tx, &id).await }));
    let bytes: Vec<u8> = bytes.await?;
    let (segment, range) = (tokio::task::spawn_blocking(move || Segment::read(&bytes)).await, stored.range);
    match segment.map_err(campanile_base::Error::internal)? {
        Ok(segment) if (i64::from(segment.first_no()), i64::from(segment.next_no())) == range => {
            Ok(Some(Arc::new(segment)))
        }
        outcome => {
            let why = outcome.err().map_or_else(|| "it has other passages".to_owned(), |damaged| damaged.to_string());
            tracing::warn!(segment = %stored.id, workspace = %workspace, why, "a segment of the search index cannot be read, and is built again");
            metrics::counter!("campanile_search_segments_damaged_total").increment(1);
            let id = stored.id.clone();
            db.write(move |tx| Box::pin(async move { queries::delete(tx, &id).await })).await?;
            Ok(None)
        }
    }
}

/// The bytes of a segment of these passages, from their rows.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn build(db: &Db, workspace: &WorkspaceId, range: Range<i64>) -> Result<Vec<u8>> {
    let mut tail = Tail::new(u32::try_from(range.start).map_err(campanile_base::Error::internal)?);
    let mut from = range.start;
    while from < range.end {
        let (of, until) = (workspace.clone(), (from + TOGETHER).min(range.end));
        let page = db.read_in_turn(workspace.as_str(), move |tx| {
            Box::pin(async move { passages::between(tx, &of, from..until).await })
        });
        let page = page.await?;
        let indexed = tokio::task::spawn_blocking(move || {
            page.iter().for_each(|passage| passage.give(|passage| tail.add(passage)));
            tail
        });
        tail = indexed.await.map_err(campanile_base::Error::internal)?;
        from = until;
    }
    tail.fill(u32::try_from(range.end).map_err(campanile_base::Error::internal)?);
    tokio::task::spawn_blocking(move || tail.into_segment()).await.map_err(campanile_base::Error::internal)
}

/// Stores a segment, and removes those that it replaces. Returns false if one of them was gone.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn store(
    db: &Db,
    clock: &Clock,
    workspace: &WorkspaceId,
    (range, next_removal): (Range<i64>, i64),
    bytes: Vec<u8>,
    replaced: Vec<SegmentId>,
) -> Result<bool> {
    let id = SegmentId::new(clock.now());
    let stored = StoredSegment { id: id.clone(), range: (range.start, range.end), next_removal };
    let (of, size, now) = (workspace.clone(), bytes.len() as i64, clock.now());
    db.write(move |tx| Box::pin(async move { queries::insert(tx, &of, &stored, size, now).await })).await?;
    for (part, data) in (0..).zip(bytes.chunks(PART)) {
        let (id, data) = (id.clone(), data.to_vec());
        db.write(move |tx| Box::pin(async move { queries::insert_part(tx, &id, part, &data).await })).await?;
    }
    db.write(move |tx| {
        Box::pin(async move {
            for old in &replaced {
                if !queries::delete(tx, old).await? {
                    queries::delete(tx, &id).await?;
                    return Ok(false);
                }
            }
            queries::make_ready(tx, &id).await?;
            Ok::<_, campanile_base::Error>(true)
        })
    })
    .await
}

/// Removes the notes of removals that no segment has to know any more.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn forget_removals(db: &Db, workspace: &WorkspaceId) -> Result<()> {
    let of = workspace.clone();
    Ok(db.write(move |tx| Box::pin(async move { queries::forget_removals(tx, &of).await })).await?)
}

/// Removes what a process that ended while it built has left.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn remove_unfinished(db: &Db, workspace: &WorkspaceId) -> Result<()> {
    let of = workspace.clone();
    let removal = db.write(move |tx| {
        Box::pin(async move {
            for id in queries::unfinished(tx, &of).await? {
                queries::delete(tx, &id).await?;
            }
            Ok::<_, campanile_db::Error>(())
        })
    });
    Ok(removal.await?)
}
