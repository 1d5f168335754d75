//! The vector of a query.
//!
//! A model within the process is asked by the thread that searches. A provider is asked before: nobody
//! waits for another process while holding one of the few turns.

use std::sync::Arc;
use std::time::Instant;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use campanile_embed::Vector;
use campanile_models::usage::Purpose;
use campanile_search::{Filter, Query};

use super::cached_index::{CachedIndex, Current};
use super::reply::VectorUse;
use super::request::Mode;
use crate::Memory;
use crate::embedding::Embedder;

/// The vector of a query, and its part in the answer.
#[derive(Debug, Clone, Default)]
pub(super) struct QueryVector {
    pub(super) vector: Option<Arc<Vector>>,
    pub(super) used: VectorUse,
    /// The time that a provider took, in milliseconds.
    pub(super) took: f64,
}

/// The model whose vectors an index has; the reason if there is none to ask.
pub(super) async fn embedder(memory: &Memory, current: &Current) -> Result<(Option<Arc<Embedder>>, VectorUse)> {
    let Some(target) = memory.embedders.target() else { return Ok((None, VectorUse::Off)) };
    match &current.embedder {
        // No passage has a vector yet.
        None => Ok((Some(target.clone()), VectorUse::Skipped)),
        Some(id) => Ok((memory.embedders.get(&memory.db, id).await?, VectorUse::Unavailable)),
    }
}

/// The vector of a query from a model within the process, or one that is known. Blocks.
pub(super) fn here(embedder: &Embedder, index: &CachedIndex, query: &Query, mode: Mode) -> QueryVector {
    let (vector, used) = match known(embedder, index, query, mode) {
        Some(known) => return known,
        None => match embedder.query_here(&query.text) {
            Ok(vector) => (vector, VectorUse::Used),
            Err(error) => unavailable(&error),
        },
    };
    QueryVector { vector, used, took: 0.0 }
}

/// The vector of a query from a provider. `None` for a model within the process.
pub(super) async fn of_provider(
    memory: &Memory,
    organisation: &OrganisationId,
    (embedder, index): (&Arc<Embedder>, &Arc<CachedIndex>),
    (query, filter): (&Query, &Filter),
    mode: Mode,
) -> Result<Option<QueryVector>> {
    if !embedder.is_remote() {
        return Ok(None);
    }
    if let Some(known) = known(embedder, index, query, mode) {
        return Ok(Some(known));
    }
    if let Some(exact) = query.exact() {
        let (within, filter) = (index.clone(), filter.clone());
        let is_named = move || within.read(|index| index.search(&exact, &filter, 1).total > 0);
        if tokio::task::spawn_blocking(is_named).await.map_err(Error::internal)? {
            return Ok(Some(QueryVector::default()));
        }
    }
    let began = Instant::now();
    let (vector, used) = match embedder.query(&query.text).await {
        Ok((vector, cost)) => {
            memory.meter.note(organisation, Purpose::Embeddings, cost);
            (vector, VectorUse::Used)
        }
        Err(error) => unavailable(&error),
    };
    Ok(Some(QueryVector { vector, used, took: began.elapsed().as_secs_f64() * 1_000.0 }))
}

/// The vector if no model has to be asked: it is known, or none is compared.
fn known(embedder: &Embedder, index: &CachedIndex, query: &Query, mode: Mode) -> Option<QueryVector> {
    if query.is_without_words() {
        return Some(QueryVector::default());
    }
    if let Some(known) = embedder.cached(&query.text) {
        return Some(QueryVector { vector: Some(known), used: VectorUse::Cached, took: 0.0 });
    }
    let has_vectors = || index.read(|index| index.has_vectors());
    (mode == Mode::Fast || !has_vectors()).then(QueryVector::default)
}

fn unavailable(error: &Error) -> (Option<Arc<Vector>>, VectorUse) {
    tracing::warn!(error = error.chain(), "the query has no vector; search goes by words alone");
    (None, VectorUse::Unavailable)
}
