//! The texts of which a summary is made.

use std::collections::BTreeMap;

use campanile_base::Timestamp;

/// A cluster with the texts of its newest observations.
#[derive(Debug, Clone)]
pub(in crate::clusters) struct SummaryInput {
    /// The number of all its observations.
    pub(in crate::clusters) observations: i64,
    pub(in crate::clusters) first_at: Timestamp,
    pub(in crate::clusters) last_at: Timestamp,
    /// The number of observations of each type.
    pub(in crate::clusters) by_type: BTreeMap<String, i64>,
    /// Up to five, the most characteristic first.
    pub(in crate::clusters) key_topics: Vec<String>,
    /// The newest twenty observations, newest first.
    pub(in crate::clusters) texts: Vec<SummaryText>,
}

/// The text of an observation.
#[derive(Debug, Clone)]
pub(in crate::clusters) struct SummaryText {
    /// The provider's name of the event.
    pub(in crate::clusters) event_type: String,
    /// Without the kind of event before it.
    pub(in crate::clusters) title: String,
    /// The begin of its text.
    pub(in crate::clusters) body: String,
    pub(in crate::clusters) significance: i64,
    pub(in crate::clusters) occurred_at: Timestamp,
    /// The likeness to the mean of the cluster, from 0 to 1.
    pub(in crate::clusters) likeness: f32,
}
