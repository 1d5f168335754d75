//! Operations on endpoints: create, update, delete. Headers, secrets and authentication have their
//! own files.

pub mod access;
pub mod headers;
mod secrets;

use campanile_accounts::activity::Action;
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Secret};
use campanile_db::Tx;

use crate::model::applications::Application;
use crate::model::endpoints::queries;
use crate::notice::{self, EndpointChange};
use crate::{Webhooks, directory, event_types, lines, trail};

pub use crate::health::ENDPOINT_DISABLED;
pub use crate::model::endpoints::{DeliveryMode, Endpoint, EndpointId, EndpointSpec, get, list, list_lined};
pub use secrets::{GRACE, rotate_secret, secret};

/// The further input to create an endpoint.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Its secret; generated if absent.
    pub secret: Option<Secret>,
    /// Its custom headers.
    pub headers: headers::Headers,
}

/// Creates an endpoint.
///
/// # Errors
/// `InvalidField`, or `Conflict` when the uid is taken.
pub async fn create(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    spec: EndpointSpec,
    extras: Extras,
) -> Result<Endpoint> {
    caller.must(Permission::Configure)?;
    let secret = secrets::checked(webhooks, extras.secret)?;
    let headers = crate::model::endpoints::headers::checked(extras.headers)?;
    let spec = spec.checked(webhooks)?;
    event_types::must_be_known(tx, application, spec.filter_types.as_deref()).await?;
    let now = webhooks.clock.now();
    let id = match spec.way {
        DeliveryMode::Push => EndpointId::new(now),
        // Shorter, as the Svix clients expect. The part that is kept still sorts by time.
        DeliveryMode::InOrder { .. } | DeliveryMode::Polled => {
            EndpointId::from(format!("sink_{}", &EndpointId::new(now).as_str()[3..25]))
        }
    };
    let endpoint = spec.into_endpoint(id, &application.id, now, now);
    let sealed = crate::model::endpoints::headers::seal(&webhooks.vault, &headers);
    if !queries::insert(tx, &endpoint, &webhooks.vault.seal(&secret), sealed.as_deref()).await? {
        return Err(taken());
    }
    changed(tx, webhooks, caller, application, &endpoint, EndpointChange::Created).await?;
    Ok(endpoint)
}

/// Replaces an endpoint's settings; its secret and its headers stay.
///
/// # Errors
/// Like [`create`].
pub async fn update(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    before: Endpoint,
    spec: EndpointSpec,
) -> Result<Endpoint> {
    caller.must(Permission::Configure)?;
    let way = if spec.way == DeliveryMode::Push { before.way } else { spec.way };
    let spec = EndpointSpec { way, ..spec }.checked(webhooks)?;
    if spec.filter_types != before.filter_types {
        event_types::must_be_known(tx, application, spec.filter_types.as_deref()).await?;
    }
    let (created, was_disabled) = (before.created_at, before.disabled);
    let endpoint = spec.into_endpoint(before.id, &application.id, created, webhooks.clock.now());
    if let Some(uid) = &endpoint.uid
        && queries::uid_is_anothers(tx, &application.id, uid, &endpoint.id).await?
    {
        return Err(taken());
    }
    queries::update(tx, &endpoint).await?;
    changed(tx, webhooks, caller, application, &endpoint, EndpointChange::Updated).await?;
    if was_disabled && !endpoint.disabled {
        notice::endpoint_changed(tx, webhooks, application, &endpoint, EndpointChange::Enabled).await?;
    }
    // Waiting messages may now go faster, or at all.
    lines::queue::wake(tx, webhooks, application, &endpoint.id).await?;
    Ok(endpoint)
}

/// Deletes an endpoint. Waiting deliveries are dropped, and its uid is free again.
pub async fn delete(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    queries::delete(tx, &endpoint.id, webhooks.clock.now()).await?;
    changed(tx, webhooks, caller, application, endpoint, EndpointChange::Deleted).await
}

/// Handles the consequences of a change: the revision, the activity log and a notice.
async fn changed(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    change: EndpointChange,
) -> Result<()> {
    directory::changed(tx, webhooks, &application.id).await?;
    let action = match change {
        EndpointChange::Created => Action::EndpointCreated,
        EndpointChange::Deleted => Action::EndpointDeleted,
        _ => Action::EndpointUpdated,
    };
    trail::endpoint(tx, webhooks, caller, (application, endpoint), action, None).await?;
    notice::endpoint_changed(tx, webhooks, application, endpoint, change).await
}

fn taken() -> Error {
    Error::conflict("An endpoint with that id or uid already exists")
}
