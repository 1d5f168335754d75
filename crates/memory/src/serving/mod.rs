//! The model by whose vectors a workspace is searched, and its change.
//!
//! A model that is set anew makes its vectors beside those of the one that serves. Once all passages have one, a single
//! transaction swaps both. The vectors of the former model are kept for a day, so a change that is taken back
//! costs nothing.
//!
//! # Nodes with different settings
//! While a new version is rolled out, some nodes are set to the former model. Each node changes only what was
//! decided before it started, so the node that started last decides, and two nodes do not take turns.

mod queries;
#[cfg(test)]
mod tests;

use std::time::Duration;

use campanile_accounts::WorkspaceId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};

pub(crate) use queries::{
    abandoned, begin, building, embedder, forget_previous, head, keep_embedder, note_dimensions, of, stop_building,
    swap,
};

/// The time for which the vectors of the former model are kept.
pub(crate) const GRACE: Duration = Duration::from_secs(86_400);

/// The name of the model in the binary.
const BUILT_IN: &str = "all-MiniLM-L6-v2";

/// The models of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Serving {
    /// The one that serves.
    pub(crate) id: String,
    /// The time at which it began to serve.
    pub(crate) swapped_at: Timestamp,
    /// The one that is to take its place, and since when it makes its vectors.
    pub(crate) building: Option<(String, Timestamp)>,
    /// The one before it, if its vectors are still there, and until when they are kept.
    pub(crate) previous: Option<(String, Timestamp)>,
}

/// The vectors by which a workspace is searched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VectorHead {
    /// The model that made them.
    pub(crate) embedder: String,
    /// The place of the next one.
    pub(crate) next_vector: i64,
    /// Their share in a score, if the workspace has one of its own.
    pub(crate) weight: Option<f64>,
}

/// A model as it is stored, to run it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(crate) enum StoredEmbedder {
    /// The one in the binary.
    BuiltIn,
    /// One of a folder.
    Folder {
        /// The folder.
        path: String,
    },
    /// One of a provider.
    Provider {
        /// The API: `openai` or `cohere`.
        api: String,
        /// The base of its addresses.
        url: String,
        /// Its name at the provider.
        model: String,
        /// The numbers that were asked for.
        dimensions: Option<usize>,
        /// Stands before a query.
        query_prefix: String,
        /// Stands before a passage.
        document_prefix: String,
        /// The most tokens of a text.
        max_tokens: usize,
        /// True if it wants a key.
        has_key: bool,
    },
}

impl StoredEmbedder {
    /// The name of the model.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::BuiltIn => BUILT_IN.to_owned(),
            Self::Folder { path } => path.clone(),
            Self::Provider { model, .. } => model.clone(),
        }
    }
}

/// The next thing to do for a workspace on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// The node's model serves, or nothing serves yet.
    Own,
    /// The node's model serves again: the one that was to take its place is left.
    Stay,
    /// The node's model makes its vectors beside those that serve.
    Build,
    /// The model that serves cannot be run any more: the node's model takes its place at once.
    Replace,
    /// A node that started later has decided otherwise: vectors are made for the model that serves.
    Yield,
}

/// The course of a node that started at a time and is set to `target`. `is_runnable` says whether the node can
/// run the model that serves.
pub(crate) fn course(serving: Option<&Serving>, target: &str, is_runnable: bool, started: Timestamp) -> Course {
    let Some(serving) = serving else { return Course::Own };
    let is_later = |decided: Timestamp| decided > started;
    match &serving.building {
        _ if serving.id == target => match &serving.building {
            Some((_, since)) if !is_later(*since) => Course::Stay,
            _ => Course::Own,
        },
        Some((building, _)) if building == target => Course::Build,
        Some((_, since)) if is_later(*since) => Course::Yield,
        _ if is_later(serving.swapped_at) => Course::Yield,
        _ if !is_runnable => Course::Replace,
        _ => Course::Build,
    }
}

/// Notes that a model makes its vectors, unless it does so already.
pub(crate) async fn build(tx: &mut Tx, workspace: &WorkspaceId, id: &str, now: Timestamp) -> Result<()> {
    queries::build(tx, workspace, id, now).await?;
    Ok(())
}
