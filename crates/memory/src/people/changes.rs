//! Changes to people by hand: join them, split one, say that two are different. Each is noted in the
//! activity trail with the accounts that it concerned, so that it can be taken back.

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, Permission};
use campanile_base::{Clock, Error, Result};
use campanile_db::Tx;
use serde_json::json;

use super::LONGEST;
use super::links::{self, MOST_ACTORS};

/// Joins people by hand, and notes it in the activity trail. Returns the id of the person.
///
/// # Errors
/// `Forbidden`; `NotFound` for somebody whom the organisation does not know; `Invalid` for nobody, and for
/// more accounts than a person can have.
pub async fn merge(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &str, others: &[String]) -> Result<String> {
    caller.must(Permission::Configure)?;
    checked(others, "people")?;
    let (person, joined) = links::merge(tx, &caller.organisation, id, others, clock.now()).await?;
    if !joined.is_empty() {
        let about = json!({ "actors": joined });
        activity::record(tx, clock, caller, Action::PersonMerged, &person, about).await?;
    }
    Ok(person)
}

/// Joins single accounts with a person by hand, and notes it in the activity trail. The other accounts of their
/// people stay. Returns the id of the person.
///
/// # Errors
/// As [`merge`].
pub async fn take_accounts(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &str, actors: &[String]) -> Result<String> {
    caller.must(Permission::Configure)?;
    checked(actors, "actors")?;
    let (person, moved) = links::take_accounts(tx, &caller.organisation, id, actors, clock.now()).await?;
    if !moved.is_empty() {
        let about = json!({ "actors": moved, "alone": true });
        activity::record(tx, clock, caller, Action::PersonMerged, &person, about).await?;
    }
    Ok(person)
}

/// Makes a person of their own of some accounts of a person, and notes it in the activity trail. Returns
/// the ids of both.
///
/// # Errors
/// `Forbidden`; `Invalid` when the accounts are not the person's, or are all of them.
pub async fn split(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    id: &str,
    actors: &[String],
) -> Result<(String, String)> {
    caller.must(Permission::Configure)?;
    checked(actors, "actors")?;
    let (left, new) = links::split(tx, &caller.organisation, id, actors, clock.now()).await?;
    let about = json!({ "actors": actors, "person": new });
    activity::record(tx, clock, caller, Action::PersonSplit, &left, about).await?;
    Ok((left, new))
}

/// Notes that two people are different, also in the activity trail. They are not suggested any more.
///
/// # Errors
/// `Forbidden`; `NotFound` for somebody whom the organisation does not know; `Invalid` for one person.
pub async fn keep_apart(tx: &mut Tx, clock: &Clock, caller: &Caller, people: &[String]) -> Result<()> {
    caller.must(Permission::Configure)?;
    let [one, other] = people else { return Err(Error::invalid_field("people", "must be two")) };
    let (one, other) = links::keep_apart(tx, &caller.organisation, one, other, clock.now()).await?;
    activity::record(tx, clock, caller, Action::PersonKeptApart, &one, json!({ "person": other })).await
}

fn checked(ids: &[String], field: &'static str) -> Result<()> {
    let is_id = |id: &String| !id.is_empty() && id.chars().count() <= LONGEST;
    if ids.is_empty() || ids.len() > MOST_ACTORS || !ids.iter().all(is_id) {
        return Err(Error::invalid_field(field, format!("must have from 1 to {MOST_ACTORS} ids")));
    }
    Ok(())
}
