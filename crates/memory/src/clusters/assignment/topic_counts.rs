//! How common topics are in a workspace.

use std::collections::HashMap;

/// The observations of a workspace, and those with each topic.
#[derive(Debug, Default)]
pub(in crate::clusters) struct TopicCounts {
    pub(in crate::clusters) observations: i64,
    pub(in crate::clusters) by_topic: HashMap<String, i64>,
}

impl TopicCounts {
    /// The observations with a topic; at least one.
    pub(super) fn of(&self, topic: &str) -> i64 {
        self.by_topic.get(topic).copied().unwrap_or(1).max(1)
    }
}
