//! Workflows: what a trigger does for each of its recipients. They are [resources](crate::resources), written as [definitions](Definition),
//! checked when they are written, and made ready ([`Program`]) once for each version.

mod check;
mod definition;
mod preview;
mod program;
mod schema;
mod seeds;
mod texts;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use campanile_accounts::OrganisationId;
use campanile_base::bounds::DOCUMENT_DEADLINE;
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_sandbox::Failure;
use serde_json::Value;

use crate::Notify;
use crate::resources::{self, Kind as ResourceKind};

pub use check::{Fault, check};
pub use definition::*;
pub use preview::{Sample, preview};
pub(crate) use program::ADDRESSES;
pub use program::{Fork, Op, Program};
pub use schema::Schema;
pub(crate) use seeds::is_for;
pub use seeds::{ADMIN_ALERT, JOB_COMPLETED, JOB_FAILED, OBSERVATION_CAPTURED, seed};
pub use texts::{Content, Text};

/// How many versions are kept ready.
const READY: usize = 1_000;

/// Versions that were made ready.
#[derive(Clone, Default)]
pub(crate) struct Programs(Arc<Mutex<HashMap<String, Arc<Program>>>>);

impl Programs {
    fn known(&self, version: &str) -> Option<Arc<Program>> {
        self.0.lock().expect("nobody panics while they hold it").get(version).cloned()
    }

    fn keep(&self, program: &Arc<Program>) {
        let mut known = self.0.lock().expect("nobody panics while they hold it");
        if known.len() >= READY {
            known.clear();
        }
        known.insert(program.version.clone(), program.clone());
    }
}

/// A version of a workflow, ready to be run.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn program(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    version: &str,
) -> Result<Arc<Program>> {
    if let Some(known) = notify.programs.known(version) {
        return Ok(known);
    }
    let stored = resources::version(tx, organisation, version).await?.ok_or(Error::NotFound("workflow"))?;
    let definition = serde_json::from_value(stored.body).map_err(Error::internal)?;
    let program = Arc::new(Program::new(stored.id, stored.key, definition));
    notify.programs.keep(&program);
    Ok(program)
}

/// The version of a workflow that counts, ready to be run.
///
/// # Errors
/// `NotFound`; `InvalidField` when it is switched off, or was never committed.
pub(crate) async fn current(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
) -> Result<Arc<Program>> {
    let found = resources::get(tx, organisation, ResourceKind::Workflow, key).await?;
    let workflow = found.ok_or(Error::NotFound("workflow"))?;
    match workflow.version_id.filter(|_| workflow.is_active) {
        Some(version) => program(tx, notify, organisation, &version).await,
        None => Err(Error::invalid_field("workflow", "is not active")),
    }
}

/// Does work with documents of an organisation on a thread of the sandbox: their templates and schemas are parsed and rendered there.
///
/// # Errors
/// `Invalid` where it takes too long; `TooMany` where the organisation has too much of it under way.
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

/// Writes a workflow that was [checked](check()) before; where it is to count at once, commits it. It is switched on when it is committed
/// first, unless it says otherwise.
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
    resources::commit(tx, notify, organisation, ResourceKind::Workflow, key, why).await?;
    let said = document.get("active").and_then(Value::as_bool);
    if let Some(is_active) = said.or(written.version_id.is_none().then_some(true)) {
        resources::activate(tx, organisation, ResourceKind::Workflow, key, is_active).await?;
    }
    resources::get(tx, organisation, ResourceKind::Workflow, key).await?.ok_or(Error::NotFound("workflow"))
}
