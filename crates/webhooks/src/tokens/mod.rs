//! Tokens that give access to one application, for the browser of its owner: `appsk_` and 43
//! characters. Only the SHA-256 is stored. They expire, and can be ended earlier: all of an
//! application, or those of a session.
//!
//! Two kinds last until they are replaced: an [integration's](crate::integrations) key, and the
//! token of a [polled](crate::lines::poll) endpoint. The latter gives access to the messages of
//! that endpoint and nothing else.

pub(crate) mod queries;

use std::time::Duration;

use campanile_accounts::{Actor, Caller, OrganisationId, Permission, Role};
use campanile_base::bounds::{FEATURE_FLAGS, IDS_AT_A_TIME};
use campanile_base::{Error, Result, Secret, Timestamp, random_token, sha256_hex};
use campanile_db::{Db, Tx};
use serde::{Deserialize, Serialize};

use crate::Webhooks;
use crate::model::applications::{Application, ApplicationId};
use crate::model::endpoints::EndpointId;
use crate::model::integrations::{self, Integration};
use crate::names::check_count;

/// The prefix of an application's token.
pub const PREFIX: &str = "appsk_";
/// The prefix of a polled endpoint's token.
pub const POLL_PREFIX: &str = "sk_poll_";
/// The expiry of tokens that last until they are replaced.
const FOREVER: Timestamp = Timestamp::from_micros(i64::MAX);
/// The minimum and maximum lifetime of a token. The maximum is the default.
const SHORTEST: Duration = Duration::from_secs(3_600);
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The maximum length of a session id.
const SESSION: usize = 64;

/// A right of a token's holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the wire's, and say it")]
pub enum Capability {
    ViewBase,
    ViewEndpointSecret,
    ManageEndpointSecret,
    ManageTransformations,
    CreateAttempts,
    ManageEndpoint,
}

impl Capability {
    /// The permission that a member of the organisation needs for the same.
    #[must_use]
    pub fn permission(self) -> Permission {
        match self {
            Self::ViewBase => Permission::Read,
            Self::ViewEndpointSecret
            | Self::ManageEndpointSecret
            | Self::ManageTransformations
            | Self::CreateAttempts
            | Self::ManageEndpoint => Permission::Configure,
        }
    }
}

/// The input to create a token.
#[derive(Debug, Clone, Default)]
pub struct TokenSpec {
    /// The feature flags whose event types the holder sees, in addition to those without a flag.
    pub feature_flags: Vec<String>,
    /// The rights of the holder; `None` for all.
    pub capabilities: Option<Vec<Capability>>,
    /// The lifetime; seven days if absent.
    pub lifetime: Option<Duration>,
    /// The session that it belongs to, by which it can be ended.
    pub session: Option<String>,
}

/// A recognised token.
#[derive(Debug, Clone)]
pub struct Token {
    /// The organisation of the application.
    pub organisation_id: OrganisationId,
    /// The application.
    pub application_id: ApplicationId,
    /// The rights of the holder; `None` for all.
    pub capabilities: Option<Vec<Capability>>,
    /// The feature flags whose event types the holder sees, in addition to those without a flag.
    pub feature_flags: Vec<String>,
    /// The polled endpoint, if the token gives access to its messages and nothing else.
    pub endpoint_id: Option<EndpointId>,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time at which it expires.
    pub expires_at: Timestamp,
}

/// True if a bearer token has the prefix of one of these tokens.
pub fn is_token(word: &str) -> bool {
    [PREFIX, POLL_PREFIX, integrations::PREFIX].iter().any(|prefix| word.starts_with(prefix))
}

impl Token {
    /// Refuses an operation that the token does not allow.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must(&self, capability: Capability) -> Result<()> {
        match self.endpoint_id.is_none() && self.capabilities.as_ref().is_none_or(|can| can.contains(&capability)) {
            true => Ok(()),
            false => Err(Error::Forbidden("this token does not allow this")),
        }
    }

    fn lasting(application: &Application, endpoint_id: Option<EndpointId>, now: Timestamp) -> Self {
        Self {
            organisation_id: application.organisation_id.clone(),
            application_id: application.id.clone(),
            capabilities: None,
            feature_flags: Vec::new(),
            endpoint_id,
            created_at: now,
            expires_at: FOREVER,
        }
    }

    /// The holder as a caller of the organisation. The caller of this function must check the
    /// application.
    pub fn caller(&self) -> Caller {
        let actor = Actor::Application(self.application_id.to_string());
        Caller { organisation: self.organisation_id.clone(), actor, role: Role::Manager }
    }
}

/// Creates a token for an application.
///
/// # Errors
/// `InvalidField`, `Forbidden` without the permission to configure.
pub async fn create(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    spec: TokenSpec,
) -> Result<Secret> {
    caller.must(Permission::Configure)?;
    let lifetime = spec.lifetime.unwrap_or(LONGEST);
    if !(SHORTEST..=LONGEST).contains(&lifetime) {
        return Err(Error::invalid_field("expiry", "must be between 3600 and 604800 seconds"));
    }
    if let Some(session) = &spec.session {
        check_session(session)?;
    }
    check_count("featureFlags", spec.feature_flags.len(), FEATURE_FLAGS)?;
    check_count("capabilities", spec.capabilities.as_ref().map_or(0, Vec::len), FEATURE_FLAGS)?;
    let (secret, now) = (Secret::new(random_token(PREFIX)), webhooks.clock.now());
    let token = Token {
        organisation_id: caller.organisation.clone(),
        application_id: application.id.clone(),
        capabilities: spec.capabilities,
        feature_flags: spec.feature_flags,
        endpoint_id: None,
        created_at: now,
        expires_at: now.plus(lifetime),
    };
    queries::insert(tx, &sha256_hex(secret.expose()), &token, spec.session.as_deref(), None).await?;
    Ok(secret)
}

/// Stores an integration's key as a token for its application.
pub(crate) async fn for_integration(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    integration: &Integration,
    key: &Secret,
) -> Result<()> {
    let token = Token {
        feature_flags: integration.feature_flags.clone(),
        ..Token::lasting(application, None, webhooks.clock.now())
    };
    queries::insert(tx, &sha256_hex(key.expose()), &token, None, None).await?;
    Ok(())
}

/// The token of a polled endpoint. A new one is made if there is none, or if `is_new`; that ends
/// the old one.
pub(crate) async fn of_endpoint(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &EndpointId,
    is_new: bool,
) -> Result<(Secret, Token)> {
    caller.must(Permission::Configure)?;
    let known = queries::of_endpoint(tx, &application.id, endpoint).await?;
    if let (false, Some((sealed, token))) = (is_new, known) {
        return Ok((webhooks.vault.open(&sealed)?, token));
    }
    queries::delete_of_endpoint(tx, &application.id, endpoint).await?;
    let secret = Secret::new(random_token(POLL_PREFIX));
    let token = Token::lasting(application, Some(endpoint.clone()), webhooks.clock.now());
    let sealed = webhooks.vault.seal(&secret);
    queries::insert(tx, &sha256_hex(secret.expose()), &token, None, Some(&sealed)).await?;
    Ok((secret, token))
}

fn check_session(session: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@_-".contains(c);
    match (1..=SESSION).contains(&session.len()) && session.chars().all(plain) {
        true => Ok(()),
        false => Err(Error::invalid_field("sessionId", "must be 1 to 64 letters, digits, or any of @ _ -")),
    }
}

/// Ends tokens of an application after a delay: those of the given sessions, or all that expire
/// anyway.
///
/// # Errors
/// `InvalidField` for a malformed session.
pub async fn expire(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    after: Duration,
    sessions: &[String],
) -> Result<()> {
    caller.must(Permission::Configure)?;
    check_count("sessionIds", sessions.len(), IDS_AT_A_TIME)?;
    let at = webhooks.clock.now().plus(after);
    if sessions.is_empty() {
        return Ok(queries::expire_all(tx, &application.id, at).await.map(drop)?);
    }
    for session in sessions {
        check_session(session)?;
        queries::expire_session(tx, &application.id, session, at).await?;
    }
    Ok(())
}

/// Looks up a token.
///
/// # Errors
/// `Unauthenticated` for a token that is unknown or has expired.
pub async fn recognise(db: &Db, token: &str, now: Timestamp) -> Result<Token> {
    let hash = sha256_hex(token);
    let found = db.read(move |tx| Box::pin(async move { queries::by_hash(tx, &hash).await })).await?;
    found.filter(|token| token.expires_at > now).ok_or(Error::Unauthenticated("this token is not known"))
}

/// Ends a token.
pub async fn end(tx: &mut Tx, token: &str) -> Result<()> {
    Ok(queries::delete(tx, &sha256_hex(token)).await.map(drop)?)
}
