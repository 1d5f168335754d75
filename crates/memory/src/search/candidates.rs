//! Asks the index for the passages that may be results.

use std::sync::Arc;
use std::time::Instant;

use campanile_base::{Error, Result};
use campanile_embed::Vector;
use campanile_search::{Facet, Filter, Found, Query, VectorRef};

use super::cached_index::CachedIndex;
use super::fusion::{COMPARED, Candidate, Similar, fused};
use super::request::{Mode, SearchRequest, VectorUse};
use super::{MOST_HITS, PATIENCE};
use crate::{Embedder, Memory};

/// The passages that may be results.
pub(super) struct Candidates {
    /// The query, as it was asked in the end.
    pub(super) query: Query,
    /// The passages with its words.
    pub(super) found: Found,
    /// All candidates, in their order.
    pub(super) list: Vec<Candidate>,
    /// The similarity of the nearest, if vectors were compared.
    pub(super) nearest: Option<Nearest>,
    pub(super) vector: VectorUse,
    /// The share of the passages that have vectors.
    pub(super) embedded: f32,
    pub(super) spent: Spent,
    index: Arc<CachedIndex>,
    filter: Filter,
}

impl Candidates {
    /// The values that the best of them can be narrowed by, of one kind of tag.
    pub(super) fn facets(&self, kind: &str, most: usize) -> Vec<Facet> {
        let numbers: Vec<u32> = self.list.iter().map(|candidate| candidate.no).collect();
        let mut facets = self.index.read(|index| index.facets(&numbers, kind));
        facets.truncate(most);
        facets
    }

    /// The conditions of the filter that nothing in the workspace meets.
    pub(super) fn unmet(&self) -> Vec<String> {
        let is_unmet = |any_of: &&Vec<String>| !any_of.iter().any(|tag| self.index.read(|index| index.has_tag(tag)));
        self.filter.tags.iter().filter(is_unmet).map(|any_of| any_of.join(" or ")).collect()
    }

    /// Those of some passages that meet the conditions of the search.
    pub(super) fn admitted(&self, numbers: &[u32]) -> Vec<u32> {
        self.index.read(|index| index.admitted(numbers, &self.query, &self.filter))
    }
}

/// The highest similarity of a search, and those below which nothing fits, and hardly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nearest {
    pub(super) similarity: f32,
    pub(super) thresholds: (f32, f32),
}

/// The time that was spent, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    pub(super) embedding: f64,
    pub(super) lexical: f64,
    pub(super) vector: f64,
}

/// Finds the candidates on a blocking thread. Only this needs a turn: whoever waits for rows of a
/// large index holds up nobody else.
pub(super) async fn find(
    memory: &Memory,
    index: Arc<CachedIndex>,
    query: Query,
    filter: Filter,
    request: &SearchRequest,
    asks_for_time: bool,
) -> Result<Candidates> {
    let turn = tokio::time::timeout(PATIENCE, memory.turns.clone().acquire_owned()).await;
    let Ok(Ok(turn)) = turn else { return Err(Error::TooMany) };
    let (embedder, mode, prefix) = (memory.embedder.clone(), request.mode, request.prefix);
    let search = Search { index, filter, embedder, mode, prefix, asks_for_time };
    let asked = tokio::task::spawn_blocking(move || {
        // The turn ends with the work, even if the caller is gone.
        let _turn = turn;
        search.run(query)
    });
    asked.await.map_err(Error::internal)
}

/// A search of one index.
struct Search {
    index: Arc<CachedIndex>,
    filter: Filter,
    embedder: Option<Arc<Embedder>>,
    mode: Mode,
    /// True if the last word is the begin of one.
    prefix: bool,
    /// True if the query names a time.
    asks_for_time: bool,
}

impl Search {
    fn run(&self, query: Query) -> Candidates {
        let began = Instant::now();
        if let Some(exact) = query.exact() {
            let found = self.words(&exact);
            if found.total > 0 {
                return self.candidates(exact, found, None, VectorUse::Skipped, (began, 0.0));
            }
        }
        let (vector, used) = self.vector(&query);
        let embedding = millis(began);
        let mut query = query;
        if self.prefix {
            self.index.read(|index| index.complete(&mut query));
        }
        let scoring = Instant::now();
        let found = self.words(&query);
        let candidates = self.candidates(query, found, vector, used, (scoring, embedding));
        if !self.asks_for_time || !candidates.list.is_empty() || !candidates.query.phrases.is_empty() {
            return candidates;
        }
        // Nothing of that time has the words: all of it is shown.
        let query = Query { words: Vec::new(), ..candidates.query };
        let found = self.words(&query);
        self.candidates(query, found, None, used, (scoring, embedding))
    }

    fn words(&self, query: &Query) -> Found {
        self.index.read(|index| index.search(query, &self.filter, MOST_HITS))
    }

    /// The vector of the query, if it is to be compared.
    fn vector(&self, query: &Query) -> (Option<Arc<Vector>>, VectorUse) {
        let Some(embedder) = &self.embedder else { return (None, VectorUse::Off) };
        if query.is_without_words() {
            return (None, VectorUse::Skipped);
        }
        if let Some(known) = embedder.cached(&query.text) {
            return (Some(known), VectorUse::Cached);
        }
        let has_vectors = || self.index.read(|index| index.has_vectors());
        if self.mode == Mode::Fast || !has_vectors() {
            return (None, VectorUse::Skipped);
        }
        match embedder.query(&query.text) {
            Ok(vector) => (vector, VectorUse::Used),
            Err(error) => {
                tracing::warn!(error = error.chain(), "the query has no vector; search goes by words alone");
                (None, VectorUse::Unavailable)
            }
        }
    }

    fn candidates(
        &self,
        query: Query,
        found: Found,
        vector: Option<Arc<Vector>>,
        used: VectorUse,
        (scoring, embedding): (Instant, f64),
    ) -> Candidates {
        let lexical = millis(scoring);
        let comparing = Instant::now();
        let (mut similar, mut nearest) = (Similar::default(), None);
        if let (Some(vector), Some(embedder)) = (vector, &self.embedder) {
            let vector = VectorRef { scale: vector.scale, steps: &vector.steps };
            let hits = self.index.read(|index| index.nearest(vector, &query, &self.filter, COMPARED));
            let similarity = hits.first().map_or(0.0, |hit| hit.score);
            nearest = Some(Nearest { similarity, thresholds: embedder.thresholds() });
            similar = Similar { hits, weight: embedder.weight(), threshold: embedder.thresholds().0 };
        }
        let list = fused(&found, &similar);
        let spent = Spent { embedding, lexical, vector: millis(comparing) };
        let embedded = self.index.read(|index| index.embedded());
        let (index, filter) = (self.index.clone(), self.filter.clone());
        Candidates { query, found, list, nearest, vector: used, embedded, spent, index, filter }
    }
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
