//! An observation as assignment compares it.

use std::collections::BTreeMap;

use campanile_base::Timestamp;
use campanile_embed::Vector;

use crate::observations::ClusterId;

/// The most entities of an observation that count, the most certain first.
pub(super) const MOST_ENTITIES: usize = 20;

/// An observation to be assigned.
#[derive(Debug, Clone)]
pub(super) struct Observed {
    pub(super) id: String,
    pub(super) organisation: String,
    pub(super) provider: String,
    /// Without the kind of event before it.
    pub(super) title: String,
    pub(super) significance: i64,
    pub(super) topics: Vec<String>,
    pub(super) actor: Option<ObservedPerson>,
    pub(super) entities: Vec<String>,
    pub(super) terms: BTreeMap<String, f32>,
    pub(super) vector: Option<Vector>,
    /// The states of issues and pull requests that it tells.
    pub(super) subjects: Vec<SubjectState>,
    pub(super) occurred_at: Timestamp,
    pub(super) captured_at: Timestamp,
    /// The cluster that it joined when it was stored.
    pub(super) cluster: Option<ClusterId>,
    /// True if that cluster is the survivor of the one that is stored with the observation.
    pub(super) was_redirected: bool,
}

/// The actor of an observation.
#[derive(Debug, Clone)]
pub(super) struct ObservedPerson {
    pub(super) id: String,
    pub(super) name: String,
    /// The id of the person, which all their accounts share.
    pub(super) person: String,
}

/// The state of an issue or a pull request.
#[derive(Debug, Clone)]
pub(super) struct SubjectState {
    pub(super) key: String,
    pub(super) is_open: bool,
}

/// The words of states in which nothing is left to do.
const CLOSED: [&str; 17] = [
    "closed",
    "merged",
    "resolved",
    "done",
    "completed",
    "complete",
    "released",
    "shipped",
    "deployed",
    "canceled",
    "cancelled",
    "duplicate",
    "deleted",
    "transferred",
    "ignored",
    "archived",
    "fixed",
];

/// True if a state leaves something to do.
pub(super) fn is_open(state: &str) -> bool {
    !CLOSED.contains(&state.trim().to_lowercase().as_str())
}

/// The mean of vectors, of those that have the numbers of the first.
pub(in crate::clusters) fn mean(vectors: &[Vector]) -> Option<Vector> {
    let length = vectors.first()?.steps.len();
    let mut sums = vec![0.0_f32; length];
    for vector in vectors.iter().filter(|vector| vector.steps.len() == length) {
        sums.iter_mut().zip(vector.numbers()).for_each(|(sum, number)| *sum += number);
    }
    Vector::new(&sums)
}
