//! Signing in: by password or by a one-time link, into a session that a cookie carries.
//!
//! Who tries passwords and links is slowed down ([`Brake`]); that is for the caller to ask first.
//!
//! A session is for one organisation. A link opens the organisation that it was made for. A password opens the organisation that is
//! named, or else the one that its person joined first; one that an owner has chosen for somebody opens that owner's alone.

mod brake;
mod queries;

use std::time::Duration;

use campanile_base::{Clock, Error, Result, Secret, Timestamp, new_id, random_token, sha256_hex};
use campanile_db::{Db, Tx};
use serde::Serialize;

use crate::activity::{self, Action};
use crate::people::{self, PersonId};
use crate::{Actor, Caller, OrganisationId, Permission, Role};

pub use brake::Brake;

/// How long a session lasts.
pub const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a sign-in link can be used.
const LINK_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id, by which it can be ended; it opens nothing.
    pub id: String,
    /// Who it is.
    pub person: PersonId,
    /// As a caller, with today's role.
    pub caller: Caller,
    /// How they proved it.
    pub opened_by: OpenedBy,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// How a session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OpenedBy {
    /// By a password.
    Password,
    /// By a one-time link: they read the mail of this address.
    Link,
    /// Before this was written down.
    Unknown,
}

impl OpenedBy {
    fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Link => "link",
            Self::Unknown => "unknown",
        }
    }

    fn from_stored(text: &str) -> Self {
        match text {
            "password" => Self::Password,
            "link" => Self::Link,
            _ => Self::Unknown,
        }
    }
}

/// What somebody signs in with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Their mail address, as typed.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// The organisation; the one that they joined first where none is named.
    pub organisation: Option<OrganisationId>,
}

/// Signs in by password, to the organisation that is named or else the one that was joined first.
///
/// # Errors
/// `Unauthenticated`, the same for a wrong address and a wrong password; `Forbidden` for an organisation that the password does not
/// open.
pub async fn sign_in(db: &Db, clock: &Clock, credentials: Credentials, place: people::Place) -> Result<Secret> {
    let Credentials { email, password, organisation: named } = credentials;
    let found = db.read(move |tx| Box::pin(async move { people::by_email(tx, &email).await })).await?;
    let (person, known) = found.map_or((None, None), |(person, password)| (Some(person), password));
    let right = people::verify(password, known.as_ref().map(|known| known.hash.clone()), place).await?;
    let wrong = Error::Unauthenticated("the address or the password is wrong");
    let (Some(person), Some(known), true) = (person, known, right) else { return Err(wrong) };
    let clock = clock.clone();
    db.write(move |tx| {
        Box::pin(async move {
            // It may have been changed while it was checked.
            let now = people::password(tx, &person).await?;
            let Some(password) = now.filter(|now| now.hash == known.hash) else { return Err(wrong) };
            let memberships = people::memberships(tx, &person).await?;
            let (organisation, role) = opened(memberships, password.only.as_ref(), named.as_ref())?;
            open(tx, &clock, &person, organisation, role, OpenedBy::Password).await
        })
    })
    .await
}

/// The organisation that a password opens, and the role in it; memberships come oldest first.
fn opened(
    memberships: Vec<(OrganisationId, Role)>,
    only: Option<&OrganisationId>,
    named: Option<&OrganisationId>,
) -> Result<(OrganisationId, Role)> {
    let is_open = |organisation: &OrganisationId| only.is_none_or(|only| only == organisation);
    let mut open = memberships.into_iter().filter(|(organisation, _)| is_open(organisation));
    match named {
        Some(named) => open
            .find(|(organisation, _)| organisation == named)
            .ok_or(Error::Forbidden("this password does not open that organisation")),
        None => open.next().ok_or(Error::Unauthenticated("you belong to no organisation")),
    }
}

/// Makes a link's word: whoever brings it back within a day is signed in as this member of this organisation, once.
///
/// # Errors
/// `NotFound` when they do not belong to it.
pub async fn new_link(tx: &mut Tx, clock: &Clock, organisation: &OrganisationId, person: &PersonId) -> Result<Secret> {
    people::role(tx, organisation, person).await?.ok_or(Error::NotFound("member"))?;
    let word = Secret::new(random_token("link_"));
    let until = clock.now().plus(LINK_LIFETIME);
    queries::insert_link(tx, &sha256_hex(word.expose()), organisation, person, until).await?;
    Ok(word)
}

/// Signs in by a link's word, to the organisation that it was made for. It is used up by it, and so are its person's others.
///
/// # Errors
/// `Unauthenticated` when it was used, has run out, or never was.
pub async fn sign_in_by_link(db: &Db, clock: &Clock, word: &str) -> Result<Secret> {
    let (hash, clock) = (sha256_hex(word), clock.clone());
    db.write(move |tx| {
        Box::pin(async move {
            let gone = Error::Unauthenticated("this link was used already or has run out");
            let Some((organisation, person)) = queries::use_link(tx, &hash, clock.now()).await? else {
                return Err(gone);
            };
            let Some(role) = people::role(tx, &organisation, &person).await? else { return Err(gone) };
            queries::delete_links(tx, &organisation, &person).await?;
            open(tx, &clock, &person, organisation, role, OpenedBy::Link).await
        })
    })
    .await
}

/// The session of a token.
///
/// # Errors
/// `Unauthenticated` when there is none, or its person has left the organisation.
pub async fn find(db: &Db, clock: &Clock, token: &str) -> Result<Session> {
    let (hash, now) = (sha256_hex(token), clock.now());
    let found = db.read(move |tx| Box::pin(async move { queries::by_hash(tx, &hash, now).await })).await?;
    found.ok_or(Error::Unauthenticated("you are not signed in"))
}

/// Whose session this is.
///
/// # Errors
/// Like [`find`].
pub async fn recognise(db: &Db, clock: &Clock, token: &str) -> Result<Caller> {
    Ok(find(db, clock, token).await?.caller)
}

/// Whether a session is open.
pub(crate) async fn goes_on(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &str,
    now: Timestamp,
) -> campanile_db::Result<bool> {
    Ok(queries::by_id(tx, organisation, id, now).await?.is_some())
}

/// Refuses work that began in a session which was ended meanwhile.
pub(crate) async fn must_go_on(tx: &mut Tx, clock: &Clock, session: &Session) -> Result<()> {
    match goes_on(tx, &session.caller.organisation, &session.id, clock.now()).await? {
        true => Ok(()),
        false => Err(Error::Unauthenticated("you are not signed in")),
    }
}

/// Ends a session.
pub async fn sign_out(db: &Db, token: &str) -> Result<()> {
    let hash = sha256_hex(token);
    Ok(db.write(move |tx| Box::pin(async move { queries::delete(tx, &hash).await })).await.map(drop)?)
}

/// The sessions of a member, newest first: one's own, or anybody's for who administers.
///
/// # Errors
/// `Forbidden`.
pub async fn list(tx: &mut Tx, clock: &Clock, caller: &Caller, person: &PersonId) -> Result<Vec<Session>> {
    must_be_or_administer(caller, person)?;
    Ok(queries::of_member(tx, &caller.organisation, person, clock.now()).await?)
}

/// Ends a session by its id: one's own, or anybody's for who administers.
///
/// # Errors
/// `NotFound` for one that is somebody else's, or has ended.
pub async fn end(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &str) -> Result<()> {
    let missing = Error::NotFound("session");
    let found = queries::by_id(tx, &caller.organisation, id, clock.now()).await?;
    let Some(session) = found.filter(|session| must_be_or_administer(caller, &session.person).is_ok()) else {
        return Err(missing);
    };
    queries::delete_by_id(tx, &caller.organisation, id).await?;
    let about = serde_json::json!({ "person": session.person });
    activity::record(tx, clock, caller, Action::SessionEnded, id, about).await
}

/// Ends all sessions of a member in the caller's organisation, and what links they have; says how many sessions that were.
///
/// # Errors
/// `Forbidden`.
pub async fn end_all(tx: &mut Tx, clock: &Clock, caller: &Caller, person: &PersonId) -> Result<u64> {
    must_be_or_administer(caller, person)?;
    let ended = queries::delete_of_member(tx, &caller.organisation, person).await?;
    let about = serde_json::json!({ "sessions": ended });
    activity::record(tx, clock, caller, Action::SessionEnded, person.as_str(), about).await?;
    Ok(ended)
}

/// Ends what a member has open, and could open by a link, in an organisation that they leave.
pub(crate) async fn end_in(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> campanile_db::Result<()> {
    queries::delete_of_member(tx, organisation, person).await.map(drop)
}

/// Ends what a person has open anywhere, and could open by a link, but for one session.
pub(crate) async fn end_others(tx: &mut Tx, person: &PersonId, but: Option<&Session>) -> campanile_db::Result<()> {
    queries::delete_of_person(tx, person, but.map_or("", |session| session.id.as_str())).await.map(drop)
}

fn must_be_or_administer(caller: &Caller, person: &PersonId) -> Result<()> {
    match &caller.actor {
        Actor::Person(own) if own == person => Ok(()),
        _ => caller.must(Permission::Administer),
    }
}

async fn open(
    tx: &mut Tx,
    clock: &Clock,
    person: &PersonId,
    organisation: OrganisationId,
    role: Role,
    opened_by: OpenedBy,
) -> Result<Secret> {
    let (token, now) = (Secret::new(random_token("ses_")), clock.now());
    queries::delete_expired(tx, now).await?;
    let session = Session {
        id: new_id("session", now),
        person: person.clone(),
        caller: Caller { organisation, actor: Actor::Person(person.clone()), role },
        opened_by,
        created_at: now,
        expires_at: now.plus(LIFETIME),
    };
    queries::insert(tx, &sha256_hex(token.expose()), person, &session).await?;
    let about = serde_json::json!({ "by": opened_by, "session": session.id });
    activity::record(tx, clock, &session.caller, Action::SignedIn, person.as_str(), about).await?;
    Ok(token)
}

#[cfg(test)]
mod tests;
