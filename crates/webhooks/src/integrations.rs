//! Integrations: a key for another system (Zapier, n8n, …), with which it works on one application
//! until the key is replaced. To subscribe, the system creates an endpoint; to unsubscribe, it
//! deletes it.

use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Secret, Thing, random_token};
use campanile_db::{Range, Tx};

use crate::model::applications::Application;
use crate::model::integrations::queries;
use crate::names::{check_count, check_flags, check_words};
use crate::{Webhooks, tokens};

pub use crate::model::integrations::{Integration, IntegrationId, PREFIX};

/// The maximum number of feature flags of an integration.
const FLAGS: usize = 25;

/// The input to create or replace an integration.
#[derive(Debug, Clone)]
pub struct IntegrationSpec {
    /// The display name.
    pub name: String,
    /// The feature flags whose event types it sees, in addition to those without a flag.
    pub feature_flags: Vec<String>,
}

impl IntegrationSpec {
    fn check(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(Error::invalid_field("name", "must not be empty"));
        }
        check_words("name", &self.name)?;
        check_flags(Some(&self.feature_flags))?;
        check_count("featureFlags", self.feature_flags.len(), FLAGS)
    }
}

/// Creates an integration, with a key.
///
/// # Errors
/// `InvalidField`, `Forbidden`.
pub async fn create(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    spec: IntegrationSpec,
) -> Result<Integration> {
    caller.must(Permission::Configure)?;
    spec.check()?;
    let now = webhooks.clock.now();
    let made = Integration {
        id: IntegrationId::new(now),
        name: spec.name,
        feature_flags: spec.feature_flags,
        created_at: now,
        updated_at: now,
    };
    let key = Secret::new(random_token(PREFIX));
    queries::insert(tx, &application.id, &made, &webhooks.vault.seal(&key)).await?;
    tokens::for_integration(tx, webhooks, application, &made, &key).await?;
    Ok(made)
}

/// Replaces an integration's settings; its key stays.
///
/// # Errors
/// `NotFound`, `InvalidField`, `Forbidden`.
pub async fn update(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    id: &str,
    spec: IntegrationSpec,
) -> Result<Integration> {
    caller.must(Permission::Configure)?;
    spec.check()?;
    let before = get(tx, application, id).await?;
    let IntegrationSpec { name, feature_flags } = spec;
    let made = Integration { name, feature_flags, updated_at: webhooks.clock.now(), ..before };
    queries::update(tx, &application.id, &made).await?;
    replace_token(tx, webhooks, application, &made, None).await?;
    Ok(made)
}

/// Deletes an integration and ends its key.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub async fn delete(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    id: &str,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    let key = key(tx, webhooks, caller, application, id).await?;
    tokens::end(tx, key.expose()).await?;
    queries::delete(tx, &application.id, &IntegrationId::from(id.to_owned())).await?;
    Ok(())
}

/// Replaces an integration's key at once.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub async fn rotate_key(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    id: &str,
) -> Result<Secret> {
    caller.must(Permission::Configure)?;
    let known = get(tx, application, id).await?;
    replace_token(tx, webhooks, application, &known, Some(Secret::new(random_token(PREFIX)))).await
}

/// Stores the token of the key, or of a new key, with what the integration may see now.
async fn replace_token(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    integration: &Integration,
    new: Option<Secret>,
) -> Result<Secret> {
    let sealed =
        queries::key(tx, &application.id, &integration.id).await?.ok_or(Error::NotFound(Thing::Integration))?;
    let before = webhooks.vault.open(&sealed)?;
    tokens::end(tx, before.expose()).await?;
    let key = new.unwrap_or(before);
    queries::set_key(tx, &application.id, &integration.id, &webhooks.vault.seal(&key)).await?;
    tokens::for_integration(tx, webhooks, application, integration, &key).await?;
    Ok(key)
}

/// An integration's key.
///
/// # Errors
/// `NotFound`, `Forbidden`.
pub async fn key(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    id: &str,
) -> Result<Secret> {
    caller.must(Permission::Configure)?;
    let sealed = queries::key(tx, &application.id, &IntegrationId::from(id.to_owned())).await?;
    webhooks.vault.open(&sealed.ok_or(Error::NotFound(Thing::Integration))?)
}

/// An integration of an application.
///
/// # Errors
/// `NotFound`.
pub async fn get(tx: &mut Tx, application: &Application, id: &str) -> Result<Integration> {
    queries::by_id(tx, &application.id, id).await?.ok_or(Error::NotFound(Thing::Integration))
}

/// Integrations of an application.
pub async fn list(tx: &mut Tx, application: &Application, range: &Range) -> Result<Vec<Integration>> {
    Ok(queries::list(tx, &application.id, range).await?)
}
