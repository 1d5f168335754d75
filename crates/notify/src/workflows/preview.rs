//! What a step would say, without anybody being told.

use std::sync::Arc;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, new_uuid};
use serde_json::{Map, Value, json};

use super::{Content, Definition, Kind as StepKind, Op, Program};
use crate::recipients::Told;
use crate::resources::{self, Kind, Resource};
use crate::runs::{Run, State, World};
use crate::template::budget;
use crate::{Notify, Reference};

/// For whom, and with what.
#[derive(Debug, Clone)]
pub struct Sample {
    /// To whom, with what is known of them here.
    pub recipient: Told,
    /// Who would have done it.
    pub actor: Option<Told>,
    /// Within which tenant.
    pub tenant: Option<String>,
    /// What the trigger would bring.
    pub data: Map<String, Value>,
    /// What a batch would have gathered before: the data of each trigger.
    pub activities: Vec<Value>,
    /// What the step would say, where that is not written yet.
    pub template: Option<Map<String, Value>>,
}

/// What the draft's step would say; or why it could say nothing.
///
/// # Errors
/// `NotFound` of the workflow; `InvalidField` where there is no such channel step.
pub async fn preview(
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
    step: &str,
    sample: Sample,
) -> Result<std::result::Result<Value, String>> {
    let (within, organisation_id, key) = (notify.clone(), organisation.clone(), key.to_owned());
    let step = step.to_owned();
    let read = notify.db.read(move |tx| {
        Box::pin(async move {
            let found = resources::get(tx, &organisation_id, Kind::Workflow, &key).await?;
            let found = found.ok_or(Error::NotFound("workflow"))?;
            let (content, run) = content(&within, found, &step, &sample)?;
            let mut world = World::load(tx, &within, &organisation_id, &[&run]).await?;
            for told in std::iter::once(&sample.recipient).chain(&sample.actor) {
                world.tell(&told.reference, told.properties.as_ref().unwrap_or(&Map::new()));
            }
            Ok::<_, Error>((content, run, world))
        })
    });
    let (content, run, world) = read.await?;
    let render = move || {
        let _budget = budget::begin_run();
        let rendered = world.texts(&run, &world.variables(&run));
        let rendered = rendered.and_then(|variables| content.render(&variables, &world.shelf));
        rendered.map_err(|error| error.to_string())
    };
    super::in_sandbox(notify, organisation, render).await
}

/// The step's content, and a run that would come to it.
fn content(notify: &Notify, workflow: Resource, step: &str, sample: &Sample) -> Result<(Arc<Content>, Run)> {
    let definition: Definition = serde_json::from_value(workflow.draft)
        .map_err(|error| Error::invalid_field("workflow_document", error.to_string()))?;
    let program = Arc::new(Program::new(new_uuid(), workflow.key, definition));
    let content = program.ops.iter().find_map(|op| match (op, &sample.template) {
        (Op::Step(known, Some(content)), template) if known.reference == step => Some(match (&known.kind, template) {
            (StepKind::Channel(send), Some(template)) => Arc::new(Content::new(send.channel_type, template)),
            _ => content.clone(),
        }),
        _ => None,
    });
    let content =
        content.ok_or_else(|| Error::invalid_field("step", "is no step of the workflow that says something"))?;
    Ok((content, run(notify, program, sample)))
}

/// A run that is never written.
fn run(notify: &Notify, program: Arc<Program>, sample: &Sample) -> Run {
    let now = notify.clock.now();
    let activities = sample.activities.iter().map(|data| json!({ "id": new_uuid(), "data": data, "inserted_at": now }));
    let state = State {
        version: program.version.clone(),
        at: 0,
        pauses: 0,
        data: sample.data.clone(),
        actor: sample.actor.as_ref().map(|actor| actor.reference.clone()),
        tenant: sample.tenant.clone(),
        activities: activities.collect(),
        total_activities: sample.activities.len().max(1) as i64,
        actors: Vec::<Reference>::new(),
        total_actors: i64::from(sample.actor.is_some()),
        refs: Map::new(),
        subscription: None,
        schedule: None,
        skips_delays: false,
        is_sandbox: true,
        cancellation_key: None,
        cause: json!({ "source": { "type": "rehearsal" } }),
        accepted_at: now,
        has_passed: false,
    };
    let (log, made) = Default::default();
    let recipient = sample.recipient.reference.clone();
    Run { id: new_uuid(), workflow_run_id: new_uuid(), recipient, program, state, is_new: true, log, made }
}
