//! Remembers events: computes all that depends on an event alone, then connects it to earlier
//! observations.
//!
//! Several events are remembered together with as many statements as one needs. The outcome is the same
//! as if they had been remembered one after the other: a later one sees those before it.

use std::collections::HashSet;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::{SourceEvent, address_of};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::Value;

use crate::classification::classify;
use crate::entities::extract;
use crate::graph::Connecting;
use crate::observations::{self, Draft, Observation, ObservationId};
use crate::search::merge;
use crate::{Memory, actors, clusters, passages, significance, states, understanding};

/// The outcome of remembering an event.
#[derive(Debug)]
pub enum RememberOutcome {
    /// It is new, with the number of its edges to earlier observations.
    New(Box<Observation>, usize),
    /// It was remembered before.
    Known,
}

impl RememberOutcome {
    /// The observation, if it is new.
    pub fn into_new(self) -> Option<Box<Observation>> {
        match self {
            Self::New(observation, _) => Some(observation),
            Self::Known => None,
        }
    }
}

/// Remembers events of a workspace in the caller's transaction, in their order. Returns the outcome of
/// each.
///
/// # Errors
/// `Unavailable`, and `Invalid` for a text that cannot be stored.
pub async fn remember(
    tx: &mut Tx,
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    events: &[SourceEvent],
) -> Result<Vec<RememberOutcome>> {
    remember_from_sources(tx, memory, organisation, workspace, events, &[]).await
}

/// Remembers events, as [`remember`] does, with the ids of the sources that brought them: that of each
/// event, in their order. So they can be deleted with their source.
///
/// # Errors
/// Like [`remember`].
pub async fn remember_from_sources(
    tx: &mut Tx,
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    events: &[SourceEvent],
    brought_by: &[&str],
) -> Result<Vec<RememberOutcome>> {
    let now = memory.clock.now();
    let sources = brought_by.iter().copied().map(Some).chain(std::iter::repeat(None));
    let mut drafts: Vec<Draft<'_>> = events
        .iter()
        .zip(sources)
        .map(|(event, source)| Draft { brought_by: source, ..draft(organisation, workspace, event, now) })
        .collect();
    // From here on one transaction at a time: two concurrent events must see each other.
    tx.lock(workspace.as_str()).await?;
    let mut seen: HashSet<String> = observations::known(tx, workspace, events).await?;
    seen.extend(observations::retold(tx, workspace, events).await?);
    let is_new: Vec<bool> = events.iter().map(|event| seen.insert(event.source_id.clone())).collect();
    let mut is_kept = is_new.iter();
    drafts.retain(|_| is_kept.next().is_some_and(|is_new| *is_new));
    let edges = store(tx, memory, organisation, workspace, &mut drafts, now).await?;
    let mut stored = drafts.into_iter().zip(edges);
    let outcome = |is_new: bool| match is_new.then(|| stored.next()).flatten() {
        Some((draft, edges)) => RememberOutcome::New(Box::new(draft.observation), edges),
        None => RememberOutcome::Known,
    };
    Ok(is_new.into_iter().map(outcome).collect())
}

/// Stores new observations with all that depends on them. Returns the number of edges of each.
async fn store(
    tx: &mut Tx,
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    drafts: &mut [Draft<'_>],
    now: Timestamp,
) -> Result<Vec<usize>> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let pushes = actors::resolve(tx, organisation, workspace, drafts, now).await?;
    let mut edges = Vec::with_capacity(drafts.len());
    let mut connecting = Connecting::begin(tx, workspace, drafts).await?;
    for draft in drafts.iter_mut() {
        let neighbours = connecting.connect(draft, now);
        draft.observation.cluster_id = clusters::of_linked(draft.observation.occurred_at, &neighbours);
        connecting.add(draft);
        edges.push(neighbours.len());
    }
    connecting.store(tx, workspace, now).await?;
    observations::insert(tx, drafts).await?;
    actors::correct_deployments(tx, workspace, &pushes).await?;
    let texts = drafts.iter().map(|draft| (&draft.observation.id, draft.event.body.as_str()));
    let (before, after) = passages::add(tx, workspace, texts).await?;
    memory.work_later(tx, workspace);
    if merge::is_due(memory, before, after) {
        memory.engine.enqueue(tx, merge::job(organisation, workspace)).await?;
    }
    observations::upsert_entities(tx, workspace, drafts).await?;
    states::record(tx, workspace, drafts).await?;
    understanding::soon(tx, memory, organisation, workspace, drafts).await?;
    Ok(edges)
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
    Draft { observation, event, entities: extract(event), organisation, actor_method: "none", brought_by: None }
}
