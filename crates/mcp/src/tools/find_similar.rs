//! `find_similar`: what means about the same as a result.

use campanile_base::Error;
use campanile_memory::search::{SimilarRequest, similar};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::search::{Found, found};
use super::{Tool, ToolContext, ToolOutcome, read, schema, told};

pub(super) const TOOL: Tool = Tool {
    name: "find_similar",
    title: "Find what means the same",
    description: "Lists results that mean about the same as a given one, in whatever words: the same error reported \
        twice, an earlier incident of the kind, the manual that explains it. Takes the id of a result. An empty list \
        means that nothing is similar.",
    input: schema::<Arguments>,
    output: schema::<Answer>,
    call,
};

/// The most results of a call.
const MOST: usize = 20;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The id of a result.
    id: String,
    /// The number of results, from 1 to 20; 10 when absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    limit: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    /// The results, the most similar first.
    results: Vec<Found>,
}

fn call(context: &ToolContext, arguments: JsonObject) -> BoxFuture<'_, ToolOutcome> {
    async move {
        let Arguments { id, limit } = read(arguments)?;
        let limit = limit.unwrap_or(10);
        if !(1..=MOST).contains(&limit) {
            return Err(Error::invalid_field("limit", format!("must be between 1 and {MOST}")).into());
        }
        let mut asked = json!({ "id": id, "limit": limit });
        let request: SimilarRequest = read(std::mem::take(asked.as_object_mut().expect("it is an object")))?;
        let reply = similar(&context.app.memory, &context.organisation, &context.workspace, request).await?;
        told(Answer { results: reply.data.into_iter().map(|hit| found(context, hit)).collect() })
    }
    .boxed()
}
