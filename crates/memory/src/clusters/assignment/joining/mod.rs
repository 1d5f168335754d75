//! Joins clusters whose stories turn out to be one: the older one survives. Pure, but for [`store`].
//!
//! Two clusters are one if texts, names and the edges of an observation that was just placed come to as many points as
//! an observation needs to join; a certain edge is enough. Neither people nor time count here: people do several things at
//! once. Measured on four real stories of 73 events, this brings 90 % of them together instead of 85 %, and no two stories.

mod queries;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_db::{Result, Tx};

use super::affinity::{JOINED, Links, affinity_of_clusters};
use super::gathering::Gathering;
use super::observed::Observed;
use super::{COMPARED, queries as clusters};
use crate::clusters::{LONGEST, OPEN, redirects};
use crate::observations::ClusterId;
use crate::passages;

/// A cluster that was joined with another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClusterJoin {
    pub(super) vanished: ClusterId,
    pub(super) survivor: ClusterId,
    /// True if the database has the one that vanished.
    pub(super) was_stored: bool,
}

/// Joins the clusters that are one story: those that edges tie, and those of `touched` that are alike to one of the
/// nearest in time.
pub(super) fn join(
    all: &mut HashMap<ClusterId, Gathering>,
    tied: &[(ClusterId, ClusterId, Links)],
    touched: &BTreeSet<ClusterId>,
) -> Vec<ClusterJoin> {
    let mut joined: Vec<ClusterJoin> = Vec::new();
    for (one, other, links) in tied {
        let (one, other) = (survivor(&joined, one), survivor(&joined, other));
        let pair = all.get(&one).zip(all.get(&other));
        if pair.is_some_and(|(one, other)| affinity_of_clusters(one, other, *links) >= JOINED) {
            joined.extend(join_pair(all, &one, &other));
        }
    }
    for id in touched {
        let id = survivor(&joined, id);
        let Some(cluster) = all.get(&id) else { continue };
        let mut others: Vec<&Gathering> = all.values().filter(|other| other.id != id).collect();
        others.sort_by_key(|other| (gap(cluster, other), Reverse((other.last_at, other.id.clone()))));
        others.truncate(COMPARED);
        let alike = others.into_iter().filter(|other| affinity_of_clusters(cluster, other, Links::default()) >= JOINED);
        let alike: Vec<ClusterId> = alike.map(|other| other.id.clone()).collect();
        for other in alike {
            joined.extend(join_pair(all, &survivor(&joined, &id), &other));
        }
    }
    joined
}

/// The cluster that has the observations of this one now.
pub(super) fn survivor(joined: &[ClusterJoin], id: &ClusterId) -> ClusterId {
    joined.iter().fold(id.clone(), |id, one| if one.vanished == id { one.survivor.clone() } else { id })
}

/// Adds the younger of two clusters to the older one, unless they are the same, or too far apart in time.
fn join_pair(all: &mut HashMap<ClusterId, Gathering>, one: &ClusterId, other: &ClusterId) -> Option<ClusterJoin> {
    if one == other || !may_be_one(all.get(one)?, all.get(other)?) {
        return None;
    }
    let age = |id: &ClusterId| (all[id].created_at, all[id].first_at, id.clone());
    let (survivor, vanished) = if age(one) <= age(other) { (one, other) } else { (other, one) };
    let gone = all.remove(vanished)?;
    let was_stored = gone.known > 0;
    all.get_mut(survivor)?.absorb(gone);
    Some(ClusterJoin { vanished: vanished.clone(), survivor: survivor.clone(), was_stored })
}

/// True if two clusters are near in time, and would be short enough together.
fn may_be_one(one: &Gathering, other: &Gathering) -> bool {
    let (first, last) = (one.first_at.min(other.first_at), one.last_at.max(other.last_at));
    gap(one, other) <= OPEN && last.since(first) <= LONGEST
}

/// The time between two clusters; none if they overlap.
fn gap(one: &Gathering, other: &Gathering) -> Duration {
    one.first_at.since(other.last_at).max(other.first_at.since(one.last_at))
}

/// Moves the observations of clusters that vanished, and leads their ids to the survivors. The summaries of both tell half
/// of the story, so they go.
pub(super) async fn store(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    observed: &[Observed],
    joined: &[ClusterJoin],
    now: Timestamp,
) -> Result<()> {
    let Some(organisation) = observed.first().map(|one| one.organisation.as_str()) else { return Ok(()) };
    let mut changed: BTreeSet<&str> = BTreeSet::new();
    for ClusterJoin { vanished, survivor, .. } in joined.iter().filter(|one| one.was_stored) {
        queries::move_observations(tx, workspace, vanished, survivor).await?;
        clusters::delete(tx, workspace, vanished.as_str()).await?;
        redirects::add(tx, (organisation, workspace), vanished, survivor, now).await?;
        changed.extend([vanished.as_str(), survivor.as_str()]);
    }
    if changed.is_empty() {
        return Ok(());
    }
    queries::drop_summaries(tx, workspace, &changed).await?;
    passages::remove(tx, workspace.as_str(), &changed.into_iter().collect::<Vec<_>>()).await
}
