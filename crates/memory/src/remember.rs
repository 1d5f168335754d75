//! Remembers an event: computes all that depends on the event alone, then connects it to earlier
//! observations.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::{SourceEvent, address_of};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::Value;

use crate::classification::classify;
use crate::entities::extract;
use crate::observations::{self, Draft, Observation, ObservationId};
use crate::search::merge;
use crate::{Memory, actors, clusters, graph, passages, significance, states, understanding};

/// The outcome of remembering an event.
#[derive(Debug)]
pub enum RememberOutcome {
    /// It is new, with the number of its edges to earlier observations.
    New(Box<Observation>, usize),
    /// It was remembered before.
    Known,
}

/// Remembers an event in the caller's transaction.
pub async fn remember(
    tx: &mut Tx,
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    event: &SourceEvent,
) -> Result<RememberOutcome> {
    let now = memory.clock.now();
    let mut draft = draft(organisation, workspace, event, now);
    // From here on one event at a time: two concurrent events must see each other.
    tx.lock(workspace.as_str()).await?;
    if observations::is_known(tx, workspace, &event.source_id).await? {
        return Ok(RememberOutcome::Known);
    }
    actors::resolve(tx, &mut draft, now).await?;
    let neighbours = graph::connect(tx, &draft, now).await?;
    draft.observation.cluster_id = clusters::of_linked(draft.observation.occurred_at, &neighbours);
    observations::insert(tx, &draft).await?;
    let (before, after) = passages::add(tx, workspace, &draft.observation.id, &event.body).await?;
    memory.work_later(tx, workspace);
    if merge::is_due(memory, before, after) {
        memory.engine.enqueue(tx, merge::job(organisation, workspace)).await?;
    }
    observations::upsert_entities(tx, &draft).await?;
    states::record(tx, &draft).await?;
    understanding::soon(tx, memory, organisation, &draft.observation, &event.body).await?;
    Ok(RememberOutcome::New(Box::new(draft.observation), neighbours.len()))
}

/// The parts of an observation that depend on the event alone.
fn draft<'e>(
    organisation: &'e OrganisationId,
    workspace: &WorkspaceId,
    event: &'e SourceEvent,
    now: Timestamp,
) -> Draft<'e> {
    let classification = classify(event);
    let observation = Observation {
        id: ObservationId::new(now),
        workspace_id: workspace.clone(),
        source_id: event.source_id.clone(),
        provider: event.provider.clone(),
        event_type: event.event_type.clone(),
        title: event.title.clone(),
        significance: significance::score(event),
        category: classification.category.to_owned(),
        topics: classification.topics,
        actor: None,
        cluster_id: None,
        occurred_at: event.occurred_at,
        captured_at: now,
        url: address_of(event.metadata.get("url").and_then(Value::as_str).map(str::to_owned), &event.references),
    };
    Draft { observation, event, entities: extract(event), organisation, actor_method: "none" }
}
