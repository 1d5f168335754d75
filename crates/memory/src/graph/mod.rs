//! The graph: which observations speak of the same commit, branch, issue or pull request, and
//! what that makes of them.
//!
//! Every reference that can tie is a row of `observation_reference`. A new observation looks its
//! own references up there, asks the [rules](rules::relate) about each that it meets, and is then
//! stored itself. What an observation merely mentions in its text ties it only to what is *about*
//! the thing mentioned; otherwise every text with `UTF-8` in it would be tied to every other.

mod queries;
mod rules;

use std::collections::HashMap;

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::{Reference, ReferenceKind};
use campanile_base::{Result, Timestamp, new_id};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::observations::{Draft, Observation, ObservationId};

pub use queries::edges_of;

/// How many earlier observations a reference is asked about.
const MOST_PER_REFERENCE: i64 = 50;

/// An edge as one of its ends sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EdgeView {
    /// `fixes`, `resolves`, `triggers`, `deploys`, `references`, `same_commit`, `same_branch` or
    /// `tracked_in`.
    #[serde(rename = "type")]
    pub edge_type: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// What both speak of.
    pub linking_key: String,
    /// `commit`, `branch`, `issue` or `pr`.
    pub linking_key_type: String,
    /// How it was found: `explicit`, `commit_match`, `branch_match`, `pr_match` or
    /// `entity_cooccurrence`.
    pub detection_method: String,
    /// `outgoing` when this observation fixes, deploys, … the other; `incoming` when the other does.
    pub direction: String,
    /// The other end.
    pub observation: Observation,
}

/// How a reference stands to its observation.
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

/// A row of `observation_reference` about to be stored.
pub(crate) struct Tie {
    pub(crate) kind: ReferenceKind,
    pub(crate) key: String,
    pub(crate) written: String,
    pub(crate) side: Side,
}

/// An edge about to be stored.
pub(crate) struct NewEdge {
    pub(crate) id: String,
    pub(crate) from: ObservationId,
    pub(crate) to: ObservationId,
    pub(crate) relation: rules::Relation,
    pub(crate) written: String,
    pub(crate) kind: ReferenceKind,
}

/// Ties a new observation to the earlier ones and stores its references; answers how many edges
/// that makes.
pub(crate) async fn connect(tx: &mut Tx, draft: &Draft<'_>, now: Timestamp) -> Result<usize> {
    let observation = &draft.observation;
    let ties = ties(draft);
    let mut edges: HashMap<(ObservationId, &'static str), NewEdge> = HashMap::new();
    for tie in &ties {
        let met = queries::sharing(tx, &observation.workspace_id, tie, MOST_PER_REFERENCE).await?;
        for (other, side) in met {
            let Some(relation) = rules::relate(tie.kind, &tie.side, &side) else { continue };
            let known = edges.get(&(other.clone(), relation.edge_type));
            if known.is_some_and(|known| known.relation.confidence >= relation.confidence) {
                continue;
            }
            let (from, to) = match relation.from_new {
                true => (observation.id.clone(), other.clone()),
                false => (other.clone(), observation.id.clone()),
            };
            let edge =
                NewEdge { id: new_id("edge", now), from, to, relation, written: tie.written.clone(), kind: tie.kind };
            edges.insert((other, edge.relation.edge_type), edge);
        }
    }
    queries::insert_ties(tx, &observation.workspace_id, &observation.id, &ties).await?;
    let edges: Vec<NewEdge> = edges.into_values().collect();
    queries::insert_edges(tx, &observation.workspace_id, &edges, now).await?;
    Ok(edges.len())
}

/// What ties this observation: its references first, then what only its text mentions.
fn ties(draft: &Draft<'_>) -> Vec<Tie> {
    let mut ties: Vec<Tie> = Vec::new();
    let provider = &draft.observation.provider;
    for reference in &draft.event.references {
        let Some(key) = &reference.key else { continue };
        let role = if reference.is_subject { Role::Subject } else { Role::Reference };
        add(
            &mut ties,
            reference.kind,
            key,
            &reference.id,
            Side { provider: provider.clone(), label: reference.label.clone(), role },
        );
    }
    for entity in draft.entities.iter().filter(|entity| entity.category == "project") {
        for (kind, key) in mentioned(&entity.key, draft) {
            let side = Side { provider: provider.clone(), label: None, role: Role::Mention };
            add(&mut ties, kind, &key, &entity.key, side);
        }
    }
    ties
}

fn add(ties: &mut Vec<Tie>, kind: ReferenceKind, key: &str, written: &str, side: Side) {
    if !ties.iter().any(|known| known.kind == kind && known.key == key) {
        ties.push(Tie { kind, key: key.to_owned(), written: written.to_owned(), side });
    }
}

/// `ABC-7` may be an issue; `#12` an issue or a pull request of the event's own repository.
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

/// The edges of an observation, the most certain first.
///
/// # Errors
/// `NotFound` when the workspace has no such observation.
pub async fn edges(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Vec<EdgeView>> {
    crate::observations::by_id(tx, workspace, id).await?.ok_or(campanile_base::Error::NotFound("observation"))?;
    Ok(edges_of(tx, workspace, id).await?)
}
