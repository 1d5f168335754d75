//! Triggers: start a workflow for recipients, with data.
//!
//! # Accepting
//! Accepting a trigger checks it, stores the recipients that it describes, and stores a job that
//! fans it out. All of this is one transaction, shared by all triggers that arrive at the same
//! time. A repeated request is answered with the run of the first one.
//!
//! # Fanning out
//! The job makes a [run](crate::runs) for each recipient that the trigger names. For objects, it
//! also makes runs for their subscribers, page by page, each page in a job of its own. A subscriber
//! that is itself an object brings its own subscribers, to a depth of two. An audience brings its
//! members. The actor of a trigger gets a run only if the trigger names the actor as a recipient.
//!
//! A step of a run may trigger another workflow, or its own. Each such trigger stores its
//! [distance](origin) from the first one, so that a workflow that triggers itself comes to an end.

mod accept;
mod fan_out;
pub(crate) mod fan_out_job;
mod idempotency_key;
mod origin;
mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing};
use campanile_db::Tx;
use campanile_engine::Registry;

use crate::{Notify, Reference, runs, workflows};

pub(crate) use accept::Accepts;
pub use accept::{Accepted, TriggerRequest, accept, trigger};
pub(crate) use fan_out::Begins;
pub(crate) use fan_out_job::Trigger;
pub use idempotency_key::IdempotencyKey;
pub(crate) use origin::Origin;

/// The number of recipients that a trigger may name.
pub const RECIPIENTS: usize = 1_000;
/// The largest size of a trigger's data, as JSON, in bytes.
const MOST: usize = 10 * 1024 * 1024;

/// Registers the jobs.
pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    fan_out::register(registry, notify);
}

/// Cancels the waiting runs of triggers with a cancellation key: for all recipients, or only for
/// these.
///
/// # Errors
/// `NotFound` if there is no such workflow.
pub async fn cancel(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    workflow: &str,
    key: &str,
    only: &[Reference],
) -> Result<()> {
    let kind = crate::resources::Kind::Workflow;
    crate::resources::get(tx, organisation, kind, workflow).await?.ok_or(Error::NotFound(Thing::Workflow))?;
    let now = notify.clock.now();
    runs::note_cancellation(tx, organisation, workflow, key, only, now).await?;
    Ok(runs::cancel_paused(tx, organisation, workflow, key, only, now).await?)
}

/// Closes the open batches of a workflow for these recipients, as if their time had come. Returns
/// how many were open. [`BatchFilter`] selects among several.
///
/// # Errors
/// `NotFound` if there is no such workflow; `InvalidField` if a batch has a key and the filter
/// names none.
pub async fn close_batches(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    workflow: &str,
    recipients: &[Reference],
    meant: &BatchFilter,
) -> Result<usize> {
    let program = workflows::current(tx, notify, organisation, workflow).await?;
    let is_meant = |step: &str| meant.step.as_ref().is_none_or(|meant| meant == step);
    let mut closed = 0;
    for (step, has_key) in program.batches().filter(|(step, _)| is_meant(step)) {
        if has_key && meant.batch_key.is_none() {
            return Err(Error::invalid_field("batch_key", format!("is required: {step} gathers by one")));
        }
        let key = meant.batch_key.as_deref().filter(|_| has_key);
        for recipient in recipients {
            let word = runs::word_of(&program.key, step, recipient, meant.tenant.as_deref(), key);
            closed += usize::from(runs::close_batch(tx, notify, organisation, &word).await?);
        }
    }
    Ok(closed)
}

/// A filter of batches.
#[derive(Debug, Clone, Default)]
pub struct BatchFilter {
    /// The reference of the step; `None` for all batch steps.
    pub step: Option<String>,
    /// The tenant of the runs; `None` for runs without a tenant.
    pub tenant: Option<String>,
    /// The batch key. It is required for steps that have one.
    pub batch_key: Option<String>,
}
