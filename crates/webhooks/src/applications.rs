//! Operations on applications: create, update, delete.
//!
//! Every change of an application or its endpoints raises its revision in the same transaction
//! ([`directory::changed`]); cached copies are then read again.

use std::sync::Arc;

use campanile_accounts::activity::Action;
use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Clock, Error, Result};
use campanile_db::Tx;

use crate::directory::{self, Entry};
use crate::model::applications::{made_of, queries};
use crate::model::endpoints;
use crate::{Webhooks, trail};

pub use crate::model::applications::{
    Application, ApplicationId, ApplicationKind, ApplicationSpec, NOTIFICATIONS, ensure_notifications,
    ensure_of_workspace, get, list, operational,
};

/// Creates an application.
///
/// # Errors
/// `InvalidField`, or `Conflict` when the uid is taken.
pub async fn create(tx: &mut Tx, clock: &Clock, caller: &Caller, spec: ApplicationSpec) -> Result<Application> {
    caller.must(Permission::Configure)?;
    let now = clock.now();
    let spec = spec.checked()?;
    let application =
        made_of(spec, ApplicationKind::Customer, ApplicationId::new(now), caller.organisation.clone(), now, now);
    if !queries::insert(tx, &application).await? {
        return Err(taken());
    }
    trail::application(tx, clock, caller, &application, Action::ApplicationCreated).await?;
    Ok(application)
}

/// Updates an application.
///
/// # Errors
/// Like [`create`].
pub async fn update(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    before: Application,
    spec: ApplicationSpec,
) -> Result<Application> {
    caller.must(Permission::Configure)?;
    if (&spec.uid, &spec.name) != (&before.uid, &before.name) {
        before.kind.must_be_a_customers()?;
    }
    let (created, now) = (before.created_at, webhooks.clock.now());
    let application = made_of(spec.checked()?, before.kind, before.id, before.organisation_id, created, now);
    if let Some(uid) = &application.uid
        && queries::uid_is_anothers(tx, &application.organisation_id, uid, &application.id).await?
    {
        return Err(taken());
    }
    queries::update(tx, &application).await?;
    directory::changed(tx, webhooks, &application.id).await?;
    trail::application(tx, &webhooks.clock, caller, &application, Action::ApplicationUpdated).await?;
    Ok(application)
}

fn taken() -> Error {
    Error::conflict("An application with that id or uid already exists")
}

/// Deletes an application with its endpoints. Waiting deliveries are dropped; its uid is free
/// again.
///
/// # Errors
/// `Conflict` for an application that the server itself owns.
pub async fn delete(tx: &mut Tx, webhooks: &Webhooks, caller: &Caller, application: &Application) -> Result<()> {
    caller.must(Permission::Configure)?;
    application.kind.must_be_a_customers()?;
    let now = webhooks.clock.now();
    queries::delete(tx, &application.id, now).await?;
    endpoints::queries::delete_all(tx, &application.id, now).await?;
    directory::changed(tx, webhooks, &application.id).await?;
    trail::application(tx, &webhooks.clock, caller, application, Action::ApplicationDeleted).await
}

/// The application for [`NOTIFICATIONS`], if it has an enabled endpoint. Changes of other nodes are
/// seen within a second.
pub async fn notified(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
) -> Result<Option<Arc<Application>>> {
    let listens = |entry: &Entry| {
        let is_told = entry.targets.iter().any(|target| !target.endpoint.disabled);
        is_told.then(|| Arc::new(entry.application.clone()))
    };
    if let Some(entry) = webhooks.directory.notifications(webhooks, organisation) {
        return Ok(listens(&entry));
    }
    let Some(found) = queries::by_id_or_uid(tx, organisation, NOTIFICATIONS).await? else { return Ok(None) };
    let entry = webhooks.directory.at_revision(tx, webhooks, &found.id, found.revision).await?;
    Ok(entry.as_deref().and_then(listens))
}
