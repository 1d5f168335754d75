//! The cluster that an observation joins because of its edges, in the transaction that stores it.

use campanile_base::Timestamp;

use super::OPEN;
use crate::graph::{self, Neighbour};
use crate::observations::ClusterId;

/// The cluster to which all certain edges of a new observation lead. `None` if there is none, if they
/// lead to several, or if the other ends are too far away in time.
pub(crate) fn of_linked(occurred_at: Timestamp, neighbours: &[Neighbour]) -> Option<ClusterId> {
    let certain = neighbours.iter().filter(|neighbour| graph::is_certain(neighbour.edge_type));
    let mut clusters = certain.filter_map(|neighbour| Some((neighbour.cluster.as_ref()?, neighbour.occurred_at)));
    let (first, at) = clusters.next()?;
    let is_near = |at: Timestamp| at.minus(OPEN) <= occurred_at && occurred_at <= at.plus(OPEN);
    let is_one = clusters.all(|(other, at)| other == first && is_near(at));
    (is_one && is_near(at)).then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbour(edge_type: &'static str, cluster: Option<&str>, seconds: i64) -> Neighbour {
        Neighbour {
            edge_type,
            cluster: cluster.map(|id| ClusterId::from(id.to_owned())),
            occurred_at: Timestamp::from_seconds(seconds),
        }
    }

    #[test]
    fn only_certain_edges_to_one_cluster_lead_to_it() {
        let now = Timestamp::from_seconds(1_000);
        let of = |neighbours: &[Neighbour]| of_linked(now, neighbours).map(|id| id.to_string());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[neighbour("fixes", Some("cl_a"), 900)]), Some("cl_a".to_owned()));
        assert_eq!(of(&[neighbour("references", Some("cl_a"), 900)]), None);
        assert_eq!(of(&[neighbour("fixes", None, 900)]), None);
        assert_eq!(of(&[neighbour("fixes", Some("cl_a"), 900), neighbour("deploys", Some("cl_b"), 900)]), None);
        let also = [neighbour("fixes", Some("cl_a"), 900), neighbour("references", Some("cl_b"), 900)];
        assert_eq!(of(&also), Some("cl_a".to_owned()));
        assert_eq!(of(&[neighbour("fixes", Some("cl_a"), -8 * 86_400)]), None);
    }
}
