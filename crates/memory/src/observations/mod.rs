//! Observations: remembering them, and reading them back.

mod queries;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_base::source_event::{EventActor, Reference, SourceEvent};
use campanile_base::{Clock, Cursor, PageSize, Result, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::classification::classify;
use crate::entities::{Entity, extract};
use crate::{actors, graph, significance};

use queries::list;
pub use queries::{by_id, workspace_of};

campanile_base::id_type!(
    /// One observation.
    pub ObservationId, "obs"
);

/// An observation as it is listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Observation {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ObservationId,
    /// Where it was remembered.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
    /// The source event's identity.
    pub source_id: String,
    /// `github`, `vercel`, `linear` or `sentry`.
    pub provider: String,
    /// The provider's name for what happened, such as `pull_request.merged`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// One line.
    pub title: String,
    /// How much it matters, from 0 to 100.
    pub significance: i64,
    /// What it is about.
    pub category: String,
    /// Lower-case words.
    pub topics: Vec<String>,
    /// Who did it.
    #[schema(value_type = Option<Object>)]
    pub actor: Option<ObservedActor>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// When it was remembered.
    #[schema(value_type = String, format = DateTime)]
    pub captured_at: Timestamp,
}

/// Who did something, and under which name their doings are counted.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct ObservedActor {
    /// `{provider}:{id}`; a Vercel author is counted as the GitHub user they are.
    pub actor_id: String,
    /// As the provider tells of them.
    #[serde(flatten)]
    pub told: EventActor,
}

/// An observation, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ObservationDetail {
    /// What is listed.
    #[serde(flatten)]
    pub observation: Observation,
    /// The text that belongs to it.
    pub body: String,
    /// What else it speaks of.
    #[schema(value_type = Vec<Object>)]
    pub references: Vec<Reference>,
    /// The things that it names.
    #[schema(value_type = Vec<Object>)]
    pub entities: Value,
    /// What the provider says besides.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// Which observations are wanted; everything that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The provider.
    pub provider: Option<String>,
    /// The type, or its first word: `pull_request` means all that happens to one.
    pub event_type: Option<String>,
    /// The actor's id or name.
    pub actor: Option<String>,
    /// One of the topics.
    pub topic: Option<String>,
    /// The least significance.
    pub min_significance: Option<i64>,
    /// Not before this time.
    pub after: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

impl Filter {
    fn is_everything(&self) -> bool {
        let texts = [&self.provider, &self.event_type, &self.actor, &self.topic];
        texts.iter().all(|text| text.is_none()) && self.min_significance.is_none() && self.after.is_none()
    }
}

/// What remembering came to.
#[derive(Debug)]
pub enum Remembered {
    /// It is new, and tied to so many earlier ones.
    New(Box<Observation>, usize),
    /// It was remembered before.
    Known,
}

/// An observation about to be stored.
pub(crate) struct Draft<'e> {
    pub(crate) observation: Observation,
    pub(crate) event: &'e SourceEvent,
    pub(crate) entities: Vec<Entity>,
    pub(crate) organisation: &'e OrganisationId,
    pub(crate) actor_method: &'static str,
}

/// Remembers an event in the caller's transaction.
///
/// # Errors
/// What the database says.
pub async fn remember(
    tx: &mut Tx,
    clock: &Clock,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    event: &SourceEvent,
) -> Result<Remembered> {
    let now = clock.now();
    let mut draft = draft(organisation, workspace, event, now);
    // From here on one at a time: two events that come together must see each other.
    tx.lock(workspace.as_str()).await?;
    if queries::is_known(tx, workspace, &event.source_id).await? {
        return Ok(Remembered::Known);
    }
    let actor = actors::resolve(tx, organisation, workspace, event, now).await?;
    if let Some(resolved) = actor {
        draft.actor_method = resolved.method;
        draft.observation.actor =
            event.actor.clone().map(|told| ObservedActor { actor_id: resolved.canonical_id, told });
    }
    queries::insert(tx, &draft).await?;
    queries::upsert_entities(tx, &draft).await?;
    let edges = graph::connect(tx, &draft, now).await?;
    Ok(Remembered::New(Box::new(draft.observation), edges))
}

/// Everything that the event alone tells.
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
        occurred_at: event.occurred_at,
        captured_at: now,
    };
    Draft { observation, event, entities: extract(event), organisation, actor_method: "none" }
}

/// One page of a workspace's observations, newest first. Of what a filter does not let through, so many are looked at for one
/// page.
///
/// # Errors
/// What the database says.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    from: &Cursor,
    size: PageSize,
) -> Result<campanile_base::Page<Observation>> {
    // What came later need not be looked at.
    let latest = filter.before.filter(|before| *before < from.at).map(|at| Cursor { at, id: String::new() });
    let from = latest.as_ref().unwrap_or(from);
    let looked_at = match filter.is_everything() {
        true => None,
        false => queries::looked_at(tx, workspace, from, ROWS_LOOKED_AT).await?,
    };
    let oldest = Cursor { at: Timestamp::from_micros(i64::MIN), id: String::new() };
    let (stop, until) = looked_at.map_or((None, oldest), |(last, next)| (Some(last), next));
    let rows = list(tx, workspace, filter, (from, &until), size).await?;
    let place = |last: &Observation| Cursor { at: last.occurred_at, id: last.id.to_string() };
    Ok(campanile_base::Page::of_bounded(rows, size, stop, place))
}
