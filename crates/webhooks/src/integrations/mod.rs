//! Integrations: a key for a system of others (Zapier, n8n, …), by which it works with one application until the
//! key is replaced. Subscribing is making an endpoint, unsubscribing is removing it.

mod queries;

use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Secret, Timestamp, random_token};
use campanile_db::Tx;
use serde::Serialize;

use crate::Webhooks;
use crate::applications::Application;
use crate::tokens;
use campanile_db::Range;

campanile_base::id_type!(
    /// One integration.
    pub IntegrationId, "integ"
);

/// How every key begins.
pub const PREFIX: &str = "integsk_";
/// How many feature flags it may have.
const FLAGS: usize = 25;

/// An integration, in the Svix API's shape.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// What people call it.
    pub name: String,
    /// Which event types it sees beside those without a flag.
    pub feature_flags: Vec<String>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

/// What an integration is made of, or made over with.
#[derive(Debug, Clone)]
pub struct IntegrationSpec {
    /// What people call it.
    pub name: String,
    /// Which event types it sees beside those without a flag.
    pub feature_flags: Vec<String>,
}

impl IntegrationSpec {
    fn check(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(Error::invalid_field("name", "must not be empty"));
        }
        crate::names::check_words("name", &self.name)?;
        crate::names::check_flags(Some(&self.feature_flags))?;
        crate::names::check_count("featureFlags", self.feature_flags.len(), FLAGS)
    }
}

/// Makes an integration, with a key.
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

/// Makes an integration over; its key stays.
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

/// Removes an integration; its key opens nothing any more.
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

/// Has the key, or another one, open what the integration may see now.
async fn replace_token(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    integration: &Integration,
    new: Option<Secret>,
) -> Result<Secret> {
    let sealed = queries::key(tx, &application.id, &integration.id).await?.ok_or(Error::NotFound("integration"))?;
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
    webhooks.vault.open(&sealed.ok_or(Error::NotFound("integration"))?)
}

/// An integration of an application.
///
/// # Errors
/// `NotFound`.
pub async fn get(tx: &mut Tx, application: &Application, id: &str) -> Result<Integration> {
    queries::by_id(tx, &application.id, id).await?.ok_or(Error::NotFound("integration"))
}

/// Integrations of an application.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, application: &Application, range: &Range) -> Result<Vec<Integration>> {
    Ok(queries::list(tx, &application.id, range).await?)
}
