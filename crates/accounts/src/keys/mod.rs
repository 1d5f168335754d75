//! Secret keys: an organisation's bearer tokens for programs.
//!
//! `sk_` and 43 characters, shown once. Stored are the SHA-256 and the first characters, by which
//! a person recognises it in a list. A key acts with the rights of an owner.

mod queries;

use campanile_base::{Clock, Error, Result, Secret, Timestamp, new_id, random_token, sha256_hex};
use campanile_db::{Db, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::{Actor, Caller, OrganisationId, Permission, Role};

const PREFIX: &str = "sk_";
/// How much of a key may be shown.
const SHOWN: usize = 7;

/// A key as it is listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SecretKey {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Makes a key. The key itself is returned once and cannot be had again.
///
/// # Errors
/// `Invalid` for a name outside 1 to 100 characters, `Forbidden` below an owner.
pub async fn create(tx: &mut Tx, clock: &Clock, caller: &Caller, name: &str) -> Result<(SecretKey, Secret)> {
    let secret = Secret::new(random_token(PREFIX));
    Ok((adopt(tx, clock, caller, name, &secret).await?, secret))
}

/// Stores a key that somebody brought along, as a scripted first start does.
///
/// # Errors
/// `Invalid` when it is not `sk_` and at least 16 characters, `Conflict` when it is in use.
pub async fn adopt(tx: &mut Tx, clock: &Clock, caller: &Caller, name: &str, secret: &Secret) -> Result<SecretKey> {
    let text = secret.expose();
    if !text.starts_with(PREFIX) || text.len() < PREFIX.len() + 8 || !text.is_ascii() {
        return Err(Error::invalid("a secret key must be sk_ and at least 8 more ASCII characters"));
    }
    adopt_as_it_is(tx, clock, caller, name, secret).await
}

/// Stores a key whatever it looks like, as the suites of libraries bring theirs along.
///
/// # Errors
/// `Conflict` when it is in use.
pub async fn adopt_as_it_is(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    name: &str,
    secret: &Secret,
) -> Result<SecretKey> {
    caller.must(Permission::Administer)?;
    check_name(name)?;
    let text = secret.expose();
    let key = SecretKey {
        id: new_id("key", clock.now()),
        name: name.to_owned(),
        prefix: text.chars().take(SHOWN).collect(),
        created_at: clock.now(),
    };
    if !queries::insert(tx, &caller.organisation, &key, &sha256_hex(text)).await? {
        return Err(Error::conflict("this secret key is in use already"));
    }
    let about = serde_json::json!({ "name": name, "prefix": key.prefix });
    activity::record(tx, clock, caller, Action::KeyCreated, &key.id, about).await?;
    Ok(key)
}

/// Refuses what cannot be the name of a key.
pub(crate) fn check_name(name: &str) -> Result<()> {
    match name.chars().count() {
        1..=100 => Ok(()),
        _ => Err(Error::invalid("a key's name must have between 1 and 100 characters")),
    }
}

/// Ends a key, at once.
///
/// # Errors
/// `NotFound` when it is another organisation's, or has ended.
pub async fn revoke(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &str) -> Result<()> {
    caller.must(Permission::Administer)?;
    if !queries::revoke(tx, &caller.organisation, id, clock.now()).await? {
        return Err(Error::NotFound("key"));
    }
    activity::record(tx, clock, caller, Action::KeyRevoked, id, serde_json::json!({})).await
}

/// The keys that work, oldest first.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<SecretKey>> {
    Ok(queries::list(tx, organisation).await?)
}

/// Who holds this key.
///
/// # Errors
/// `Unauthenticated` when nobody does.
pub async fn recognise(db: &Db, token: &str) -> Result<Caller> {
    let hash = sha256_hex(token);
    let found = db.read(move |tx| Box::pin(async move { queries::by_hash(tx, &hash).await })).await?;
    let (id, organisation) = found.ok_or(Error::Unauthenticated("this secret key is not known"))?;
    Ok(Caller { organisation, actor: Actor::Key(id), role: Role::Owner })
}
