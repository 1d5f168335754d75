//! `related`: the observations that one is tied to.

use campanile_memory::graph::{self, EdgeView};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Brief, Tool, ToolContext, ToolOutcome, read, schema, told};

pub(super) const TOOL: Tool = Tool {
    name: "related",
    title: "Find what is tied to a result",
    description: "Lists what a result is tied to, the most certain first: the pull request that fixes an issue, the \
        deployment of a commit, the error that a change resolved, and whatever else names the same commit, branch, \
        issue or pull request. `relation` reads in the direction: `outgoing` means that the given result fixes, \
        deploys or references the listed one, `incoming` the reverse.",
    input: schema::<Arguments>,
    output: schema::<Answer>,
    call,
};

/// The most edges of an answer.
const MOST: usize = 50;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The id of a result.
    id: String,
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    /// The related observations, the most certain first.
    related: Vec<Related>,
    /// True if there are more than are listed.
    truncated: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Related {
    /// `fixes`, `resolves`, `triggers`, `deploys`, `references`, `same_commit`, `same_branch` or `tracked_in`.
    relation: String,
    /// `outgoing` or `incoming`.
    direction: String,
    /// The certainty, from 0 to 1.
    confidence: f64,
    /// The commit, branch, issue or pull request that both name.
    linking_key: String,
    /// The observation at the other end.
    #[serde(flatten)]
    observation: Brief,
}

fn call(context: &ToolContext, arguments: JsonObject) -> BoxFuture<'_, ToolOutcome> {
    async move {
        let Arguments { id } = read(arguments)?;
        let workspace = context.workspace.clone();
        let edges = context.app.db.read_in_turn(context.organisation.as_str(), move |tx| {
            Box::pin(async move { graph::edges(tx, &workspace, &id).await })
        });
        let edges = edges.await?;
        let truncated = edges.len() > MOST;
        let related = edges.into_iter().take(MOST).map(|edge| related(context, edge)).collect();
        told(Answer { related, truncated })
    }
    .boxed()
}

fn related(context: &ToolContext, edge: EdgeView) -> Related {
    Related {
        relation: edge.edge_type,
        direction: edge.direction,
        confidence: edge.confidence,
        linking_key: edge.linking_key,
        observation: Brief::of(context, edge.observation),
    }
}
