//! The graph: connects observations that name the same commit, branch, issue or pull request.
//!
//! Every reference that can connect observations is a row of `observation_reference`. The references
//! of new observations are [looked up](Connecting) there. For each earlier observation that is found,
//! the [rules](rules::relate) decide on an edge. Then the new references are stored. A thing that is
//! only mentioned in a text connects only to observations that are *about* that thing. Otherwise
//! every text with `UTF-8` in it would be connected to every other.

mod connecting;
mod neighbourhood;
mod queries;
mod rules;

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::ReferenceKind;
use campanile_base::{Result, Thing, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::observations::{ClusterId, Observation, ObservationId};

pub(crate) use connecting::Connecting;
pub use neighbourhood::{Neighbourhood, neighbourhood};
pub use queries::edges_of;

/// An edge as seen from one of its ends.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EdgeView {
    /// `fixes`, `resolves`, `triggers`, `deploys`, `references`, `same_commit`, `same_branch` or
    /// `tracked_in`.
    #[serde(rename = "type")]
    pub edge_type: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// The reference that both ends share, as written.
    pub linking_key: String,
    /// `commit`, `branch`, `issue` or `pr`.
    pub linking_key_type: String,
    /// The detection method: `explicit`, `commit_match`, `branch_match`, `pr_match` or
    /// `entity_cooccurrence`.
    pub detection_method: String,
    /// `outgoing` if this observation fixes, deploys, … the other; `incoming` if the other one
    /// does.
    pub direction: String,
    /// The observation at the other end.
    pub observation: Observation,
}

/// The role of a reference in its observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Subject,
    Reference,
    Mention,
}

/// One end of a shared reference.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(crate) provider: String,
    pub(crate) label: Option<String>,
    pub(crate) role: Role,
}

/// An earlier observation that shares a reference.
#[derive(Debug)]
pub(crate) struct Met {
    pub(crate) id: ObservationId,
    pub(crate) side: Side,
    pub(crate) cluster: Option<ClusterId>,
    pub(crate) occurred_at: Timestamp,
}

/// An observation at the other end of a new edge.
pub(crate) struct Neighbour {
    pub(crate) edge_type: &'static str,
    pub(crate) cluster: Option<ClusterId>,
    pub(crate) occurred_at: Timestamp,
}

/// True if an edge of this type means that both ends are about one thing. Others only make it likely.
pub(crate) fn is_certain(edge_type: &str) -> bool {
    matches!(edge_type, "fixes" | "resolves" | "deploys" | "same_commit" | "tracked_in" | "triggers")
}

/// A row of `observation_reference` to be stored.
#[derive(Debug)]
pub(crate) struct ReferenceRow {
    pub(crate) kind: ReferenceKind,
    pub(crate) key: String,
    pub(crate) written: String,
    pub(crate) side: Side,
}

/// An edge to be stored.
#[derive(Debug)]
pub(crate) struct NewEdge {
    pub(crate) id: String,
    pub(crate) from: ObservationId,
    pub(crate) to: ObservationId,
    pub(crate) relation: rules::Relation,
    pub(crate) written: String,
    pub(crate) kind: ReferenceKind,
}

/// The edges of an observation, highest confidence first.
///
/// # Errors
/// `NotFound` when the workspace has no such observation.
pub async fn edges(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Vec<EdgeView>> {
    crate::observations::by_id(tx, workspace, id).await?.ok_or(campanile_base::Error::NotFound(Thing::Observation))?;
    Ok(edges_of(tx, workspace, id).await?)
}
