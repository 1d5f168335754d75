//! A search as it is asked for, and its answer.

use std::collections::BTreeMap;

use campanile_base::source_event::Reference;
use campanile_base::{Error, Result, Timestamp};
use campanile_search::{Field, Filter, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clusters::ClusterName;
use crate::observations::ClusterId;

use super::dates::named_times;
use super::{FIELDS, LONGEST_QUERY, MOST_RESULTS, MOST_VALUES};

/// A search.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchRequest {
    /// Words, `"phrases"`, and filters such as `source:github` or `after:2026-10-01`; a minus before
    /// a filter excludes. At most 1,000 characters. Without words, the newest passages are found.
    pub query: String,
    /// The number of results, from 1 to 100.
    #[serde(default = "ten")]
    pub limit: usize,
    /// The number of results to leave out. With `limit`, at most 200.
    #[serde(default)]
    pub offset: usize,
    /// The effort for the answer.
    #[serde(default)]
    pub mode: Mode,
    /// Conditions that all results meet.
    #[serde(default)]
    pub filters: SearchFilters,
    /// False to leave `context` out.
    #[serde(default = "yes")]
    pub include_context: bool,
    /// False to leave highlights out.
    #[serde(default = "yes")]
    pub include_highlights: bool,
    /// False to have every passage of an observation, and more than two of a document.
    #[serde(default = "yes")]
    pub collapse: bool,
    /// True to have the parts of each score.
    #[serde(default)]
    pub explain: bool,
    /// True to have `facets`: what the results can be narrowed by.
    #[serde(default)]
    pub facets: bool,
    /// True if the last word may be the begin of one, as while somebody types.
    #[serde(default)]
    pub prefix: bool,
    /// `meta.state` of an earlier page of the same search: `meta.hasChanged` tells whether this page is one of
    /// another list.
    #[serde(default)]
    pub state: Option<String>,
    /// False to take times such as `last week` or `on February 4` for words.
    #[serde(default = "yes")]
    pub understand: bool,
}

fn ten() -> usize {
    10
}

fn yes() -> bool {
    true
}

/// The effort for an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// By words. Vectors count only if that of the query is known already.
    Fast,
    /// By words and vectors.
    #[default]
    Balanced,
    /// As `balanced`, with more candidates read.
    Thorough,
}

/// The longest state, in bytes.
const LONGEST_STATE: usize = 200;

/// The kinds of results, as the text of a query has them.
const KINDS: [&str; 3] = ["observation", "chunk", "summary"];

/// The kinds of results. Requests may write them in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Kind {
    /// An observation, or a part of one.
    Observation,
    /// A part of a document.
    Chunk,
    /// The summary of a cluster.
    Summary,
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let found = [Self::Observation, Self::Chunk, Self::Summary].into_iter();
        let mut found = found.filter(|kind| text.trim().eq_ignore_ascii_case(kind.as_str()));
        found.next().ok_or_else(|| format!("{text:?} is no kind of result; there are {}", KINDS.join(", ")))
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Observation => "observation",
            Self::Chunk => "chunk",
            Self::Summary => "summary",
        }
    }
}

/// Conditions of a search. Within a list one of the values must fit.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SearchFilters {
    /// Providers, such as `github`.
    pub sources: Vec<String>,
    /// Types, or their first words: `pull_request` matches everything that happens to one.
    pub types: Vec<String>,
    /// Kinds of results.
    pub kinds: Vec<Kind>,
    /// People, by an id (`github:123`), a name or a mail address of any of their accounts.
    pub actors: Vec<String>,
    /// Topics.
    pub topics: Vec<String>,
    /// Categories, such as `bug_fix`.
    pub categories: Vec<String>,
    /// Documents, by their ids or places: `docs/ops` means all below it.
    pub documents: Vec<String>,
    /// The lowest significance, from 0 to 100. Chunks count as 50.
    pub min_significance: Option<u8>,
    /// The time of the event.
    pub date_range: DateRange,
}

/// A stretch of time.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DateRange {
    /// Not before this time: RFC 3339, or a date.
    pub start: Option<String>,
    /// Before this time: RFC 3339, or a date.
    pub end: Option<String>,
}

impl SearchRequest {
    /// All sources that it names, in the filters and in the text.
    pub fn sources(&self) -> Vec<String> {
        let in_text = Query::read(&self.query, FIELDS).fields.into_iter().filter(|field| field.name == "source");
        self.filters.sources.iter().cloned().chain(in_text.map(|field| field.value)).collect()
    }

    /// Checks the bounds, and reads the query with its filters.
    pub(super) fn read(&self, now: Timestamp) -> Result<ReadRequest> {
        if self.query.chars().count() > LONGEST_QUERY {
            return Err(Error::invalid_field("query", format!("must have at most {LONGEST_QUERY} characters")));
        }
        if !(1..=100).contains(&self.limit) {
            return Err(Error::invalid_field("limit", "must be between 1 and 100"));
        }
        if self.offset.saturating_add(self.limit) > MOST_RESULTS {
            return Err(Error::invalid_field("offset", format!("must be at most {MOST_RESULTS}, with the limit")));
        }
        if self.state.as_ref().is_some_and(|state| state.len() > LONGEST_STATE) {
            return Err(Error::invalid_field("state", "must be meta.state of an earlier page"));
        }
        let mut query = Query::read(&self.query, FIELDS);
        let mut filter = self.filters.read()?;
        let mut times = self.filters.date_range.written();
        for Field { name, value, is_not } in std::mem::take(&mut query.fields) {
            if matches!(name.as_str(), "after" | "since" | "before" | "until") {
                times.push(format!("{name}:{value}"));
            }
            match (name.as_str(), is_not) {
                ("after" | "since", false) => filter.occurred_at.0 = filter.occurred_at.0.max(date("after", &value)?),
                ("before" | "until", false) => filter.occurred_at.1 = filter.occurred_at.1.min(date("before", &value)?),
                ("after" | "since" | "before" | "until", true) => {
                    return Err(Error::invalid_field("query", format!("cannot exclude by {name}")));
                }
                ("kind", _) if !KINDS.contains(&value.to_lowercase().as_str()) => {
                    return Err(Error::invalid_field("kind", format!("must be one of {}", KINDS.join(", "))));
                }
                (_, true) => filter.without.push(format!("{name}:{value}")),
                (_, false) => filter.tags.push(vec![format!("{name}:{value}")]),
            }
        }
        let time = if self.understand { understood(&mut query, &mut filter, now) } else { None };
        times.extend(time.as_ref().map(|time| time.text.clone()));
        // As they were written: what a person's other accounts are called is not told.
        let conditions = Conditions { tags: filter.tags.clone(), times };
        Ok(ReadRequest { query, filter, time, conditions })
    }
}

/// A search whose bounds were checked, and whose text was read.
pub(super) struct ReadRequest {
    pub(super) query: Query,
    pub(super) filter: Filter,
    /// The time that the words name.
    pub(super) time: Option<UnderstoodTime>,
    pub(super) conditions: Conditions,
}

/// The conditions of a search as they were written.
pub(super) struct Conditions {
    /// Each stands for a list of the filter's tags.
    pub(super) tags: Vec<Vec<String>>,
    /// The words and the filters that name the time.
    pub(super) times: Vec<String>,
}

impl DateRange {
    /// Its bounds, as filters in the text of a query have them.
    fn written(&self) -> Vec<String> {
        let after = self.start.iter().map(|start| format!("after:{start}"));
        after.chain(self.end.iter().map(|end| format!("before:{end}"))).collect()
    }
}

/// Takes the first time that a query names for a filter. Others stay words, and so does one within a phrase.
fn understood(query: &mut Query, filter: &mut Filter, now: Timestamp) -> Option<UnderstoodTime> {
    let is_quoted = |text: &str| query.phrases.iter().any(|phrase| phrase.contains(text));
    let mut named = named_times(&query.text, now).into_iter();
    let named = named.find(|named| !is_quoted(&query.text[named.at.clone()]))?;
    let text = query.text[named.at.clone()].to_owned();
    let (from, until) = filter.occurred_at;
    filter.occurred_at = (from.max(named.from), until.min(named.until));
    *query = query.without(named.at);
    let bound = |micros: i64| (micros != i64::MIN && micros != i64::MAX).then(|| Timestamp::from_micros(micros));
    Some(UnderstoodTime { text, start: bound(named.from), end: bound(named.until) })
}

impl SearchFilters {
    pub(super) fn read(&self) -> Result<Filter> {
        let lists: [(&'static str, &str, &[String]); 5] = [
            ("sources", "source", &self.sources),
            ("types", "type", &self.types),
            ("actors", "actor", &self.actors),
            ("topics", "topic", &self.topics),
            ("categories", "category", &self.categories),
        ];
        let mut filter = Filter::default();
        for (field, tag, values) in lists {
            if values.len() > MOST_VALUES {
                return Err(Error::invalid_field(field, format!("must have at most {MOST_VALUES} values")));
            }
            if !values.is_empty() {
                filter.tags.push(values.iter().map(|value| format!("{tag}:{}", value.trim())).collect());
            }
        }
        if !self.kinds.is_empty() {
            filter.tags.push(self.kinds.iter().map(|kind| format!("kind:{}", kind.as_str())).collect());
        }
        if self.documents.len() > MOST_VALUES {
            return Err(Error::invalid_field("documents", format!("must have at most {MOST_VALUES} values")));
        }
        filter.significance = self.min_significance.unwrap_or(0);
        if filter.significance > 100 {
            return Err(Error::invalid_field("minSignificance", "must be between 0 and 100"));
        }
        if let Some(start) = &self.date_range.start {
            filter.occurred_at.0 = date("dateRange.start", start)?;
        }
        if let Some(end) = &self.date_range.end {
            filter.occurred_at.1 = date("dateRange.end", end)?;
        }
        Ok(filter)
    }
}

/// Reads a time: RFC 3339, or a date, which begins at midnight UTC.
fn date(field: &'static str, text: &str) -> Result<i64> {
    let time = Timestamp::parse_time_or_date(text);
    time.map(Timestamp::as_micros).ok_or_else(|| Error::invalid_field(field, "must be an RFC 3339 time or a date"))
}

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

/// A time in the text of a query. Days are those of UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnderstoodTime {
    /// The words that name it, such as `last week`.
    pub text: String,
    /// Its begin, if it has one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start: Option<Timestamp>,
    /// Its end, if it has one; not part of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end: Option<Timestamp>,
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
