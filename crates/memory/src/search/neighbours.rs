//! The neighbours of the best candidates in the graph: the deployment of a pull request that fits,
//! the review of it, the error that it resolves. They fit because of what they are tied to, and few
//! of them say so in their own words.

use std::collections::HashMap;

use campanile_accounts::WorkspaceId;
use campanile_db::{Result, Tx};

use super::candidates::Candidates;
use crate::passages::{self, Owner, Passage};

/// The candidates whose neighbours are looked at.
const OF: usize = 5;
/// The edges that are followed in each direction.
const MOST: i64 = 40;
/// The share of a candidate's score that a neighbour has for it.
const SHARE: f32 = 0.7;

/// An observation that an edge leads to.
pub(super) struct Neighbour {
    pub(super) passage: Passage,
    /// The score that it has for its edge.
    pub(super) score: f32,
}

/// The neighbours of the best candidates, each once. `read` has the rows of the candidates.
pub(super) async fn read(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    candidates: &Candidates,
    read: &[Passage],
) -> Result<Vec<Neighbour>> {
    let owners: HashMap<u32, &str> = read
        .iter()
        .filter(|passage| matches!(passage.owner, Owner::Observation(_)))
        .map(|passage| (passage.no, passage.owner_id()))
        .collect();
    let mut scores: HashMap<String, f32> = HashMap::new();
    for candidate in &candidates.list {
        if let Some(owner) = owners.get(&candidate.no).filter(|owner| !scores.contains_key(**owner)) {
            scores.insert((*owner).to_owned(), candidate.score());
        }
        if scores.len() == OF {
            break;
        }
    }
    if scores.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = scores.keys().map(String::as_str).collect();
    let mut neighbours: HashMap<u32, Neighbour> = HashMap::new();
    for (passage, of, confidence) in passages::neighbours_of(tx, workspace, &ids, MOST).await? {
        let score = SHARE * confidence as f32 * scores.get(&of).copied().unwrap_or_default();
        let known = neighbours.entry(passage.no).or_insert(Neighbour { passage, score });
        known.score = known.score.max(score);
    }
    let numbers: Vec<u32> = neighbours.keys().copied().collect();
    let admitted = candidates.admitted(&numbers);
    neighbours.retain(|no, _| admitted.contains(no));
    Ok(neighbours.into_values().collect())
}
