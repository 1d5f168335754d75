//! Advances a run until it ends, or has to wait.

use std::sync::Arc;

use campanile_base::bounds::LONGEST_WAIT;
use campanile_base::{Result, sha256_hex, uuid_of};
use campanile_documents::calendar::{ends_at, later};
use campanile_documents::conditions::Group;
use campanile_documents::template::{Template, budget};
use serde_json::{Map, Value, json};

use super::state::{Join, Stop};
use super::{Run, RunContext, fail, word_of, zone_of};
use crate::recipients::RecipientInput;
use crate::signals::AwaitedEvent;
use crate::triggers::Origin;
use crate::triggers::fan_out_job::{StepTrigger, of_step};
use crate::workflows::{self, Batch, Content, Delay, Fork, Kind, Mode, Op, Step, Throttle, Wait, WindowType};
use crate::{Notify, Reference, messages, sending};

/// The number of activities that templates get, unless the step says otherwise.
const RENDERED: usize = 10;
/// The number of operations that a run may take without waiting. A run that takes more is in a
/// loop, and is halted.
const MOST: usize = 1_000;

/// Advances a run until it ends, or has to wait. The results are in [`Run::made`].
pub(crate) async fn advance(notify: &Notify, world: &mut RunContext, run: &mut Run) -> Result<()> {
    if run.is_new && !holds(world, run, run.program.definition.conditions.clone().as_ref(), "trigger_conditions") {
        run.log.run(world.now, "workflow_run_halted", json!({ "reason": "its conditions do not hold" }));
        return Ok(());
    }
    for _ in 0..MOST {
        if let Some(bound) = budget::run_exceeded() {
            fail(run, world.now, &bound.text());
            return Ok(());
        }
        let program = run.program.clone();
        match program.ops.get(run.state.at) {
            None | Some(Op::End) => return Ok(()),
            Some(Op::Jump(to)) => run.state.at = *to,
            Some(Op::Branch(step, forks)) => branch(world, run, step, forks),
            Some(Op::Cohort(step, lots)) => draw(world, run, step, lots),
            Some(Op::Step(step, content)) => {
                if let Some(stop) = take(notify, world, run, step, content.as_ref()).await? {
                    run.made.stop = stop;
                    return Ok(());
                }
                (run.state.at, run.state.has_passed) = (run.state.at + 1, false);
            }
        }
    }
    run.log.run(world.now, "workflow_run_halted", json!({ "reason": "it goes in circles" }));
    Ok(())
}

/// True if the conditions hold. The evaluation is written to the run's log.
fn holds(world: &RunContext, run: &mut Run, conditions: Option<&Group>, event: &str) -> bool {
    let Some(conditions) = conditions else { return true };
    let variables = world.variables(run);
    let scope = world.scope(run, &variables);
    let (holds, log) = conditions.evaluate(&scope);
    run.log.run(world.now, event, json!({ "holds": holds, "conditions": log }));
    holds
}

fn branch(world: &RunContext, run: &mut Run, step: &Step, forks: &[Fork]) {
    let variables = world.variables(run);
    let scope = world.scope(run, &variables);
    let mut log = Vec::new();
    for fork in forks {
        let (holds, evaluated) = fork.conditions.as_ref().map_or((true, Vec::new()), |group| group.evaluate(&scope));
        log.extend(evaluated);
        if holds {
            run.log.step(world.now, step, "branch_taken", json!({ "branch": fork.name, "conditions": log }));
            run.state.at = fork.to;
            return;
        }
    }
}

fn draw(world: &RunContext, run: &mut Run, step: &Step, lots: &[(f64, usize)]) {
    let Kind::RandomCohort { cohort_key, .. } = &step.kind else { return };
    let key = cohort_key.as_deref().and_then(|key| rendered_key(world, run, key));
    let word = format!("{}/{}/{}", run.program.key, step.reference, key.unwrap_or_else(|| run.recipient.id.clone()));
    let hash = u32::from_str_radix(&sha256_hex(word)[..8], 16).expect("a hash is hexadecimal");
    let lot = f64::from(hash) / (f64::from(u32::MAX) + 1.0) * 100.0;
    let mut upper = 0.0;
    let drawn = lots.iter().position(|(percent, _)| {
        upper += percent;
        lot < upper
    });
    let drawn = drawn.unwrap_or(lots.len() - 1);
    run.log.step(world.now, step, "cohort_drawn", json!({ "cohort": drawn }));
    run.state.at = lots[drawn].1;
}

/// Takes a step. Returns the reason if the run stops at it.
async fn take(
    notify: &Notify,
    world: &mut RunContext,
    run: &mut Run,
    step: &Arc<Step>,
    content: Option<&Arc<Content>>,
) -> Result<Option<Stop>> {
    if run.state.has_passed {
        return Ok(None);
    }
    if let Some(conditions) = &step.conditions {
        let variables = world.variables(run);
        let scope = world.scope(run, &variables);
        let (holds, log) = conditions.evaluate(&scope);
        run.log.step(world.now, step, "conditions_evaluated", json!({ "holds": holds, "conditions": log }));
        if !holds {
            run.log.step(world.now, step, "step_skipped", json!({ "reason": "its conditions do not hold" }));
            return Ok(None);
        }
    }
    match &step.kind {
        Kind::Channel(send) => {
            let content = content.expect("a channel step was compiled with what it says");
            sending::send(notify, world, run, step, send, content).await?;
        }
        Kind::Delay { settings } => return Ok(delay(world, run, step, settings)),
        Kind::Batch { settings } => return Ok(batch(world, run, step, settings)),
        Kind::Throttle { settings } => return Ok(throttle(world, run, step, settings)),
        Kind::TriggerWorkflow { settings } => trigger(world, run, step, settings),
        Kind::UpdateData { settings } => update_data(world, run, step, settings),
        Kind::UpdateUser { settings } => update(world, run, step, settings, recipients_user),
        Kind::UpdateTenant { settings } => update(world, run, step, settings, recipients_tenant),
        Kind::UpdateObject { settings } => update(world, run, step, settings, |_| None),
        // The request is sent in a job of the run's own.
        Kind::HttpFetch { .. } => return Ok(Some(Stop::Fetch)),
        Kind::WaitForEvent { settings } => return Ok(wait(world, run, step, settings)),
        Kind::Branch { .. } | Kind::RandomCohort { .. } => {
            run.log.error(world.now, step, "step_failed", "this server has no steps of this type");
        }
    }
    Ok(None)
}

/// The value of a step's key setting, which is a template or a path into the data.
fn rendered_key(world: &RunContext, run: &Run, key: &str) -> Option<String> {
    let variables = world.variables(run);
    let text = match key.contains("{{") || key.contains("{%") {
        true => Template::parse(key).ok()?.render(&variables).ok()?,
        false => {
            let scope = world.scope(run, &variables);
            match (scope.at(&format!("data.{key}")), scope.at(key)) {
                (Value::String(text), Value::String(other)) if text.is_empty() => other,
                (Value::String(text), _) => text,
                (other, _) => other.to_string(),
            }
        }
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The value at a path of the run's variables.
fn said_at(world: &RunContext, run: &Run, path: &str) -> Value {
    let variables = world.variables(run);
    world.scope(run, &variables).at(path)
}

fn delay(world: &RunContext, run: &mut Run, step: &Step, settings: &Delay) -> Option<Stop> {
    if run.state.skips_delays {
        run.log.step(world.now, step, "step_skipped", json!({ "reason": "the trigger skips delays" }));
        return None;
    }
    let by = settings.delay_for.map(|delay| delay.seconds());
    let said = settings.delay_until.clone();
    let until = said.or_else(|| settings.delay_until_field_path.as_ref().map(|path| said_at(world, run, path)));
    let until = match until {
        None => by.map(|seconds| later(world.now, seconds)),
        Some(until) => {
            let zone = zone_of(world, run, step);
            ends_at(&until, world.now, zone.as_deref()).map(|at| later(at, by.unwrap_or(0)))
        }
    };
    match until {
        Some(until) if until > world.now => {
            run.log.step(world.now, step, "delay_started", json!({ "until": until }));
            Some(Stop::Until(until))
        }
        Some(_) => None,
        None => {
            run.log.error(world.now, step, "step_skipped", "there is no time at the path that it waits for");
            None
        }
    }
}

fn wait(world: &RunContext, run: &mut Run, step: &Step, settings: &Wait) -> Option<Stop> {
    match AwaitedEvent::of(settings) {
        Ok(wanted) => {
            let until = later(world.now, wanted.patience);
            let what = json!({ "event": wanted.event, "of": wanted.source, "until": until });
            run.log.step(world.now, step, "wait_started", what);
            Some(Stop::Event { wanted, until })
        }
        Err(why) => {
            run.log.error(world.now, step, "step_failed", &why);
            None
        }
    }
}

fn batch(world: &RunContext, run: &mut Run, step: &Step, settings: &Batch) -> Option<Stop> {
    let window = settings.batch_window.map(|window| window.seconds());
    let said = settings.batch_until.clone();
    let until = said.or_else(|| settings.batch_until_field_path.as_ref().map(|path| said_at(world, run, path)));
    let closes_at = match until {
        Some(until) => {
            let zone = zone_of(world, run, step);
            ends_at(&until, world.now, zone.as_deref()).map(|at| later(at, window.unwrap_or(0)))
        }
        None => window.map(|seconds| later(world.now, seconds)),
    };
    let Some(closes_at) = closes_at else {
        run.log.error(world.now, step, "step_skipped", "there is no time at the path that the batch closes at");
        return None;
    };
    let key = settings.batch_key.as_deref().map(|key| rendered_key(world, run, key).unwrap_or_default());
    let slides = match (settings.batch_window_type, window) {
        (Some(WindowType::Sliding), Some(window)) => {
            let limit = settings.batch_window_extension_limit.map_or(LONGEST_WAIT, |limit| limit.seconds());
            Some((window, limit))
        }
        _ => None,
    };
    let word = own_word(run, step, key.as_deref());
    run.state.refs.insert(step.reference.clone(), json!({ "batch": word }));
    Some(Stop::Batch(Join {
        word,
        closes_at,
        slides,
        most: settings.batch_items_max_limit.unwrap_or(i64::MAX),
        flushes_leading: settings.batch_execution_mode == Some(Mode::FlushLeading),
    }))
}

fn throttle(world: &RunContext, run: &mut Run, step: &Step, settings: &Throttle) -> Option<Stop> {
    let ends_at = match &settings.throttle_window_field_path {
        Some(path) => {
            let zone = zone_of(world, run, step);
            ends_at(&said_at(world, run, path), world.now, zone.as_deref())
        }
        None => settings.throttle_window.map(|window| later(world.now, window.seconds())),
    };
    let key = settings.throttle_key.as_deref().map(|key| rendered_key(world, run, key));
    match (ends_at, key) {
        (Some(ends_at), key) if key != Some(None) => {
            let word = own_word(run, step, key.flatten().as_deref());
            Some(Stop::Throttle { word, ends_at, limit: settings.throttle_limit.unwrap_or(1).max(1) })
        }
        _ => {
            run.log.error(world.now, step, "step_skipped", "its window or its key cannot be told");
            None
        }
    }
}

fn own_word(run: &Run, step: &Step, key: Option<&str>) -> String {
    word_of(&run.program.key, &step.reference, &run.recipient, run.state.tenant.as_deref(), key)
}

/// The value of a step's setting. Text is rendered as a template. Rendered text that is valid JSON
/// is parsed.
fn setting(
    world: &RunContext,
    run: &Run,
    settings: &Map<String, Value>,
    name: &str,
) -> std::result::Result<Value, String> {
    let Some(Value::String(text)) = settings.get(name) else {
        return Ok(settings.get(name).cloned().unwrap_or(Value::Null));
    };
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let variables = world.texts(run, &world.variables(run)).map_err(|error| error.to_string())?;
    let rendered = Template::parse(text).and_then(|text| text.render_with(&variables));
    let rendered = rendered.map_err(|error| format!("{name}: {error}"))?;
    Ok(serde_json::from_str(&rendered).unwrap_or_else(|_| Value::String(rendered.trim().to_owned())))
}

fn trigger(world: &RunContext, run: &mut Run, step: &Step, settings: &Map<String, Value>) {
    match child(world, run, step, settings) {
        Ok(job) => {
            run.log.step(world.now, step, "workflow_triggered", json!({ "workflow": settings["workflow_key"] }));
            run.made.jobs.push(job);
        }
        Err(why) => run.log.error(world.now, step, "step_failed", &why),
    }
}

fn child(
    world: &RunContext,
    run: &Run,
    step: &Step,
    settings: &Map<String, Value>,
) -> std::result::Result<campanile_engine::NewJob, String> {
    let get = |name: &str| setting(world, run, settings, name);
    let recipients: Vec<Reference> = match get("recipients")? {
        Value::Null => vec![run.recipient.clone()],
        Value::Array(list) => list.iter().filter_map(|value| Reference::parse(value).ok()).collect(),
        one => vec![Reference::parse(&one).map_err(|error| error.to_string())?],
    };
    let origin = Origin::of(&run.state.cause).next(recipients.len())?;
    let actor = match get("actor")? {
        Value::Null => run.state.actor.clone(),
        named => Reference::parse(&named).ok(),
    };
    let tenant = get("tenant")?.as_str().map(str::to_owned).or_else(|| run.state.tenant.clone());
    let data = match get("data")? {
        Value::Object(data) => data,
        _ => run.state.data.clone(),
    };
    let key = get("cancellation_key")?.as_str().map(str::to_owned);
    let trigger = StepTrigger {
        id: uuid_of(&[&run.id, &step.reference]),
        workflow: get("workflow_key")?.as_str().unwrap_or_default().to_owned(),
        recipients,
        actor,
        tenant,
        data,
        cancellation_key: key.or_else(|| run.state.cancellation_key.clone()),
        origin,
    };
    Ok(of_step(&world.organisation, trigger, world.now))
}

fn update_data(world: &RunContext, run: &mut Run, step: &Step, settings: &Map<String, Value>) {
    match setting(world, run, settings, "data") {
        Ok(Value::Object(data)) => {
            run.state.data.extend(data);
            run.log.step(world.now, step, "data_updated", Value::Null);
        }
        Ok(_) => run.log.error(world.now, step, "step_failed", "data does not render to a JSON object"),
        Err(why) => run.log.error(world.now, step, "step_failed", &why),
    }
}

fn recipients_user(run: &Run) -> Option<Reference> {
    run.recipient.is_user().then(|| run.recipient.clone())
}

fn recipients_tenant(run: &Run) -> Option<Reference> {
    run.state.tenant.as_deref().map(Reference::tenant)
}

/// Changes a recipient: the one that the step names, or the run's own.
fn update(
    world: &mut RunContext,
    run: &mut Run,
    step: &Step,
    settings: &Map<String, Value>,
    own: fn(&Run) -> Option<Reference>,
) {
    let told = (|| {
        let named = setting(world, run, settings, "recipient_gid")?;
        let whom = match named.as_str().filter(|gid| !gid.is_empty()) {
            Some(gid) => of_gid(gid),
            None => own(run),
        };
        let whom = whom.ok_or_else(|| "nobody is named".to_owned())?;
        let Value::Object(properties) = setting(world, run, settings, "update_properties")? else {
            return Err("update_properties does not render to a JSON object".to_owned());
        };
        RecipientInput::of(whom, properties).map_err(|error| error.to_string())
    })();
    match told {
        Ok(told) => {
            world.tell(&told.reference, told.properties.as_ref().unwrap_or(&Map::new()));
            run.log.step(world.now, step, "recipient_updated", json!({ "recipient": told.reference }));
            run.made.told.push(told);
        }
        Err(why) => run.log.error(world.now, step, "step_failed", &why),
    }
}

/// Reads `gid://Knock/User/jane` or `gid://Knock/Object/projects/p1`, with or without the
/// beginning. A single word is a user's id.
fn of_gid(gid: &str) -> Option<Reference> {
    let words: Vec<&str> = gid.trim_start_matches("gid://").split('/').collect();
    let reference = match words.as_slice() {
        [.., "User", id] => Reference::user(*id),
        [.., "Tenant", id] => Reference::tenant(*id),
        [.., collection, id] => Reference::object(*collection, *id),
        [id] => Reference::user(*id),
        [] => return None,
    };
    reference.checked().ok()
}

/// Puts the activities of a closed batch into its run. The run's data become the scalar values of
/// all activities. If several activities have the same key, the last one wins.
pub(super) fn gathered(run: &mut Run, activities: Vec<Value>, total: i64) {
    let settings = match run.program.ops.get(run.state.at) {
        Some(Op::Step(step, _)) => match &step.kind {
            Kind::Batch { settings } => Some(settings),
            _ => None,
        },
        _ => None,
    };
    let limit = settings.and_then(|settings| settings.batch_items_render_limit).unwrap_or(RENDERED);
    let takes_last = settings.and_then(|settings| settings.batch_order) == Some(workflows::Order::Desc);
    let mut data = Map::new();
    let mut actors: Vec<Reference> = Vec::new();
    for activity in &activities {
        let of_activity = activity.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
        campanile_documents::merge(&mut data, messages::facts(&of_activity));
        if let Some(actor) = activity.get("actor").and_then(|actor| Reference::parse(actor).ok()) {
            actors.retain(|known| *known != actor);
            actors.push(actor);
        }
    }
    run.state.total_actors = actors.len() as i64;
    run.state.actor = actors.last().cloned();
    run.state.actors = actors;
    run.state.total_activities = total;
    let skipped = if takes_last { activities.len().saturating_sub(limit) } else { 0 };
    run.state.activities = activities.into_iter().skip(skipped).take(limit).collect();
    run.state.data = data;
}
