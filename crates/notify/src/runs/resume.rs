//! The job with which a run goes on that has waited.
//!
//! It says which of the run's waits it is meant to end, so one that comes late does nothing. One that does not say so looks whether
//! the run's batch has closed. One that brings something that has [happened](crate::signals) looks whether the run has waited for that.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::bounds::DOCUMENT_DEADLINE;
use campanile_base::{Error, Result, Timestamp, new_uuid};
use campanile_db::Tx;
use campanile_engine::{NewJob, Outcome, Registry};
use campanile_sandbox::Failure;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{NotAdvanced, Run, Settled, State, World, advance, advance_page, busy, fail, fetch, queries};
use crate::resources::{self, Kind as ResourceKind};
use crate::signals::{self, Waiting};
use crate::template::budget;
use crate::workflows::{self, Kind, Op, Step, Then, Wait};
use crate::{Notify, messages};

/// The kind of job.
const RESUME: &str = "notify.resume";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Args {
    organisation: OrganisationId,
    run: String,
    /// How often the run had waited when this was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pause: Option<u32>,
    /// What has happened meanwhile, and a name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<(String, Value)>,
}

/// Who takes a run's wait when its time is over.
const TIME: &str = "time";

/// A job that ends a run's next wait, after a time.
pub(super) fn job(organisation: &OrganisationId, run: &Run, after: Option<Duration>) -> NewJob {
    let (organisation_id, pause) = (organisation.clone(), Some(run.state.pauses + 1));
    let args = Args { organisation: organisation_id, run: run.id.clone(), pause, event: None };
    NewJob::new(RESUME, organisation.as_str(), &args).after(after.unwrap_or_default())
}

/// A job that looks whether a run's batch has closed.
pub(super) fn job_of(organisation: &OrganisationId, run: &str) -> NewJob {
    let args = Args { organisation: organisation.clone(), run: run.to_owned(), pause: None, event: None };
    NewJob::new(RESUME, organisation.as_str(), &args)
}

/// A job that looks whether a run has waited for what has happened.
pub(crate) fn look_job(organisation: &OrganisationId, waiting: &Waiting, about: Value) -> NewJob {
    let (organisation_id, pause) = (organisation.clone(), Some(waiting.pause));
    let args =
        Args { organisation: organisation_id, run: waiting.run.clone(), pause, event: Some((new_uuid(), about)) };
    NewJob::new(RESUME, organisation.as_str(), &args)
}

/// Ends an open batch now; whether there was one.
pub(crate) async fn close_batch(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    word: &str,
) -> Result<bool> {
    let leader = queries::end_early(tx, organisation, word, notify.clock.now()).await?;
    let Some(leader) = leader.filter(|leader| !leader.is_empty()) else { return Ok(false) };
    notify.engine.enqueue(tx, job_of(organisation, &leader)).await?;
    Ok(true)
}

/// Registers the job.
pub(super) fn register(registry: &mut Registry, notify: &Notify) {
    let within = notify.clone();
    registry.register(RESUME, super::options(), move |attempt| {
        let notify = within.clone();
        async move { resume(&notify, attempt.job.args()?).await }
    });
    super::settle(registry, RESUME, notify);
}

/// What a run that goes on is told.
enum Found {
    Nothing,
    /// Its batch has been given more time.
    NotYet(Timestamp, u32),
    /// It ends here.
    Ended(Box<Run>),
    Run(Box<Run>),
}

async fn resume(notify: &Notify, args: Args) -> Result<Outcome> {
    let (within, asked) = (notify.clone(), args.clone());
    let found = notify.db.write(move |tx| Box::pin(async move { find(tx, &within, &asked).await })).await?;
    let run = match found {
        Found::Nothing => return Ok(Outcome::done()),
        Found::NotYet(at, pause) => {
            let again = Args { pause: Some(pause), ..args };
            let job = NewJob::new(RESUME, again.organisation.as_str(), &again).after(at.since(notify.clock.now()));
            let settled = Settled { organisation: again.organisation, runs: Vec::new(), jobs: vec![job] };
            return Ok(Outcome::done().noting(settled));
        }
        Found::Ended(run) => {
            return Ok(Outcome::done().noting(Settled {
                organisation: args.organisation,
                runs: vec![*run],
                jobs: Vec::new(),
            }));
        }
        Found::Run(run) => *run,
    };
    let (within, organisation, mut runs) = (notify.clone(), args.organisation.clone(), vec![run]);
    let loaded = notify.db.read(move |tx| {
        Box::pin(async move {
            refresh(tx, &organisation, &mut runs[0]).await?;
            let world = World::load(tx, &within, &organisation, &runs.iter().collect::<Vec<_>>()).await?;
            Ok::<_, Error>((world, runs))
        })
    });
    let (world, mut runs) = loaded.await?;
    let advanced = match fetched(notify, world, runs.remove(0)).await {
        Ok((_, run, false)) => Ok(vec![run]),
        Ok((world, run, true)) => advance_page(notify, world, vec![run]).await.map(|advanced| advanced.runs),
        Err(failure) => Err(failure),
    };
    let runs = match advanced {
        Ok(runs) => runs,
        Err(NotAdvanced::Busy) => return Ok(busy()),
        Err(NotAdvanced::Error(error)) => return Err(error),
        Err(NotAdvanced::GivenUp(why)) => return give_up(notify, &args, &why).await,
    };
    Ok(Outcome::done().noting(Settled { organisation: args.organisation, runs, jobs: Vec::new() }))
}

/// Ends a run whose job did not come back.
async fn give_up(notify: &Notify, args: &Args, why: &str) -> Result<Outcome> {
    let (within, asked) = (notify.clone(), args.clone());
    let found = notify.db.write(move |tx| Box::pin(async move { find(tx, &within, &asked).await })).await?;
    let (Found::Run(mut run) | Found::Ended(mut run)) = found else { return Ok(Outcome::done()) };
    fail(&mut run, notify.clock.now(), why);
    let settled = Settled { organisation: args.organisation.clone(), runs: vec![*run], jobs: Vec::new() };
    Ok(Outcome::done().noting(settled))
}

/// Whether a run may go on: one that has stopped to ask somebody asks now. Its request is written on a thread of the sandbox; nobody
/// waits there for the answer.
async fn fetched(notify: &Notify, world: World, run: Run) -> std::result::Result<(World, Run, bool), NotAdvanced> {
    let program = run.program.clone();
    let Some(Op::Step(step, _)) = program.ops.get(run.state.at) else { return Ok((world, run, true)) };
    let Kind::HttpFetch { settings } = &step.kind else { return Ok((world, run, true)) };
    let (within, organisation, request) = (notify.clone(), world.organisation.clone(), settings.clone());
    let write = move || {
        let _budget = budget::begin_run();
        let call = fetch::call(&within, &world, &run, &request);
        (world, run, call)
    };
    let written = notify.sandbox.run(organisation.as_str(), DOCUMENT_DEADLINE, write).await;
    let (world, mut run, call) = written.map_err(|failure| match failure {
        Failure::Busy => NotAdvanced::Busy,
        failure => NotAdvanced::GivenUp(failure.to_string()),
    })?;
    let goes_on = fetch::fetch(notify, &world, &mut run, step, settings, call).await;
    Ok((world, run, goes_on))
}

/// The run, if this is what it waits for. A batch that closes is closed here, so that nothing more comes into it.
async fn find(tx: &mut Tx, notify: &Notify, args: &Args) -> Result<Found> {
    let Some(row) = queries::get(tx, &args.organisation, &args.run).await? else { return Ok(Found::Nothing) };
    let Some(state) = row.state.as_deref().filter(|_| row.status == "paused") else {
        // Nobody waits there any more.
        if let (Some(pause), None) = (args.pause, &args.event) {
            signals::forget(tx, &args.organisation, &[(&args.run, pause)]).await?;
        }
        return Ok(Found::Nothing);
    };
    let state: State = serde_json::from_str(state).map_err(Error::internal)?;
    if args.pause.is_some_and(|pause| pause != state.pauses) {
        return Ok(Found::Nothing);
    }
    let organisation = &args.organisation;
    let workflow = resources::get(tx, organisation, ResourceKind::Workflow, &row.workflow).await?;
    let version = match &workflow {
        // A batch goes on with what counts now, unless it says otherwise.
        Some(workflow) if goes_on_with_latest(tx, notify, organisation, &state).await? => {
            same_place(tx, notify, organisation, &state, workflow.version_id.as_deref()).await?
        }
        _ => state.version.clone(),
    };
    let program = workflows::program(tx, notify, organisation, &version).await?;
    let (recipient, workflow_run_id) = (row.recipient, row.workflow_run_id);
    let (log, made) = Default::default();
    let mut run = Run { id: row.id, workflow_run_id, recipient, program, state, is_new: false, log, made };
    run.state.version = version;
    let now = notify.clock.now();
    if !workflow.is_some_and(|workflow| workflow.is_active) {
        run.log.run(now, "workflow_run_halted", json!({ "reason": "the workflow is not active" }));
        return Ok(Found::Ended(Box::new(run)));
    }
    if let Some(Op::Step(step, _)) = run.program.clone().ops.get(run.state.at)
        && let Kind::WaitForEvent { settings } = &step.kind
    {
        return waited(tx, notify, args, run, step, settings).await;
    }
    if args.event.is_some() {
        return Ok(Found::Nothing);
    }
    let Some(word) = batch_of(&run) else {
        return Ok(if args.pause.is_some() { Found::Run(Box::new(run)) } else { Found::Nothing });
    };
    if let Some(at) = queries::close(tx, organisation, &word, &run.id, now).await? {
        let pause = run.state.pauses;
        return Ok(if args.pause.is_some() { Found::NotYet(at, pause) } else { Found::Nothing });
    }
    let activities = queries::activities(tx, &run.id).await?;
    let total = activities.len() as i64;
    run.log.run(now, "batch_closed", json!({ "total_activities": total }));
    if total == 0 {
        run.log.run(now, "workflow_run_halted", json!({ "reason": "all activities were called off" }));
        return Ok(Found::Ended(Box::new(run)));
    }
    advance::gathered(&mut run, activities, total);
    Ok(Found::Run(Box::new(run)))
}

/// A run that has waited for something to happen: it has, or the time is over.
async fn waited(
    tx: &mut Tx,
    notify: &Notify,
    args: &Args,
    mut run: Run,
    step: &Step,
    settings: &Wait,
) -> Result<Found> {
    let (organisation, now) = (&args.organisation, notify.clock.now());
    if let Some((_, about)) = &args.event {
        refresh(tx, organisation, &mut run).await?;
        let world = World::load(tx, notify, organisation, &[&run]).await?;
        let mut variables = world.variables(&run);
        variables["event"] = about.clone();
        if let Ok(Some(conditions)) = signals::conditions(settings) {
            // This is within a transaction, and so within the bounds of a run.
            let _budget = budget::begin_run();
            let (holds, _) = conditions.evaluate(&world.scope(&run, &variables));
            if !holds {
                return Ok(Found::Nothing);
            }
        }
    }
    let by = args.event.as_ref().map_or(TIME, |(name, _)| name);
    if !signals::take(tx, organisation, (&run.id, run.state.pauses), by).await? {
        return Ok(Found::Nothing);
    }
    let about = args.event.as_ref().map(|(_, about)| about);
    run.state.refs.insert(step.reference.clone(), signals::left(about));
    let (event, then) = match about {
        Some(_) => ("wait_matched", settings.on_match.unwrap_or(Then::Continue)),
        None => ("wait_timed_out", settings.on_timeout.unwrap_or(Then::Halt)),
    };
    run.log.step(now, step, event, json!({ "then": then, "event": about }));
    Ok(match then {
        Then::Continue => Found::Run(Box::new(run)),
        Then::Halt => Found::Ended(Box::new(run)),
    })
}

/// Whether a run waits at a batch that is not pinned to the version that opened it.
async fn goes_on_with_latest(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    state: &State,
) -> Result<bool> {
    let program = workflows::program(tx, notify, organisation, &state.version).await?;
    let Some(Op::Step(step, _)) = program.ops.get(state.at) else { return Ok(false) };
    let Kind::Batch { settings } = &step.kind else { return Ok(false) };
    Ok(settings.workflow_version_mode.as_deref() != Some("pinned"))
}

/// The latest version, where the batch stands at the same place in it; else the run's own.
async fn same_place(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    state: &State,
    latest: Option<&str>,
) -> Result<String> {
    let Some(latest) = latest.filter(|latest| *latest != state.version) else { return Ok(state.version.clone()) };
    let own = workflows::program(tx, notify, organisation, &state.version).await?;
    let new = workflows::program(tx, notify, organisation, latest).await?;
    let name = |program: &workflows::Program| match program.ops.get(state.at) {
        Some(Op::Step(step, _)) => Some(step.reference.clone()),
        _ => None,
    };
    Ok(if name(&own) == name(&new) { latest.to_owned() } else { state.version.clone() })
}

/// The batch that a run waits for: what its step left with it.
fn batch_of(run: &Run) -> Option<String> {
    let Some(Op::Step(step, _)) = run.program.ops.get(run.state.at) else { return None };
    let Kind::Batch { .. } = &step.kind else { return None };
    run.state.refs.get(&step.reference)?.get("batch")?.as_str().map(str::to_owned)
}

/// Lets a run know how far its messages have got meanwhile.
async fn refresh(tx: &mut Tx, organisation: &OrganisationId, run: &mut Run) -> Result<()> {
    for left in run.state.refs.values_mut() {
        let ids: Vec<String> = left
            .get("message_ids")
            .and_then(Value::as_array)
            .map(|ids| ids.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default();
        let messages = messages::these(tx, organisation, &ids).await?;
        if let Some(message) = messages.last() {
            left["delivery_status"] = json!(message.status);
            left["engagement_status"] = json!(message.engagements());
        }
    }
    Ok(())
}
