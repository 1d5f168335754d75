//! Secrets of endpoints: their checks and their rotation.

use std::time::Duration;

use campanile_accounts::activity::Action;
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Secret, Thing};
use campanile_db::Tx;
use campanile_net::SigningSecret;

use crate::model::applications::Application;
use crate::model::endpoints::{Endpoint, queries};
use crate::notice::{self, EndpointChange};
use crate::{KeyType, Webhooks, directory, trail};

/// The default time for which an old secret signs beside the new one.
pub const GRACE: Duration = Duration::from_secs(24 * 3600);
/// The maximum number of old secrets that sign beside the current one.
const MOST_OLD_SECRETS: i64 = 10;

/// The key with which a receiver verifies messages: the shared secret, or the public key.
///
/// # Errors
/// The vault cannot decrypt the secret, since it has another key.
pub async fn secret(tx: &mut Tx, webhooks: &Webhooks, endpoint: &Endpoint) -> Result<Secret> {
    let sealed = queries::secret(tx, &endpoint.id).await?.ok_or(Error::NotFound(Thing::Endpoint))?;
    let secret = SigningSecret::parse(webhooks.vault.open(&sealed)?.expose()).map_err(Error::internal)?;
    Ok(Secret::new(secret.for_receiver()))
}

/// Gives an endpoint a new secret. The old one signs beside it until `grace` has passed. `false`
/// when ten old secrets still sign.
///
/// # Errors
/// `InvalidField` for a malformed secret.
pub async fn rotate_secret(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    secret: Option<Secret>,
    grace: Duration,
) -> Result<bool> {
    caller.must(Permission::Configure)?;
    let (secret, now) = (checked(webhooks, secret)?, webhooks.clock.now());
    if !grace.is_zero() {
        if queries::count_old_secrets(tx, &endpoint.id, now).await? >= MOST_OLD_SECRETS {
            return Ok(false);
        }
        queries::keep_old_secret(tx, &endpoint.id, now.plus(grace)).await?;
    }
    queries::set_secret(tx, &endpoint.id, &webhooks.vault.seal(&secret), now).await?;
    directory::changed(tx, webhooks, &application.id).await?;
    trail::endpoint(tx, webhooks, caller, (application, endpoint), Action::EndpointSecretRotated, None).await?;
    notice::endpoint_changed(tx, webhooks, application, endpoint, EndpointChange::Updated).await?;
    Ok(true)
}

/// The given secret, or a generated one of the configured kind.
pub(super) fn checked(webhooks: &Webhooks, secret: Option<Secret>) -> Result<Secret> {
    let Some(secret) = secret else {
        let made = match webhooks.settings.key_type {
            KeyType::Hmac256 => SigningSecret::generate(),
            KeyType::Ed25519 => SigningSecret::generate_key(),
        };
        return Ok(Secret::new(made.expose()));
    };
    SigningSecret::parse(secret.expose()).map_err(|why| Error::invalid_field("key", format!("is none: {why}")))?;
    Ok(secret)
}
