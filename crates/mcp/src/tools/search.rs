//! `search`: finds observations and documents by words, meaning, identifiers and filters.
//!
//! The name, the one required argument and the shape of the answer are those that ChatGPT expects
//! of a server for its research. It reads the text of the first content item.

use campanile_base::Error;
use campanile_memory::search::{Confidence, Mode, SearchHit, SearchRequest, UnderstoodTime};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{CallRefusal, Tool, ToolContext, ToolOutcome, read, schema, time, told};

pub(super) const TOOL: Tool = Tool {
    name: "search",
    title: "Search the memory",
    description: "Searches everything that the workspace remembers of the team's tools: commits, pull requests, \
        issues, deployments, errors, and of its documents. Finds words in any form, what means the same, phrases in quotes, and identifiers as they are written \
        (`ABC-123`, `#42`, `src/db/pool.rs`, `ERR_TIMEOUT`, a commit's SHA). Filters may stand in the query: \
        `source:github type:pull_request actor:ada after:2026-10-01`. Without words, the newest are listed. Returns \
        the best results with an excerpt; call `fetch` with an id for the whole text. An empty list means that \
        nothing fits; `unmet` then names the conditions that nothing meets. A time in the words, such as `last \
        week`, is a condition: `time` says how it was read.",
    input: schema::<Arguments>,
    output: schema::<Answer>,
    call,
};

/// The most results of a call.
const MOST: usize = 20;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Words, "phrases", identifiers and filters, at most 1,000 characters.
    query: String,
    /// Only from these tools, such as `github`, `linear`, `sentry` or `pagerduty`.
    #[serde(default)]
    sources: Option<Vec<String>>,
    /// Only these events, such as `pull_request.merged`, or by their first word, such as `pull_request`.
    #[serde(default)]
    types: Option<Vec<String>>,
    /// Only by these people: a name, or an id such as `github:123`.
    #[serde(default)]
    actors: Option<Vec<String>>,
    /// Not before this time: RFC 3339, or a date such as 2026-10-01.
    #[serde(default)]
    after: Option<String>,
    /// Before this time: RFC 3339, or a date.
    #[serde(default)]
    before: Option<String>,
    /// The number of results, from 1 to 20; 10 when absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    limit: Option<usize>,
    /// The effort: `fast`, `balanced` or `thorough`; `balanced` when absent.
    #[serde(default)]
    mode: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    /// The results, the best first.
    results: Vec<Found>,
    /// The time that the words of the query name, if they name one: results are of that time alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<ReadTime>,
    /// The conditions that nothing in the workspace meets; only if nothing is found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unmet: Vec<String>,
}

/// A time that was read out of the words of a query.
#[derive(Serialize, JsonSchema)]
struct ReadTime {
    /// The words that name it, such as `last week`.
    text: String,
    /// Its begin, RFC 3339; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    /// Its end, RFC 3339, which is not part of it; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

impl From<UnderstoodTime> for ReadTime {
    fn from(UnderstoodTime { text, start, end }: UnderstoodTime) -> Self {
        let written = |time: campanile_base::Timestamp| time.to_string();
        Self { text, start: start.map(written), end: end.map(written) }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Found {
    /// The id, for `fetch`.
    id: String,
    /// One line.
    title: String,
    /// A link to it.
    url: String,
    /// The source, the person and the time, and the part of the text that fits best.
    text: String,
}

fn call(context: &ToolContext, arguments: JsonObject) -> BoxFuture<'_, ToolOutcome> {
    async move {
        let request = request(read(arguments)?)?;
        let reply = context.app.search(&context.organisation, &context.workspace, request).await?;
        // What is listed without confidence is only the nearest: a model would take it for an answer.
        let fits = reply.meta.confidence != Confidence::None;
        let hits = reply.data.into_iter().filter(|_| fits);
        told(Answer {
            results: hits.map(|hit| found(context, hit)).collect(),
            time: reply.meta.time.map(ReadTime::from),
            unmet: reply.meta.unmet,
        })
    }
    .boxed()
}

/// The search that is asked for. It is read as the API reads one, and so has the same rules.
fn request(asked: Arguments) -> Result<SearchRequest, CallRefusal> {
    let limit = asked.limit.unwrap_or(10);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::invalid_field("limit", format!("must be between 1 and {MOST}")).into());
    }
    let mode = asked.mode.as_deref().unwrap_or("balanced");
    if serde_json::from_value::<Mode>(mode.into()).is_err() {
        return Err(Error::invalid_field("mode", "must be fast, balanced or thorough").into());
    }
    let stretch = json!({
        "start": time("after", asked.after.as_deref())?.map(|time| time.to_string()),
        "end": time("before", asked.before.as_deref())?.map(|time| time.to_string()),
    });
    let mut arguments = json!({
        "query": asked.query,
        "limit": limit,
        "mode": mode,
        "filters": {
            "sources": asked.sources.unwrap_or_default(),
            "types": asked.types.unwrap_or_default(),
            "actors": asked.actors.unwrap_or_default(),
            "dateRange": stretch,
        },
        "includeContext": false,
        "includeHighlights": false,
    });
    read(std::mem::take(arguments.as_object_mut().expect("it is an object")))
}

pub(super) fn found(context: &ToolContext, hit: SearchHit) -> Found {
    let by = hit.actor.map(|actor| format!(" by {}", actor.name)).unwrap_or_default();
    Found {
        url: hit.url.unwrap_or_else(|| context.page(&hit.id)),
        text: format!("{} {}{by}, {}: {}", hit.source, hit.event_type, hit.occurred_at, hit.snippet),
        id: hit.id,
        title: std::iter::once(hit.title).chain(hit.headings).collect::<Vec<_>>().join(" › "),
    }
}
