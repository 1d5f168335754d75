//! Asks the index for the passages that may be results.

use std::sync::Arc;
use std::time::Instant;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use campanile_search::{Facet, Filter, Found, Query, VectorRef};

use super::cached_index::{CachedIndex, Current};
use super::fusion::{COMPARED, Candidate, Similar, fused};
use super::query_vector::{self, QueryVector};
use super::reply::VectorUse;
use super::request::{Conditions, Mode, SearchRequest};
use super::{MOST_HITS, PATIENCE};
use crate::Memory;
use crate::embedding::Embedder;

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
    /// True if nothing fits but the time that the query names.
    pub(super) is_by_time_alone: bool,
    /// True if nothing has the identifiers that were asked for, only parts of them.
    pub(super) is_by_parts: bool,
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

    /// Those of the conditions that nothing in the workspace meets. All times together are one.
    pub(super) fn unmet(&self, conditions: &Conditions) -> Vec<String> {
        let is_unmet = |any_of: &Vec<String>| !any_of.iter().any(|tag| self.index.read(|index| index.has_tag(tag)));
        let each = self.filter.tags.iter().zip(&conditions.tags);
        let tags = each.filter(|(any_of, _)| is_unmet(any_of)).map(|(_, condition)| condition.join(" or "));
        let has_no_time = !conditions.times.is_empty() && !self.has_something_of_the_time();
        tags.chain(has_no_time.then(|| conditions.times.join(" and "))).collect()
    }

    /// True if anything at all happened at the time that the filter wants.
    fn has_something_of_the_time(&self) -> bool {
        let of_the_time = Filter { occurred_at: self.filter.occurred_at, ..Filter::default() };
        self.index.read(|index| index.search(&Query::default(), &of_the_time, 1).total > 0)
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
    organisation: &OrganisationId,
    current: Current,
    query: Query,
    filter: Filter,
    request: &SearchRequest,
    asks_for_time: bool,
) -> Result<Candidates> {
    let (embedder, without) = query_vector::embedder(memory, &current).await?;
    let weight = |embedder: &Arc<Embedder>| current.vector_weight.map_or(embedder.weight(), |weight| weight as f32);
    let weight = embedder.as_ref().map_or(0.0, weight);
    let asked = match &embedder {
        // Meaning counts for nothing in this workspace.
        Some(_) if weight <= 0.0 => Some(QueryVector::default()),
        Some(embedder) => {
            let within = (embedder, &current.index);
            query_vector::of_provider(memory, organisation, within, (&query, &filter), request.mode).await?
        }
        None => Some(QueryVector { used: without, ..QueryVector::default() }),
    };
    let turn = tokio::time::timeout(PATIENCE, memory.turns.clone().acquire_owned()).await;
    let Ok(Ok(turn)) = turn else { return Err(Error::TooMany) };
    let (mode, prefix) = (request.mode, request.prefix);
    let search = Search { index: current.index, filter, embedder, asked, weight, mode, prefix, asks_for_time };
    let scored = tokio::task::spawn_blocking(move || {
        // The turn ends with the work, even if the caller is gone.
        let _turn = turn;
        search.run(query)
    });
    scored.await.map_err(Error::internal)
}

/// A search of one index.
struct Search {
    index: Arc<CachedIndex>,
    filter: Filter,
    embedder: Option<Arc<Embedder>>,
    /// The vector of the query, unless a model within the process makes it.
    asked: Option<QueryVector>,
    /// The share of vectors in a score.
    weight: f32,
    mode: Mode,
    /// True if the last word is the begin of one.
    prefix: bool,
    /// True if the query names a time.
    asks_for_time: bool,
}

impl Search {
    fn run(&self, query: Query) -> Candidates {
        let began = Instant::now();
        let exact = query.exact();
        let is_by_parts = exact.is_some();
        if let Some(exact) = exact {
            let found = self.words(&exact);
            if found.total > 0 {
                return self.candidates(exact, found, QueryVector::default(), (began, 0.0));
            }
        }
        let vector = self.vector(&query);
        let embedding = millis(began) + vector.took;
        let mut query = query;
        if self.prefix {
            self.index.read(|index| index.complete(&mut query));
        }
        let scoring = Instant::now();
        let found = self.words(&query);
        let used = vector.used;
        let candidates = self.candidates(query, found, vector, (scoring, embedding));
        let candidates = Candidates { is_by_parts, ..candidates };
        if !self.asks_for_time || !candidates.list.is_empty() || !candidates.query.phrases.is_empty() {
            return candidates;
        }
        // Nothing of that time has the words: all of it is shown.
        let query = Query { words: Vec::new(), ..candidates.query };
        let found = self.words(&query);
        let vector = QueryVector { used, ..QueryVector::default() };
        Candidates { is_by_time_alone: true, ..self.candidates(query, found, vector, (scoring, embedding)) }
    }

    fn words(&self, query: &Query) -> Found {
        self.index.read(|index| index.search(query, &self.filter, MOST_HITS))
    }

    /// The vector of the query, if it is to be compared.
    fn vector(&self, query: &Query) -> QueryVector {
        match (&self.asked, &self.embedder) {
            (Some(asked), _) => asked.clone(),
            (None, Some(embedder)) => query_vector::here(embedder, &self.index, query, self.mode),
            (None, None) => QueryVector::default(),
        }
    }

    fn candidates(
        &self,
        query: Query,
        found: Found,
        QueryVector { vector, used, .. }: QueryVector,
        (scoring, embedding): (Instant, f64),
    ) -> Candidates {
        let lexical = millis(scoring);
        let comparing = Instant::now();
        let (mut similar, mut nearest) = (Similar::default(), None);
        if let (Some(vector), Some(embedder)) = (vector, &self.embedder) {
            let vector = VectorRef { scale: vector.scale, steps: &vector.steps };
            let hits = self.index.read(|index| match index.vectors_of() == embedder.id() {
                true => index.nearest(vector, &query, &self.filter, COMPARED),
                // Another model has begun to serve since the query was embedded.
                false => Vec::new(),
            });
            let similarity = hits.first().map_or(0.0, |hit| hit.score);
            nearest = Some(Nearest { similarity, thresholds: embedder.thresholds() });
            similar = Similar { hits, weight: self.weight, threshold: embedder.thresholds().0 };
        }
        let list = fused(&found, &similar);
        let spent = Spent { embedding, lexical, vector: millis(comparing) };
        let embedded = self.index.read(|index| index.embedded());
        let (index, filter) = (self.index.clone(), self.filter.clone());
        Candidates {
            query,
            found,
            list,
            nearest,
            vector: used,
            embedded,
            spent,
            is_by_time_alone: false,
            is_by_parts: false,
            index,
            filter,
        }
    }
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
