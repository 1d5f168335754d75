//! The jobs that make runs of a trigger: for the recipients that it names, and for their
//! subscribers.

use std::collections::HashMap;
use std::sync::Arc;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use campanile_db::{Apply, END, Lane, Range, Tx};
use campanile_documents::conditions::{Group, Scope};
use campanile_documents::template::budget;
use campanile_engine::{Attempt, NewJob, Outcome, Registry};
use serde_json::{Map, Value, json};

use super::fan_out_job::{Args, FAN_OUT, Recipients, job_for};
use super::{Origin, Trigger};
use crate::reference::AUDIENCES;
use crate::runs::{self, Advanced, NotAdvanced, Run, RunContext, RunNote, State, advance_page, load_and_advance};
use crate::subscriptions::{self, DEPTH};
use crate::workflows::{self, Program};
use crate::{Notify, Reference, audiences};

/// The number of runs that are made in one job.
const TOGETHER: usize = 250;
/// The number of subscribers that are read at a time. They are given to jobs that run in parallel.
const PLANNED: usize = 16 * TOGETHER;

/// Registers the job.
pub(super) fn register(registry: &mut Registry, notify: &Notify) {
    let within = notify.clone();
    registry.register(FAN_OUT, runs::options(), move |attempt| {
        let notify = within.clone();
        async move { fan_out(&notify, &attempt).await }
    });
    runs::settle(registry, FAN_OUT, notify);
}

/// Begins the runs of a job. Small jobs that begin at the same time are read together.
async fn fan_out(notify: &Notify, attempt: &Attempt) -> Result<Outcome> {
    match advance(notify, attempt.job.args()?).await {
        Ok(None) => Ok(Outcome::done()),
        Ok(Some((Advanced { runs, left }, (jobs, trigger)))) => {
            let left = left.into_iter().map(|run| (run.recipient, run.state.subscription)).collect();
            let jobs = jobs.into_iter().chain(jobs_for_rest(&trigger, left, TOGETHER)).collect();
            Ok(Outcome::done().noting(RunNote { organisation: trigger.organisation, runs, jobs }))
        }
        Err(NotAdvanced::Busy) => Ok(runs::busy()),
        Err(NotAdvanced::Error(error)) => Err(error),
        Err(NotAdvanced::GivenUp(why)) => Box::pin(one_by_one(notify, attempt.job.args()?, &why)).await,
    }
}

/// Advances the runs of a job. Also returns the jobs that follow, and the trigger.
async fn advance(
    notify: &Notify,
    args: Args,
) -> std::result::Result<Option<(Advanced, (Vec<NewJob>, Trigger))>, NotAdvanced> {
    if args.is_small() {
        let loaded = load(notify, args).await.map_err(NotAdvanced::Error)?;
        let Some(Loaded { world, runs, jobs, trigger }) = loaded else { return Ok(None) };
        return Ok(Some((advance_page(notify, world, runs).await?, (jobs, trigger))));
    }
    let (within, organisation) = (notify.clone(), args.trigger.organisation.clone());
    let loading = async move {
        let loaded = load(&within, args).await?;
        Ok(loaded.map(|Loaded { world, runs, jobs, trigger }| (world, runs, (jobs, trigger))))
    };
    Box::pin(load_and_advance(notify, &organisation, loading)).await
}

/// Handles a job that did not return: each of its runs gets a job of its own. A run that was alone
/// already ends.
async fn one_by_one(notify: &Notify, args: Args, why: &str) -> Result<Outcome> {
    let Some(Loaded { world, mut runs, mut jobs, trigger }) = load(notify, args).await? else {
        return Ok(Outcome::done());
    };
    if let [run] = runs.as_mut_slice() {
        runs::fail(run, world.now, why);
    } else {
        let all = runs.drain(..).map(|run| (run.recipient, run.state.subscription)).collect();
        jobs.extend(jobs_for_rest(&trigger, all, 1));
    }
    Ok(Outcome::done().noting(RunNote { organisation: trigger.organisation, runs, jobs }))
}

/// Jobs for recipients whose runs a job has left. That job has already made the jobs for their
/// subscribers, so these jobs make none.
fn jobs_for_rest(
    trigger: &Trigger,
    rest: Vec<(Reference, Option<Map<String, Value>>)>,
    together: usize,
) -> Vec<NewJob> {
    if rest.is_empty() {
        return Vec::new();
    }
    let trigger = Trigger { is_alone: true, ..trigger.clone() };
    let (mut named, mut subscribed) = (Vec::new(), Vec::new());
    for (recipient, subscription) in rest {
        match subscription {
            Some(subscription) => subscribed.push((recipient, subscription)),
            None => named.push(recipient),
        }
    }
    let named = named.chunks(together).map(|some| job_for(&trigger, Recipients::Named(some.to_vec())));
    named
        .chain(subscribed.chunks(together).map(|some| job_for(&trigger, Recipients::Subscribed(some.to_vec()))))
        .collect()
}

/// Loads the runs and the context of a job.
async fn load(notify: &Notify, args: Args) -> Result<Option<Loaded>> {
    if args.is_small() {
        return Ok(notify.begins.get_or_init(|| lane(notify)).submit(args).await?);
    }
    let within = notify.clone();
    let load = notify.db.read(move |tx| Box::pin(async move { load_all(tx, &within, vec![args]).await }));
    Ok(load.await?.remove(0))
}

/// Runs that begin, their context, and the jobs that follow.
pub(crate) struct Loaded {
    world: RunContext,
    runs: Vec<Run>,
    jobs: Vec<NewJob>,
    trigger: Trigger,
}

/// The lane that loads small jobs together; `None` for a job whose workflow no longer exists.
pub(crate) type Begins = Lane<Args, Option<Loaded>>;

fn lane(notify: &Notify) -> Begins {
    let within = notify.within();
    let apply: Apply<Args, Option<Loaded>> = Arc::new(move |tx, asked| {
        let notify = within.clone();
        Box::pin(async move { Ok(load_all(tx, &notify, asked).await?) })
    });
    Lane::start_reading(notify.db.clone(), apply)
}

/// Loads several jobs. Jobs of one organisation are loaded together.
async fn load_all(tx: &mut Tx, notify: &Notify, asked: Vec<Args>) -> Result<Vec<Option<Loaded>>> {
    let mut planned = Vec::with_capacity(asked.len());
    for Args { trigger, recipients } in asked {
        let organisation = trigger.organisation.clone();
        planned.push((organisation, plan(tx, notify, trigger, recipients).await?));
    }
    let mut worlds: HashMap<OrganisationId, RunContext> = HashMap::new();
    for (organisation, _) in &planned {
        if worlds.contains_key(organisation) {
            continue;
        }
        let of_it = planned.iter().filter(|(of, _)| of == organisation).filter_map(|(_, planned)| planned.as_ref());
        let runs: Vec<&Run> = of_it.flat_map(|planned| &planned.runs).collect();
        worlds.insert(organisation.clone(), RunContext::load(tx, notify, organisation, &runs).await?);
    }
    let loaded = planned.into_iter().map(|(organisation, planned)| {
        let Planned { runs, jobs, trigger } = planned?;
        Some(Loaded { world: worlds.get(&organisation)?.beside(), runs, jobs, trigger })
    });
    Ok(loaded.collect())
}

/// The runs that a job begins, and the jobs that follow.
struct Planned {
    runs: Vec<Run>,
    jobs: Vec<NewJob>,
    trigger: Trigger,
}

/// Plans a job; `None` if the workflow no longer exists, or is not active.
async fn plan(tx: &mut Tx, notify: &Notify, mut trigger: Trigger, recipients: Recipients) -> Result<Option<Planned>> {
    let program = match &trigger.version {
        Some(version) => workflows::program(tx, notify, &trigger.organisation, version).await,
        None => workflows::current(tx, notify, &trigger.organisation, &trigger.workflow).await,
    };
    let program = match program {
        Ok(program) => program,
        Err(Error::NotFound(_) | Error::InvalidField { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut jobs = Vec::new();
    let is_list = !matches!(recipients, Recipients::Named(_));
    let found = match recipients {
        Recipients::Named(mut named) => {
            let audiences = named.extract_if(.., |one| one.collection == AUDIENCES);
            let all = audiences.map(|one| job_for(&trigger, Recipients::Members { audience: one.id, after: None }));
            jobs.extend(all);
            if named.len() > TOGETHER {
                let rest = named.split_off(TOGETHER);
                jobs.extend(rest.chunks(TOGETHER).map(|some| job_for(&trigger, Recipients::Named(some.to_vec()))));
            }
            let brings =
                |one: &&Reference| !trigger.is_alone && !one.is_user() && one.collection != crate::reference::TENANTS;
            let objects = named.iter().filter(brings);
            jobs.extend(objects.map(|object| {
                job_for(&trigger, Recipients::Subscribers { object: object.clone(), after: None, depth: 1 })
            }));
            named.into_iter().map(|recipient| (recipient, None)).collect::<Vec<_>>()
        }
        Recipients::Members { audience, after } => {
            let members = members(tx, &trigger, audience, after, &mut jobs).await?;
            jobs.extend(
                members.chunks(TOGETHER).skip(1).map(|some| job_for(&trigger, Recipients::Named(some.to_vec()))),
            );
            members.into_iter().take(TOGETHER).map(|member| (member, None)).collect()
        }
        Recipients::Subscribed(page) => page.into_iter().map(|(recipient, told)| (recipient, Some(told))).collect(),
        Recipients::Subscribers { object, after, depth } => {
            let mut found = subscribers(tx, &trigger, (object, after, depth), &mut jobs).await?;
            if found.len() > TOGETHER {
                jobs.extend(
                    found.chunks(TOGETHER).map(|page| job_for(&trigger, Recipients::Subscribed(page.to_vec()))),
                );
                found.clear();
            }
            found.into_iter().map(|(recipient, told)| (recipient, Some(told))).collect()
        }
    };
    let origin = Origin::of(&trigger.source);
    if is_list && origin.is_of_step() {
        trigger.source = origin.times(found.len()).source();
    }
    let begun = found.into_iter().map(|(recipient, subscription)| begin(&trigger, &program, recipient, subscription));
    Ok(Some(Planned { runs: begun.collect(), jobs, trigger }))
}

/// A page of an object's subscribers, without the trigger's actor. Adds jobs for the next page, and
/// for subscribers that have subscribers of their own.
async fn subscribers(
    tx: &mut Tx,
    trigger: &Trigger,
    (object, after, depth): (Reference, Option<Reference>, usize),
    jobs: &mut Vec<NewJob>,
) -> Result<Vec<(Reference, Map<String, Value>)>> {
    let page = subscriptions::next(tx, &trigger.organisation, &object, after.as_ref(), PLANNED as i64).await?;
    if page.len() == PLANNED {
        let after = page.last().map(|last| last.recipient.clone());
        jobs.push(job_for(trigger, Recipients::Subscribers { object: object.clone(), after, depth }));
    }
    let filter = trigger.filters.iter().find(|(whose, _)| *whose == object).map(|(_, filter)| filter);
    let mut found = Vec::with_capacity(page.len());
    // The transaction is held meanwhile, so the limits of a run apply.
    let _budget = budget::begin_run();
    for subscription in page {
        if let Some(bound) = budget::run_exceeded() {
            return Err(Error::internal(format!("the trigger's subscription filter: {}", bound.text())));
        }
        let recipient = subscription.recipient;
        if !filter.is_none_or(|filter| is_meant(filter, trigger, &recipient, &subscription.properties)) {
            continue;
        }
        if depth < DEPTH && !recipient.is_user() {
            let subscribers = Recipients::Subscribers { object: recipient.clone(), after: None, depth: depth + 1 };
            jobs.push(job_for(trigger, subscribers));
        }
        if trigger.actor.as_ref() == Some(&recipient) {
            continue;
        }
        let mut told = subscription.properties;
        told.insert("object".to_owned(), json!(object));
        found.push((recipient, told));
    }
    Ok(found)
}

/// True if the trigger's filter of subscriptions lets this one through.
fn is_meant(filter: &Group, trigger: &Trigger, recipient: &Reference, properties: &Map<String, Value>) -> bool {
    let variables = json!({ "subscription": properties, "data": trigger.data,
        "recipient": { "id": recipient.id, "collection": recipient.collection } });
    filter.evaluate(&Scope { variables: &variables, audiences: &[], now: trigger.accepted_at() }).0
}

/// A page of an audience's members, without the trigger's actor and without members of another
/// tenant. Adds a job for the next page.
async fn members(
    tx: &mut Tx,
    trigger: &Trigger,
    audience: String,
    after: Option<String>,
    jobs: &mut Vec<NewJob>,
) -> Result<Vec<Reference>> {
    let low = after.unwrap_or_default();
    let range = Range { low, high: END.to_owned(), oldest_first: true, limit: PLANNED as i64 };
    let page = audiences::members(tx, &trigger.organisation, &audience, &range).await?;
    if page.len() == PLANNED {
        let after = page.last().map(|last| last.place.clone());
        jobs.push(job_for(trigger, Recipients::Members { audience, after }));
    }
    let is_meant = |tenant: &Option<String>| tenant.is_none() || trigger.tenant.is_none() || *tenant == trigger.tenant;
    let users = page.into_iter().filter(|member| is_meant(&member.tenant)).map(|member| Reference::user(member.user));
    let mut users: Vec<Reference> = users.filter(|user| trigger.actor.as_ref() != Some(user)).collect();
    users.sort();
    users.dedup();
    Ok(users)
}

/// A new run of a recipient.
fn begin(
    trigger: &Trigger,
    program: &Arc<Program>,
    recipient: Reference,
    subscription: Option<Map<String, Value>>,
) -> Run {
    let mut data = trigger.data.clone();
    if let Some((_, more)) = trigger.more_data.iter().find(|(whose, _)| *whose == recipient) {
        data.extend(more.clone());
    }
    let state = State {
        version: program.version.clone(),
        at: 0,
        pauses: 0,
        data,
        actor: trigger.actor.clone(),
        tenant: trigger.tenant.clone(),
        activities: Vec::new(),
        total_activities: 1,
        actors: Vec::new(),
        total_actors: i64::from(trigger.actor.is_some()),
        refs: Map::new(),
        subscription,
        schedule: trigger.schedule.clone(),
        skips_delays: trigger.skips_delays,
        is_sandbox: trigger.is_sandbox,
        cancellation_key: trigger.cancellation_key.clone(),
        cause: trigger.source.clone(),
        accepted_at: trigger.accepted_at(),
        has_passed: false,
    };
    let (log, made) = Default::default();
    Run {
        id: runs::run_id(&trigger.id, &recipient, trigger.orders_runs.then(|| trigger.accepted_at())),
        workflow_run_id: trigger.id.clone(),
        recipient,
        program: program.clone(),
        state,
        is_new: true,
        log,
        made,
    }
}
