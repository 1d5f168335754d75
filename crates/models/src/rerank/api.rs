//! The requests and replies of rerankers.
//!
//! Sources: the API references of Cohere (*Rerank API v2*), Jina (*Reranker*), Voyage (*Rerankers*) and of
//! text-embeddings-inference (`/rerank`).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{RerankKind, RerankSettings};
use crate::embeddings::api::by_index;
use crate::error::ModelError;

type Read = Result<(Vec<f32>, Option<u64>), ModelError>;

pub(super) fn request(settings: &RerankSettings, query: &str, texts: &[&str]) -> (&'static str, Value) {
    let (path, mut body) = match settings.kind {
        RerankKind::Cohere => ("/v2/rerank", json!({ "query": query, "documents": texts, "top_n": texts.len() })),
        RerankKind::Jina => (
            "/v1/rerank",
            json!({ "query": query, "documents": texts, "top_n": texts.len(), "return_documents": false }),
        ),
        RerankKind::Voyage => ("/v1/rerank", json!({ "query": query, "documents": texts, "top_k": texts.len() })),
        RerankKind::Tei => ("/rerank", json!({ "query": query, "texts": texts, "truncate": true })),
    };
    if let Some(model) = &settings.model {
        body["model"] = model.as_str().into();
    }
    (path, body)
}

/// A reply with a list in `results`, or in `data` as Voyage has it.
#[derive(Deserialize)]
pub(super) struct ListedReply {
    #[serde(alias = "data")]
    results: Vec<Relevance>,
    #[serde(default)]
    usage: ListedUsage,
}

#[derive(Default, Deserialize)]
struct ListedUsage {
    total_tokens: Option<u64>,
}

/// The relevance of a text.
#[derive(Deserialize)]
pub(super) struct Relevance {
    index: usize,
    #[serde(alias = "score")]
    relevance_score: f32,
}

pub(super) fn listed(reply: ListedReply, texts: usize) -> Read {
    Ok((in_order(reply.results, texts)?, reply.usage.total_tokens))
}

pub(super) fn bare(reply: Vec<Relevance>, texts: usize) -> Read {
    Ok((in_order(reply, texts)?, None))
}

fn in_order(results: Vec<Relevance>, texts: usize) -> Result<Vec<f32>, ModelError> {
    let listed = results.into_iter().map(|result| (result.index, result.relevance_score)).collect();
    let relevance: Vec<f32> = by_index(listed, texts)?;
    match relevance.iter().all(|number| number.is_finite()) {
        true => Ok(relevance),
        false => Err(ModelError::Unusable("a relevance is not finite".to_owned())),
    }
}
