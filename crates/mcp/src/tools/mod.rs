//! The tools. Each is a file with its arguments, its answer, and a description for models.
//!
//! [`ALL`] lists them in a fixed order: clients and models keep the list, and one that changes is
//! read again. A new tool is added at the end.

mod answer;
mod fetch;
mod find_similar;
mod graph;
mod related;
mod search;
mod timeline;

use std::sync::{Arc, LazyLock};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_app::App;
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_http::body::objects::ObjectsOnly;
use campanile_http::error::log_internal;
use campanile_memory::Observation;
use futures_util::future::BoxFuture;
use rmcp::model::{JsonObject, ToolAnnotations};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// All tools.
pub(crate) const ALL: [Tool; 7] =
    [search::TOOL, fetch::TOOL, related::TOOL, graph::TOOL, timeline::TOOL, find_similar::TOOL, answer::TOOL];

/// A tool.
pub(crate) struct Tool {
    /// The name by which it is called.
    pub(crate) name: &'static str,
    /// The name for people.
    title: &'static str,
    /// The advice to models: the use of the tool, and its limits.
    description: &'static str,
    /// The schemas of its arguments and of its answer.
    input: fn() -> JsonObject,
    output: fn() -> JsonObject,
    /// Answers a call.
    pub(crate) call: Call,
}

type Call = for<'c> fn(&'c ToolContext, JsonObject) -> BoxFuture<'c, ToolOutcome>;

/// The outcome of a call.
pub(crate) type ToolOutcome = Result<Value, CallRefusal>;

/// The reason why a tool does not answer.
#[derive(Debug)]
pub(crate) enum CallRefusal {
    /// The arguments do not fit the schema of the tool: one is not known, is missing, or has another
    /// type. The call is an error of the protocol.
    Arguments(String),
    /// The tool was called, and cannot answer. The call has a result, which says why.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for CallRefusal {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The workspace that a tool reads.
pub(crate) struct ToolContext {
    /// The application.
    pub(crate) app: App,
    /// The organisation.
    pub(crate) organisation: OrganisationId,
    /// The workspace.
    pub(crate) workspace: WorkspaceId,
}

impl ToolContext {
    /// The page of an observation, of a document or of a passage of one in the console.
    fn page(&self, id: &str) -> String {
        format!("{}{}", self.app.base_url, campanile_memory::search::page(id))
    }
}

/// The tools as the protocol describes them.
pub(crate) fn described() -> &'static [rmcp::model::Tool] {
    static DESCRIBED: LazyLock<Vec<rmcp::model::Tool>> = LazyLock::new(|| ALL.iter().map(Tool::described).collect());
    &DESCRIBED
}

impl Tool {
    fn described(&self) -> rmcp::model::Tool {
        let hints = ToolAnnotations::with_title(self.title).read_only(true).idempotent(true).open_world(false);
        rmcp::model::Tool::new(self.name, self.description, (self.input)())
            .with_title(self.title)
            .with_raw_output_schema(Arc::new((self.output)()))
            .with_annotations(hints)
    }
}

/// The schema of a type, with everything in one place and without what only some models understand.
fn schema<T: JsonSchema>() -> JsonObject {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema: Value = Schema::into(settings.into_generator().into_root_schema_for::<T>());
    simplify(&mut schema);
    match schema {
        Value::Object(schema) => schema,
        _ => unreachable!("the arguments and answers of tools are structs"),
    }
}

/// Leaves out the names of our types, and `null` as one of two types: absent is enough.
fn simplify(schema: &mut Value) {
    let Value::Object(object) = schema else {
        if let Value::Array(items) = schema {
            items.iter_mut().for_each(simplify);
        }
        return;
    };
    // Formats such as `uint8` are those of Rust.
    for name in ["title", "format"] {
        if object.get(name).is_some_and(Value::is_string) {
            object.shift_remove(name);
        }
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.shift_remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    object.values_mut().for_each(simplify);
}

/// Reads the arguments of a call. The refusal names the argument at fault.
fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, CallRefusal> {
    let read = serde_path_to_error::deserialize(Value::Object(arguments));
    read.map(|ObjectsOnly(read)| read).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.inner());
        CallRefusal::Arguments(match path.as_str() {
            "." | "?" => format!("the arguments: {cause}"),
            path => format!("the argument `{path}`: {cause}"),
        })
    })
}

/// The answer of a tool as JSON.
fn told(answer: impl Serialize) -> ToolOutcome {
    Ok(serde_json::to_value(answer).map_err(Error::internal)?)
}

/// Reads a time: RFC 3339, or a date, which begins at midnight UTC.
fn time(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>> {
    let Some(text) = text else { return Ok(None) };
    let time = Timestamp::parse_time_or_date(text);
    time.map(Some).ok_or_else(|| Error::invalid_field(field, "must be an RFC 3339 time or a date such as 2026-10-01"))
}

/// An error as a sentence that a model can act on.
pub(crate) fn sentence(error: &Error, request_id: &str) -> String {
    log_internal(error);
    match error {
        Error::NotFound(Thing::Observation) => {
            "there is nothing with this id in the workspace; use an id from a result of `search`".to_owned()
        }
        Error::Internal(_) | Error::Unavailable { .. } => format!("{error}; try again later (request {request_id})"),
        other => other.to_string(),
    }
}

/// An observation, briefly.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Brief {
    /// The id, for `fetch`, `related` and `graph`.
    id: String,
    /// One line.
    title: String,
    /// A link to it at the provider, if it has one, else the page in the console.
    url: String,
    /// The page in the console that shows it with everything around it.
    page: String,
    /// The tool that it comes from, such as `github`.
    source: String,
    /// The event, such as `pull_request.merged`.
    #[serde(rename = "type")]
    event_type: String,
    /// The person who caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    /// The time of the event, RFC 3339.
    occurred_at: String,
    /// The importance, from 0 to 100.
    significance: i64,
}

impl Brief {
    fn of(context: &ToolContext, observation: Observation) -> Self {
        let Observation { id, title, provider, event_type, actor, occurred_at, significance, url, .. } = observation;
        let page = context.page(id.as_str());
        Self {
            url: url.unwrap_or_else(|| page.clone()),
            page,
            id: id.to_string(),
            title,
            source: provider,
            event_type,
            actor: actor.map(|actor| actor.told.name),
            occurred_at: occurred_at.to_string(),
            significance,
        }
    }
}

#[cfg(test)]
mod tests;
