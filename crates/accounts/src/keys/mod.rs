//! Secret keys: an organisation's bearer tokens for programs.
//!
//! A key is `sk_` and 43 characters, and is shown once. Only its SHA-256 and its first characters
//! are stored; the latter let a person recognise it in a list. A key acts with the rights of an
//! owner.

mod queries;

use campanile_base::{Clock, Error, Result, Secret, Thing, Timestamp, new_id, random_token, sha256_hex};
use campanile_db::{Db, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::{Actor, Caller, OrganisationId, Permission, Role};

const PREFIX: &str = "sk_";
/// The number of characters of a key that may be shown.
const SHOWN: usize = 7;

/// A key, as listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SecretKey {
    /// Its id.
    pub id: String,
    /// Its purpose.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time of its last use, up to an hour before the latest; `null` if it was never used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

/// Creates a key. The key itself is returned once and cannot be read again.
///
/// # Errors
/// `Invalid` for a name outside 1 to 100 characters, `Forbidden` for anyone but an owner.
pub async fn create(tx: &mut Tx, clock: &Clock, caller: &Caller, name: &str) -> Result<(SecretKey, Secret)> {
    let secret = Secret::new(random_token(PREFIX));
    Ok((adopt(tx, clock, caller, name, &secret).await?, secret))
}

/// Stores a given key, as a scripted first start does.
///
/// # Errors
/// `Invalid` when it is not `sk_` and at least 8 more ASCII characters, `Conflict` when it is in
/// use.
pub async fn adopt(tx: &mut Tx, clock: &Clock, caller: &Caller, name: &str, secret: &Secret) -> Result<SecretKey> {
    let text = secret.expose();
    if !text.starts_with(PREFIX) || text.len() < PREFIX.len() + 8 || !text.is_ascii() {
        return Err(Error::invalid("a secret key must be sk_ and at least 8 more ASCII characters"));
    }
    store(tx, clock, caller, name, secret).await
}

/// Stores a key of any form, for the test suites of client libraries, which have their own keys.
///
/// # Errors
/// `Conflict` when it is in use.
#[cfg(feature = "fixtures")]
pub async fn adopt_as_it_is(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    name: &str,
    secret: &Secret,
) -> Result<SecretKey> {
    store(tx, clock, caller, name, secret).await
}

async fn store(tx: &mut Tx, clock: &Clock, caller: &Caller, name: &str, secret: &Secret) -> Result<SecretKey> {
    caller.must(Permission::Administer)?;
    check_name(name)?;
    let text = secret.expose();
    let key = SecretKey {
        id: new_id("key", clock.now()),
        name: name.to_owned(),
        prefix: text.chars().take(SHOWN).collect(),
        created_at: clock.now(),
        last_used_at: None,
    };
    if !queries::insert(tx, &caller.organisation, &key, &sha256_hex(text)).await? {
        return Err(Error::conflict("this secret key is in use already"));
    }
    let about = serde_json::json!({ "name": name, "prefix": key.prefix });
    activity::record(tx, clock, caller, Action::KeyCreated, &key.id, about).await?;
    Ok(key)
}

/// Refuses a name that is not 1 to 100 characters long.
pub(crate) fn check_name(name: &str) -> Result<()> {
    match name.chars().count() {
        1..=100 => Ok(()),
        _ => Err(Error::invalid("a key's name must have between 1 and 100 characters")),
    }
}

/// Revokes a key, at once.
///
/// # Errors
/// `NotFound` when it belongs to another organisation, or is revoked already.
pub async fn revoke(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &str) -> Result<()> {
    caller.must(Permission::Administer)?;
    if !queries::revoke(tx, &caller.organisation, id, clock.now()).await? {
        return Err(Error::NotFound(Thing::Key));
    }
    activity::record(tx, clock, caller, Action::KeyRevoked, id, serde_json::json!({})).await
}

/// The keys that are not revoked, oldest first.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<SecretKey>> {
    Ok(queries::list(tx, organisation).await?)
}

/// Records that a key was used. Callers do so once an hour at most: a key may be used thousands of
/// times a second.
pub async fn used(tx: &mut Tx, id: &str, now: Timestamp) -> Result<()> {
    Ok(queries::used(tx, id, now).await.map(drop)?)
}

/// Looks up a key, and returns its organisation as a caller.
///
/// # Errors
/// `Unauthenticated` for an unknown or revoked key.
pub async fn recognise(db: &Db, token: &str) -> Result<Caller> {
    let hash = sha256_hex(token);
    let found = db.read(move |tx| Box::pin(async move { queries::by_hash(tx, &hash).await })).await?;
    let (id, organisation) = found.ok_or(Error::Unauthenticated("this secret key is not known"))?;
    Ok(Caller { organisation, actor: Actor::Key(id), role: Role::Owner })
}
