//! Public keys: identify an organisation to the API, from a web page.
//!
//! A key is `pk_` and 43 characters. It is not secret and can be read again. It gives access only
//! to what a browser may use. Data of a user also needs a [token](crate::user_tokens), unless the
//! organisation decides otherwise.

mod queries;

use campanile_base::{Clock, Error, Result, Thing, Timestamp, new_id, random_token};
use campanile_db::{Db, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::{Caller, OrganisationId, Permission, keys};

const PREFIX: &str = "pk_";

/// A public key.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicKey {
    /// Its id.
    pub id: String,
    /// Its purpose.
    pub name: String,
    /// The key.
    pub key: String,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The owner of a public key.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The organisation.
    pub organisation: OrganisationId,
    /// True if access to a user's data needs the user's token.
    pub needs_user_tokens: bool,
}

/// Creates a key.
///
/// # Errors
/// `Invalid` for a name outside 1 to 100 characters, `Forbidden` for anyone but an owner.
pub async fn create(tx: &mut Tx, clock: &Clock, caller: &Caller, name: &str) -> Result<PublicKey> {
    caller.must(Permission::Administer)?;
    keys::check_name(name)?;
    let now = clock.now();
    let key = PublicKey { id: new_id("key", now), name: name.to_owned(), key: random_token(PREFIX), created_at: now };
    queries::insert(tx, &caller.organisation, &key).await?;
    let about = serde_json::json!({ "name": name, "prefix": PREFIX });
    activity::record(tx, clock, caller, Action::KeyCreated, &key.id, about).await?;
    Ok(key)
}

/// Revokes a key.
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
pub async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<PublicKey>> {
    Ok(queries::list(tx, organisation).await?)
}

/// Looks up the owner of a key.
///
/// # Errors
/// `Unauthenticated` for an unknown or revoked key.
pub async fn recognise(db: &Db, key: &str) -> Result<Holder> {
    let key = key.to_owned();
    let holder = db.read(move |tx| Box::pin(async move { queries::holder(tx, &key).await })).await?;
    holder.ok_or(Error::Unauthenticated("this public key is not known"))
}
