//! Schedules: trigger a workflow for one recipient, once or repeatedly, in the recipient's time
//! zone.
//!
//! A schedule has a job that is due at its next occurrence. The job triggers the workflow, computes
//! the occurrence after that, and stores the job for it, in one transaction. A changed schedule
//! gets a new job, and its old job does nothing. The job uses the workflow's current version. If
//! there is no such workflow, or it is switched off, the occurrence is skipped.

mod queries;

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, Timestamp, new_ksuid, new_uuid};
use campanile_db::{Range, Tx};
use campanile_engine::{Backoff, JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::recipients::{self, Recipient, RecipientInput};
use crate::runs::{next_occurrence, parse_rules};
use crate::triggers::{self, TriggerRequest};
use crate::{Notify, Reference};

/// The shortest wait for an occurrence. No rule can make the jobs of a schedule follow each other
/// faster.
const FLOOR: Duration = Duration::from_millis(500);
/// The kind of job.
const COME: &str = "notify.schedule";
/// The number of schedules in one request at most.
pub const TOGETHER: usize = 100;

/// A schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// A UUID.
    pub id: String,
    /// The place in lists, which sort by it.
    pub place: String,
    /// The workflow's key.
    pub workflow: String,
    /// The recipient.
    pub recipient: Reference,
    /// The tenant, if any.
    pub tenant: Option<String>,
    /// The actor, if any.
    pub actor: Option<Reference>,
    /// The data of the trigger.
    pub data: Map<String, Value>,
    /// The rules of repetition; empty for a schedule that occurs once.
    pub repeats: Vec<Value>,
    /// The earliest time of an occurrence.
    pub scheduled_at: Option<Timestamp>,
    /// The latest time of an occurrence.
    pub ending_at: Option<Timestamp>,
    /// The next occurrence, if there is one.
    pub next_at: Option<Timestamp>,
    /// The last occurrence, if there was one.
    pub last_at: Option<Timestamp>,
    revision: i64,
    inserted_at: Timestamp,
    updated_at: Timestamp,
}

/// The fields of a request. In an update, `None` keeps the old value.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// The rules of repetition.
    pub repeats: Option<Vec<Value>>,
    /// The earliest time of an occurrence.
    pub scheduled_at: Option<Timestamp>,
    /// The latest time of an occurrence.
    pub ending_at: Option<Timestamp>,
    /// The data of the trigger.
    pub data: Option<Map<String, Value>>,
    /// The tenant, if any.
    pub tenant: Option<RecipientInput>,
    /// The actor, if any.
    pub actor: Option<RecipientInput>,
}

impl Terms {
    /// Reads the fields of a request.
    ///
    /// # Errors
    /// `InvalidField`.
    pub fn parse(body: &Map<String, Value>) -> Result<Self> {
        let given = |name: &str| body.get(name).filter(|value| !value.is_null());
        let time = |name: &'static str| {
            let read = |value: &Value| value.as_str().and_then(Timestamp::parse);
            given(name).map(|value| read(value).ok_or_else(|| Error::invalid_field(name, "must be a time"))).transpose()
        };
        Ok(Self {
            repeats: given("repeats").and_then(Value::as_array).cloned(),
            scheduled_at: time("scheduled_at")?,
            ending_at: time("ending_at")?,
            data: given("data").and_then(Value::as_object).cloned(),
            tenant: given("tenant").map(RecipientInput::parse_tenant).transpose()?,
            actor: given("actor").map(RecipientInput::parse).transpose()?,
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Args {
    organisation: OrganisationId,
    schedule: String,
    revision: i64,
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    let options = JobOptions {
        max_attempts: 20,
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(300) },
        ..JobOptions::default()
    };
    let within = notify.clone();
    registry.register(COME, options, move |attempt| {
        let notify = within.clone();
        async move {
            let args: Args = attempt.job.args()?;
            Ok(Outcome::done().with(move |tx| Box::pin(async move { come(tx, &notify, args).await })))
        }
    });
}

/// Makes a schedule for each of these recipients.
///
/// # Errors
/// `NotFound` if there is no such workflow; `InvalidField`.
pub async fn create(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    workflow: &str,
    told: Vec<RecipientInput>,
    terms: Terms,
) -> Result<Vec<Schedule>> {
    if told.is_empty() || told.len() > TOGETHER {
        return Err(Error::invalid_field("recipients", format!("must have between 1 and {TOGETHER} items")));
    }
    if terms.repeats.as_ref().is_none_or(Vec::is_empty) && terms.scheduled_at.is_none() {
        return Err(Error::invalid_field("repeats", "or scheduled_at is required"));
    }
    let kind = crate::resources::Kind::Workflow;
    crate::resources::get(tx, organisation, kind, workflow).await?.ok_or(Error::NotFound(Thing::Workflow))?;
    let (tenant, actor) = (named(&terms.tenant).map(|tenant| tenant.id), named(&terms.actor));
    let whom: Vec<Reference> = told.iter().map(|told| told.reference.clone()).collect();
    recipients::identify(tx, notify, organisation, known(told, &terms)).await?;
    let now = notify.clock.now();
    let mut made = Vec::with_capacity(whom.len());
    for recipient in whom {
        let schedule = Schedule {
            id: new_uuid(),
            place: new_ksuid(now),
            workflow: workflow.to_owned(),
            recipient,
            tenant: tenant.clone(),
            actor: actor.clone(),
            data: terms.data.clone().unwrap_or_default(),
            repeats: terms.repeats.clone().unwrap_or_default(),
            scheduled_at: terms.scheduled_at,
            ending_at: terms.ending_at,
            next_at: None,
            last_at: None,
            revision: 0,
            inserted_at: now,
            updated_at: now,
        };
        made.push(set(tx, notify, organisation, schedule, now).await?);
    }
    Ok(made)
}

/// Changes schedules: the given fields replace the old ones.
///
/// # Errors
/// `NotFound` if one of them does not exist; `InvalidField`.
pub async fn update(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    ids: &[String],
    terms: Terms,
) -> Result<Vec<Schedule>> {
    recipients::identify(tx, notify, organisation, known(Vec::new(), &terms)).await?;
    let now = notify.clock.now();
    let mut changed = Vec::with_capacity(ids.len());
    for id in ids {
        let mut schedule = queries::get(tx, organisation, id).await?.ok_or(Error::NotFound(Thing::Schedule))?;
        let terms = terms.clone();
        schedule.tenant = named(&terms.tenant).map(|tenant| tenant.id).or(schedule.tenant);
        schedule.actor = named(&terms.actor).or(schedule.actor);
        schedule.data = terms.data.unwrap_or(schedule.data);
        schedule.repeats = terms.repeats.unwrap_or(schedule.repeats);
        schedule.scheduled_at = terms.scheduled_at.or(schedule.scheduled_at);
        schedule.ending_at = terms.ending_at.or(schedule.ending_at);
        schedule.updated_at = now;
        changed.push(set(tx, notify, organisation, schedule, now).await?);
    }
    Ok(changed)
}

/// Deletes schedules. Returns those that existed.
pub async fn delete(tx: &mut Tx, organisation: &OrganisationId, ids: &[String]) -> Result<Vec<Schedule>> {
    let mut ended = Vec::new();
    for id in ids {
        ended.extend(queries::get(tx, organisation, id).await?);
        queries::delete(tx, organisation, id).await?;
    }
    Ok(ended)
}

/// A filter of schedules. A field that is `None` matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The workflow's key.
    pub workflow: Option<String>,
    /// The recipient.
    pub recipient: Option<Reference>,
    /// The tenant.
    pub tenant: Option<String>,
}

/// A page of the schedules, by place.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, filter: &Filter, range: &Range) -> Result<Vec<Schedule>> {
    Ok(queries::list(tx, organisation, filter, range).await?)
}

/// The JSON of the API, with the recipients and actors.
pub async fn views(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    schedules: &[Schedule],
) -> Result<Vec<Value>> {
    let names: Vec<Reference> =
        schedules.iter().flat_map(|one| std::iter::once(&one.recipient).chain(&one.actor)).cloned().collect();
    let known = recipients::these(tx, organisation, &names).await?;
    let now = notify.clock.now();
    let shown = |reference: &Reference| match known.get(reference) {
        Some(recipient) => recipient.view(),
        None => Recipient::unknown(reference.clone(), now).view(),
    };
    let view = |one: &Schedule| {
        json!({
            "__typename": "Schedule", "id": one.id, "workflow": one.workflow, "recipient": shown(&one.recipient),
            "actor": one.actor.as_ref().map(&shown), "tenant": one.tenant, "data": one.data,
            "repeats": one.repeats.iter().map(repeat_view).collect::<Vec<_>>(),
            "next_occurrence_at": one.next_at, "last_occurrence_at": one.last_at,
            "inserted_at": one.inserted_at, "updated_at": one.updated_at,
        })
    };
    Ok(schedules.iter().map(view).collect())
}

fn repeat_view(rule: &Value) -> Value {
    let part = |name: &str, otherwise: Value| rule.get(name).cloned().filter(|v| !v.is_null()).unwrap_or(otherwise);
    let days = match rule.get("days").and_then(Value::as_str) {
        Some("weekdays") => json!(["mon", "tue", "wed", "thu", "fri"]),
        Some("weekends") => json!(["sat", "sun"]),
        _ => part("days", Value::Null),
    };
    json!({
        "__typename": "ScheduleRepeat", "frequency": rule["frequency"], "interval": part("interval", json!(1)),
        "days": days, "day_of_month": part("day_of_month", Value::Null), "hours": part("hours", json!(0)),
        "minutes": part("minutes", json!(0)),
    })
}

fn named(told: &Option<RecipientInput>) -> Option<Reference> {
    told.as_ref().map(|told| told.reference.clone())
}

/// The recipients, tenant and actor of a request. Those without properties are stored, too.
fn known(mut told: Vec<RecipientInput>, terms: &Terms) -> Vec<RecipientInput> {
    told.extend(terms.tenant.clone());
    told.extend(terms.actor.clone());
    for told in &mut told {
        told.properties.get_or_insert_default();
    }
    told
}

/// Stores a schedule, and the job for its next occurrence.
async fn set(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    mut schedule: Schedule,
    after: Timestamp,
) -> Result<Schedule> {
    schedule.next_at = next(tx, organisation, &schedule, after).await?;
    schedule.revision += 1;
    queries::put(tx, organisation, &schedule).await?;
    if let Some(at) = schedule.next_at {
        let (organisation, id) = (organisation.clone(), schedule.id.clone());
        let args = Args { organisation, schedule: id, revision: schedule.revision };
        let job = NewJob::new(COME, args.organisation.as_str(), &args).after(at.since(notify.clock.now()).max(FLOOR));
        notify.engine.enqueue(tx, job).await?;
    }
    Ok(schedule)
}

/// The next occurrence of a schedule.
async fn next(
    tx: &mut Tx,
    organisation: &OrganisationId,
    schedule: &Schedule,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let at = if schedule.repeats.is_empty() {
        schedule.scheduled_at.filter(|_| schedule.last_at.is_none())
    } else {
        let rules = parse_rules(&schedule.repeats).map_err(|why| Error::invalid_field("repeats", why))?;
        let recipient = recipients::get(tx, organisation, &schedule.recipient).await?;
        let zone = recipient.as_ref().and_then(|recipient| recipient.text("timezone"));
        let since = schedule.scheduled_at.unwrap_or(schedule.inserted_at);
        // The first allowed moment may itself be an occurrence.
        let after = now.max(since.minus(Duration::from_micros(1)));
        next_occurrence(&rules, zone, after, since)
    };
    Ok(at.filter(|at| schedule.ending_at.is_none_or(|end| *at <= end)))
}

/// Handles an occurrence of a schedule.
async fn come(tx: &mut Tx, notify: &Notify, args: Args) -> Result<()> {
    let Some(mut schedule) = queries::get(tx, &args.organisation, &args.schedule).await? else { return Ok(()) };
    if schedule.revision != args.revision {
        return Ok(());
    }
    let now = notify.clock.now();
    schedule.last_at = Some(now);
    // If the clock is a little behind, the same occurrence must not come again.
    let after = schedule.next_at.map_or(now, |due| due.max(now));
    let schedule = match set(tx, notify, &args.organisation, schedule, after).await {
        Ok(schedule) => schedule,
        // Its rules can no longer be read: the schedule ends.
        Err(Error::InvalidField { why, .. }) => {
            tracing::warn!(schedule = args.schedule, why, "a schedule has ended: its rules cannot be read");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let recipients = vec![RecipientInput::named(schedule.recipient.clone())];
    let asked = TriggerRequest {
        actor: schedule.actor.clone().map(RecipientInput::named),
        tenant: schedule.tenant.as_ref().map(|tenant| RecipientInput::named(Reference::tenant(tenant))),
        source: json!({ "type": "schedule", "schedule_id": schedule.id }),
        schedule: Some(json!({
            "id": schedule.id, "last_occurrence_at": schedule.last_at, "next_occurrence_at": schedule.next_at,
        })),
        is_alone: true,
        ..TriggerRequest::new(args.organisation, &schedule.workflow, recipients, schedule.data)
    };
    match triggers::trigger(tx, notify, asked).await {
        Ok(_) => Ok(()),
        Err(Error::NotFound(_) | Error::InvalidField { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
