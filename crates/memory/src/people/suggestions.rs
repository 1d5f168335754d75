//! Suggestions: people who may be one, by evidence that is too weak to join them.

use std::collections::BTreeSet;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;

use super::assembled::load;
use super::view::Suggestion;
use super::{likeness, links, queries};

/// The accounts that are compared: those of the workspace that were active last.
const COMPARED: i64 = 2_000;
/// The most suggestions of one answer.
const MOST_SUGGESTIONS: usize = 50;

/// People of a workspace who may be one, the most certain first. With a person, only those who may be
/// that person.
pub async fn suggestions(
    tx: &mut Tx,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    of: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Suggestion>> {
    let accounts = queries::accounts_in(tx, organisation, workspace, COMPARED).await?;
    let actors: Vec<String> = accounts.iter().map(|account| account.actor_id.clone()).collect();
    let people = links::people_of(tx, organisation, &actors).await?;
    let mut alike = likeness::likenesses(&accounts, |actor| people[actor].as_str());
    if let Some(of) = of {
        let of = links::person_of(tx, organisation, of).await?;
        alike.retain(|pair| pair.people.0 == of || pair.people.1 == of);
    }
    // Some may be kept apart.
    alike.truncate(2 * MOST_SUGGESTIONS);
    let ids: BTreeSet<&String> = alike.iter().flat_map(|pair| [&pair.people.0, &pair.people.1]).collect();
    let known = load(tx, organisation, workspace, &ids.into_iter().cloned().collect::<Vec<_>>()).await?;
    let mut suggestions = Vec::new();
    for pair in alike {
        let (Some(one), Some(other)) = (known.get(&pair.people.0), known.get(&pair.people.1)) else { continue };
        if links::are_apart(tx, organisation, &one.actors, &other.actors).await? {
            continue;
        }
        suggestions.push(Suggestion {
            people: vec![one.view(now), other.view(now)],
            reason: pair.reason.to_owned(),
            shared: pair.shared,
            confidence: pair.confidence,
        });
        if suggestions.len() == MOST_SUGGESTIONS {
            break;
        }
    }
    Ok(suggestions)
}
