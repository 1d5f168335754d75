//! Previews: the rendered content of a step, without a message to anybody.

use std::sync::Arc;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, new_uuid};
use campanile_documents::template::budget;
use serde_json::{Map, Value, json};

use crate::recipients::RecipientInput;
use crate::resources::{self, Kind, Resource};
use crate::runs::{Run, RunContext, State};
use crate::workflows::{self, Content, Definition, Kind as StepKind, Op, Program};
use crate::{Notify, Reference};

/// The recipient and the data of a preview.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The recipient. The given properties are merged into the stored ones for this preview.
    pub recipient: RecipientInput,
    /// The actor, if any.
    pub actor: Option<RecipientInput>,
    /// The tenant, if any.
    pub tenant: Option<String>,
    /// The data of the trigger.
    pub data: Map<String, Value>,
    /// The data of each trigger that a batch would have gathered before the step.
    pub activities: Vec<Value>,
    /// A template that is not stored yet, to use instead of the step's own.
    pub template: Option<Map<String, Value>>,
}

/// Renders a step of the workflow's draft. The inner error says why it cannot be rendered.
///
/// # Errors
/// `NotFound` if there is no such workflow; `InvalidField` if it has no such step with content.
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
            let found = found.ok_or(Error::NotFound(Thing::Workflow))?;
            let (content, run) = content(&within, found, &step, &sample)?;
            let mut world = RunContext::load(tx, &within, &organisation_id, &[&run]).await?;
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
        let rendered = rendered.and_then(|variables| content.render(&variables, &world.shared.layouts));
        rendered.map_err(|error| error.to_string())
    };
    workflows::in_sandbox(notify, organisation, render).await
}

/// The step's content, and a run that stands before it.
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

/// A run that exists in memory only.
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
