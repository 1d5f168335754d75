//! The answer to a search.

use std::collections::BTreeMap;

use campanile_base::Timestamp;
use campanile_base::source_event::Reference;
use serde::Serialize;
use utoipa::ToSchema;

use super::request::{Kind, Mode, UnderstoodTime};
use crate::clusters::ClusterName;
use crate::observations::ClusterId;

/// A result.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// The id of the observation; for a chunk, the id of the document, `#` and the number of the
    /// passage; for a summary, the id of the cluster.
    pub id: String,
    /// The kind of result.
    pub kind: Kind,
    /// One line: the title of the observation, the document or the cluster.
    pub title: String,
    /// The headings under which a chunk stands, from the outermost on.
    pub headings: Vec<String>,
    /// The address at the provider, if it named one.
    pub url: Option<String>,
    /// The part of the text that fits best, on one line.
    pub snippet: String,
    /// From 0 to 1: how well it fits, beside the best result and the share of the query that the best
    /// one has.
    pub score: f32,
    /// The provider; `api` for documents that were added through the API. A summary has the provider of
    /// most of its observations.
    pub source: String,
    /// The provider's name of the event; for a chunk `document.` and its format; `cluster.summary`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The time of the event; for a chunk the time at which its text was stored.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// The importance, from 0 to 100; chunks have none.
    pub significance: Option<i64>,
    /// The person who caused it.
    pub actor: Option<ActorName>,
    /// The document of a chunk.
    pub document: Option<DocumentName>,
    /// The cluster of an observation or a summary; `null` until an observation is assigned.
    #[schema(value_type = Option<String>)]
    pub cluster_id: Option<ClusterId>,
    /// True for observations of the same cluster as the thing that is compared. Only of what is similar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_cluster: Option<bool>,
    /// The things that it refers to.
    #[schema(value_type = Vec<Object>)]
    pub references: Vec<Reference>,
    /// The words of the query in the snippet.
    pub highlights: Vec<HighlightView>,
    /// The parts of the score, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explanation>,
}

/// The document of a chunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentName {
    /// Its id.
    pub id: String,
    /// Its place.
    pub path: String,
    /// The number of the passage.
    pub passage: u32,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActorName {
    /// `{provider}:{id}`.
    pub id: String,
    /// The login or name.
    pub name: String,
}

/// A word of the query in a snippet, in characters (Unicode scalar values).
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct HighlightView {
    /// The first character.
    pub start: usize,
    /// The character behind the last.
    pub end: usize,
}

/// The parts of a score. Their sum, times `recency`, is what results are ordered by.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Explanation {
    /// The words, by BM25, between the worst candidate and the best: 0 to 1, times the share of
    /// words.
    pub lexical: f32,
    /// The similarity of the vectors, between the worst candidate and the best: 0 to 1, times the
    /// share of vectors.
    pub vector: f32,
    /// The share of the query that names who, where, or the kind of event: up to 0.8.
    pub facts: f32,
    /// The closeness of the words to each other: up to 0.2.
    pub proximity: f32,
    /// The share of the query in the title: up to 0.2.
    pub heading: f32,
    /// The kind of event that is asked for, as in `which deployment …`: 0.4.
    pub kind: f32,
    /// The edges from the five best: up to 0.7 of their score, or 0.08 for what is found anyway.
    pub graph: f32,
    /// The significance and the kind of event: up to 0.1.
    pub importance: f32,
    /// 0.92 for old events, 1 for new ones.
    pub recency: f32,
    /// The relevance by the model that orders results. Where it is there, it is the score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerank: Option<f32>,
}

/// The answer to a search.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchReply {
    /// The results, the best first.
    pub data: Vec<SearchHit>,
    /// The common features of the results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<SearchContext>,
    /// The values that the results can be narrowed by, if they were asked for: by kind, such as
    /// `source`, the most frequent first. Counted among the best thousand passages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<BTreeMap<String, Vec<FacetView>>>,
    /// The scope of the answer, and its confidence.
    pub meta: SearchMeta,
    /// The time of each phase, in milliseconds.
    pub latency: Latency,
}

/// A value by which results can be narrowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetView {
    /// The value, as a filter takes it.
    pub value: String,
    /// The number of passages that have it.
    pub passages: usize,
}

/// The common features of the results.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct SearchContext {
    /// Up to two clusters with at least two observations, by their results.
    pub clusters: Vec<ClusterName>,
    /// Up to three people, by the number of their results. The id is the person's.
    pub actors: Vec<ActorName>,
}

/// The scope of an answer, and its confidence.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchMeta {
    /// The number of passages that have a word of the query, and at least that of the results. Without
    /// such passages, the number of those that are similar.
    pub total: usize,
    /// False if some of them may lack the phrase, or if they are only similar.
    pub total_is_exact: bool,
    /// As asked for.
    pub limit: usize,
    /// As asked for.
    pub offset: usize,
    /// The time in milliseconds.
    pub took: f64,
    /// As asked for.
    pub mode: Mode,
    /// `high`, `low`, or `none` when nothing fits: what is listed then is only the nearest.
    pub confidence: Confidence,
    /// The conditions that nothing in the workspace meets, such as `type:pull_requset`; told when
    /// nothing is found. All times together are one condition: `last week`, `after:2031-01-01`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<String>,
    /// The part of the vectors in this answer.
    pub vector: VectorUse,
    /// The first time that the words of the query name, if they name one: results are of that time alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<UnderstoodTime>,
    /// The share of the workspace's passages that have vectors, from 0 to 1. New ones have them after
    /// some seconds.
    pub embedded: f32,
    /// The part of a model that orders results.
    pub rerank: RerankUse,
    /// The state of the index, for the next page.
    pub state: String,
    /// True if passages or vectors were added or removed since the page whose state was given: results may
    /// have moved from page to page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_changed: bool,
}

/// The part of a model that orders results, in an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RerankUse {
    /// None is set, the mode is `fast`, or there was nothing to order.
    #[default]
    Off,
    /// The first results are in its order.
    Used,
    /// It failed or was late: the results have the order of the search.
    Failed,
}

/// The part of the vectors in an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VectorUse {
    /// The query was embedded.
    Used,
    /// The vector of the query was known.
    Cached,
    /// The query asks for identifiers or for nothing but filters, no passage has a vector, the mode
    /// is `fast`, or meaning has no share in the workspace.
    #[default]
    Skipped,
    /// The server has no embedder.
    Off,
    /// The embedder failed. The log says why.
    Unavailable,
}

/// The fit of the best result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It has most of the query.
    High,
    /// It lacks an important part of the query.
    Low,
    /// Nothing fits.
    None,
}

/// The time of each phase, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Latency {
    /// All of it.
    pub total: f64,
    /// Bringing the index up to date.
    pub refresh: f64,
    /// The vector of the query.
    pub embedding: f64,
    /// Scoring the words.
    pub lexical: f64,
    /// Comparing the vectors.
    pub vector: f64,
    /// Reading the rows of the best passages.
    pub enrich: f64,
    /// Ordering them, and finding their snippets.
    pub rank: f64,
    /// Waiting for the model that orders results.
    pub rerank: f64,
}
