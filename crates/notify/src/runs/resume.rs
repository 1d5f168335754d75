//! The job that continues a waiting run.
//!
//! The job usually names the run's wait that it is to end, so a late job does nothing. A job that
//! names no wait checks if the run's batch has closed. A job that brings an [event](crate::signals)
//! checks if the run waits for that event.

use campanile_accounts::OrganisationId;
use campanile_base::bounds::DOCUMENT_DEADLINE;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_documents::template::budget;
use campanile_engine::{NewJob, Outcome, Registry};
use campanile_sandbox::Failure;
use serde_json::{Value, json};

use super::resume_job::{Args, RESUME, job_of};
use super::{NotAdvanced, Run, RunContext, RunNote, State, advance, advance_page, busy, fail, fetch, queries};
use crate::resources::{self, Kind as ResourceKind};
use crate::signals;
use crate::workflows::{self, Kind, Op, Step, Then, Wait};
use crate::{Notify, messages};

/// The name under which a run's wait is taken when its time is over.
const TIME: &str = "time";

/// Closes an open batch now. `true` if a batch was open and a run waits for it.
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

/// The result of looking up the run of a job.
enum Resumption {
    Nothing,
    /// Its batch closes later, at this time. The number is that of the run's wait.
    NotYet(Timestamp, u32),
    /// The run ends here.
    Ended(Box<Run>),
    Run(Box<Run>),
}

async fn resume(notify: &Notify, args: Args) -> Result<Outcome> {
    let (within, asked) = (notify.clone(), args.clone());
    let found = notify.db.write(move |tx| Box::pin(async move { find(tx, &within, &asked).await })).await?;
    let run = match found {
        Resumption::Nothing => return Ok(Outcome::done()),
        Resumption::NotYet(at, pause) => {
            let again = Args { pause: Some(pause), ..args };
            let job = NewJob::new(RESUME, again.organisation.as_str(), &again).after(at.since(notify.clock.now()));
            let settled = RunNote { organisation: again.organisation, runs: Vec::new(), jobs: vec![job] };
            return Ok(Outcome::done().noting(settled));
        }
        Resumption::Ended(run) => {
            return Ok(Outcome::done().noting(RunNote {
                organisation: args.organisation,
                runs: vec![*run],
                jobs: Vec::new(),
            }));
        }
        Resumption::Run(run) => *run,
    };
    let (within, organisation, mut runs) = (notify.clone(), args.organisation.clone(), vec![run]);
    let loaded = notify.db.read(move |tx| {
        Box::pin(async move {
            refresh(tx, &organisation, &mut runs[0]).await?;
            let world = RunContext::load(tx, &within, &organisation, &runs.iter().collect::<Vec<_>>()).await?;
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
    Ok(Outcome::done().noting(RunNote { organisation: args.organisation, runs, jobs: Vec::new() }))
}

/// Ends a run whose job did not return.
async fn give_up(notify: &Notify, args: &Args, why: &str) -> Result<Outcome> {
    let (within, asked) = (notify.clone(), args.clone());
    let found = notify.db.write(move |tx| Box::pin(async move { find(tx, &within, &asked).await })).await?;
    let (Resumption::Run(mut run) | Resumption::Ended(mut run)) = found else { return Ok(Outcome::done()) };
    fail(&mut run, notify.clock.now(), why);
    let settled = RunNote { organisation: args.organisation.clone(), runs: vec![*run], jobs: Vec::new() };
    Ok(Outcome::done().noting(settled))
}

/// Makes the HTTP request of a run that has stopped at such a step. `true` if the run goes on now.
/// A thread of the sandbox renders the request. That thread does not wait for the answer.
async fn fetched(
    notify: &Notify,
    world: RunContext,
    run: Run,
) -> std::result::Result<(RunContext, Run, bool), NotAdvanced> {
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

/// Finds the run of a job, if the run waits for it. A batch whose time has come is closed here, so
/// that no activity is added any more.
async fn find(tx: &mut Tx, notify: &Notify, args: &Args) -> Result<Resumption> {
    let Some(row) = queries::get(tx, &args.organisation, &args.run).await? else { return Ok(Resumption::Nothing) };
    let Some(state) = row.state.as_deref().filter(|_| row.status == "paused") else {
        // The run no longer waits.
        if let (Some(pause), None) = (args.pause, &args.event) {
            signals::forget(tx, &args.organisation, &[(&args.run, pause)]).await?;
        }
        return Ok(Resumption::Nothing);
    };
    let state: State = serde_json::from_str(state).map_err(Error::internal)?;
    if args.pause.is_some_and(|pause| pause != state.pauses) {
        return Ok(Resumption::Nothing);
    }
    let organisation = &args.organisation;
    let workflow = resources::get(tx, organisation, ResourceKind::Workflow, &row.workflow).await?;
    let version = match &workflow {
        // A run goes on with the current version after a batch, unless the step is pinned.
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
        return Ok(Resumption::Ended(Box::new(run)));
    }
    if let Some(Op::Step(step, _)) = run.program.clone().ops.get(run.state.at)
        && let Kind::WaitForEvent { settings } = &step.kind
    {
        return waited(tx, notify, args, run, step, settings).await;
    }
    if args.event.is_some() {
        return Ok(Resumption::Nothing);
    }
    let Some(word) = batch_of(&run) else {
        return Ok(if args.pause.is_some() { Resumption::Run(Box::new(run)) } else { Resumption::Nothing });
    };
    if let Some(at) = queries::close(tx, organisation, &word, &run.id, now).await? {
        let pause = run.state.pauses;
        return Ok(if args.pause.is_some() { Resumption::NotYet(at, pause) } else { Resumption::Nothing });
    }
    let activities = queries::activities(tx, &run.id).await?;
    let total = activities.len() as i64;
    run.log.run(now, "batch_closed", json!({ "total_activities": total }));
    if total == 0 {
        run.log.run(now, "workflow_run_halted", json!({ "reason": "all activities were called off" }));
        return Ok(Resumption::Ended(Box::new(run)));
    }
    advance::gathered(&mut run, activities, total);
    Ok(Resumption::Run(Box::new(run)))
}

/// Continues a run that waited for an event: the event has happened, or the time is over.
async fn waited(
    tx: &mut Tx,
    notify: &Notify,
    args: &Args,
    mut run: Run,
    step: &Step,
    settings: &Wait,
) -> Result<Resumption> {
    let (organisation, now) = (&args.organisation, notify.clock.now());
    if let Some((_, about)) = &args.event {
        refresh(tx, organisation, &mut run).await?;
        let world = RunContext::load(tx, notify, organisation, &[&run]).await?;
        let mut variables = world.variables(&run);
        variables["event"] = about.clone();
        if let Ok(Some(conditions)) = signals::conditions(settings) {
            // The transaction is held meanwhile, so the limits of a run apply.
            let _budget = budget::begin_run();
            let (holds, _) = conditions.evaluate(&world.scope(&run, &variables));
            if !holds {
                return Ok(Resumption::Nothing);
            }
        }
    }
    let by = args.event.as_ref().map_or(TIME, |(name, _)| name);
    if !signals::take(tx, organisation, (&run.id, run.state.pauses), by).await? {
        return Ok(Resumption::Nothing);
    }
    let about = args.event.as_ref().map(|(_, about)| about);
    run.state.refs.insert(step.reference.clone(), signals::left(about));
    let (event, then) = match about {
        Some(_) => ("wait_matched", settings.on_match.unwrap_or(Then::Continue)),
        None => ("wait_timed_out", settings.on_timeout.unwrap_or(Then::Halt)),
    };
    run.log.step(now, step, event, json!({ "then": then, "event": about }));
    Ok(match then {
        Then::Continue => Resumption::Run(Box::new(run)),
        Then::Halt => Resumption::Ended(Box::new(run)),
    })
}

/// True if a run waits at a batch that is not pinned to the version of the workflow that opened it.
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

/// The latest version, if the same step is at the same index in it. Otherwise the run's own
/// version.
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

/// The key of the batch that a run waits for. The step stored it in the run's `refs`.
fn batch_of(run: &Run) -> Option<String> {
    let Some(Op::Step(step, _)) = run.program.ops.get(run.state.at) else { return None };
    let Kind::Batch { .. } = &step.kind else { return None };
    run.state.refs.get(&step.reference)?.get("batch")?.as_str().map(str::to_owned)
}

/// Updates the delivery and engagement status of the run's messages in its `refs`.
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
