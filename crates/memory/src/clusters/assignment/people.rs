//! The people behind actors: two accounts of one person count as one.

use std::collections::BTreeSet;

use campanile_accounts::OrganisationId;
use campanile_db::{Result, Tx};

use super::gathering::Gathering;
use super::observed::Observed;
use crate::people::links;

/// Sets the person of each actor of observations.
pub(super) async fn set_of_observed(tx: &mut Tx, observed: &mut [Observed]) -> Result<()> {
    let Some(organisation) = observed.first().map(|one| OrganisationId::from(one.organisation.clone())) else {
        return Ok(());
    };
    let actors = observed.iter().filter_map(|one| Some(one.actor.as_ref()?.id.clone()));
    let actors: Vec<String> = actors.collect::<BTreeSet<String>>().into_iter().collect();
    let people = links::people_of(tx, &organisation, &actors).await?;
    for actor in observed.iter_mut().filter_map(|one| one.actor.as_mut()) {
        actor.person.clone_from(&people[&actor.id]);
    }
    Ok(())
}

/// Sets the people of clusters that were read.
pub(super) async fn set_of_clusters(tx: &mut Tx, clusters: &mut [Gathering]) -> Result<()> {
    let Some(organisation) = clusters.first().map(|one| OrganisationId::from(one.organisation.clone())) else {
        return Ok(());
    };
    let actors = clusters.iter().flat_map(|cluster| cluster.actors.iter().map(|actor| actor.id.clone()));
    let actors: Vec<String> = actors.collect::<BTreeSet<String>>().into_iter().collect();
    let people = links::people_of(tx, &organisation, &actors).await?;
    for cluster in clusters {
        cluster.people = cluster.actors.iter().map(|actor| people[&actor.id].clone()).collect();
    }
    Ok(())
}
