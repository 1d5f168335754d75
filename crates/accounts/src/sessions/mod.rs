//! Sessions: sign-in by password or by a one-time link, and the session that a cookie holds.
//!
//! Sign-in attempts are limited by [`Brake`]. The callers of this module must ask it first.
//!
//! A session is for one organisation. A link gives access to the organisation that it was created
//! for. A password gives access to the named organisation, or else to the one that its person
//! joined first. A password that an owner has chosen for a member gives access to that owner's
//! organisation only.

mod brake;
mod queries;

use std::time::Duration;

use campanile_base::{Clock, Error, Result, Secret, Thing, Timestamp, new_id, random_token, sha256_hex};
use campanile_db::{Db, Tx};
use serde::Serialize;

use crate::activity::{self, Action};
use crate::people;
use crate::{Actor, Caller, OrganisationId, Permission, PersonId, Role};

pub use brake::Brake;

/// The lifetime of a session: 30 days.
pub const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// The lifetime of a sign-in link: a day.
const LINK_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The session of a signed-in person.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id, by which it can be ended. The id itself gives no access.
    pub id: String,
    /// The identity.
    pub person: PersonId,
    /// The person as a caller, with their current role.
    pub caller: Caller,
    /// The method by which it was opened.
    pub opened_by: OpenedBy,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time at which it expires.
    pub expires_at: Timestamp,
}

/// The method by which a session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OpenedBy {
    /// By a password.
    Password,
    /// By a one-time link: the person can read mail to this address.
    Link,
    /// The session is older than this field.
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

/// The input to sign in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Their mail address, as typed.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// The organisation; if absent, the one that they joined first.
    pub organisation: Option<OrganisationId>,
}

/// Signs in by password, to the named organisation, or else to the one that the person joined
/// first. Returns the session's token.
///
/// # Errors
/// `Unauthenticated`, the same for a wrong address and a wrong password; `Forbidden` for an
/// organisation that the password gives no access to.
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
            // The password may have been changed while it was checked.
            let now = people::password(tx, &person).await?;
            let Some(password) = now.filter(|now| now.hash == known.hash) else { return Err(wrong) };
            let memberships = people::memberships(tx, &person).await?;
            let (organisation, role) = opened(memberships, password.only.as_ref(), named.as_ref())?;
            open(tx, &clock, &person, organisation, role, OpenedBy::Password).await
        })
    })
    .await
}

/// The organisation that a password gives access to, and the role in it. Memberships are ordered
/// oldest first.
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

/// Creates the token of a sign-in link. It signs in as this member of this organisation, once,
/// within a day.
///
/// # Errors
/// `NotFound` when the person is not a member.
pub async fn new_link(tx: &mut Tx, clock: &Clock, organisation: &OrganisationId, person: &PersonId) -> Result<Secret> {
    people::role(tx, organisation, person).await?.ok_or(Error::NotFound(Thing::Member))?;
    let word = Secret::new(random_token("link_"));
    let until = clock.now().plus(LINK_LIFETIME);
    queries::insert_link(tx, &sha256_hex(word.expose()), organisation, person, until).await?;
    Ok(word)
}

/// Signs in by the token of a link, to the organisation that it was created for. Returns the
/// session's token. The link is used up, and so are the person's other links to this organisation.
///
/// # Errors
/// `Unauthenticated` for a used, expired or unknown link.
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

/// The session with this token.
///
/// # Errors
/// `Unauthenticated` when there is none, or its person has left the organisation.
pub async fn find(db: &Db, clock: &Clock, token: &str) -> Result<Session> {
    let (hash, now) = (sha256_hex(token), clock.now());
    let found = db.read(move |tx| Box::pin(async move { queries::by_hash(tx, &hash, now).await })).await?;
    found.ok_or(Error::Unauthenticated("you are not signed in"))
}

/// The caller whose session has this token.
///
/// # Errors
/// Like [`find`].
pub async fn recognise(db: &Db, clock: &Clock, token: &str) -> Result<Caller> {
    Ok(find(db, clock, token).await?.caller)
}

/// True if a session is open.
pub(crate) async fn goes_on(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &str,
    now: Timestamp,
) -> campanile_db::Result<bool> {
    Ok(queries::by_id(tx, organisation, id, now).await?.is_some())
}

/// Refuses work if its session has ended since the work began.
pub(crate) async fn must_go_on(tx: &mut Tx, clock: &Clock, session: &Session) -> Result<()> {
    match goes_on(tx, &session.caller.organisation, &session.id, clock.now()).await? {
        true => Ok(()),
        false => Err(Error::Unauthenticated("you are not signed in")),
    }
}

/// Opens a session in another organisation of the person, in place of this one. Returns its token.
///
/// A session opens what its sign-in proved, and no more. So only a password that its person
/// has chosen opens other organisations: a link is for one, and so is a password that an owner has
/// chosen.
///
/// # Errors
/// `Forbidden` for a session that was not opened by such a password, and for an organisation that
/// the person does not belong to; `Unauthenticated` for a session that has ended.
pub async fn switch(tx: &mut Tx, clock: &Clock, session: &Session, organisation: &OrganisationId) -> Result<Secret> {
    must_go_on(tx, clock, session).await?;
    let password = people::password(tx, &session.person).await?;
    if session.opened_by != OpenedBy::Password || password.is_none_or(|password| password.only.is_some()) {
        return Err(Error::Forbidden("sign in with a password of your own to look at another organisation"));
    }
    let role = people::role(tx, organisation, &session.person).await?;
    let role = role.ok_or(Error::Forbidden("you do not belong to that organisation"))?;
    queries::delete_by_id(tx, &session.caller.organisation, &session.id).await?;
    open(tx, clock, &session.person, organisation.clone(), role, OpenedBy::Password).await
}

/// Ends a session.
pub async fn sign_out(db: &Db, token: &str) -> Result<()> {
    let hash = sha256_hex(token);
    Ok(db.write(move |tx| Box::pin(async move { queries::delete(tx, &hash).await })).await.map(drop)?)
}

/// The sessions of a member, newest first. Members see their own; owners see those of all.
///
/// # Errors
/// `Forbidden`.
pub async fn list(tx: &mut Tx, clock: &Clock, caller: &Caller, person: &PersonId) -> Result<Vec<Session>> {
    must_be_or_administer(caller, person)?;
    Ok(queries::of_member(tx, &caller.organisation, person, clock.now()).await?)
}

/// Ends a session by its id. Members can end their own; owners can end those of all.
///
/// # Errors
/// `NotFound` for another person's session, and for an ended one.
pub async fn end(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &str) -> Result<()> {
    let missing = Error::NotFound(Thing::Session);
    let found = queries::by_id(tx, &caller.organisation, id, clock.now()).await?;
    let Some(session) = found.filter(|session| must_be_or_administer(caller, &session.person).is_ok()) else {
        return Err(missing);
    };
    queries::delete_by_id(tx, &caller.organisation, id).await?;
    let about = serde_json::json!({ "person": session.person });
    activity::record(tx, clock, caller, Action::SessionEnded, id, about).await
}

/// Ends all sessions of a member in the caller's organisation, and their sign-in links. Returns the
/// number of sessions.
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

/// Ends all sessions and sign-in links of a member in an organisation that they leave.
pub(crate) async fn end_in(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> campanile_db::Result<()> {
    queries::delete_of_member(tx, organisation, person).await.map(drop)
}

/// Ends all sessions and sign-in links of a person everywhere, except one session.
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
    people::joined(tx, &session.caller.organisation, person, now).await?;
    let about = serde_json::json!({ "by": opened_by, "session": session.id });
    activity::record(tx, clock, &session.caller, Action::SignedIn, person.as_str(), about).await?;
    Ok(token)
}

#[cfg(test)]
mod tests;
