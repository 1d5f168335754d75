//! Schedules: triggers that come by the clock, once or again and again, for one recipient, in their time zone.
//!
//! A schedule has a job that is due when it comes round next. The job triggers the workflow, says when it comes round after that, and stores
//! the job for it, in one transaction. A schedule that is changed gets a new job; the old one sees that it is not meant any more. The
//! workflow is the one that counts then; where there is none, or it is switched off, that time is left out.

mod queries;

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp, new_ksuid, new_uuid};
use campanile_db::{Range, Tx};
use campanile_engine::{Backoff, JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::recipients::{self, Recipient, Told};
use crate::runs::{next_occurrence, parse_rules};
use crate::triggers::{self, Asked};
use crate::{Notify, Reference};

/// Nothing comes round sooner than this: whatever a rule says, its jobs do not drive each other.
const FLOOR: Duration = Duration::from_millis(500);
/// The kind of job.
const COME: &str = "notify.schedule";
/// How many schedules a request may be about.
pub const TOGETHER: usize = 100;

/// A schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// A UUID.
    pub id: String,
    /// Its place in lists.
    pub place: String,
    /// What it triggers.
    pub workflow: String,
    /// For whom.
    pub recipient: Reference,
    /// Within which tenant.
    pub tenant: Option<String>,
    /// By whom.
    pub actor: Option<Reference>,
    /// With what.
    pub data: Map<String, Value>,
    /// When it comes round; once, where there is nothing.
    pub repeats: Vec<Value>,
    /// Not before.
    pub scheduled_at: Option<Timestamp>,
    /// Not after.
    pub ending_at: Option<Timestamp>,
    /// When next.
    pub next_at: Option<Timestamp>,
    /// When last.
    pub last_at: Option<Timestamp>,
    revision: i64,
    inserted_at: Timestamp,
    updated_at: Timestamp,
}

/// What is told of schedules.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// When they come round.
    pub repeats: Option<Vec<Value>>,
    /// Not before.
    pub scheduled_at: Option<Timestamp>,
    /// Not after.
    pub ending_at: Option<Timestamp>,
    /// With what.
    pub data: Option<Map<String, Value>>,
    /// Within which tenant.
    pub tenant: Option<Told>,
    /// By whom.
    pub actor: Option<Told>,
}

impl Terms {
    /// As requests write them.
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
            tenant: given("tenant").map(Told::parse_tenant).transpose()?,
            actor: given("actor").map(Told::parse).transpose()?,
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
/// `NotFound` of the workflow; `InvalidField`.
pub async fn create(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    workflow: &str,
    told: Vec<Told>,
    terms: Terms,
) -> Result<Vec<Schedule>> {
    if told.is_empty() || told.len() > TOGETHER {
        return Err(Error::invalid_field("recipients", format!("must have between 1 and {TOGETHER} items")));
    }
    if terms.repeats.as_ref().is_none_or(Vec::is_empty) && terms.scheduled_at.is_none() {
        return Err(Error::invalid_field("repeats", "or scheduled_at is required"));
    }
    let kind = crate::resources::Kind::Workflow;
    crate::resources::get(tx, organisation, kind, workflow).await?.ok_or(Error::NotFound("workflow"))?;
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

/// Changes schedules: what is told of them replaces what was told before.
///
/// # Errors
/// `NotFound` where one is not there; `InvalidField`.
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
        let mut schedule = queries::get(tx, organisation, id).await?.ok_or(Error::NotFound("schedule"))?;
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

/// Ends schedules; answers those that there were.
///
/// # Errors
/// What the database says.
pub async fn delete(tx: &mut Tx, organisation: &OrganisationId, ids: &[String]) -> Result<Vec<Schedule>> {
    let mut ended = Vec::new();
    for id in ids {
        ended.extend(queries::get(tx, organisation, id).await?);
        queries::delete(tx, organisation, id).await?;
    }
    Ok(ended)
}

/// Whose schedules.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// For this recipient.
    pub recipient: Option<Reference>,
    /// Within this tenant.
    pub tenant: Option<String>,
}

/// A stretch of the schedules, by place.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, filter: &Filter, range: &Range) -> Result<Vec<Schedule>> {
    Ok(queries::list(tx, organisation, filter, range).await?)
}

/// Schedules as the API shows them, with whom they are for and by.
///
/// # Errors
/// What the database says.
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

fn named(told: &Option<Told>) -> Option<Reference> {
    told.as_ref().map(|told| told.reference.clone())
}

/// All that is told of: whom nothing was told of is known from now on, too.
fn known(mut told: Vec<Told>, terms: &Terms) -> Vec<Told> {
    told.extend(terms.tenant.clone());
    told.extend(terms.actor.clone());
    for told in &mut told {
        told.properties.get_or_insert_default();
    }
    told
}

/// Writes a schedule, and the job that is due when it comes round.
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

/// When a schedule comes round next.
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
        // The first moment that is allowed is one of them.
        let after = now.max(since.minus(Duration::from_micros(1)));
        next_occurrence(&rules, zone, after, since)
    };
    Ok(at.filter(|at| schedule.ending_at.is_none_or(|end| *at <= end)))
}

/// A schedule comes round.
async fn come(tx: &mut Tx, notify: &Notify, args: Args) -> Result<()> {
    let Some(mut schedule) = queries::get(tx, &args.organisation, &args.schedule).await? else { return Ok(()) };
    if schedule.revision != args.revision {
        return Ok(());
    }
    let now = notify.clock.now();
    schedule.last_at = Some(now);
    // Where the clock is a little behind, what has come is not to come again.
    let after = schedule.next_at.map_or(now, |due| due.max(now));
    let schedule = match set(tx, notify, &args.organisation, schedule, after).await {
        Ok(schedule) => schedule,
        // Its rules are beyond what is read now: it ends.
        Err(Error::InvalidField { why, .. }) => {
            tracing::warn!(schedule = args.schedule, why, "a schedule has ended: its rules cannot be read");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let recipients = vec![Told::named(schedule.recipient.clone())];
    let asked = Asked {
        actor: schedule.actor.clone().map(Told::named),
        tenant: schedule.tenant.as_ref().map(|tenant| Told::named(Reference::tenant(tenant))),
        source: json!({ "type": "schedule", "schedule_id": schedule.id }),
        schedule: Some(json!({
            "id": schedule.id, "last_occurrence_at": schedule.last_at, "next_occurrence_at": schedule.next_at,
        })),
        is_alone: true,
        ..Asked::new(args.organisation, &schedule.workflow, recipients, schedule.data)
    };
    match triggers::trigger(tx, notify, asked).await {
        Ok(_) => Ok(()),
        Err(Error::NotFound(_) | Error::InvalidField { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
