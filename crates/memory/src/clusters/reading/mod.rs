//! Clusters as people and programs read them.

mod queries;

use std::collections::BTreeSet;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Cursor, Page, PageSize, Result, Thing, Timestamp};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::redirects;
use super::status::ClusterStatus;
use crate::observations::{self, ClusterId, Observation};
use crate::people;

pub(crate) use queries::named;

/// A cluster, as listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Cluster {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ClusterId,
    /// The owner.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// The workspace that it belongs to.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
    /// The topic that tells it from others; without one, the title.
    pub label: String,
    /// The title of its most significant observation.
    pub title: String,
    /// `active`, `completed` once its issues and pull requests are closed, or `stalled` after five days of silence.
    pub status: ClusterStatus,
    /// The number of its observations.
    pub observation_count: i64,
    /// The time of its first observation.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Timestamp,
    /// The time of its last observation.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// The providers of its observations, by their number.
    pub sources: Vec<ClusterSource>,
    /// Up to ten people, by the number of their observations.
    pub actors: Vec<ClusterActor>,
    /// Topics, by the number of their observations.
    pub topics: Vec<String>,
    /// Up to twenty things that its observations name.
    pub entities: Vec<String>,
    /// The texts were compared by `vectors`, by `words`, or by `both`.
    pub compared_by: &'static str,
    /// The summary; `null` with fewer than five observations, and until it is made.
    pub summary: Option<ClusterSummary>,
}

/// The number of observations of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterSource {
    /// The provider's name.
    pub name: String,
    /// The number of its observations.
    pub observations: i64,
}

/// A person with observations in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterActor {
    /// `{provider}:{id}`, of the account with the most observations.
    pub id: String,
    /// The login or name.
    pub name: String,
    /// The number of their observations.
    pub observations: i64,
}

/// The summary of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterSummary {
    /// At most 500 characters.
    pub text: String,
    /// `extractive` if it consists of sentences of the observations; otherwise the name of the language model that
    /// wrote it.
    pub method: String,
    /// Up to five topics.
    pub key_topics: Vec<String>,
    /// The time at which it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
}

/// A cluster with a page of its observations.
#[derive(Debug)]
pub struct ClusterDetail {
    /// The fields that a list shows.
    pub cluster: Cluster,
    /// Its observations, newest first.
    pub observations: Page<Observation>,
}

/// The name of a cluster, for search results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterName {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ClusterId,
    /// Its label.
    pub label: String,
    /// The title of its most significant observation.
    pub title: String,
    /// Its status.
    pub status: ClusterStatus,
    /// The number of its observations.
    pub observation_count: i64,
}

/// The clusters that a list includes. All given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct ClusterFilter {
    /// The status.
    pub status: Option<ClusterStatus>,
    /// With an observation from this time on.
    pub since: Option<Timestamp>,
    /// With an observation before this time.
    pub until: Option<Timestamp>,
    /// With observations of this provider.
    pub source: Option<String>,
    /// With observations of this person, by an id, a name or a mail address of any of their accounts.
    pub actor: Option<String>,
    /// With at least so many observations.
    pub min_observations: i64,
}

/// A page of the clusters of a workspace, those with the latest observations first.
///
/// # Errors
/// `Unavailable`.
pub async fn page(
    tx: &mut Tx,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    filter: &ClusterFilter,
    now: Timestamp,
    (from, size): (&Cursor, PageSize),
) -> Result<Page<Cluster>> {
    let actors = match &filter.actor {
        None => None,
        Some(text) => Some(people::named(tx, organisation, text).await?),
    };
    if actors.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Page { data: Vec::new(), next: None });
    }
    let actors = actors.unwrap_or_default();
    let stretch = queries::stretch(tx, workspace, filter, from).await?;
    let mut rows = queries::list(tx, workspace, (filter, &actors), now, (&stretch.from, &stretch.until, size)).await?;
    name_people_once(tx, organisation, &mut rows).await?;
    Ok(stretch.page(rows, size, |last| Cursor { at: last.last_at, id: last.id.to_string() }))
}

/// The workspace of a cluster, or of one that was joined with another, within an organisation.
///
/// # Errors
/// When the database does not answer.
pub async fn workspace_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &str,
) -> campanile_db::Result<Option<WorkspaceId>> {
    match queries::workspace_of(tx, organisation, id).await? {
        None => redirects::workspace_of(tx, organisation, id).await,
        found => Ok(found),
    }
}

/// A cluster of a workspace. For one that was joined with another, that other.
///
/// # Errors
/// When the database does not answer.
pub async fn by_id(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
    now: Timestamp,
) -> campanile_db::Result<Option<Cluster>> {
    let mut found = queries::by_id(tx, workspace, id, now).await?;
    if found.is_none()
        && let Some(survivor) = redirects::survivor_of(tx, workspace, id).await?
    {
        found = queries::by_id(tx, workspace, survivor.as_str(), now).await?;
    }
    if let Some(cluster) = &mut found {
        let organisation = cluster.organisation_id.clone();
        name_people_once(tx, &organisation, std::slice::from_mut(cluster)).await?;
    }
    Ok(found)
}

/// Counts the accounts of a person together, under the account with the most observations.
async fn name_people_once(
    tx: &mut Tx,
    organisation: &OrganisationId,
    clusters: &mut [Cluster],
) -> campanile_db::Result<()> {
    let actors = clusters.iter().flat_map(|cluster| &cluster.actors).map(|actor| actor.id.clone());
    let actors: Vec<String> = actors.collect::<BTreeSet<String>>().into_iter().collect();
    let people = people::links::people_of(tx, organisation, &actors).await?;
    for cluster in clusters {
        let mut once: Vec<ClusterActor> = Vec::with_capacity(cluster.actors.len());
        for actor in std::mem::take(&mut cluster.actors) {
            match once.iter_mut().find(|known| people.get(&known.id) == people.get(&actor.id)) {
                Some(known) => known.observations += actor.observations,
                None => once.push(actor),
            }
        }
        once.sort_by_key(|actor| std::cmp::Reverse(actor.observations));
        cluster.actors = once;
    }
    Ok(())
}

/// A cluster with a page of its observations. For one that was joined with another, that other.
///
/// # Errors
/// `NotFound` when the workspace has no such cluster.
pub async fn detail(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
    now: Timestamp,
    (from, size): (&Cursor, PageSize),
) -> Result<ClusterDetail> {
    let cluster = by_id(tx, workspace, id, now).await?.ok_or(campanile_base::Error::NotFound(Thing::Cluster))?;
    let rows = observations::of_cluster(tx, workspace, cluster.id.as_str(), from, size.to_fetch()).await?;
    let observations = Page::of(rows, size, |last| Cursor { at: last.occurred_at, id: last.id.to_string() });
    Ok(ClusterDetail { cluster, observations })
}

/// A title without the kind of event before it, and without the signs of a heading: `[PR Opened] Fix the bell`,
/// `✓ [Deployment Succeeded] shop`, `## What went wrong`.
pub(crate) fn headline(title: &str) -> &str {
    let begin = title.find(|c: char| c.is_alphanumeric() || c == '[').unwrap_or(0);
    let kind = title[begin..].strip_prefix('[').and_then(|rest| rest.split_once("] "));
    let headline = kind.map_or(title, |(_, headline)| headline).trim();
    let text = headline.trim_start_matches('#');
    if text.starts_with(' ') { text.trim_start() } else { headline }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_has_no_kind_and_no_signs() {
        for (title, expected) in [
            ("[PR Opened] Fix the bell", "Fix the bell"),
            ("✓ [Deployment Succeeded] shop from main", "shop from main"),
            ("## What went wrong", "What went wrong"),
            ("#12 is back", "#12 is back"),
            ("Fix [the] bell", "Fix [the] bell"),
            ("[no end", "[no end"),
            ("", ""),
        ] {
            assert_eq!(headline(title), expected);
        }
    }
}
