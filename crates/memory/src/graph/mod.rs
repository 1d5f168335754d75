//! The graph: connects observations that name the same commit, branch, issue or pull request.
//!
//! Every reference that can connect observations is a row of `observation_reference`. A new
//! observation looks up its references there. For each earlier observation that it finds, the
//! [rules](rules::relate) decide on an edge. Then its own references are stored. A thing that is
//! only mentioned in a text connects only to observations that are *about* that thing. Otherwise
//! every text with `UTF-8` in it would be connected to every other.

mod neighbourhood;
mod queries;
mod rules;

use std::collections::HashMap;

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::{Reference, ReferenceKind};
use campanile_base::{Result, Thing, Timestamp, new_id};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::observations::{ClusterId, Draft, Observation, ObservationId};

pub use neighbourhood::{Neighbourhood, neighbourhood};
pub use queries::edges_of;

/// The maximum number of earlier observations that are compared per reference.
const MOST_PER_REFERENCE: i64 = 50;

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
pub(crate) struct ReferenceRow {
    pub(crate) kind: ReferenceKind,
    pub(crate) key: String,
    pub(crate) written: String,
    pub(crate) side: Side,
}

/// An edge to be stored.
pub(crate) struct NewEdge {
    pub(crate) id: String,
    pub(crate) from: ObservationId,
    pub(crate) to: ObservationId,
    pub(crate) relation: rules::Relation,
    pub(crate) written: String,
    pub(crate) kind: ReferenceKind,
}

/// Connects a new observation to earlier ones and stores its references. Returns the other end of each
/// edge.
pub(crate) async fn connect(tx: &mut Tx, draft: &Draft<'_>, now: Timestamp) -> Result<Vec<Neighbour>> {
    let observation = &draft.observation;
    let references = references(draft);
    let mut edges: HashMap<(ObservationId, &'static str), (NewEdge, Neighbour)> = HashMap::new();
    for reference in &references {
        let met = queries::sharing(tx, &observation.workspace_id, reference, MOST_PER_REFERENCE).await?;
        for Met { id: other, side, cluster, occurred_at } in met {
            let Some(relation) = rules::relate(reference.kind, &reference.side, &side) else { continue };
            let known = edges.get(&(other.clone(), relation.edge_type));
            if known.is_some_and(|(known, _)| known.relation.confidence >= relation.confidence) {
                continue;
            }
            let (from, to) = match relation.from_new {
                true => (observation.id.clone(), other.clone()),
                false => (other.clone(), observation.id.clone()),
            };
            let edge = NewEdge {
                id: new_id("edge", now),
                from,
                to,
                relation,
                written: reference.written.clone(),
                kind: reference.kind,
            };
            let edge_type = edge.relation.edge_type;
            edges.insert((other, edge_type), (edge, Neighbour { edge_type, cluster, occurred_at }));
        }
    }
    queries::insert_references(tx, &observation.workspace_id, &observation.id, &references).await?;
    let (edges, neighbours): (Vec<NewEdge>, Vec<Neighbour>) = edges.into_values().unzip();
    queries::insert_edges(tx, &observation.workspace_id, &edges, now).await?;
    Ok(neighbours)
}

/// The references that can connect this observation: its own first, then those that only its text
/// mentions.
fn references(draft: &Draft<'_>) -> Vec<ReferenceRow> {
    let mut references: Vec<ReferenceRow> = Vec::new();
    let provider = &draft.observation.provider;
    for reference in &draft.event.references {
        let Some(key) = &reference.key else { continue };
        let role = if reference.is_subject { Role::Subject } else { Role::Reference };
        add(
            &mut references,
            reference.kind,
            key,
            &reference.id,
            Side { provider: provider.clone(), label: reference.label.clone(), role },
        );
    }
    for entity in draft.entities.iter().filter(|entity| entity.category == "project") {
        for (kind, key) in mentioned(&entity.key, draft) {
            let side = Side { provider: provider.clone(), label: None, role: Role::Mention };
            add(&mut references, kind, &key, &entity.key, side);
        }
    }
    references
}

fn add(references: &mut Vec<ReferenceRow>, kind: ReferenceKind, key: &str, written: &str, side: Side) {
    if !references.iter().any(|known| known.kind == kind && known.key == key) {
        references.push(ReferenceRow { kind, key: key.to_owned(), written: written.to_owned(), side });
    }
}

/// The references that a text may mean: `ABC-7` an issue; `#12` an issue or a pull request of the
/// event's own repository.
fn mentioned(written: &str, draft: &Draft<'_>) -> Vec<(ReferenceKind, String)> {
    if let Some(number) = written.strip_prefix('#').and_then(|digits| digits.parse().ok()) {
        let repository = draft.event.repository.as_deref();
        let key = repository.map(|repository| Reference::number_key(repository, number));
        return key.map_or_else(Vec::new, |key| vec![(ReferenceKind::Issue, key.clone()), (ReferenceKind::Pr, key)]);
    }
    let is_key = written.split_once('-').is_some_and(|(letters, digits)| {
        letters.chars().all(|c| c.is_ascii_uppercase()) && digits.chars().all(|c| c.is_ascii_digit())
    });
    if is_key { vec![(ReferenceKind::Issue, written.to_owned())] } else { Vec::new() }
}

/// The edges of an observation, highest confidence first.
///
/// # Errors
/// `NotFound` when the workspace has no such observation.
pub async fn edges(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Vec<EdgeView>> {
    crate::observations::by_id(tx, workspace, id).await?.ok_or(campanile_base::Error::NotFound(Thing::Observation))?;
    Ok(edges_of(tx, workspace, id).await?)
}
