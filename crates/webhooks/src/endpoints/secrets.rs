//! Secrets of endpoints: what they may be, and how one gives way to the next.

use std::time::Duration;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Secret};
use campanile_db::Tx;
use campanile_net::SigningSecret;

use super::{Endpoint, queries};
use crate::applications::{self, Application};
use crate::operational::{self, EndpointChange};
use crate::{KeyType, Webhooks};

/// How long the old secret signs beside the new one, unless said otherwise.
pub const GRACE: Duration = Duration::from_secs(24 * 3600);
/// How many old secrets may sign beside the current one.
const MOST_OLD_SECRETS: i64 = 10;

/// What a receiver needs to verify: the shared secret, or the public key.
///
/// # Errors
/// What the database says, or that the vault has another key.
pub async fn secret(tx: &mut Tx, webhooks: &Webhooks, endpoint: &Endpoint) -> Result<Secret> {
    let sealed = queries::secret(tx, &endpoint.id).await?.ok_or(Error::NotFound("endpoint"))?;
    let secret = SigningSecret::parse(webhooks.vault.open(&sealed)?.expose()).map_err(Error::internal)?;
    Ok(Secret::new(secret.for_receiver()))
}

/// Gives an endpoint a new secret; the old one signs beside it until `grace` has passed. `false` when ten
/// old ones sign already.
///
/// # Errors
/// `InvalidField` for a secret that cannot be.
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
    applications::touch(tx, webhooks, &application.id).await?;
    let about = serde_json::json!({});
    activity::record(tx, &webhooks.clock, caller, Action::EndpointSecretRotated, endpoint.id.as_str(), about).await?;
    operational::endpoint_changed(tx, webhooks, application, endpoint, EndpointChange::Updated).await?;
    Ok(true)
}

/// The secret that was brought along, or one of the kind that is made up here.
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
