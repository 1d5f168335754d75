//! Public keys: what a page may carry to say whose it is.
//!
//! `pk_` and 43 characters. They are no secret and can be read again; what they open is what a browser may touch, and
//! of a user only with a [token](crate::user_tokens), unless the organisation says otherwise.

mod queries;

use campanile_base::{Clock, Error, Result, Timestamp, new_id, random_token};
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
    /// What it is for.
    pub name: String,
    /// The key.
    pub key: String,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Whose a public key is.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Whether it opens nothing of a user without their token.
    pub needs_user_tokens: bool,
}

/// Makes a key.
///
/// # Errors
/// `Invalid` for a name outside 1 to 100 characters, `Forbidden` below an owner.
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

/// Ends a key.
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
pub async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<PublicKey>> {
    Ok(queries::list(tx, organisation).await?)
}

/// Whose key this is.
///
/// # Errors
/// `Unauthenticated` when it is nobody's.
pub async fn recognise(db: &Db, key: &str) -> Result<Holder> {
    let key = key.to_owned();
    let holder = db.read(move |tx| Box::pin(async move { queries::holder(tx, &key).await })).await?;
    holder.ok_or(Error::Unauthenticated("this public key is not known"))
}
