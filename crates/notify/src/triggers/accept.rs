//! Accepts triggers: many in one transaction, each completely or not at all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::bounds::SCHEMA_EFFORT_AT_ONCE;
use campanile_base::{Error, Result, new_uuid};
use campanile_db::{Apply, Lane, Tx};
use campanile_engine::NewJob;
use serde_json::{Map, Value, json};

use super::idempotency_key::IdempotencyKey;
use super::{MOST, RECIPIENTS, Trigger, fan_out_job, queries};
use crate::recipients::{self, RecipientInput};
use crate::reference::AUDIENCES;
use crate::resources::{self, Kind};
use crate::workflows::{self, Program, Schema};
use crate::{Notify, Reference};

/// The time for which a repeated request gets the answer of the first one.
const REPEATS: Duration = Duration::from_secs(24 * 3_600);

/// A request to trigger a workflow.
#[derive(Debug, Clone)]
pub struct TriggerRequest {
    /// The organisation.
    pub organisation: OrganisationId,
    /// The workflow's key.
    pub workflow: String,
    /// The recipients.
    pub recipients: Vec<RecipientInput>,
    /// The actor.
    pub actor: Option<RecipientInput>,
    /// The tenant, if any.
    pub tenant: Option<RecipientInput>,
    /// Data for templates and conditions.
    pub data: Map<String, Value>,
    /// The key by which it can be cancelled.
    pub cancellation_key: Option<String>,
    /// True if delays are skipped.
    pub skips_delays: bool,
    /// True if messages are not handed to providers.
    pub is_sandbox: bool,
    /// Its cause, as the API shows it.
    pub source: Value,
    /// The schedule that caused the trigger, as templates get it.
    pub schedule: Option<Value>,
    /// True if subscribers of objects get no runs.
    pub is_alone: bool,
    /// The idempotency key and the hash, if the request may be repeated.
    pub repeat: Option<IdempotencyKey>,
    /// The version of the workflow whose schema has already accepted the data.
    pub checked_by: Option<String>,
}

impl TriggerRequest {
    /// A trigger from the API, with only a workflow, recipients and data.
    pub fn new(
        organisation: OrganisationId,
        workflow: &str,
        recipients: Vec<RecipientInput>,
        data: Map<String, Value>,
    ) -> Self {
        Self {
            organisation,
            workflow: workflow.to_owned(),
            recipients,
            actor: None,
            tenant: None,
            data,
            cancellation_key: None,
            skips_delays: false,
            is_sandbox: false,
            source: json!({ "type": "api" }),
            schedule: None,
            is_alone: false,
            repeat: None,
            checked_by: None,
        }
    }
}

/// The reason why a trigger was not accepted.
#[derive(Debug)]
pub(crate) enum Refusal {
    Error(Error),
    /// The check of its data against the schema takes long. It is done outside of the transaction,
    /// and then the trigger is submitted again.
    Unchecked(Box<TriggerRequest>, Arc<Program>),
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// An accepted trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The id of the workflow run.
    pub workflow_run_id: String,
    /// The id of the first request, if this one repeats it.
    pub repeats: Option<String>,
}

/// The lane of triggers that share transactions. A refused trigger does not affect the others.
pub(crate) type Accepts = Lane<TriggerRequest, std::result::Result<Accepted, Arc<Refusal>>>;

/// Accepts a trigger. It is durable once this returns.
///
/// # Errors
/// `NotFound` if there is no such workflow; `InvalidField`, also for an idempotency key that was
/// used for another request; `Conflict` if the workflow was changed during the check of the data.
pub async fn accept(notify: &Notify, asked: TriggerRequest) -> Result<Accepted> {
    check(&asked)?;
    match submit(notify, asked).await? {
        Ok(accepted) => Ok(accepted),
        Err(Refusal::Error(error)) => Err(error),
        Err(Refusal::Unchecked(asked, program)) => {
            let asked = check_data(notify, *asked, program).await?;
            match submit(notify, asked).await? {
                Ok(accepted) => Ok(accepted),
                Err(Refusal::Error(error)) => Err(error),
                Err(Refusal::Unchecked(..)) => Err(Error::conflict("the workflow was changed meanwhile; try again")),
            }
        }
    }
}

async fn submit(notify: &Notify, asked: TriggerRequest) -> Result<std::result::Result<Accepted, Refusal>> {
    let lane = notify.accepts.get_or_init(|| lane(notify));
    let answer = lane.submit(asked).await?;
    Ok(answer.map_err(|refusal| match Arc::try_unwrap(refusal) {
        Ok(refusal) => refusal,
        Err(_) => Refusal::Error(Error::internal("a refusal was kept by the lane")),
    }))
}

/// Checks a trigger's data against the workflow's schema on a thread of the sandbox.
async fn check_data(notify: &Notify, asked: TriggerRequest, program: Arc<Program>) -> Result<TriggerRequest> {
    let organisation = asked.organisation.clone();
    let check = move || {
        let data = Value::Object(asked.data.clone());
        let faults = program.schema.as_ref().map(|schema| schema.faults(&data)).unwrap_or_default();
        (faults, TriggerRequest { checked_by: Some(program.version.clone()), ..asked })
    };
    let (faults, asked) = workflows::in_sandbox(notify, &organisation, check).await?;
    match faults.is_empty() {
        true => Ok(asked),
        false => Err(Error::invalid_field("data", faults.join("; "))),
    }
}

fn lane(notify: &Notify) -> Accepts {
    let within = notify.within();
    let apply: Apply<TriggerRequest, std::result::Result<Accepted, Arc<Refusal>>> = Arc::new(move |tx, asked| {
        let notify = within.clone();
        Box::pin(async move {
            let (mut answers, mut jobs) = (Vec::with_capacity(asked.len()), Vec::new());
            let mut current = Current::default();
            for asked in asked {
                match admit(tx, &notify, asked, &mut current).await {
                    Ok((accepted, job)) => {
                        jobs.extend(job);
                        answers.push(Ok(accepted));
                    }
                    Err(Refusal::Error(error @ (Error::Unavailable { .. } | Error::Internal(_)))) => {
                        return Err(error.into());
                    }
                    Err(refusal) => answers.push(Err(Arc::new(refusal))),
                }
            }
            notify.engine.enqueue_all(tx, jobs).await?;
            Ok(answers)
        })
    });
    Lane::start(notify.db.clone(), apply)
}

/// Like [`accept`], in the caller's transaction.
///
/// # Errors
/// Like [`accept`].
pub async fn trigger(tx: &mut Tx, notify: &Notify, asked: TriggerRequest) -> Result<Accepted> {
    check(&asked)?;
    let (accepted, job) = match admit(tx, notify, asked, &mut Current::default()).await {
        Ok(accepted) => accepted,
        Err(Refusal::Error(error)) => return Err(error),
        Err(Refusal::Unchecked(asked, program)) => {
            let data = Value::Object(asked.data.clone());
            // The caller's transaction is held during the check, so a check that takes long is
            // refused.
            let is_much = |schema: &Schema| schema.effort(&data, SCHEMA_EFFORT_AT_ONCE) > SCHEMA_EFFORT_AT_ONCE;
            if program.schema.as_ref().is_some_and(is_much) {
                return Err(Error::invalid_field("data", "takes too much to be checked against the workflow's schema"));
            }
            let faults = program.schema.as_ref().map(|schema| schema.faults(&data)).unwrap_or_default();
            if !faults.is_empty() {
                return Err(Error::invalid_field("data", faults.join("; ")));
            }
            let asked = TriggerRequest { checked_by: Some(program.version.clone()), ..*asked };
            match admit(tx, notify, asked, &mut Current::default()).await {
                Ok(accepted) => accepted,
                Err(Refusal::Error(error)) => return Err(error),
                Err(Refusal::Unchecked(..)) => return Err(Error::conflict("the workflow was changed meanwhile")),
            }
        }
    };
    notify.engine.enqueue_all(tx, job.into_iter().collect()).await?;
    Ok(accepted)
}

fn check(asked: &TriggerRequest) -> Result<()> {
    if asked.recipients.is_empty() {
        return Err(Error::invalid_field("recipients", "must not be empty"));
    }
    if asked.recipients.len() > RECIPIENTS {
        return Err(Error::invalid_field("recipients", format!("must not name more than {RECIPIENTS}")));
    }
    let is_audience = |told: &&RecipientInput| told.reference.collection == AUDIENCES;
    if asked.recipients.iter().filter(is_audience).any(|told| told.properties.is_some()) {
        return Err(Error::invalid_field("recipients", "an audience is only named: its members are added elsewhere"));
    }
    if serde_json::to_vec(&asked.data).map_or(0, |json| json.len()) > MOST {
        return Err(Error::invalid_field("data", "must not be larger than 10 MB"));
    }
    if let Some(key) = &asked.cancellation_key {
        if key.len() > 255 {
            return Err(Error::invalid_field("cancellation_key", "must not be longer than 255 bytes"));
        }
        if key.contains('\0') {
            return Err(Error::invalid_field("cancellation_key", "must not contain the character U+0000"));
        }
    }
    Ok(())
}

/// The workflows of the triggers in one transaction: each is looked up once.
type Current = HashMap<(OrganisationId, String), Arc<Program>>;

async fn admit(
    tx: &mut Tx,
    notify: &Notify,
    asked: TriggerRequest,
    current: &mut Current,
) -> std::result::Result<(Accepted, Option<NewJob>), Refusal> {
    let (organisation, now) = (&asked.organisation, notify.clock.now());
    let id = new_uuid();
    if let Some(repeat) = &asked.repeat
        && let Some(first) = queries::first(tx, organisation, &repeat.key, now).await?
    {
        return Ok((answer_to(repeat, first)?, None));
    }
    let program = match current.entry((organisation.clone(), asked.workflow.clone())) {
        Entry::Occupied(known) => known.get().clone(),
        Entry::Vacant(unknown) => {
            unknown.insert(workflows::current(tx, notify, organisation, &asked.workflow).await?).clone()
        }
    };
    if let Some(schema) = program.schema.as_ref().filter(|_| asked.checked_by.as_ref() != Some(&program.version)) {
        let data = Value::Object(asked.data.clone());
        if !schema.is_compiled() || schema.effort(&data, SCHEMA_EFFORT_AT_ONCE) > SCHEMA_EFFORT_AT_ONCE {
            return Err(Refusal::Unchecked(Box::new(asked), program.clone()));
        }
        let faults = schema.faults(&data);
        if !faults.is_empty() {
            return Err(Error::invalid_field("data", faults.join("; ")).into());
        }
    }
    for told in asked.recipients.iter().filter(|told| told.reference.collection == AUDIENCES) {
        if resources::get(tx, organisation, Kind::Audience, &told.reference.id).await?.is_none() {
            return Err(
                Error::invalid_field("recipients", format!("there is no audience {:?}", told.reference.id)).into()
            );
        }
    }
    let (recipients, actor, tenant) = tell(tx, notify, &asked).await?;
    // Comes last, so that a refused request does not use up its key. Another node may have been
    // first meanwhile.
    if let Some(repeat) = &asked.repeat
        && !queries::claim(tx, organisation, repeat, &id, now, now.plus(REPEATS)).await?
        && let Some(first) = queries::first(tx, organisation, &repeat.key, now).await?
    {
        return Ok((answer_to(repeat, first)?, None));
    }
    let more_data =
        asked.recipients.iter().filter_map(|told| Some((told.reference.clone(), told.trigger_data.clone()?))).collect();
    let filters =
        asked.recipients.iter().filter_map(|told| Some((told.reference.clone(), told.filter.clone()?))).collect();
    let trigger = Trigger {
        organisation: asked.organisation,
        id: id.clone(),
        workflow: asked.workflow,
        version: Some(program.version.clone()),
        actor,
        tenant,
        data: asked.data,
        cancellation_key: asked.cancellation_key,
        skips_delays: asked.skips_delays,
        is_sandbox: asked.is_sandbox,
        source: asked.source,
        schedule: asked.schedule,
        is_alone: asked.is_alone,
        accepted_at: now.as_micros(),
        orders_runs: true,
        more_data,
        filters,
    };
    Ok((Accepted { workflow_run_id: id, repeats: None }, Some(fan_out_job::job(trigger, recipients))))
}

/// Stores the given properties of recipients, actor and tenant. Returns their references.
async fn tell(
    tx: &mut Tx,
    notify: &Notify,
    asked: &TriggerRequest,
) -> Result<(Vec<Reference>, Option<Reference>, Option<String>)> {
    let mut told: Vec<RecipientInput> =
        asked.recipients.iter().filter(|told| told.properties.is_some()).cloned().collect();
    told.extend(asked.actor.clone());
    told.extend(asked.tenant.clone().map(|mut tenant| {
        // A tenant that is named for the first time is stored.
        tenant.properties.get_or_insert_default();
        tenant
    }));
    if !told.is_empty() {
        let known = recipients::identify(tx, notify, &asked.organisation, told).await?;
        if let Some(actor) = &asked.actor
            && !known.contains_key(&actor.reference)
        {
            return Err(Error::unknown_actor());
        }
    }
    let mut recipients: Vec<Reference> = Vec::with_capacity(asked.recipients.len());
    for told in &asked.recipients {
        if !recipients.contains(&told.reference) {
            recipients.push(told.reference.clone());
        }
    }
    let (actor, tenant) = (&asked.actor, &asked.tenant);
    let tenant = tenant.as_ref().map(|tenant| tenant.reference.id.clone());
    Ok((recipients, actor.as_ref().map(|actor| actor.reference.clone()), tenant))
}

/// The answer to a repetition of the first request of its key.
fn answer_to(repeat: &IdempotencyKey, first: queries::First) -> Result<Accepted> {
    match first.hash == repeat.hash {
        true => Ok(Accepted { workflow_run_id: first.workflow_run_id, repeats: Some(first.request_id) }),
        false => Err(Error::invalid_field("idempotency_key", "This Idempotency-Key was used for another request.")),
    }
}
