//! The indexes in memory: one for each workspace that was searched lately.
//!
//! A search reads the head of its workspace first: one row. If passages were added or removed since
//! the index was used last, it takes them in, in order. So a search finds what was committed before
//! it, on every node, and nodes need not tell each other anything.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use campanile_accounts::WorkspaceId;
use campanile_base::{Error, Result, sha256_hex};
use campanile_db::Db;
use campanile_embed::Vector;
use campanile_search::{Index, Segment, VectorRef, Vectors};

use crate::Settings;
use crate::passages::{self, Head, Passage};
use crate::segments::{self, SegmentId, StoredSegment};
use crate::{serving, vectors};

/// The passages that are taken in at a time: searches of the same workspace wait for that long.
const TOGETHER: i64 = 128;
/// The vectors that are taken in at a time.
const VECTORS: i64 = 2_048;
/// Fewer passages than these are read and indexed at once, by the thread that serves the request.
const FEW: usize = 16;
/// An index is loaded anew so often while segments are replaced under it.
const TRIES: u32 = 5;

/// The indexes of a node.
pub(crate) struct Indexes {
    workspaces: Mutex<HashMap<WorkspaceId, Arc<CachedIndex>>>,
    /// Counts the uses, to find the index that was used longest ago.
    uses: AtomicU64,
    settings: Settings,
    /// True if vectors are compared.
    has_vectors: bool,
}

/// The index of a workspace, with everything that was committed, and what a search by it needs.
pub(crate) struct Current {
    pub(crate) index: Arc<CachedIndex>,
    /// True if it would be faster with segments that are missing.
    pub(crate) lacks_segments: bool,
    /// The model whose vectors it has.
    pub(crate) embedder: Option<String>,
    /// The share of vectors in a score, if the workspace has one of its own.
    pub(crate) vector_weight: Option<f64>,
    /// The state of the index: another text when passages or vectors were added or removed since.
    pub(crate) state: String,
}

/// The index of a workspace.
#[derive(Default)]
pub(crate) struct CachedIndex {
    /// Held while the index takes in what is new.
    progress: tokio::sync::Mutex<Progress>,
    index: RwLock<Option<Index>>,
    used: AtomicU64,
    bytes: AtomicUsize,
}

/// The progress of an index through the log of its workspace.
#[derive(Default)]
struct Progress {
    is_loaded: bool,
    next_no: i64,
    next_removal: i64,
    next_vector: i64,
    /// The model whose vectors were taken in.
    vectors_of: Option<String>,
    segments: Vec<(SegmentId, Arc<Segment>)>,
    /// The next passage when it was last looked whether there are other segments.
    looked_at: i64,
}

impl Progress {
    /// The same on every node that has taken in the same.
    fn state(&self) -> String {
        let model = self.vectors_of.as_ref().map(|model| sha256_hex(model.as_bytes())[..8].to_owned());
        format!("{}.{}.{}.{}", self.next_no, self.next_removal, self.next_vector, model.unwrap_or_default())
    }
}

impl Indexes {
    pub(crate) fn new(settings: Settings, has_vectors: bool) -> Self {
        Self { workspaces: Mutex::default(), uses: AtomicU64::new(0), settings, has_vectors }
    }

    /// The index of a workspace, with everything that is committed.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn current(&self, db: &Db, workspace: &WorkspaceId) -> Result<Current> {
        let cached = self.entry(workspace);
        let mut progress = cached.progress.lock().await;
        let sealed = self.settings.sealed_passages;
        for _ in 0..TRIES {
            let (of, has_vectors) = (workspace.clone(), self.has_vectors);
            let read = db.read(move |tx| {
                Box::pin(async move {
                    // First: a vector is not made before its passage is there.
                    let vectors = if has_vectors { serving::head(tx, &of).await? } else { None };
                    Ok::<_, campanile_db::Error>((passages::head(tx, &of).await?, vectors))
                })
            });
            let (head, vectors) = read.await?;
            // With a long tail, another node may have made segments, or none has yet.
            let is_long = || cached.read(|index| index.tail() as i64) > 2 * sealed;
            let is_behind = progress.next_removal < head.first_removal;
            let has_grown = progress.next_no - progress.looked_at >= sealed;
            let looks = !progress.is_loaded || is_behind || is_long() && has_grown;
            if looks {
                cached.load(db, workspace, &mut progress, is_behind).await?;
            }
            if cached.catch_up(db, workspace, &mut progress, head).await? {
                if let Some(vectors) = &vectors {
                    let next = vectors.next_vector;
                    cached.take_vectors(db, (workspace, &vectors.embedder), &mut progress, next).await?;
                }
                // Told once, and not with every search until they are made.
                let has_gaps = progress.segments.iter().any(|(id, _)| id.as_str().is_empty());
                let lacks_segments = looks && (is_long() || has_gaps);
                let state = progress.state();
                drop(progress);
                self.make_room(workspace);
                let vector_weight = vectors.as_ref().and_then(|vectors| vectors.weight);
                let embedder = vectors.map(|vectors| vectors.embedder);
                return Ok(Current { index: cached, lacks_segments, embedder, vector_weight, state });
            }
        }
        Err(replaced_too_often())
    }

    /// Lets the index of a workspace take the segments that were made, if it is in memory.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn reload(&self, db: &Db, workspace: &WorkspaceId) -> Result<()> {
        let Some(cached) = self.lock().get(workspace).cloned() else { return Ok(()) };
        let mut progress = cached.progress.lock().await;
        match progress.is_loaded {
            true => cached.load(db, workspace, &mut progress, false).await,
            false => Ok(()),
        }
    }

    /// The bytes of all indexes, and their number.
    pub(crate) fn size(&self) -> (usize, usize) {
        let workspaces = self.lock();
        (workspaces.values().map(|cached| cached.bytes.load(Ordering::Relaxed)).sum(), workspaces.len())
    }

    fn entry(&self, workspace: &WorkspaceId) -> Arc<CachedIndex> {
        let cached = self.lock().entry(workspace.clone()).or_default().clone();
        cached.used.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        cached
    }

    /// Drops the indexes that were used longest ago, until the others fit into the budget. The one
    /// that is used now stays.
    fn make_room(&self, current: &WorkspaceId) {
        let mut workspaces = self.lock();
        let mut bytes: usize = workspaces.values().map(|cached| cached.bytes.load(Ordering::Relaxed)).sum();
        while bytes > self.settings.index_bytes {
            let others = workspaces.iter().filter(|(workspace, _)| *workspace != current);
            let oldest = others.min_by_key(|(_, cached)| cached.used.load(Ordering::Relaxed));
            let Some(oldest) = oldest.map(|(workspace, _)| workspace.clone()) else { return };
            bytes -= workspaces.remove(&oldest).map_or(0, |cached| cached.bytes.load(Ordering::Relaxed));
        }
        metrics::gauge!("campanile_search_index_bytes").set(bytes as f64);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<WorkspaceId, Arc<CachedIndex>>> {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CachedIndex {
    /// Asks the index. It must not take long on a thread that serves requests.
    pub(crate) fn read<R: Default>(&self, ask: impl FnOnce(&Index) -> R) -> R {
        self.index.read().unwrap_or_else(PoisonError::into_inner).as_ref().map_or_else(R::default, ask)
    }

    fn change(&self, change: impl FnOnce(&mut Index)) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = index.as_mut() {
            change(index);
            self.bytes.store(index.bytes(), Ordering::Relaxed);
        }
    }

    /// Loads the segments. Those that are in memory already stay. If there are no others, the whole
    /// index stays, unless it `must` be made anew.
    async fn load(&self, db: &Db, workspace: &WorkspaceId, progress: &mut Progress, must: bool) -> Result<()> {
        for _ in 0..TRIES {
            let of = workspace.clone();
            let read = db.read(move |tx| {
                Box::pin(async move {
                    // First: what was removed before it is in no row that is read from now on.
                    let head = passages::head(tx, &of).await?;
                    Ok::<_, campanile_db::Error>((head.first_removal, segments::list(tx, &of).await?))
                })
            });
            let (first_removal, stored) = read.await?;
            let are_known = || {
                stored.len() == progress.segments.len()
                    && stored.iter().zip(&progress.segments).all(|(stored, (id, _))| stored.id == *id)
            };
            if progress.is_loaded && !must && are_known() {
                progress.looked_at = progress.next_no;
                return Ok(());
            }
            let Some(loaded) = load_all(db, workspace, &stored, &progress.segments).await? else { continue };
            let next_removal = stored.iter().map(|segment| segment.next_removal).min().unwrap_or(first_removal);
            let next_no = stored.last().map_or(0, |last| last.range.1);
            let mut index = Index::of(loaded.iter().map(|(_, segment)| segment.clone()).collect());
            {
                let mut current = self.index.write().unwrap_or_else(PoisonError::into_inner);
                if let Some(current) = current.as_mut() {
                    index.take_vectors(current);
                }
                self.bytes.store(index.bytes(), Ordering::Relaxed);
                *current = Some(index);
            }
            progress.segments = loaded;
            (progress.is_loaded, progress.next_no, progress.looked_at) = (true, next_no, next_no);
            progress.next_removal = next_removal;
            return Ok(());
        }
        Err(replaced_too_often())
    }

    /// Takes in the passages and removals up to the head. Returns false if the index must be loaded
    /// again: segments were replaced meanwhile, and removals forgotten that the loaded ones have.
    async fn catch_up(
        self: &Arc<Self>,
        db: &Db,
        workspace: &WorkspaceId,
        progress: &mut Progress,
        head: Head,
    ) -> Result<bool> {
        while progress.next_no < head.next_no {
            let (of, from) = (workspace.clone(), progress.next_no);
            let until = head.next_no.min(from + TOGETHER);
            let page = read_page(db, of, from..until).await?;
            self.take_in(page).await?;
            progress.next_no = until;
        }
        if progress.next_removal < head.next_removal {
            let (of, from) = (workspace.clone(), progress.next_removal);
            let read = db.read(move |tx| {
                Box::pin(async move {
                    let removed = passages::removed_since(tx, &of, from).await?;
                    // Afterwards: notes that were removed before they could be read are missed.
                    let head = passages::head(tx, &of).await?;
                    Ok::<_, campanile_db::Error>((removed, head.first_removal > from))
                })
            });
            let (removed, are_missed) = read.await?;
            if are_missed {
                progress.is_loaded = false;
                return Ok(false);
            }
            self.change(|index| {
                removed.iter().filter_map(|(_, no)| u32::try_from(*no).ok()).for_each(|no| index.remove(no));
            });
            progress.next_removal = removed.last().map_or(head.next_removal, |(seq, _)| seq + 1);
        }
        Ok(true)
    }

    /// Takes in the vectors of a model before a place. Those of another model stay until all are read, and
    /// then make room at once.
    async fn take_vectors(
        self: &Arc<Self>,
        db: &Db,
        (workspace, embedder): (&WorkspaceId, &str),
        progress: &mut Progress,
        next_vector: i64,
    ) -> Result<()> {
        if progress.vectors_of.as_deref() != Some(embedder) {
            let (mut list, mut from) = (Vectors::of(embedder), 0);
            while from < next_vector {
                let page = vectors_between(db, (workspace, embedder), from..next_vector).await?;
                from = behind(&page, next_vector);
                let read = tokio::task::spawn_blocking(move || {
                    each(&page, |no, vector| list.add(no, vector));
                    list
                });
                list = read.await.map_err(Error::internal)?;
            }
            let within = self.clone();
            let taken = tokio::task::spawn_blocking(move || within.change(|index| index.replace_vectors(list)));
            taken.await.map_err(Error::internal)?;
            (progress.vectors_of, progress.next_vector) = (Some(embedder.to_owned()), next_vector);
        }
        while progress.next_vector < next_vector {
            let page = vectors_between(db, (workspace, embedder), progress.next_vector..next_vector).await?;
            progress.next_vector = behind(&page, next_vector);
            let within = self.clone();
            let add = move |index: &mut Index| each(&page, |no, vector| index.add_vector(no, vector));
            let taken = tokio::task::spawn_blocking(move || within.change(add));
            taken.await.map_err(Error::internal)?;
        }
        Ok(())
    }

    /// Indexes some passages: many of them away from the threads that serve requests.
    async fn take_in(self: &Arc<Self>, page: Vec<Passage>) -> Result<()> {
        let (few, within) = (page.len() < FEW, self.clone());
        let add = move |index: &mut Index| page.iter().for_each(|passage| passage.give(|passage| index.add(passage)));
        if few {
            self.change(add);
            return Ok(());
        }
        tokio::task::spawn_blocking(move || within.change(add)).await.map_err(Error::internal)
    }
}

/// Some vectors as they are stored: place, passage, bytes.
type VectorPage = Vec<(i64, i64, Vec<u8>)>;

async fn vectors_between(
    db: &Db,
    (workspace, embedder): (&WorkspaceId, &str),
    places: Range<i64>,
) -> Result<VectorPage> {
    let (of, by) = (workspace.clone(), embedder.to_owned());
    let read = db.read_in_turn(workspace.as_str(), move |tx| {
        Box::pin(async move { vectors::between(tx, &of, &by, places, VECTORS).await })
    });
    Ok(read.await?)
}

/// The place behind a page; the end if it is the last one.
fn behind(page: &VectorPage, end: i64) -> i64 {
    let is_last = (page.len() as i64) < VECTORS;
    page.last().filter(|_| !is_last).map_or(end, |(seq, ..)| seq + 1)
}

/// The vectors of a page that can be read.
fn each(page: &VectorPage, mut take: impl FnMut(u32, VectorRef<'_>)) {
    for (_, no, bytes) in page {
        let vector = Vector::from_bytes(bytes, bytes.len().saturating_sub(size_of::<f32>()));
        if let (Ok(no), Some(vector)) = (u32::try_from(*no), vector) {
            take(no, VectorRef { scale: vector.scale, steps: &vector.steps });
        }
    }
}

fn replaced_too_often() -> Error {
    let source = "its segments were replaced again and again while they were read".into();
    Error::Unavailable { what: "the search index", source }
}

async fn read_page(db: &Db, workspace: WorkspaceId, range: Range<i64>) -> Result<Vec<Passage>> {
    let tenant = workspace.clone();
    if range.end - range.start < FEW as i64 {
        let read = db.read(move |tx| Box::pin(async move { passages::between(tx, &workspace, range).await }));
        return Ok(read.await?);
    }
    let read = db.read_in_turn(tenant.as_str(), move |tx| {
        Box::pin(async move { passages::between(tx, &workspace, range).await })
    });
    Ok(read.await?)
}

/// The segments of a workspace, with segments from rows where one is missing. `None` if they were
/// replaced meanwhile.
async fn load_all(
    db: &Db,
    workspace: &WorkspaceId,
    stored: &[StoredSegment],
    known: &[(SegmentId, Arc<Segment>)],
) -> Result<Option<Vec<(SegmentId, Arc<Segment>)>>> {
    let (mut loaded, mut next) = (Vec::new(), 0);
    for segment in stored {
        if segment.range.0 < next {
            return Ok(None);
        }
        if segment.range.0 > next {
            let bytes = segments::build(db, workspace, next..segment.range.0).await?;
            let built = Segment::read(&bytes).map_err(Error::internal)?;
            loaded.push((SegmentId::from(String::new()), Arc::new(built)));
        }
        let known = known.iter().find(|(id, _)| *id == segment.id).map(|(_, segment)| segment.clone());
        let read = match known {
            Some(known) => Some(known),
            None => segments::load(db, workspace, segment).await?,
        };
        let Some(read) = read else { return Ok(None) };
        loaded.push((segment.id.clone(), read));
        next = segment.range.1;
    }
    Ok(Some(loaded))
}
