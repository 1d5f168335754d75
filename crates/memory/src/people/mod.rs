//! People: who is behind the accounts that events name, and what they do.
//!
//! # Names
//! An *actor* is an account at a provider, by the id that observations carry: `github:7`. Its *identities* are
//! the rows that providers told it by: a Vercel author is an identity of a GitHub actor. A *person* is one
//! actor, or several that are [joined](links); their id is the id of the first. Any of their actors names them.
//!
//! # What is whose
//! Actors and links belong to the organisation, profiles and observations to a workspace. A person is shown
//! in a workspace if they have observations there, and with those alone.
//!
//! # Cost
//! Remembering an event counts it in the actor's [profile](profiles), and looks for people with the same mail
//! address once per account and address. Everything else is put together when it is read.

mod assembled;
mod changes;
mod likeness;
pub(crate) mod links;
pub(crate) mod profiles;
mod queries;
mod suggestions;
mod view;

use std::collections::BTreeSet;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Cursor, Error, Page, PageSize, Result, Thing, Timestamp};
use campanile_db::Tx;

use crate::observations::{self, Filter, Observation};
use assembled::{load, member_identities};

pub use changes::{keep_apart, merge, split, take_accounts};
pub use links::MOST_ACTORS;
pub use profiles::HOURS;
pub use suggestions::suggestions;
pub use view::{Identity, NameCount, PersonDetail, PersonView, Suggestion};

/// The most people that a text finds.
const MOST_FOUND: i64 = 200;
/// The most actors of all people that a text finds.
const MOST_FOUND_ACTORS: usize = 1_000;
/// The longest text to find people by, in characters.
const LONGEST: usize = 300;

/// An account as stored.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) actor_id: String,
    pub(crate) provider: String,
    pub(crate) provider_id: String,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) avatar_url: Option<String>,
    /// `webhook`, `commit_sha` or `username`.
    pub(crate) method: String,
    pub(crate) seen_at: Timestamp,
}

/// The people that a list includes.
#[derive(Debug, Clone, Default)]
pub struct PeopleFilter {
    /// A part of a name, a mail address or an id.
    pub text: Option<String>,
    /// The provider of one of their accounts.
    pub provider: Option<String>,
}

/// A page of the people of a workspace, those who were active last first. With a text, the two hundred
/// that were seen last are found.
///
/// # Errors
/// `InvalidField` for a text out of bounds.
pub async fn page(
    tx: &mut Tx,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    filter: &PeopleFilter,
    from: &Cursor,
    size: PageSize,
    now: Timestamp,
) -> Result<Page<PersonView>> {
    let among = match (&filter.text, &filter.provider) {
        (None, None) => None,
        (text, provider) => Some(matching(tx, organisation, text.as_deref(), provider.as_deref()).await?),
    };
    if among.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Page { data: Vec::new(), next: None });
    }
    let recent = profiles::recent(tx, workspace, from, among.as_deref(), size.to_fetch()).await?;
    let recent = Page::of(recent, size, |(actor, at)| Cursor { at: *at, id: actor.clone() });
    let actors: Vec<String> = recent.data.iter().map(|(actor, _)| actor.clone()).collect();
    let people = links::people_of(tx, organisation, &actors).await?;
    let ids: BTreeSet<String> = people.values().cloned().collect();
    let mut known = load(tx, organisation, workspace, &ids.into_iter().collect::<Vec<_>>()).await?;
    // A person stands where the actor stands who was active last.
    let data = recent.data.iter().filter_map(|(actor, _)| {
        let id = &people[actor];
        let is_latest = known.get(id)?.latest_actor() == Some(actor);
        is_latest.then(|| known.remove(id))?.map(|person| person.view(now))
    });
    Ok(Page { data: data.collect(), next: recent.next })
}

/// The actors of all people with an account that matches.
async fn matching(
    tx: &mut Tx,
    organisation: &OrganisationId,
    text: Option<&str>,
    provider: Option<&str>,
) -> Result<Vec<String>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > LONGEST) {
        return Err(Error::invalid_field("q", format!("must have at most {LONGEST} characters")));
    }
    let found = queries::matching(tx, organisation, text, provider, MOST_FOUND).await?;
    with_all_actors(tx, organisation, &found).await
}

/// These actors, and all others of the same people.
async fn with_all_actors(tx: &mut Tx, organisation: &OrganisationId, actors: &[String]) -> Result<Vec<String>> {
    let people: BTreeSet<String> = links::people_of(tx, organisation, actors).await?.into_values().collect();
    let mut all = links::actors_of(tx, organisation, &people.into_iter().collect::<Vec<_>>()).await?;
    all.truncate(MOST_FOUND_ACTORS);
    Ok(all)
}

/// A person of a workspace, by the id of any of their actors.
///
/// # Errors
/// `NotFound` for a person without observations in the workspace.
pub async fn person(
    tx: &mut Tx,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    id: &str,
    now: Timestamp,
) -> Result<PersonDetail> {
    let id = links::person_of(tx, organisation, id).await?;
    let mut known = load(tx, organisation, workspace, std::slice::from_ref(&id)).await?;
    let known = known.remove(&id).ok_or(Error::NotFound(Thing::Person))?;
    let members = member_identities(tx, organisation, &known).await?;
    Ok(known.detail(members, now))
}

/// A page of the observations of a person in a workspace, newest first.
///
/// # Errors
/// `NotFound` for a person without observations in the workspace.
pub async fn observations_of(
    tx: &mut Tx,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    id: &str,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<Observation>> {
    let person = links::person_of(tx, organisation, id).await?;
    let actors = links::actors_of(tx, organisation, &[person]).await?;
    if profiles::of_actors(tx, workspace, &actors).await?.is_empty() {
        return Err(Error::NotFound(Thing::Person));
    }
    let mut rows = Vec::new();
    // One query for each actor, so that each walks its index.
    for actor in &actors {
        rows.extend(observations::by_actor(tx, workspace, actor, from, size).await?);
    }
    rows.sort_by(|a, b| (b.occurred_at, b.id.as_str()).cmp(&(a.occurred_at, a.id.as_str())));
    Ok(Page::of(rows, size, |last| Cursor { at: last.occurred_at, id: last.id.to_string() }))
}

/// The actors of the person whom a text names: by an id, a name or a mail address of any of their
/// accounts. Empty if nobody is named so.
pub async fn named(tx: &mut Tx, organisation: &OrganisationId, text: &str) -> Result<Vec<String>> {
    let text = text.trim();
    let mut found = queries::named(tx, organisation, &text.to_lowercase(), MOST_FOUND).await?;
    if text.contains(':') {
        found.push(text.to_owned());
    }
    if found.is_empty() { Ok(found) } else { with_all_actors(tx, organisation, &found).await }
}

/// A filter of observations whose actor stands for all accounts of that person.
pub async fn widened(tx: &mut Tx, organisation: &OrganisationId, mut filter: Filter) -> Result<Filter> {
    if let Some(actor) = &filter.actor {
        filter.actor_ids = named(tx, organisation, actor).await?;
    }
    Ok(filter)
}
