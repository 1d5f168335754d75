//! Links: which actors are one person.
//!
//! An actor is one account at one provider (`github:7`). A person of an organisation is one actor, or
//! several that were joined; their id is the id of the first of them. Only a joined actor has a row, so
//! remembering an event writes none. Observations keep their actor: a link changes how they are read,
//! and is undone without a trace in them.
//!
//! # When actors are joined
//! * Two accounts of different tools that have the same mail address, as far as the tools vouch for
//!   it: [`join_by_email`]. If several people have the address, none is joined.
//! * A commit's author whom Vercel named by a login that later turned out to be a GitHub account:
//!   [`join_login`].
//! * By hand: [`merge`] joins whole people, [`take_accounts`] single accounts. A member of the
//!   organisation can be joined as well, by an id that begins with [`MEMBER`].
//!
//! [`split`] notes that the actors are different people, and [`keep_apart`] does it for two that were
//! never joined. They are not joined by their address again; a merge by hand takes the note back.
//!
//! All changes hold the lock of the organisation's people, which is taken after that of a workspace.

mod moving;
mod queries;

use std::collections::{BTreeSet, HashMap, HashSet};

use campanile_accounts::OrganisationId;
use campanile_accounts::people::members;
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::Tx;

pub(crate) use moving::take_accounts;
pub(crate) use queries::{Link, of_actors, of_people};

/// The most actors of one person.
pub const MOST_ACTORS: usize = 50;
/// The begin of the actor id of a member of the organisation, who does nothing in a tool by that name.
pub(crate) const MEMBER: &str = "member:";
/// The providers that check the mail addresses of their accounts.
const VOUCHING: [&str; 3] = ["github", "linear", "sentry"];
pub(crate) const CONFIDENCE_OF_EMAIL: f64 = 0.95;
const CONFIDENCE_OF_LOGIN: f64 = 0.8;

/// The address by which an account can be joined: in lower case, and only if it is not one that
/// machines or many people share.
pub(crate) fn email_key(email: Option<&str>) -> Option<String> {
    let key = email?.trim().to_lowercase();
    let (local, domain) = key.split_once('@')?;
    let is_shared = local.contains("noreply") || local.contains("no-reply") || domain.contains("noreply");
    (!is_shared && !local.is_empty() && domain.contains('.')).then_some(key)
}

/// The person that each of these actors belongs to.
pub(crate) async fn people_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    actors: &[String],
) -> campanile_db::Result<HashMap<String, String>> {
    let links = queries::of_actors(tx, organisation, actors).await?;
    let mut people: HashMap<String, String> = actors.iter().map(|actor| (actor.clone(), actor.clone())).collect();
    people.extend(links.into_iter().map(|link| (link.actor_id, link.person_id)));
    Ok(people)
}

/// All actors of these people, the first of each included.
pub(crate) async fn actors_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    people: &[String],
) -> campanile_db::Result<Vec<String>> {
    let links = queries::of_people(tx, organisation, people).await?;
    let all: BTreeSet<String> = people.iter().cloned().chain(links.into_iter().map(|link| link.actor_id)).collect();
    Ok(all.into_iter().collect())
}

/// The person of an actor.
pub(crate) async fn person_of(tx: &mut Tx, organisation: &OrganisationId, actor: &str) -> campanile_db::Result<String> {
    let found = queries::of_actors(tx, organisation, &[actor.to_owned()]).await?;
    Ok(found.into_iter().next().map_or_else(|| actor.to_owned(), |link| link.person_id))
}

/// Joins an account with the person who has the same mail address in another tool, if there is
/// exactly one. Those that come `later` are left out.
pub(crate) async fn join_by_email(
    tx: &mut Tx,
    organisation: &OrganisationId,
    (provider, actor): (&str, &str),
    email: &str,
    later: &HashSet<(&str, &str)>,
    now: Timestamp,
) -> Result<()> {
    if !VOUCHING.contains(&provider) {
        return Ok(());
    }
    lock(tx, organisation).await?;
    let same = queries::with_email(tx, organisation, email).await?;
    let is_before = |of: &str, id: &str| id != actor && !later.contains(&(of, id));
    let others = same.iter().filter(|(of, id)| is_before(of, id) && VOUCHING.contains(&of.as_str()));
    if others.clone().any(|(of, _)| of == provider) {
        return Ok(());
    }
    let others: Vec<String> = others.map(|(_, id)| id.clone()).collect();
    let people: BTreeSet<String> = people_of(tx, organisation, &others).await?.into_values().collect();
    let Some(person) = people.first().filter(|_| people.len() == 1) else { return Ok(()) };
    join(tx, organisation, person, actor, ("email", CONFIDENCE_OF_EMAIL), now).await
}

/// Joins the author whom Vercel named by a login with the GitHub account of that login. `is_author` is
/// true if Vercel is known to have named them.
pub(crate) async fn join_login(
    tx: &mut Tx,
    organisation: &OrganisationId,
    login: &str,
    is_author: bool,
    actor: &str,
    now: Timestamp,
) -> Result<()> {
    let named = format!("github:{login}");
    if named == actor || !(is_author || queries::is_author(tx, organisation, &named).await?) {
        return Ok(());
    }
    lock(tx, organisation).await?;
    join(tx, organisation, actor, &named, ("login", CONFIDENCE_OF_LOGIN), now).await
}

/// Joins the person of an actor with another person, unless somebody said that they are different.
async fn join(
    tx: &mut Tx,
    organisation: &OrganisationId,
    into: &str,
    actor: &str,
    how: (&'static str, f64),
    now: Timestamp,
) -> Result<()> {
    let (into, other) = (person_of(tx, organisation, into).await?, person_of(tx, organisation, actor).await?);
    let into_actors = actors_of(tx, organisation, std::slice::from_ref(&into)).await?;
    let other_actors = actors_of(tx, organisation, std::slice::from_ref(&other)).await?;
    if into == other
        || into_actors.len() + other_actors.len() > MOST_ACTORS
        || queries::any_apart(tx, organisation, &into_actors, &other_actors).await?
    {
        return Ok(());
    }
    Ok(queries::set_person(tx, organisation, &into, &other_actors, how, now).await?)
}

/// Joins people by hand. `into` and `others` are people, by the id of any of their actors. Returns the
/// id of the person, and the actors that were joined to it.
///
/// # Errors
/// `NotFound` for an actor that the organisation does not have; `Invalid` for too many actors.
pub(crate) async fn merge(
    tx: &mut Tx,
    organisation: &OrganisationId,
    into: &str,
    others: &[String],
    now: Timestamp,
) -> Result<(String, Vec<String>)> {
    lock(tx, organisation).await?;
    for actor in others.iter().map(String::as_str).chain([into]) {
        must_be_known(tx, organisation, actor).await?;
    }
    let into = person_of(tx, organisation, into).await?;
    let people: BTreeSet<String> = people_of(tx, organisation, others).await?.into_values().collect();
    let people: Vec<String> = people.into_iter().filter(|person| *person != into).collect();
    if people.is_empty() {
        return Ok((into, Vec::new()));
    }
    let own = actors_of(tx, organisation, std::slice::from_ref(&into)).await?;
    let joined = actors_of(tx, organisation, &people).await?;
    if own.len() + joined.len() > MOST_ACTORS {
        return Err(Error::invalid(format!("a person can have {MOST_ACTORS} accounts at most")));
    }
    queries::delete_apart(tx, organisation, &own, &joined).await?;
    queries::set_person(tx, organisation, &into, &joined, ("hand", 1.0), now).await?;
    Ok((into, joined))
}

/// Makes a person of their own of some actors of a person. Returns the ids of the person that is left
/// and of the new one.
///
/// # Errors
/// `Invalid` when the actors are not the person's, or are all of them.
pub(crate) async fn split(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &str,
    actors: &[String],
    now: Timestamp,
) -> Result<(String, String)> {
    lock(tx, organisation).await?;
    let person = person_of(tx, organisation, person).await?;
    let all = actors_of(tx, organisation, std::slice::from_ref(&person)).await?;
    let (leaving, staying): (Vec<String>, Vec<String>) = all.into_iter().partition(|actor| actors.contains(actor));
    if leaving.is_empty() || actors.iter().any(|actor| !leaving.contains(actor)) {
        return Err(Error::invalid_field("actors", "must be accounts of this person"));
    }
    let Some(next) = staying.first() else {
        return Err(Error::invalid_field("actors", "must leave the person at least one account"));
    };
    let left = if staying.contains(&person) { &person } else { next };
    let new = if leaving.contains(&person) { &person } else { &leaving[0] };
    queries::move_person(tx, organisation, left, &staying).await?;
    queries::move_person(tx, organisation, new, &leaving).await?;
    queries::insert_apart(tx, organisation, &leaving, &staying, now).await?;
    Ok((left.clone(), new.clone()))
}

/// Notes that two people are different, so that they are neither joined nor suggested.
///
/// # Errors
/// `NotFound` for an actor that the organisation does not have; `Invalid` for one person.
pub(crate) async fn keep_apart(
    tx: &mut Tx,
    organisation: &OrganisationId,
    one: &str,
    other: &str,
    now: Timestamp,
) -> Result<(String, String)> {
    lock(tx, organisation).await?;
    for actor in [one, other] {
        must_be_known(tx, organisation, actor).await?;
    }
    let (one, other) = (person_of(tx, organisation, one).await?, person_of(tx, organisation, other).await?);
    if one == other {
        return Err(Error::invalid_field("people", "must be two different people: split this one"));
    }
    let ours = actors_of(tx, organisation, std::slice::from_ref(&one)).await?;
    let theirs = actors_of(tx, organisation, std::slice::from_ref(&other)).await?;
    queries::insert_apart(tx, organisation, &ours, &theirs, now).await?;
    Ok((one, other))
}

/// True for two groups of actors of which somebody said that they are different people.
pub(crate) async fn are_apart(
    tx: &mut Tx,
    organisation: &OrganisationId,
    some: &[String],
    others: &[String],
) -> campanile_db::Result<bool> {
    queries::any_apart(tx, organisation, some, others).await
}

async fn must_be_known(tx: &mut Tx, organisation: &OrganisationId, actor: &str) -> Result<()> {
    let is_known = match actor.strip_prefix(MEMBER) {
        Some(id) => members(tx, organisation).await?.iter().any(|member| member.id.as_str() == id),
        None => queries::is_known(tx, organisation, actor).await?,
    };
    if is_known { Ok(()) } else { Err(Error::NotFound(Thing::Person)) }
}

async fn lock(tx: &mut Tx, organisation: &OrganisationId) -> campanile_db::Result<()> {
    tx.lock(&format!("people {organisation}")).await
}
