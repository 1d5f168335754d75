//! People in a search: a filter by a person stands for all of their accounts, and the results name each
//! person once.

use std::collections::{BTreeSet, HashMap};

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_search::Filter;

use super::READ;
use super::ranking::Ranked;
use super::reply::{ActorName, SearchContext};
use super::results::actor;
use crate::Memory;
use crate::passages::Passage;
use crate::people::{self, links};

/// The begin of the tag of an actor.
const TAG: &str = "actor:";
/// The most people that an answer names.
const MOST: usize = 3;

/// The person of each actor.
pub(super) type People = HashMap<String, String>;

/// Lets a filter by an actor stand for all accounts of that person.
pub(super) async fn widen(memory: &Memory, organisation: &OrganisationId, filter: &mut Filter) -> Result<()> {
    let of_actor = |tag: &String| tag.strip_prefix(TAG).map(str::to_owned);
    let tags = filter.tags.iter().flatten().chain(&filter.without);
    let texts: BTreeSet<String> = tags.filter_map(of_actor).collect();
    if texts.is_empty() {
        return Ok(());
    }
    let whose = organisation.clone();
    let read = memory.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let mut named = HashMap::new();
            for text in texts {
                let actors = people::named(tx, &whose, &text).await?;
                named.insert(text, actors.into_iter().map(|actor| format!("{TAG}{actor}")).collect::<Vec<_>>());
            }
            Ok::<_, Error>(named)
        })
    });
    let named: HashMap<String, Vec<String>> = read.await?;
    for list in filter.tags.iter_mut().chain([&mut filter.without]) {
        let more: Vec<String> = list.iter().filter_map(of_actor).flat_map(|text| named[&text].clone()).collect();
        list.extend(more);
    }
    Ok(())
}

/// The people behind passages.
pub(super) async fn behind<'p>(
    tx: &mut Tx,
    organisation: &OrganisationId,
    passages: impl Iterator<Item = &'p Passage>,
) -> campanile_db::Result<People> {
    let actors: BTreeSet<String> = passages.filter_map(|passage| Some(passage.actor()?.actor_id.clone())).collect();
    links::people_of(tx, organisation, &actors.into_iter().collect::<Vec<_>>()).await
}

/// The people of the most results.
pub(super) fn context(ranked: &[Ranked], people: &People) -> SearchContext {
    let mut counts: HashMap<&str, (usize, usize, ActorName)> = HashMap::new();
    for (place, actor) in ranked.iter().take(READ).filter_map(|ranked| actor(&ranked.passage)).enumerate() {
        let Some(person) = people.get(&actor.id) else { continue };
        let named = ActorName { id: person.clone(), name: actor.name };
        counts.entry(person).or_insert((0, place, named)).0 += 1;
    }
    let mut actors: Vec<_> = counts.into_values().collect();
    actors.sort_by_key(|(count, place, _)| (std::cmp::Reverse(*count), *place));
    let actors = actors.into_iter().take(MOST).map(|(_, _, actor)| actor).collect();
    SearchContext { clusters: Vec::new(), actors }
}
