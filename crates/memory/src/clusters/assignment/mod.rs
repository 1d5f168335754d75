//! Assigns observations to clusters, each once, in ranges of passages.
//!
//! A range is assigned in one transaction: the observations of its passages are compared, in the order
//! in which things happened, with the open clusters that are near in time and with those to which the
//! graph leads; then clusters, observations and the ranges are stored together. A range is ready once
//! its passages have vectors, or at once if the server makes none.
//!
//! Ten clusters are compared for an observation, the latest first: a workspace with hundreds of events
//! a day has many that are open. An older one is found by its edges.

pub(super) mod affinity;
mod gathering;
mod job;
mod joining;
mod observed;
mod people;
mod queries;
mod states;
mod topic_counts;
mod topics;
pub(super) mod words;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::time::{Duration, Instant};

use campanile_accounts::WorkspaceId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::NewJob;

use super::summary::job as summary_job;
use super::{CLUSTER_CREATED, ClusterCreatedArgs, redirects};
use crate::Memory;
use crate::observations::ClusterId;
use crate::{passages, vectors};
use affinity::{JOINED, Links, affinity};
use gathering::Gathering;
use joining::ClusterJoin;
use observed::Observed;

pub(crate) use job::{job, register};
pub(super) use observed::mean;
pub(crate) use queries::behind;
pub(super) use queries::{delete, numbers_of, topic_counts};
pub(super) use topics::characteristic;

/// The clusters that are compared with an observation, the nearest in time, beside those to which its edges lead.
const COMPARED: usize = 10;
/// The observations from which a cluster that lost some is gathered anew: the first of them.
const MOST_REGATHERED: usize = 2_000;
/// A cluster is announced if its second observation was stored in this time: not what an earlier
/// version has left, and not a backlog.
const NEWS: Duration = Duration::from_secs(3_600);

/// An edge of an observation to another one.
struct Link {
    from: String,
    to: String,
    edge_type: String,
    /// The cluster of the other one, if it has one.
    cluster: Option<ClusterId>,
}

/// Assigns the observations of a workspace until all that are ready are assigned, or the time is over.
/// The job does the same. Returns the number of observations.
///
/// # Errors
/// `Unavailable`.
pub async fn assign(memory: &Memory, workspace: &WorkspaceId, most: Duration) -> Result<usize> {
    let (began, mut assigned) = (Instant::now(), 0);
    while began.elapsed() < most {
        let (within, of) = (memory.clone(), workspace.clone());
        let step = memory.db.write(move |tx| Box::pin(async move { step(tx, &within, &of).await }));
        let Some(observations) = step.await? else { break };
        assigned += observations;
        metrics::counter!("campanile_clustered_observations_total").increment(observations as u64);
    }
    Ok(assigned)
}

/// The ranges of passages whose observations are ready to be assigned, and not assigned yet.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn next_range(
    tx: &mut Tx,
    memory: &Memory,
    workspace: &WorkspaceId,
) -> campanile_db::Result<Option<Range<i64>>> {
    let head = passages::head(tx, workspace).await?;
    let ready = match memory.embedder_id() {
        Some(embedder) => vectors::progress(tx, workspace, embedder).await?.unwrap_or_default(),
        None => vectors::Progress::whole(head.next_no),
    };
    Ok(queries::progress(tx, workspace).await?.next_within(&ready))
}

/// Assigns the next range. Returns the number of its observations; `None` if there is no range.
async fn step(tx: &mut Tx, memory: &Memory, workspace: &WorkspaceId) -> Result<Option<usize>> {
    tx.lock(&lock_name(workspace.as_str())).await?;
    let Some(numbers) = next_range(tx, memory, workspace).await? else { return Ok(None) };
    let embedder = memory.embedder_id();
    let mut observed = queries::observed(tx, workspace, numbers.clone(), embedder).await?;
    people::set_of_observed(tx, &mut observed).await?;
    redirect(tx, workspace, &mut observed).await?;
    let progress = queries::progress(tx, workspace).await?.with(&numbers);
    queries::store_progress(tx, workspace, &progress, observed.len() as i64).await?;
    if observed.is_empty() {
        return Ok(Some(0));
    }
    let now = memory.clock.now();
    let links = queries::links(tx, workspace, &observed).await?;
    let mut clusters =
        Clusters { workspace, embedder, now, all: HashMap::new(), of: HashMap::new(), informed: HashSet::new() };
    for one in &observed {
        clusters.place(tx, one, &links).await?;
    }
    let joined = clusters.join(&observed, &links);
    joining::store(tx, workspace, &observed, &joined, now).await?;
    metrics::counter!("campanile_clusters_joined_total").increment(joined.len() as u64);
    queries::count_topics(tx, workspace, &observed).await?;
    clusters.exchange_states(tx, &observed).await?;
    clusters.store(tx, memory, &observed).await?;
    Ok(Some(observed.len()))
}

/// Leads observations that joined a cluster in the moment in which it vanished to its survivor.
async fn redirect(tx: &mut Tx, workspace: &WorkspaceId, observed: &mut [Observed]) -> campanile_db::Result<()> {
    let ids: BTreeSet<&str> = observed.iter().filter_map(|one| Some(one.cluster.as_ref()?.as_str())).collect();
    let survivors = redirects::survivors(tx, workspace, &ids.into_iter().collect::<Vec<_>>()).await?;
    for one in observed {
        if let Some(survivor) = one.cluster.as_ref().and_then(|id| survivors.get(id.as_str())) {
            one.cluster = Some(survivor.clone());
            one.was_redirected = true;
        }
    }
    Ok(())
}

/// The name of the lock of a workspace's clusters.
pub(super) fn lock_name(workspace: &str) -> String {
    format!("clusters:{workspace}")
}

/// The clusters of a range while its observations are placed.
struct Clusters<'w> {
    workspace: &'w WorkspaceId,
    embedder: Option<&'w str>,
    now: Timestamp,
    all: HashMap<ClusterId, Gathering>,
    /// The cluster of each observation that was placed, by the id of the observation.
    of: HashMap<String, ClusterId>,
    /// The clusters that got no observation, but a state that was told in another one.
    informed: HashSet<ClusterId>,
}

impl Clusters<'_> {
    /// Adds an observation to the cluster that it has joined already, to the nearest, or to a new one.
    async fn place(&mut self, tx: &mut Tx, observed: &Observed, links: &[Link]) -> Result<()> {
        let links = self.links_of(observed, links);
        let near = queries::near(tx, self.workspace, observed.occurred_at, COMPARED).await?;
        let wanted: BTreeSet<&ClusterId> = near.iter().chain(links.keys()).chain(observed.cluster.as_ref()).collect();
        let missing: Vec<&ClusterId> = wanted.into_iter().filter(|id| !self.all.contains_key(*id)).collect();
        let mut loaded = queries::loaded(tx, self.workspace, &missing, self.embedder).await?;
        people::set_of_clusters(tx, &mut loaded).await?;
        self.all.extend(loaded.into_iter().map(|cluster| (cluster.id.clone(), cluster)));
        let joined = observed.cluster.clone().filter(|id| self.all.contains_key(id));
        let chosen = joined.or_else(|| self.nearest(observed, &links));
        let id = chosen.unwrap_or_else(|| {
            let new = Gathering::new(self.now, observed);
            let id = new.id.clone();
            self.all.insert(id.clone(), new);
            id
        });
        if let Some(cluster) = self.all.get_mut(&id) {
            cluster.add(observed, self.embedder);
        }
        self.of.insert(observed.id.clone(), id);
        Ok(())
    }

    /// The edges of an observation, by the cluster to which they lead.
    fn links_of(&self, observed: &Observed, links: &[Link]) -> HashMap<ClusterId, Links> {
        let mut by_other: HashMap<&str, (ClusterId, Vec<&str>)> = HashMap::new();
        for link in links.iter().filter(|link| link.from == observed.id) {
            let Some(cluster) = self.of.get(&link.to).or(link.cluster.as_ref()) else { continue };
            by_other.entry(&link.to).or_insert_with(|| (cluster.clone(), Vec::new())).1.push(&link.edge_type);
        }
        let mut by_cluster: HashMap<ClusterId, Links> = HashMap::new();
        for (cluster, edge_types) in by_other.into_values() {
            by_cluster.entry(cluster).or_default().add(edge_types);
        }
        by_cluster
    }

    /// The open cluster with the highest affinity, if it is high enough.
    fn nearest(&self, observed: &Observed, links: &HashMap<ClusterId, Links>) -> Option<ClusterId> {
        let open = self.all.values().filter(|cluster| cluster.is_open_at(observed.occurred_at));
        let (linked, mut others): (Vec<_>, Vec<_>) = open.partition(|cluster| links.contains_key(&cluster.id));
        let apart = |cluster: &Gathering| match observed.occurred_at < cluster.first_at {
            true => cluster.first_at.since(observed.occurred_at),
            false => observed.occurred_at.since(cluster.last_at),
        };
        others.sort_by_key(|cluster| (apart(cluster), Reverse((cluster.last_at, cluster.id.clone()))));
        others.truncate(COMPARED);
        let compared = linked.into_iter().chain(others).map(|cluster| {
            let links = links.get(&cluster.id).copied().unwrap_or_default();
            (affinity(observed, cluster, links), cluster)
        });
        let (points, best) = compared
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (a.1.last_at, &a.1.id).cmp(&(b.1.last_at, &b.1.id))))?;
        (points >= JOINED).then(|| best.id.clone())
    }

    /// Joins the clusters that got observations with those that are one story with them.
    fn join(&mut self, observed: &[Observed], links: &[Link]) -> Vec<ClusterJoin> {
        let mut tied = Vec::new();
        for one in observed {
            let Some(own) = self.of.get(&one.id) else { continue };
            let mut others: Vec<_> = self.links_of(one, links).into_iter().filter(|(other, _)| other != own).collect();
            others.sort_by(|a, b| a.0.cmp(&b.0));
            tied.extend(others.into_iter().map(|(other, links)| (own.clone(), other, links)));
        }
        let touched: BTreeSet<ClusterId> = self.of.values().cloned().collect();
        let joined = joining::join(&mut self.all, &tied, &touched);
        self.of.values_mut().for_each(|cluster| *cluster = joining::survivor(&joined, cluster));
        joined
    }

    /// Stores the clusters that got observations or states, with the jobs that follow the observations.
    async fn store(mut self, tx: &mut Tx, memory: &Memory, observed: &[Observed]) -> Result<()> {
        let touched: HashSet<ClusterId> = self.of.values().cloned().collect();
        self.all.retain(|id, _| touched.contains(id) || self.informed.contains(id));
        let mut changed: Vec<Gathering> = self.all.into_values().collect();
        // In order, so that two transactions do not wait for each other.
        changed.sort_by(|a, b| a.id.cmp(&b.id));
        topics::label(tx, self.workspace, &mut changed).await?;
        queries::store(tx, self.workspace, &changed, self.now).await?;
        let moved: Vec<(&str, &ClusterId)> = observed
            .iter()
            .filter_map(|one| Some((one, self.of.get(&one.id)?)))
            .filter(|(one, cluster)| one.was_redirected || one.cluster.as_ref() != Some(*cluster))
            .map(|(one, cluster)| (one.id.as_str(), cluster))
            .collect();
        queries::set_clusters(tx, self.workspace, &moved).await?;
        let mut jobs = Vec::new();
        for cluster in changed.iter().filter(|cluster| touched.contains(&cluster.id)) {
            let added: Vec<&Observed> =
                observed.iter().filter(|one| self.of.get(&one.id) == Some(&cluster.id)).collect();
            let is_news = added.iter().any(|one| self.now.since(one.captured_at) <= NEWS);
            if cluster.observations >= 2 && cluster.known < 2 && is_news {
                let args = ClusterCreatedArgs { workspace: self.workspace.clone(), cluster: cluster.id.to_string() };
                jobs.push(NewJob::new(CLUSTER_CREATED, cluster.organisation.clone(), &args));
            }
            jobs.extend(summary_job::due(memory, self.workspace, cluster_size(cluster)));
        }
        memory.engine.enqueue_all(tx, jobs).await?;
        Ok(())
    }
}

fn cluster_size(cluster: &Gathering) -> summary_job::Size<'_> {
    summary_job::Size { organisation: &cluster.organisation, cluster: &cluster.id, observations: cluster.observations }
}

/// Gathers what is left of a cluster anew, after some of its observations were removed. Returns false if
/// nothing is left. The mean of the vectors stays: it names nobody.
pub(super) async fn regather(tx: &mut Tx, workspace: &WorkspaceId, cluster: &ClusterId) -> campanile_db::Result<bool> {
    let left = queries::of_cluster(tx, workspace, cluster, MOST_REGATHERED).await?;
    let Some(first) = left.first() else { return Ok(false) };
    let mut gathered = Gathering::new(first.captured_at, first);
    left.iter().for_each(|observed| gathered.add(observed, None));
    let keys: BTreeSet<&str> = left.iter().flat_map(|one| &one.subjects).map(|state| state.key.as_str()).collect();
    for state in queries::states_of(tx, workspace, &keys).await? {
        gathered.learn(&state.key, state.told);
    }
    queries::set_content(tx, workspace, &gathered).await?;
    Ok(true)
}
