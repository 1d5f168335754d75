//! Workflows: the steps that a trigger takes for each of its recipients.
//!
//! A workflow is a [resource](crate::resources), written as a
//! [definition](campanile_documents::definition) and checked when it is written. Each version is
//! compiled once into a [`Program`].

mod seeds;

use std::sync::Arc;

use campanile_accounts::OrganisationId;
use campanile_base::bounds::DOCUMENT_DEADLINE;
use campanile_base::{Error, FOR_EVER, Result, Thing};
use campanile_db::Tx;
use campanile_sandbox::Failure;
use serde_json::Value;

use crate::Notify;
use crate::resources::{self, Kind as ResourceKind};

pub use campanile_documents::definition::*;
pub(crate) use campanile_documents::program::ADDRESSES;
pub use campanile_documents::{Content, Fault, Fork, Op, Program, Schema, Text, check};
pub(crate) use seeds::is_for;
pub use seeds::{ADMIN_ALERT, JOB_COMPLETED, JOB_FAILED, OBSERVATION_CAPTURED, seed};

/// A compiled version of a workflow.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn program(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    version: &str,
) -> Result<Arc<Program>> {
    if let Some(known) = notify.programs.get(version, notify.clock.now()) {
        return Ok(known);
    }
    let found = resources::version(tx, organisation, version).await?;
    let (stored, document) = found.ok_or(Error::NotFound(Thing::Workflow))?;
    let definition = serde_json::from_value(document).map_err(Error::internal)?;
    let program = Arc::new(Program::new(stored.id, stored.key, definition));
    notify.programs.insert(program.version.clone(), program.clone(), notify.clock.now(), FOR_EVER);
    Ok(program)
}

/// The compiled current version of a workflow.
///
/// # Errors
/// `NotFound`; `InvalidField` if it is switched off, or was never committed.
pub(crate) async fn current(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
) -> Result<Arc<Program>> {
    let found = resources::get(tx, organisation, ResourceKind::Workflow, key).await?;
    let workflow = found.ok_or(Error::NotFound(Thing::Workflow))?;
    match workflow.version_id.filter(|_| workflow.is_active) {
        Some(version) => program(tx, notify, organisation, &version).await,
        None => Err(Error::inactive_workflow()),
    }
}

/// Works with an organisation's documents on a thread of the sandbox. Templates and schemas are
/// parsed and rendered there.
///
/// # Errors
/// `Invalid` if it takes too long; `TooMany` if the organisation already uses all of its threads.
pub async fn in_sandbox<T: std::marker::Send + 'static>(
    notify: &Notify,
    organisation: &OrganisationId,
    work: impl FnOnce() -> T + std::marker::Send + 'static,
) -> Result<T> {
    notify.sandbox.run(organisation.as_str(), DOCUMENT_DEADLINE, work).await.map_err(|failure| match failure {
        Failure::Busy => Error::TooMany,
        Failure::TooLong(_) => Error::invalid("the document takes too long to be read"),
        Failure::Panicked(why) => Error::internal(why),
    })
}

/// Makes the draft of a workflow its current version. The first commit switches it on, unless the
/// draft says otherwise; a later one leaves it as it is.
///
/// # Errors
/// `NotFound`.
pub async fn commit(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
    why: (&str, &str),
) -> Result<()> {
    let kind = ResourceKind::Workflow;
    let before = resources::get(tx, organisation, kind, key).await?.ok_or(Error::NotFound(Thing::Workflow))?;
    resources::commit(tx, notify, organisation, kind, key, why).await?;
    if before.version_id.is_none() {
        let is_active = before.draft.get("active").and_then(Value::as_bool).unwrap_or(true);
        resources::activate(tx, organisation, kind, key, is_active).await?;
    }
    Ok(())
}

/// Writes a workflow that was [checked](check()) before. With `commit` (note and author), also
/// [commits](commit) it. An `active` of the document switches it on or off.
///
/// # Errors
/// `InvalidField` for a key that cannot be one.
pub async fn put(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
    document: &Value,
    commit: Option<(&str, &str)>,
) -> Result<resources::Resource> {
    let written = resources::put(tx, notify, organisation, ResourceKind::Workflow, key, document).await?;
    let Some(why) = commit else { return Ok(written) };
    self::commit(tx, notify, organisation, key, why).await?;
    if let Some(is_active) = document.get("active").and_then(Value::as_bool) {
        resources::activate(tx, organisation, ResourceKind::Workflow, key, is_active).await?;
    }
    resources::get(tx, organisation, ResourceKind::Workflow, key).await?.ok_or(Error::NotFound(Thing::Workflow))
}
