//! The job that fans a trigger out, as it is stored.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_documents::conditions::Group;
use campanile_engine::NewJob;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::origin::Origin;
use crate::Reference;

/// The kind of job.
pub(super) const FAN_OUT: &str = "notify.fan_out";
/// The number of recipients up to which a job is loaded together with others.
const FEW: usize = 8;

/// An accepted trigger, as its jobs store it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Trigger {
    pub(crate) organisation: OrganisationId,
    /// The run that all its recipients' runs are of.
    pub(crate) id: String,
    pub(crate) workflow: String,
    /// The version that its runs follow; `None` for the version that is current when the job runs.
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
    /// Its cause, as the API shows it.
    pub(crate) source: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<Value>,
    /// True if subscribers of objects get no runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_alone: bool,
    pub(crate) accepted_at: i64,
    /// True if the ids of its runs begin with that time. It is false for triggers that were stored
    /// before ids had a time.
    #[serde(default)]
    pub(crate) orders_runs: bool,
    /// Further data for single recipients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) more_data: Vec<(Reference, Map<String, Value>)>,
    /// Filters of objects' subscriptions. An object without a filter brings all of its subscribers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) filters: Vec<(Reference, Group)>,
}

impl Trigger {
    pub(super) fn accepted_at(&self) -> Timestamp {
        Timestamp::from_micros(self.accepted_at)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Args {
    pub(super) trigger: Trigger,
    #[serde(rename = "whom")]
    pub(super) recipients: Recipients,
}

/// The recipients of one fan-out job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Recipients {
    /// Recipients that the trigger names.
    Named(Vec<Reference>),
    /// Subscribers of a named object, and the properties of their subscriptions.
    Subscribed(Vec<(Reference, Map<String, Value>)>),
    /// The subscribers of an object, after this one.
    Subscribers { object: Reference, after: Option<Reference>, depth: usize },
    /// The members of an audience, after this place.
    Members { audience: String, after: Option<String> },
}

impl Args {
    /// True if the job is loaded together with others.
    pub(super) fn is_small(&self) -> bool {
        matches!(&self.recipients, Recipients::Named(named) if named.len() <= FEW)
    }
}

/// A job that fans out a trigger.
pub(super) fn job(trigger: Trigger, recipients: Vec<Reference>) -> NewJob {
    job_for(&trigger, Recipients::Named(recipients))
}

/// A job for some of a trigger's recipients.
pub(super) fn job_for(trigger: &Trigger, recipients: Recipients) -> NewJob {
    let args = Args { trigger: trigger.clone(), recipients };
    NewJob::new(FAN_OUT, trigger.organisation.as_str(), &args)
}

/// A trigger that a step of another run makes.
pub(crate) struct StepTrigger {
    /// The run that all its recipients' runs are of.
    pub(crate) id: String,
    pub(crate) workflow: String,
    pub(crate) recipients: Vec<Reference>,
    pub(crate) actor: Option<Reference>,
    pub(crate) tenant: Option<String>,
    pub(crate) data: Map<String, Value>,
    pub(crate) cancellation_key: Option<String>,
    pub(crate) origin: Origin,
}

/// A job that fans out the trigger of a step.
pub(crate) fn of_step(organisation: &OrganisationId, trigger: StepTrigger, now: Timestamp) -> NewJob {
    let StepTrigger { id, workflow, recipients, actor, tenant, data, cancellation_key, origin } = trigger;
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
    job(trigger, recipients)
}
