//! The passage of a cluster's summary.

use campanile_base::Timestamp;

/// A summary with the cluster that it tells of.
#[derive(Debug, Clone)]
pub(crate) struct SummaryPiece {
    /// The cluster.
    pub(crate) cluster: String,
    /// The title of the cluster.
    pub(crate) title: String,
    /// The summary.
    pub(crate) text: String,
    /// The providers of its observations, the one with the most first.
    pub(crate) sources: Vec<String>,
    /// Ids and names of the people.
    pub(crate) actors: Vec<(String, String)>,
    /// Topics of its observations.
    pub(crate) topics: Vec<String>,
    /// The time of its last observation.
    pub(crate) last_at: Timestamp,
}

impl SummaryPiece {
    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags = vec!["kind:summary".to_owned(), "type:cluster".to_owned(), "type:cluster.summary".to_owned()];
        tags.extend(self.sources.iter().map(|source| format!("source:{source}")));
        tags.extend(self.topics.iter().map(|topic| format!("topic:{topic}")));
        tags.extend(self.actors.iter().flat_map(|(id, name)| [format!("actor:{id}"), format!("actor:{name}")]));
        tags
    }
}
