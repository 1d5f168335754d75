//! Triggers: what sets a workflow off, for whom, and with what.
//!
//! # Accepting
//! A trigger is checked, whoever it tells of is stored, and a job is stored that fans it out, all in one transaction: of all triggers that come in
//! at the same time together. A repeated request is answered with the run that the first one made.
//!
//! # Fanning out
//! The job makes a [run](crate::runs) for each recipient that the trigger names. Objects bring their subscribers along, page by page,
//! each page a job of its own; a subscriber that is an object itself brings its own, to a depth of two. An audience brings its members. Who
//! set a trigger off hears of it only when they are named.
//!
//! A step of a run may set off another workflow, or its own. Each such trigger says [how far](origin) it is from the first, so that a
//! workflow which sets itself off comes to an end.

mod accept;
mod fan_out;
mod origin;
mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::{NewJob, Registry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::conditions::Group;
use crate::{Notify, Reference, runs, workflows};

pub(crate) use accept::Accepts;
pub use accept::{Accepted, Asked, Repeat, accept, trigger};
pub(crate) use fan_out::Begins;
pub(crate) use origin::Origin;

/// How many recipients a trigger may name.
pub const RECIPIENTS: usize = 1_000;
/// How large its data may be, as JSON, in bytes.
const MOST: usize = 10 * 1024 * 1024;

/// A trigger that was accepted, as its jobs are stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Trigger {
    pub(crate) organisation: OrganisationId,
    /// The run that all its recipients' runs are of.
    pub(crate) id: String,
    pub(crate) workflow: String,
    /// The version that it follows; the one that counts then, where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) actor: Option<Reference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<String>,
    pub(crate) data: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cancellation_key: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) skips_delays: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_sandbox: bool,
    /// What has set it off, as the API shows it.
    pub(crate) source: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<Value>,
    /// Whether objects do not bring their subscribers along.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_alone: bool,
    pub(crate) accepted_at: i64,
    /// True where the ids of its runs begin with that time: those of triggers that were stored before do not.
    #[serde(default)]
    pub(crate) orders_runs: bool,
    /// Data for single recipients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) more_data: Vec<(Reference, Map<String, Value>)>,
    /// Which subscriptions of objects are meant, where not all are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) filters: Vec<(Reference, Group)>,
}

impl Trigger {
    fn accepted_at(&self) -> Timestamp {
        Timestamp::from_micros(self.accepted_at)
    }
}

/// Registers the jobs.
pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    fan_out::register(registry, notify);
}

/// What a step of another run sets off: recipients, actor, tenant, data and cancellation key.
pub(crate) type OfStep = (Vec<Reference>, Option<Reference>, Option<String>, Map<String, Value>, Option<String>);

/// A job that fans out what a step sets off.
pub(crate) fn of_step(
    organisation: &OrganisationId,
    id: String,
    workflow: String,
    (recipients, actor, tenant, data, cancellation_key): OfStep,
    origin: Origin,
    now: Timestamp,
) -> NewJob {
    let trigger = Trigger {
        organisation: organisation.clone(),
        id,
        workflow,
        version: None,
        actor,
        tenant,
        data,
        cancellation_key,
        skips_delays: false,
        is_sandbox: false,
        source: origin.source(),
        schedule: None,
        is_alone: false,
        accepted_at: now.as_micros(),
        orders_runs: true,
        more_data: Vec::new(),
        filters: Vec::new(),
    };
    fan_out::job(trigger, recipients)
}

/// Calls off what was triggered with a key, and still waits: for all, or for these recipients.
///
/// # Errors
/// `NotFound` of the workflow.
pub async fn cancel(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    workflow: &str,
    key: &str,
    only: &[Reference],
) -> Result<()> {
    let kind = crate::resources::Kind::Workflow;
    crate::resources::get(tx, organisation, kind, workflow).await?.ok_or(Error::NotFound("workflow"))?;
    let now = notify.clock.now();
    runs::note_cancellation(tx, organisation, workflow, key, only, now).await?;
    Ok(runs::cancel_paused(tx, organisation, workflow, key, only, now).await?)
}

/// Ends what runs of a workflow gather for these recipients, as if its time had come; answers how many batches were open. `step` and
/// `batch_key` say which, where there are several.
///
/// # Errors
/// `NotFound` of the workflow; `InvalidField` where it gathers by a key, and none is said.
pub async fn close_batches(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    workflow: &str,
    recipients: &[Reference],
    meant: &Meant,
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

/// Which batches are meant.
#[derive(Debug, Clone, Default)]
pub struct Meant {
    /// Of this step.
    pub step: Option<String>,
    /// Within this tenant.
    pub tenant: Option<String>,
    /// Of what has this key.
    pub batch_key: Option<String>,
}
