//! A search as it is asked for.

use campanile_base::{Error, Result, Timestamp};
use campanile_search::{Field, Filter, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dates::named_times;
use super::{FIELDS, LONGEST_QUERY, MOST_RESULTS, MOST_VALUES};

/// A search.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchRequest {
    /// Words, `"phrases"`, and filters such as `source:github` or `after:2026-10-01`; a minus before
    /// a filter or a word excludes. At most 1,000 characters. Without words, the newest passages are found.
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
    /// Documents, by their ids, external ids or places: `docs/ops` means all below it.
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
        let mut named: Vec<(String, Vec<String>)> = Vec::new();
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
                // Values of one field are alternatives, as in `filters`.
                (_, false) => match named.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, values)) => values.push(format!("{name}:{value}")),
                    None => named.push((name.clone(), vec![format!("{name}:{value}")])),
                },
            }
        }
        filter.tags.extend(named.into_iter().map(|(_, values)| values));
        let time = if self.understand { understood(&mut query, &mut filter, now) } else { None };
        times.extend(time.as_ref().map(|time| time.text.clone()));
        // As they were written: what a person's other accounts are called is not told.
        let conditions = Conditions { tags: filter.tags.clone(), times };
        if time.is_none() && query.is_without_words() && !query.text.is_empty() {
            // Signs alone, such as `???`, are no words, and nothing has them.
            filter.tags.push(Vec::new());
        }
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

/// The first time that a text names in words, as searches read it: `last week`, `on February 4`.
pub fn named_time(text: &str, now: Timestamp) -> Option<UnderstoodTime> {
    let named = named_times(text, now).into_iter().next()?;
    Some(UnderstoodTime::of(text[named.at.clone()].to_owned(), (named.from, named.until)))
}

impl UnderstoodTime {
    fn of(text: String, (from, until): (i64, i64)) -> Self {
        let bound = |micros: i64| (micros != i64::MIN && micros != i64::MAX).then(|| Timestamp::from_micros(micros));
        Self { text, start: bound(from), end: bound(until) }
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
    Some(UnderstoodTime::of(text, (named.from, named.until)))
}

impl SearchFilters {
    pub(super) fn read(&self) -> Result<Filter> {
        let lists: [(&'static str, &str, &[String]); 6] = [
            ("sources", "source", &self.sources),
            ("types", "type", &self.types),
            ("actors", "actor", &self.actors),
            ("topics", "topic", &self.topics),
            ("categories", "category", &self.categories),
            ("documents", "document", &self.documents),
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
