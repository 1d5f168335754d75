//! Moves accounts from person to person by hand. The other accounts of their people stay where they are.

use std::collections::BTreeSet;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;

use super::{MOST_ACTORS, actors_of, lock, must_be_known, people_of, person_of, queries};

/// Joins accounts with a person, each alone. Returns the id of the person, and the accounts that are new to it.
///
/// The accounts and those that they leave are noted as different people, as by a split: they are not joined by
/// their address again.
///
/// # Errors
/// `NotFound` for an account that the organisation does not have; `Invalid` for too many accounts.
pub(crate) async fn take_accounts(
    tx: &mut Tx,
    organisation: &OrganisationId,
    into: &str,
    actors: &[String],
    now: Timestamp,
) -> Result<(String, Vec<String>)> {
    lock(tx, organisation).await?;
    for actor in actors.iter().map(String::as_str).chain([into]) {
        must_be_known(tx, organisation, actor).await?;
    }
    let into = person_of(tx, organisation, into).await?;
    let own = actors_of(tx, organisation, std::slice::from_ref(&into)).await?;
    let moving: BTreeSet<&String> = actors.iter().filter(|actor| !own.contains(actor)).collect();
    let moving: Vec<String> = moving.into_iter().cloned().collect();
    if own.len() + moving.len() > MOST_ACTORS {
        return Err(Error::invalid(format!("a person can have {MOST_ACTORS} accounts at most")));
    }
    let former: BTreeSet<String> = people_of(tx, organisation, &moving).await?.into_values().collect();
    for person in former {
        leave(tx, organisation, &person, &moving, now).await?;
    }
    queries::forget(tx, organisation, &moving).await?;
    queries::delete_apart(tx, organisation, &own, &moving).await?;
    queries::set_person(tx, organisation, &into, &moving, ("hand", 1.0), now).await?;
    Ok((into, moving))
}

/// Makes a person of the accounts of a person that stay, if there are any.
async fn leave(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &String,
    moving: &[String],
    now: Timestamp,
) -> Result<()> {
    let all = actors_of(tx, organisation, std::slice::from_ref(person)).await?;
    let (leaving, staying): (Vec<String>, Vec<String>) = all.into_iter().partition(|actor| moving.contains(actor));
    let Some(next) = staying.first() else { return Ok(()) };
    let left = if staying.contains(person) { person } else { next };
    queries::move_person(tx, organisation, left, &staying).await?;
    Ok(queries::insert_apart(tx, organisation, &leaving, &staying, now).await?)
}
