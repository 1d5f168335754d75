//! Passages that mean about the same as an observation, a document, or a text.
//!
//! The vector of a thing with several passages is the mean of theirs. Only meaning counts: for words,
//! there is [search](super::search).

use std::sync::Arc;
use std::time::Instant;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Error, Result, Thing};
use campanile_embed::Vector;
use campanile_models::usage::Purpose;
use campanile_search::{Query, VectorRef};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fusion::COMPARED;
use super::ranking::{Ranked, collapsed};
use super::reply::{Explanation, SearchHit};
use super::request::SearchFilters;
use super::results::plain_hit;
use super::{MOST_VALUES, PATIENCE, people, query_vector};
use crate::embedding::Embedder;
use crate::observations::ClusterId;
use crate::passages::{self, Passage};
use crate::{Memory, vectors};

/// The longest text, in characters. What is behind the first 256 pieces of words does not count.
const LONGEST_TEXT: usize = 8_000;
/// The most passages of a thing whose vectors are averaged.
const AVERAGED: i64 = 200;
/// Results of the same cluster stand before others that are more similar by less than this.
const SAME_CLUSTER: f32 = 0.1;

/// A request for what is similar. Either `id` or `text` is given.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SimilarRequest {
    /// An observation, a document, or a passage of one (`doc_…#12`).
    #[serde(default)]
    pub id: Option<String>,
    /// A text of at most 8,000 characters.
    #[serde(default)]
    pub text: Option<String>,
    /// The number of results, from 1 to 50.
    #[serde(default = "ten")]
    pub limit: usize,
    /// The lowest similarity, from 0 to 1.
    #[serde(default = "half")]
    pub threshold: f32,
    /// Ids of observations and documents that are left out. The one of `id` always is.
    #[serde(default)]
    pub exclude_ids: Vec<String>,
    /// True for results of the same source only.
    #[serde(default)]
    pub same_source_only: bool,
    /// Conditions that all results meet.
    #[serde(default)]
    pub filters: SearchFilters,
}

fn ten() -> usize {
    10
}

fn half() -> f32 {
    0.5
}

/// The results that are similar.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SimilarReply {
    /// The results, the most similar first; those of the same cluster a little before others. `score` is
    /// the similarity.
    pub data: Vec<SearchHit>,
    /// The share of the workspace's passages that have vectors, from 0 to 1.
    pub embedded: f32,
    /// The time in milliseconds.
    pub took: f64,
}

/// Finds what means about the same.
///
/// # Errors
/// `Invalid` for values out of bounds, and when the server has no embedder; `NotFound` for an id that
/// the workspace does not have; `Conflict` for a thing that has no vector yet; `TooMany` when all
/// processors are busy with searches.
pub async fn similar(
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    request: SimilarRequest,
) -> Result<SimilarReply> {
    let began = Instant::now();
    if memory.embedders.target().is_none() {
        return Err(Error::invalid("this server compares no meanings: its setting memory_embedder is off"));
    }
    check(&request)?;
    let mut filter = request.filters.read()?;
    people::widen(memory, organisation, &mut filter).await?;
    let current = memory.indexes.current(&memory.db, workspace).await?;
    let (embedder, _) = query_vector::embedder(memory, &current).await?;
    let Some(embedder) = embedder else { return Err(not_runnable()) };
    let (vector, own, cluster) = match (&request.id, &request.text) {
        (Some(id), None) => {
            let (vector, source, cluster) = vector_of(memory, organisation, workspace, embedder.id(), id).await?;
            if request.same_source_only {
                filter.tags.push(vec![format!("source:{source}")]);
            }
            (vector, id.split('#').next().map(str::to_owned), cluster)
        }
        (None, Some(text)) => (vector_of_text(memory, organisation, &embedder, text).await?, None, None),
        _ => return Err(Error::invalid("either id or text must be given")),
    };
    let turn = tokio::time::timeout(PATIENCE, memory.turns.clone().acquire_owned()).await;
    let Ok(Ok(turn)) = turn else { return Err(Error::TooMany) };
    let compared = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let vector = VectorRef { scale: vector.scale, steps: &vector.steps };
        current.index.read(|index| match index.vectors_of() == embedder.id() {
            true => (index.nearest(vector, &Query::default(), &filter, COMPARED), index.embedded()),
            // Another model has begun to serve since.
            false => (Vec::new(), index.embedded()),
        })
    });
    let (mut hits, embedded) = compared.await.map_err(Error::internal)?;
    hits.retain(|hit| hit.score >= request.threshold);
    let (of, numbers) = (workspace.clone(), hits.iter().map(|hit| hit.no).collect::<Vec<_>>());
    let read = memory.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move { passages::numbered(tx, &of, &numbers).await })
    });
    let mut rows: Vec<Passage> = read.await?;
    rows.retain(|passage| {
        let owner = passage.owner_id();
        own.as_deref() != Some(owner) && !request.exclude_ids.iter().any(|excluded| excluded == owner)
    });
    let mut ranked: Vec<Ranked> = hits
        .iter()
        .filter_map(|hit| {
            let at = rows.iter().position(|passage| passage.no == hit.no)?;
            let explanation = Explanation { vector: hit.score, ..Explanation::default() };
            Some(Ranked { passage: rows.swap_remove(at), score: hit.score, explanation })
        })
        .collect();
    ranked = collapsed(ranked);
    let mut data: Vec<SearchHit> = ranked.into_iter().map(plain_hit).collect();
    if let Some(cluster) = &cluster {
        for hit in &mut data {
            hit.same_cluster = Some(hit.cluster_id.as_ref() == Some(cluster));
        }
        let rank = |hit: &SearchHit| hit.score + if hit.same_cluster == Some(true) { SAME_CLUSTER } else { 0.0 };
        data.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    }
    data.truncate(request.limit);
    Ok(SimilarReply { data, embedded, took: began.elapsed().as_secs_f64() * 1_000.0 })
}

fn check(request: &SimilarRequest) -> Result<()> {
    if !(1..=50).contains(&request.limit) {
        return Err(Error::invalid_field("limit", "must be between 1 and 50"));
    }
    if !(0.0..=1.0).contains(&request.threshold) {
        return Err(Error::invalid_field("threshold", "must be between 0 and 1"));
    }
    if request.exclude_ids.len() > MOST_VALUES {
        return Err(Error::invalid_field("excludeIds", format!("must have at most {MOST_VALUES} values")));
    }
    if request.text.as_ref().is_some_and(|text| text.trim().is_empty()) {
        return Err(Error::invalid_field("text", "must have words"));
    }
    if request.text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
        return Err(Error::invalid_field("text", format!("must have at most {LONGEST_TEXT} characters")));
    }
    Ok(())
}

/// The vector of an observation, a document or a passage, and its source.
async fn vector_of(
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    embedder: &str,
    id: &str,
) -> Result<(Vector, String, Option<ClusterId>)> {
    let (of, embedder, named) = (workspace.clone(), embedder.to_owned(), id.to_owned());
    let read = memory.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let (owner, passage) = match named.split_once('#') {
                Some((owner, no)) => (owner, Some(no)),
                None => (named.as_str(), None),
            };
            let mut numbers = passages::numbers_of(tx, &of, owner, AVERAGED).await?;
            if let Some(no) = passage {
                numbers.retain(|number| number.to_string() == no);
            }
            let first: Vec<u32> = numbers.first().copied().into_iter().collect();
            let passage = passages::numbered(tx, &of, &first).await?.pop();
            let source = passage.map(|passage| (passage.source().to_owned(), passage.cluster_id().cloned()));
            let vectors = vectors::numbered(tx, &of, &embedder, &numbers).await?;
            Ok::<_, campanile_db::Error>(source.map(|source| (source, vectors)))
        })
    });
    let Some(((source, cluster), stored)) = read.await? else { return Err(Error::NotFound(Thing::Observation)) };
    let mut sums: Vec<f32> = Vec::new();
    for bytes in &stored {
        let Some(vector) = Vector::from_bytes(bytes, bytes.len().saturating_sub(size_of::<f32>())) else { continue };
        sums.resize(vector.steps.len(), 0.0);
        sums.iter_mut().zip(vector.numbers()).for_each(|(sum, number)| *sum += number);
    }
    let vector =
        Vector::new(&sums).ok_or_else(|| Error::conflict("it has no vector yet; try again in some seconds"))?;
    Ok((vector, source, cluster))
}

async fn vector_of_text(
    memory: &Memory,
    organisation: &OrganisationId,
    embedder: &Arc<Embedder>,
    text: &str,
) -> Result<Vector> {
    let (vector, cost) = embedder.query(text).await?;
    if embedder.is_remote() {
        memory.meter.note(organisation, Purpose::Embeddings, cost);
    }
    vector.map(|vector| (*vector).clone()).ok_or_else(|| Error::invalid_field("text", "must have words"))
}

fn not_runnable() -> Error {
    let source = "the settings of the model that has made the vectors are not known any more".into();
    Error::Unavailable { what: "the model that makes vectors", source }
}
