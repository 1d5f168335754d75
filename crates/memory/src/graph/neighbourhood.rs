//! The neighbourhood of an observation: the observations that few edges lead to, and the edges
//! between them.

use std::collections::{HashMap, HashSet};

use campanile_accounts::WorkspaceId;
use campanile_base::{Error, Result, Thing};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use super::queries::edges_of;
use crate::observations::{self, Observation};

/// The greatest depth of a neighbourhood.
const DEEPEST: u8 = 3;
/// The greatest number of observations in a neighbourhood.
const MOST: usize = 100;

/// The observations around one, and the edges between them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Neighbourhood {
    /// The observations: the centre first, then the nearest.
    pub nodes: Vec<Neighbour>,
    /// All edges whose two ends are among them.
    pub edges: Vec<Edge>,
    /// True if there are more observations at these distances than were asked for.
    pub is_cut: bool,
}

/// An observation at a distance from the centre.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Neighbour {
    /// The number of edges on the shortest way from the centre.
    pub distance: u8,
    /// The observation.
    pub observation: Observation,
}

/// An edge between two observations.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Edge {
    /// The observation that fixes, deploys, … the other.
    pub from: String,
    /// The other one.
    pub to: String,
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
    /// The detection method, as in a list of edges.
    pub detection_method: String,
}

/// The neighbourhood of an observation: breadth first, edges of the highest confidence first.
///
/// # Errors
/// `NotFound` when the workspace has no such observation; `InvalidField` for a depth outside 1 to
/// 3, and for a limit outside 1 to 100.
pub async fn neighbourhood(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
    depth: u8,
    limit: usize,
) -> Result<Neighbourhood> {
    if !(1..=DEEPEST).contains(&depth) {
        return Err(Error::invalid_field("depth", format!("must be between 1 and {DEEPEST}")));
    }
    if !(1..=MOST).contains(&limit) {
        return Err(Error::invalid_field("limit", format!("must be between 1 and {MOST}")));
    }
    let centre = observations::by_id(tx, workspace, id).await?.ok_or(Error::NotFound(Thing::Observation))?;
    let mut found = Found::around(centre.observation);
    // Nodes at the last distance are looked at as well: there may be edges between them.
    let mut next = 0;
    while let Some(Neighbour { distance, observation }) = found.nodes.get(next) {
        let (distance, at) = (*distance, observation.id.to_string());
        next += 1;
        for edge in edges_of(tx, workspace, &at).await? {
            let other = edge.observation.id.to_string();
            let is_outgoing = edge.direction == "outgoing";
            let (from, to) = if is_outgoing { (at.clone(), other) } else { (other, at.clone()) };
            if distance < depth {
                found.add(edge.observation, distance + 1, limit);
            }
            found.edges.push(Edge {
                from,
                to,
                edge_type: edge.edge_type,
                confidence: edge.confidence,
                linking_key: edge.linking_key,
                linking_key_type: edge.linking_key_type,
                detection_method: edge.detection_method,
            });
        }
    }
    Ok(found.finish())
}

/// The nodes and edges that were found so far.
struct Found {
    nodes: Vec<Neighbour>,
    known: HashSet<String>,
    edges: Vec<Edge>,
    is_cut: bool,
}

impl Found {
    fn around(centre: Observation) -> Self {
        let known = HashSet::from([centre.id.to_string()]);
        Self { nodes: vec![Neighbour { distance: 0, observation: centre }], known, edges: Vec::new(), is_cut: false }
    }

    fn add(&mut self, observation: Observation, distance: u8, limit: usize) {
        if self.known.contains(observation.id.as_str()) {
            return;
        }
        if self.nodes.len() == limit {
            self.is_cut = true;
            return;
        }
        self.known.insert(observation.id.to_string());
        self.nodes.push(Neighbour { distance, observation });
    }

    /// Each edge was met at both of its ends, and some lead out of the neighbourhood.
    fn finish(self) -> Neighbourhood {
        let Self { nodes, known, edges, is_cut } = self;
        let mut once: HashMap<(String, String, String), Edge> = HashMap::new();
        for edge in edges.into_iter().filter(|edge| known.contains(&edge.from) && known.contains(&edge.to)) {
            once.insert((edge.from.clone(), edge.to.clone(), edge.edge_type.clone()), edge);
        }
        let mut edges: Vec<Edge> = once.into_values().collect();
        edges.sort_by(|a, b| (&a.from, &a.to, &a.edge_type).cmp(&(&b.from, &b.to, &b.edge_type)));
        Neighbourhood { nodes, edges, is_cut }
    }
}
