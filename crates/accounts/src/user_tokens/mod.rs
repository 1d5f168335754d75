//! User tokens: prove that a web page acts for a user.
//!
//! A token is a JWT. The organisation's backend signs it with RS256. The public half of the signing
//! key is stored here; the private half is shown once, when the key is created. For an
//! organisation's own members, Campanile signs the tokens itself, with its own encrypted key.
//!
//! A token gives access to its own user, unless it has `explicit_grants`, and to the resources in
//! its [`Grants`]. The claims are those of the Knock API. Grants name resources by addresses of the
//! hosted service, whatever host they are used on.

mod grants;
mod queries;

use campanile_base::{Clock, Error, Result, Secret, Thing, Timestamp, Vault, new_id};
use campanile_db::{Db, Tx};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::sessions::{self, Session};
use crate::{Caller, OrganisationId, Permission};

pub use grants::Grants;

/// The maximum difference between a signer's clock and ours, in seconds.
const SKEW: i64 = 30;
/// The lifetime of the tokens that Campanile signs itself, in seconds.
const OWN_LIFETIME: i64 = 3600;
const BITS: usize = 2048;

/// A signing key for tokens, as listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SigningKey {
    /// Its id.
    pub id: String,
    /// The public half, PEM.
    pub public_key: String,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The holder of a valid token.
#[derive(Debug, Clone)]
pub struct TokenHolder {
    /// The user.
    pub user: String,
    /// The further access that the token gives.
    pub grants: Grants,
    /// The id of the key that signed it.
    signed_by: String,
    /// The session that it was created in; only for tokens that Campanile has signed for its own
    /// members.
    session: Option<String>,
    /// The time at which it expires, in seconds since 1970.
    expires: i64,
}

/// The reason why a token is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// It is malformed or expired, or no known key has signed it.
    Invalid,
    /// The organisation has no signing key.
    NoSigningKey,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "campanile_session")]
    session: Option<String>,
    #[serde(flatten)]
    grants: Grants,
}

/// Creates a key. The private half, PKCS#8 in PEM, is returned once and cannot be read again.
///
/// # Errors
/// `Forbidden` for anyone but an owner.
pub async fn create(db: &Db, clock: &Clock, caller: Caller) -> Result<(SigningKey, Secret)> {
    caller.must(Permission::Administer)?;
    let (key, private) = generate(clock).await?;
    let (stored, clock) = (key.clone(), clock.clone());
    let written = db.write(move |tx| {
        Box::pin(async move {
            queries::insert(tx, &caller.organisation, &stored, None).await?;
            activity::record(tx, &clock, &caller, Action::KeyCreated, &stored.id, serde_json::json!({})).await
        })
    });
    written.await?;
    Ok((key, private))
}

/// Revokes a key. All tokens that it has signed become invalid.
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

/// The keys that are not revoked, except Campanile's own, oldest first.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<SigningKey>> {
    let keys = queries::all(tx, organisation).await?;
    Ok(keys.into_iter().filter(|(_, sealed)| sealed.is_none()).map(|(key, _)| key).collect())
}

/// Sets if access by a public key needs a user's token.
///
/// # Errors
/// `Forbidden` for anyone but an owner.
pub async fn set_needed(tx: &mut Tx, caller: &Caller, are_needed: bool) -> Result<()> {
    caller.must(Permission::Administer)?;
    queries::set_needed(tx, &caller.organisation, are_needed).await?;
    Ok(())
}

/// True if calls with a public key need a user's token.
pub async fn are_needed(tx: &mut Tx, organisation: &OrganisationId) -> Result<bool> {
    Ok(queries::are_needed(tx, organisation).await?)
}

/// Verifies a token, and returns its holder.
///
/// # Errors
/// Database errors only. A rejected token is in the inner result.
pub async fn recognise(
    db: &Db,
    clock: &Clock,
    organisation: &OrganisationId,
    token: &str,
) -> Result<std::result::Result<TokenHolder, Rejected>> {
    let whose = organisation.clone();
    let keys = db.read(move |tx| Box::pin(async move { queries::all(tx, &whose).await })).await?;
    if keys.is_empty() {
        return Ok(Err(Rejected::NoSigningKey));
    }
    let signed = |(key, sealed): &(SigningKey, Option<String>)| {
        let claims = signed_by(&key.public_key, token)?;
        // Only our own tokens are bound to a session; such a claim by others is ignored.
        let session = claims.session.clone().filter(|_| sealed.is_some());
        Some((TokenHolder::new(&claims, key.id.clone(), session), claims))
    };
    let Some((holder, claims)) = keys.iter().find_map(signed) else { return Ok(Err(Rejected::Invalid)) };
    let is_good = has_begun(&claims, seconds(clock))
        && !holder.has_expired(clock)
        && (holder.session.is_none() || is_still_good(db, clock, organisation, &holder).await?);
    Ok(is_good.then_some(holder).ok_or(Rejected::Invalid))
}

/// True if a verified token is still valid: it has not expired, its key was not revoked, and the
/// session that it was created in is open.
pub async fn is_still_good(
    db: &Db,
    clock: &Clock,
    organisation: &OrganisationId,
    holder: &TokenHolder,
) -> Result<bool> {
    if holder.has_expired(clock) {
        return Ok(false);
    }
    let (organisation, now) = (organisation.clone(), clock.now());
    let (key, session) = (holder.signed_by.clone(), holder.session.clone());
    let read = db.read(move |tx| {
        Box::pin(async move {
            let goes_on = match &session {
                Some(session) => sessions::goes_on(tx, &organisation, session, now).await?,
                None => true,
            };
            Ok::<_, campanile_db::Error>(goes_on && queries::works(tx, &organisation, &key).await?)
        })
    });
    Ok(read.await?)
}

impl TokenHolder {
    fn new(claims: &Claims, signed_by: String, session: Option<String>) -> Self {
        Self { user: claims.sub.clone(), grants: claims.grants.clone(), signed_by, session, expires: claims.exp }
    }

    fn has_expired(&self, clock: &Clock) -> bool {
        self.expires.saturating_add(SKEW) <= seconds(clock)
    }
}

/// True if a token's `iat` and `nbf` times have been reached.
fn has_begun(claims: &Claims, now: i64) -> bool {
    let is_past = |time: i64| time.saturating_sub(SKEW) <= now;
    claims.iat.is_none_or(is_past) && claims.nbf.is_none_or(is_past)
}

fn seconds(clock: &Clock) -> i64 {
    clock.now().as_micros() / 1_000_000
}

/// Signs a token for a user with Campanile's own key. Returns the token, and its expiry in seconds
/// since 1970. If it is created in a session, it ends with the session.
pub async fn sign(
    db: &Db,
    clock: &Clock,
    vault: &Vault,
    organisation: &OrganisationId,
    user: &str,
    grants: Grants,
    session: Option<&Session>,
) -> Result<(String, i64)> {
    let private = own_key(db, clock, vault, organisation).await?;
    let (now, session) = (seconds(clock), session.map(|session| session.id.clone()));
    let claims = Claims { sub: user.to_owned(), iat: Some(now), nbf: None, exp: now + OWN_LIFETIME, session, grants };
    let key = EncodingKey::from_rsa_pem(private.expose().as_bytes()).map_err(Error::internal)?;
    let token = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).map_err(Error::internal)?;
    Ok((token, claims.exp))
}

/// Campanile's own signing key for an organisation; created on first use.
async fn own_key(db: &Db, clock: &Clock, vault: &Vault, organisation: &OrganisationId) -> Result<Secret> {
    let whose = organisation.clone();
    let known = db.read(move |tx| Box::pin(async move { queries::all(tx, &whose).await })).await?;
    if let Some(sealed) = known.into_iter().find_map(|(_, sealed)| sealed) {
        return vault.open(&sealed);
    }
    let (key, private) = generate(clock).await?;
    let (sealed, whose) = (vault.seal(&private), organisation.clone());
    let stored = db.write(move |tx| {
        Box::pin(async move {
            // Concurrent callers must get the same key.
            tx.lock(&format!("signing key {whose}")).await?;
            let known = queries::all(tx, &whose).await?.into_iter().find_map(|(_, sealed)| sealed);
            if known.is_none() {
                queries::insert(tx, &whose, &key, Some(&sealed)).await?;
            }
            Ok::<_, campanile_db::Error>(known)
        })
    });
    stored.await?.map_or(Ok(private), |known| vault.open(&known))
}

async fn generate(clock: &Clock) -> Result<(SigningKey, Secret)> {
    let made = tokio::task::spawn_blocking(|| {
        let private = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, BITS).map_err(Error::internal)?;
        let public = private.to_public_key().to_public_key_pem(LineEnding::LF).map_err(Error::internal)?;
        let private = private.to_pkcs8_pem(LineEnding::LF).map_err(Error::internal)?;
        Ok::<_, Error>((public, Secret::new(private.as_str())))
    });
    let (public_key, private) = made.await.map_err(Error::internal)??;
    let now = clock.now();
    Ok((SigningKey { id: new_id("key", now), public_key, created_at: now }, private))
}

fn signed_by(public_pem: &str, token: &str) -> Option<Claims> {
    let key = DecodingKey::from_rsa_pem(public_pem.as_bytes()).ok()?;
    let mut rules = Validation::new(Algorithm::RS256);
    // These are checked below, by our own clock.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules.validate_aud = false;
    jsonwebtoken::decode::<Claims>(token, &key, &rules).ok().map(|token| token.claims)
}

#[cfg(test)]
mod tests;
