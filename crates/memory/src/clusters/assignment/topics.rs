//! The topics that tell a cluster from the others of its workspace, and its label.

use std::collections::BTreeMap;

use campanile_accounts::WorkspaceId;
use campanile_db::{Result, Tx};

use super::gathering::Gathering;
use super::queries;
use super::topic_counts::TopicCounts;
use crate::classification;

/// A topic is the label of a cluster if this share of its observations have it, and at most this share
/// of those of the workspace.
const HAVE: f64 = 0.4;
const HAVE_ELSEWHERE: f64 = 0.1;
/// With fewer observations in the workspace, no topic tells anything apart.
const FEW: i64 = 50;

/// Sets the labels of clusters: the most characteristic topic, or the title.
pub(super) async fn label(tx: &mut Tx, workspace: &WorkspaceId, clusters: &mut [Gathering]) -> Result<()> {
    let named = clusters.iter().flat_map(|cluster| cluster.topics.keys().map(String::as_str));
    let counts = queries::topic_counts(tx, workspace, named.collect()).await?;
    for cluster in clusters {
        let topic = characteristic(&cluster.topics, &counts).into_iter().next();
        let topic = topic.filter(|topic| {
            let within = cluster.topics[topic] as f64 / cluster.observations.max(1) as f64;
            let elsewhere = counts.of(topic) as f64 / counts.observations.max(1) as f64;
            counts.observations >= FEW && cluster.topics[topic] >= 2 && within >= HAVE && elsewhere <= HAVE_ELSEWHERE
        });
        cluster.label = topic.unwrap_or_else(|| cluster.title.clone());
    }
    Ok(())
}

/// The topics of a cluster, the most characteristic first: those that many of its observations have,
/// and few others. Without categories, which observations of all clusters have.
pub(in crate::clusters) fn characteristic(topics: &BTreeMap<String, i64>, counts: &TopicCounts) -> Vec<String> {
    let rarity = |topic: &str| (1.0 + counts.observations.max(1) as f64 / counts.of(topic) as f64).ln();
    let mut weighted: Vec<(f64, &String)> = topics
        .iter()
        .filter(|(topic, _)| !classification::is_general(topic))
        .map(|(topic, count)| (*count as f64 * rarity(topic), topic))
        .collect();
    weighted.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    weighted.into_iter().map(|(_, topic)| topic.clone()).collect()
}
