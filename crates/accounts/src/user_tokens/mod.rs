//! Users' tokens: what a page proves with that it acts for a user.
//!
//! A token is a JWT, signed with RS256 by the organisation's backend with a key whose public half is kept here. The private half is
//! shown once, when the key is made. For its own members Campanile has a key of its own, sealed, and signs itself.
//!
//! What a token opens: its own user, unless it says `explicit_grants`, and what its [`Grants`] name besides. Claims are those of
//! the Knock API; grants name resources by addresses of the hosted service, whatever host they are used on.

mod grants;
mod queries;

use campanile_base::{Clock, Error, Result, Secret, Timestamp, Vault, new_id};
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

/// How far a signer's clock may be ahead of ours, or behind, in seconds.
const SKEW: i64 = 30;
/// How long the tokens that Campanile signs itself are good for, in seconds.
const OWN_LIFETIME: i64 = 3600;
const BITS: usize = 2048;

/// A key that tokens are signed with, as it is listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SigningKey {
    /// Its id.
    pub id: String,
    /// The public half, PEM.
    pub public_key: String,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Somebody whose token was good.
#[derive(Debug, Clone)]
pub struct TokenHolder {
    /// The user.
    pub user: String,
    /// What the token opens besides.
    pub grants: Grants,
    /// The key that has signed it, by its id.
    signed_by: String,
    /// The session that it was made in; only of tokens that Campanile has signed for its own members.
    session: Option<String>,
    /// Until when it is good, in seconds since 1970.
    expires: i64,
}

/// Why a token is no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// It is not one, has expired, or nobody we know has signed it.
    Invalid,
    /// The organisation has no key that tokens could be signed with.
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

/// Makes a key. The private half, PKCS#8 in PEM, is returned once and cannot be had again.
///
/// # Errors
/// `Forbidden` below an owner.
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

/// Ends a key, and all tokens that were signed with it.
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

/// The keys that work, but for Campanile's own, oldest first.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<SigningKey>> {
    let keys = queries::all(tx, organisation).await?;
    Ok(keys.into_iter().filter(|(_, sealed)| sealed.is_none()).map(|(key, _)| key).collect())
}

/// Says whether a public key needs a user's token.
///
/// # Errors
/// `Forbidden` below an owner.
pub async fn set_needed(tx: &mut Tx, caller: &Caller, are_needed: bool) -> Result<()> {
    caller.must(Permission::Administer)?;
    queries::set_needed(tx, &caller.organisation, are_needed).await?;
    Ok(())
}

/// Who holds a token.
///
/// # Errors
/// What the database says; whether it is any good is in the answer.
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
        // What others sign says nothing of our sessions.
        let session = claims.session.clone().filter(|_| sealed.is_some());
        Some((TokenHolder::new(&claims, key.id.clone(), session), claims))
    };
    let Some((holder, claims)) = keys.iter().find_map(signed) else { return Ok(Err(Rejected::Invalid)) };
    let is_good = has_begun(&claims, seconds(clock))
        && !holder.has_expired(clock)
        && (holder.session.is_none() || is_still_good(db, clock, organisation, &holder).await?);
    Ok(is_good.then_some(holder).ok_or(Rejected::Invalid))
}

/// Whether a token that was recognised is good as yet: it has not expired, its key was not revoked, and the session that it was made
/// in goes on.
///
/// # Errors
/// What the database says.
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

/// Whether a token was issued, and is to be used, by now.
fn has_begun(claims: &Claims, now: i64) -> bool {
    let is_past = |time: i64| time.saturating_sub(SKEW) <= now;
    claims.iat.is_none_or(is_past) && claims.nbf.is_none_or(is_past)
}

fn seconds(clock: &Clock) -> i64 {
    clock.now().as_micros() / 1_000_000
}

/// A token for a user, signed by Campanile itself, and when it expires, in seconds since 1970. One that is made in a session ends
/// with it.
///
/// # Errors
/// What the database says.
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

/// The key that Campanile signs with for an organisation; made when it is first needed.
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
            // Two who need it at the same time are to get the same.
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
    // By our own clock, below.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules.validate_aud = false;
    jsonwebtoken::decode::<Claims>(token, &key, &rules).ok().map(|token| token.claims)
}

#[cfg(test)]
mod tests;
