//! `graph`: the observations around one, and the edges between them.

use campanile_memory::graph::{self, Neighbourhood};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Brief, Tool, ToolContext, ToolOutcome, read, schema, told};

pub(super) const TOOL: Tool = Tool {
    name: "graph",
    title: "See what surrounds a result",
    description: "Returns the observations around a result, up to three edges away, and all edges between them: how \
        an issue, its pull request, the commits, the deployments and the errors hang together. Use `related` if the \
        direct neighbours are enough.",
    input: schema::<Arguments>,
    output: schema::<Answer>,
    call,
};

/// The most observations of an answer.
const MOST: usize = 40;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The id of a result.
    id: String,
    /// The number of edges to the farthest observation, from 1 to 3; 2 when absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3))]
    depth: Option<u8>,
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    /// The observations: the given one first, then the nearest.
    nodes: Vec<Node>,
    /// All edges between them.
    edges: Vec<Edge>,
    /// True if there are more observations at these distances.
    truncated: bool,
}

#[derive(Serialize, JsonSchema)]
struct Node {
    /// The number of edges from the given one.
    distance: u8,
    /// The observation.
    #[serde(flatten)]
    observation: Brief,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Edge {
    /// The id of the observation that fixes, deploys, … the other.
    from: String,
    /// The id of the other one.
    to: String,
    /// `fixes`, `resolves`, `triggers`, `deploys`, `references`, `same_commit`, `same_branch` or `tracked_in`.
    relation: String,
    /// The certainty, from 0 to 1.
    confidence: f64,
    /// The commit, branch, issue or pull request that both name.
    linking_key: String,
}

fn call(context: &ToolContext, arguments: JsonObject) -> BoxFuture<'_, ToolOutcome> {
    async move {
        let Arguments { id, depth } = read(arguments)?;
        let (workspace, depth) = (context.workspace.clone(), depth.unwrap_or(2));
        let found = context.app.db.read_in_turn(context.organisation.as_str(), move |tx| {
            Box::pin(async move { graph::neighbourhood(tx, &workspace, &id, depth, MOST).await })
        });
        let Neighbourhood { nodes, edges, is_cut } = found.await?;
        let nodes = nodes
            .into_iter()
            .map(|node| Node { distance: node.distance, observation: Brief::of(context, node.observation) });
        let edges = edges.into_iter().map(|edge| Edge {
            from: edge.from,
            to: edge.to,
            relation: edge.edge_type,
            confidence: edge.confidence,
            linking_key: edge.linking_key,
        });
        told(Answer { nodes: nodes.collect(), edges: edges.collect(), truncated: is_cut })
    }
    .boxed()
}
