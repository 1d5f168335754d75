//! Endpoints: where messages go, which of them, and with which secret they are signed.

pub(crate) mod queries;

use std::time::Duration;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, Permission};
use campanile_base::{Clock, Error, Result, Secret, Timestamp, Vault};
use campanile_db::Tx;
use campanile_net::{SigningSecret, parse_url};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::applications::{Application, ApplicationId};
use crate::names::{check_name, check_uid};

campanile_base::id_type!(
    /// One endpoint.
    pub EndpointId, "ep"
);

/// How long the old secret signs beside the new one, unless said otherwise.
pub const GRACE: Duration = Duration::from_secs(24 * 3600);
/// How many old secrets may sign beside the current one.
const MOST_OLD_SECRETS: i64 = 10;

/// An endpoint, in the Svix API's shape: unset fields are `null`, and both spellings are given.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// Whose it is.
    #[serde(skip)]
    pub application_id: ApplicationId,
    /// The caller's own id for it.
    pub uid: Option<String>,
    /// Where messages go, normalised.
    pub url: String,
    /// The caller's words about it.
    pub description: String,
    /// The caller's version of it.
    pub version: i64,
    /// Whether nothing is sent to it.
    pub disabled: bool,
    /// The event types that it receives; `null` for all.
    pub filter_types: Option<Vec<String>>,
    /// The same again, by its other name.
    pub event_types: Option<Vec<String>>,
    /// The channels that it receives; `null` for all.
    pub channels: Option<Vec<String>>,
    /// The caller's own notes.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// Always `null` as yet: deliveries are not throttled.
    #[schema(value_type = Option<i64>)]
    pub rate_limit: (),
    /// The same again, by its other name.
    #[schema(value_type = Option<i64>)]
    pub throttle_rate: (),
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// What an endpoint is made of, or made over with.
#[derive(Debug, Clone)]
pub struct EndpointSpec {
    /// Where messages go.
    pub url: String,
    /// The caller's own id for it.
    pub uid: Option<String>,
    /// The caller's words about it.
    pub description: String,
    /// The caller's version of it.
    pub version: i64,
    /// Whether nothing is sent to it.
    pub disabled: bool,
    /// The event types that it receives; `None` for all.
    pub filter_types: Option<Vec<String>>,
    /// The channels that it receives; `None` for all.
    pub channels: Option<Vec<String>>,
    /// The caller's own notes.
    pub metadata: Map<String, Value>,
}

impl EndpointSpec {
    /// Checks everything and normalises the URL.
    fn checked(mut self) -> Result<Self> {
        self.url = parse_url(&self.url).map_err(|why| Error::invalid(format!("url: {why}")))?.to_string();
        if let Some(uid) = &self.uid {
            check_uid(uid, "ep_")?;
        }
        for (field, names) in [("filterTypes", &self.filter_types), ("channels", &self.channels)] {
            let Some(names) = names else { continue };
            if names.is_empty() {
                return Err(Error::invalid(format!("{field} can't be empty")));
            }
            names.iter().try_for_each(|name| check_name(field, name))?;
        }
        if self.version < 1 {
            return Err(Error::invalid("version must be at least 1"));
        }
        Ok(self)
    }

    fn into_endpoint(self, id: EndpointId, application: &Application, created: Timestamp, now: Timestamp) -> Endpoint {
        Endpoint {
            id,
            application_id: application.id.clone(),
            uid: self.uid,
            url: self.url,
            description: self.description,
            version: self.version,
            disabled: self.disabled,
            event_types: self.filter_types.clone(),
            filter_types: self.filter_types,
            channels: self.channels,
            metadata: self.metadata,
            rate_limit: (),
            throttle_rate: (),
            created_at: created,
            updated_at: now,
        }
    }
}

/// Makes an endpoint; without a secret one is made up.
///
/// # Errors
/// `Invalid` for a field that cannot be, `Conflict` when the uid is taken.
pub async fn create(
    tx: &mut Tx,
    clock: &Clock,
    vault: &Vault,
    caller: &Caller,
    application: &Application,
    spec: EndpointSpec,
    secret: Option<Secret>,
) -> Result<Endpoint> {
    caller.must(Permission::Configure)?;
    let secret = checked_secret(secret)?;
    let now = clock.now();
    let endpoint = spec.checked()?.into_endpoint(EndpointId::new(now), application, now, now);
    if !queries::insert(tx, &endpoint, &vault.seal(&secret)).await? {
        return Err(Error::conflict("An endpoint with that id or uid already exists"));
    }
    let about = serde_json::json!({ "url": endpoint.url });
    activity::record(tx, clock, caller, Action::EndpointCreated, endpoint.id.as_str(), about).await?;
    Ok(endpoint)
}

/// Replaces everything about an endpoint but its secret.
///
/// # Errors
/// Like [`create`], and `NotFound`.
pub async fn replace(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    application: &Application,
    id: &str,
    spec: EndpointSpec,
) -> Result<Endpoint> {
    caller.must(Permission::Configure)?;
    let before = get(tx, application, id).await?;
    let endpoint = spec.checked()?.into_endpoint(before.id, application, before.created_at, clock.now());
    queries::update(tx, &endpoint).await?;
    let about = serde_json::json!({ "url": endpoint.url, "disabled": endpoint.disabled });
    activity::record(tx, clock, caller, Action::EndpointUpdated, endpoint.id.as_str(), about).await?;
    Ok(endpoint)
}

/// Removes an endpoint; what waits for it is dropped.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, clock: &Clock, caller: &Caller, application: &Application, id: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    let endpoint = get(tx, application, id).await?;
    queries::delete(tx, &endpoint.id, clock.now()).await?;
    let about = serde_json::json!({ "url": endpoint.url });
    activity::record(tx, clock, caller, Action::EndpointDeleted, endpoint.id.as_str(), about).await
}

/// An endpoint by its id or uid.
///
/// # Errors
/// `NotFound` when the application has none.
pub async fn get(tx: &mut Tx, application: &Application, id_or_uid: &str) -> Result<Endpoint> {
    queries::by_id_or_uid(tx, &application.id, id_or_uid).await?.ok_or(Error::NotFound("endpoint"))
}

/// All endpoints of an application, oldest first.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, application: &ApplicationId) -> Result<Vec<Endpoint>> {
    Ok(queries::list(tx, application).await?)
}

/// What a receiver needs to verify: the shared secret, or the public key.
///
/// # Errors
/// `NotFound`.
pub async fn secret(tx: &mut Tx, vault: &Vault, application: &Application, id: &str) -> Result<Secret> {
    let endpoint = get(tx, application, id).await?;
    let sealed = queries::secrets(tx, &endpoint.id, Timestamp::from_micros(i64::MAX)).await?.remove(0);
    let secret = SigningSecret::parse(vault.open(&sealed)?.expose()).map_err(Error::internal)?;
    Ok(Secret::new(secret.for_receiver()))
}

/// Gives an endpoint a new secret; the old one signs beside it until `grace` has passed.
///
/// # Errors
/// `Invalid` for a secret that cannot be, or when too many old ones still sign.
pub async fn rotate_secret(
    tx: &mut Tx,
    clock: &Clock,
    vault: &Vault,
    caller: &Caller,
    endpoint: &Endpoint,
    secret: Option<Secret>,
    grace: Duration,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    let (secret, now) = (checked_secret(secret)?, clock.now());
    if !grace.is_zero() {
        if queries::count_old_secrets(tx, &endpoint.id, now).await? >= MOST_OLD_SECRETS {
            return Err(Error::invalid("10 old secrets still sign; wait until one of them has run out"));
        }
        queries::keep_old_secret(tx, &endpoint.id, now.plus(grace)).await?;
    }
    queries::set_secret(tx, &endpoint.id, &vault.seal(&secret), now).await?;
    activity::record(tx, clock, caller, Action::EndpointSecretRotated, endpoint.id.as_str(), serde_json::json!({}))
        .await
}

fn checked_secret(secret: Option<Secret>) -> Result<Secret> {
    let Some(secret) = secret else { return Ok(Secret::new(SigningSecret::generate().expose())) };
    SigningSecret::parse(secret.expose()).map_err(|why| Error::invalid(format!("secret: {why}")))?;
    Ok(secret)
}
