//! Observations as stored and read; `remember` creates them.

mod input;
mod queries;
mod retellings;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::{EventActor, Reference, SourceEvent, address_of};
use campanile_base::{Cursor, PageSize, Result, Timestamp};
use campanile_db::{Stretch, Tx};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::entities::Entity;

pub use input::{ActorInput, MANUAL_SOURCE, ObservationInput, ReferenceInput, ReferenceWord};
use queries::list;
pub(crate) use queries::of_cluster;
pub(crate) use queries::{by_actor, insert, known, referring_to, upsert_entities};
pub use queries::{by_id, by_source_id, workspace_of};
pub(crate) use retellings::retold;

campanile_base::id_type!(
    /// One observation.
    pub ObservationId, "obs"
);

campanile_base::id_type!(
    /// One cluster of observations.
    pub ClusterId, "cl"
);

/// An observation, as listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Observation {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ObservationId,
    /// The workspace that it belongs to.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
    /// The source event's identity.
    pub source_id: String,
    /// The provider's name, such as `github`.
    pub provider: String,
    /// The provider's name of the event, such as `pull_request.merged`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// A title of one line.
    pub title: String,
    /// Its importance, from 0 to 100.
    pub significance: i64,
    /// Its category, such as `bug_fix`.
    pub category: String,
    /// Lower-case words.
    pub topics: Vec<String>,
    /// The actor.
    #[schema(value_type = Option<Object>)]
    pub actor: Option<ObservedActor>,
    /// The cluster to which it belongs; `null` until it is assigned, some seconds after it was stored.
    #[schema(value_type = Option<String>)]
    pub cluster_id: Option<ClusterId>,
    /// The time of the event.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// The time at which it was stored.
    #[schema(value_type = String, format = DateTime)]
    pub captured_at: Timestamp,
    /// The address at the provider, if it named one.
    pub url: Option<String>,
}

/// The address of an event itself, within its metadata.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct OwnAddress {
    /// `None` where the provider names none.
    #[serde(default)]
    pub(crate) url: Option<Value>,
}

impl OwnAddress {
    /// The address of an event that refers to these things.
    pub(crate) fn or_of(self, references: &[Reference]) -> Option<String> {
        let own = self.url.and_then(|url| url.as_str().map(str::to_owned));
        address_of(own, references)
    }
}

/// The actor of an event, with the id under which their activity is counted.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct ObservedActor {
    /// `{provider}:{id}`. A Vercel author has the id of their GitHub user.
    pub actor_id: String,
    /// The actor as the provider describes them.
    #[serde(flatten)]
    pub told: EventActor,
}

/// An observation with its body, references, entities and metadata.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ObservationDetail {
    /// The fields that a list shows.
    #[serde(flatten)]
    pub observation: Observation,
    /// Its text.
    pub body: String,
    /// The things that it refers to.
    #[schema(value_type = Vec<Object>)]
    pub references: Vec<Reference>,
    /// The things that its text names.
    #[schema(value_type = Vec<Object>)]
    pub entities: Value,
    /// The maker of the category: `pattern` or `model`.
    pub category_method: String,
    /// The certainty of a model, from 0.6 to 1.
    pub category_confidence: Option<f64>,
    /// Further fields from the provider.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// The observations that a list includes. All given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The provider.
    pub provider: Option<String>,
    /// The type, or its first word: `pull_request` means all its events.
    pub event_type: Option<String>,
    /// The actor's id or name.
    pub actor: Option<String>,
    /// All actors of the person whom `actor` names, if they are known: they count in its place.
    pub actor_ids: Vec<String>,
    /// A thing that it names, by the [key](crate::entities::key_of_written) of the entity.
    pub entity: Option<String>,
    /// The category of that entity.
    pub entity_category: Option<String>,
    /// One of the topics.
    pub topic: Option<String>,
    /// The category.
    pub category: Option<String>,
    /// The minimum significance.
    pub min_significance: Option<i64>,
    /// From this time on.
    pub after: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

impl Filter {
    fn is_everything(&self) -> bool {
        let texts = [&self.provider, &self.event_type, &self.actor, &self.entity, &self.topic, &self.category];
        texts.iter().all(|text| text.is_none())
            && self.min_significance.is_none()
            && self.after.or(self.before).is_none()
    }
}

/// An observation to be stored.
pub(crate) struct Draft<'e> {
    pub(crate) observation: Observation,
    pub(crate) event: &'e SourceEvent,
    pub(crate) entities: Vec<Entity>,
    pub(crate) organisation: &'e OrganisationId,
    pub(crate) actor_method: &'static str,
    /// The id of the source that brought it, if one did.
    pub(crate) brought_by: Option<&'e str>,
}

/// A page of a workspace's observations, newest first. With a filter, at most `ROWS_LOOKED_AT`
/// observations are read for one page.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    from: &Cursor,
    size: PageSize,
) -> Result<campanile_base::Page<Observation>> {
    let stretch = match filter.is_everything() {
        true => Stretch::unfiltered(from),
        false => queries::stretch(tx, workspace, filter, from).await?,
    };
    let rows = list(tx, workspace, filter, (&stretch.from, &stretch.until), size).await?;
    Ok(stretch.page(rows, size, |last| Cursor { at: last.occurred_at, id: last.id.to_string() }))
}
