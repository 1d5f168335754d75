//! Signing in: by password or by a one-time link, into a session that a cookie carries.

mod queries;

use std::time::Duration;

use campanile_base::{Clock, Error, Result, Secret, random_token, sha256_hex};
use campanile_db::{Db, Tx};

use crate::activity::{self, Action};
use crate::people::{self, PersonId};
use crate::{Actor, Caller};

/// How long a session lasts.
pub const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a sign-in link can be used.
const LINK_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Signs in by password.
///
/// # Errors
/// `Unauthenticated`, the same for a wrong address and a wrong password.
pub async fn sign_in(db: &Db, clock: &Clock, email: &str, password: Secret) -> Result<Secret> {
    let email = email.to_owned();
    let found = db.read(move |tx| Box::pin(async move { people::by_email(tx, &email).await })).await?;
    let (person, hash) = found.map_or((None, None), |(person, hash)| (Some(person), hash));
    let right = people::verify(password, hash).await?;
    let person = person.filter(|_| right).ok_or(Error::Unauthenticated("the address or the password is wrong"))?;
    let clock = clock.clone();
    db.write(move |tx| Box::pin(async move { open(tx, &clock, &person).await })).await
}

/// Makes a link's word: whoever brings it back within a day is signed in as `person`, once.
///
/// # Errors
/// What the database says.
pub async fn new_link(tx: &mut Tx, clock: &Clock, person: &PersonId) -> Result<Secret> {
    let word = Secret::new(random_token("link_"));
    queries::insert_link(tx, &sha256_hex(word.expose()), person, clock.now().plus(LINK_LIFETIME)).await?;
    Ok(word)
}

/// Signs in by a link's word, which is used up by it.
///
/// # Errors
/// `Unauthenticated` when it was used, has run out, or never was.
pub async fn sign_in_by_link(db: &Db, clock: &Clock, word: &str) -> Result<Secret> {
    let (hash, clock) = (sha256_hex(word), clock.clone());
    db.write(move |tx| {
        Box::pin(async move {
            let person = queries::use_link(tx, &hash, clock.now()).await?;
            let person = person.ok_or(Error::Unauthenticated("this link was used already or has run out"))?;
            open(tx, &clock, &person).await
        })
    })
    .await
}

/// Whose session this is.
///
/// # Errors
/// `Unauthenticated` when there is none, or its person has left the organisation.
pub async fn recognise(db: &Db, clock: &Clock, token: &str) -> Result<Caller> {
    let (hash, now) = (sha256_hex(token), clock.now());
    let found = db.read(move |tx| Box::pin(async move { queries::caller(tx, &hash, now).await })).await?;
    let (person, organisation, role) = found.ok_or(Error::Unauthenticated("you are not signed in"))?;
    Ok(Caller { organisation, actor: Actor::Person(person), role })
}

/// Ends a session.
///
/// # Errors
/// What the database says.
pub async fn sign_out(db: &Db, token: &str) -> Result<()> {
    let hash = sha256_hex(token);
    Ok(db.write(move |tx| Box::pin(async move { queries::delete(tx, &hash).await })).await.map(drop)?)
}

async fn open(tx: &mut Tx, clock: &Clock, person: &PersonId) -> Result<Secret> {
    let memberships = people::memberships(tx, person).await?;
    let (organisation, role) =
        memberships.into_iter().next().ok_or(Error::Unauthenticated("you belong to no organisation"))?;
    let token = Secret::new(random_token("ses_"));
    let now = clock.now();
    queries::delete_expired(tx, now).await?;
    queries::insert(tx, &sha256_hex(token.expose()), person, &organisation, now, now.plus(LIFETIME)).await?;
    let caller = Caller { organisation, actor: Actor::Person(person.clone()), role };
    activity::record(tx, clock, &caller, Action::SignedIn, person.as_str(), serde_json::json!({})).await?;
    Ok(token)
}
