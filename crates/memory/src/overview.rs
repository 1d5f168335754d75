//! The models of a workspace, as people see them: what serves, what is to take its place, and what was used.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_models::usage::{self, Count};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model_view::ModelView;
use crate::serving::{self, Serving, StoredEmbedder};
use crate::workspace_settings::{self, WorkspaceSettings};
use crate::{Memory, passages, vectors};

/// The models of a workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelOverview {
    /// The model that makes vectors by the settings of the server; `null` if search is by words alone.
    pub embedder: Option<ModelView>,
    /// The vectors of the workspace.
    pub vectors: VectorsView,
    /// The model that orders results.
    pub reranker: Option<ModelView>,
    /// The language model.
    pub writer: Option<ModelView>,
    /// The settings of the workspace.
    pub settings: WorkspaceSettings,
    /// The share of vectors in a result's score, as it is in force.
    pub vector_weight: f32,
    /// The use of the organisation in this month.
    pub usage: UsageView,
}

/// The vectors of a workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VectorsView {
    /// The passages of the workspace, those that were removed since included.
    pub passages: i64,
    /// The model by whose vectors it is searched; `null` before the first was made.
    pub serving: Option<ServingView>,
    /// The model that is to take its place.
    pub building: Option<BuildingView>,
    /// The model before it.
    pub previous: Option<PreviousView>,
}

/// The model by whose vectors a workspace is searched.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServingView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The numbers of a vector, once they are known.
    pub dimensions: Option<i64>,
    /// The passages that have its vectors.
    pub done: i64,
    /// False if this node cannot run it any more, and search is by words.
    pub is_runnable: bool,
}

/// A model that makes its vectors beside those that serve.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildingView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The passages that have its vectors.
    pub done: i64,
    /// The time at which it began.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The seconds that are left at the pace so far, once there is one.
    pub seconds_left: Option<f64>,
}

/// A model that has served before.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviousView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The time until which its vectors are kept.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// The use of models in a month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageView {
    /// The month, as `2026-10`.
    pub month: String,
    /// The counts, by purpose.
    pub counts: Vec<PurposeCount>,
    /// The tokens that may be embedded in a month; 0 for no bound.
    pub embeddings_cap: u64,
    /// The tokens that a language model may read and write in a month; 0 for no bound.
    pub writer_cap: u64,
}

/// The use of models for a purpose.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PurposeCount {
    /// `answers`, `understanding`, `embeddings` or `rerank`.
    pub purpose: String,
    /// The calls and their tokens.
    #[serde(flatten)]
    pub count: Count,
}

/// The models of a workspace.
///
/// # Errors
/// `Unavailable`.
pub async fn overview(
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
) -> Result<ModelOverview> {
    let (organisation, of, now) = (organisation.clone(), workspace.clone(), memory.clock.now());
    let read = memory.db.read(move |tx| {
        Box::pin(async move {
            let passages = passages::head(tx, &of).await?.next_no;
            let vectors = match serving::of(tx, &of).await? {
                Some(serving) => vectors_view(tx, &of, &serving, passages, now).await?,
                None => VectorsView { passages, serving: None, building: None, previous: None },
            };
            let settings = workspace_settings::of(tx, &of).await?;
            Ok::<_, Error>((vectors, settings, usage::of_month(tx, &organisation, now).await?))
        })
    });
    let (mut vectors, settings, counts) = read.await?;
    if let Some(serving) = &mut vectors.serving {
        serving.is_runnable = memory.embedders.get(&memory.db, &serving.id).await?.is_some();
    }
    let target = memory.embedders.target();
    let choice = &memory.models.choice;
    let counts = counts.into_iter().map(|(purpose, count)| PurposeCount { purpose, count }).collect();
    Ok(ModelOverview {
        embedder: target.map(|target| target.view()),
        vectors,
        reranker: choice.reranker.as_ref().map(|of| {
            view(of.kind.as_str(), of.model.as_deref().unwrap_or("the only one of its server"), of.key.is_some())
        }),
        writer: choice.writer.as_ref().map(|of| view(of.kind.as_str(), &of.model, of.key.is_some())),
        vector_weight: match (settings.vector_weight, target) {
            (_, None) => 0.0,
            (Some(weight), _) => weight as f32,
            (None, Some(target)) => target.weight(),
        },
        settings,
        usage: UsageView {
            month: usage::month(now),
            counts,
            embeddings_cap: choice.embeddings_monthly_tokens,
            writer_cap: choice.writer_monthly_tokens,
        },
    })
}

async fn vectors_view(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    serving: &Serving,
    passages: i64,
    now: Timestamp,
) -> Result<VectorsView> {
    let (called, dimensions) = name(tx, &serving.id).await?;
    let made = done(tx, workspace, &serving.id).await?;
    let id = serving.id.clone();
    let serves = ServingView { id, name: called, dimensions, done: made, is_runnable: true };
    let building = match &serving.building {
        None => None,
        Some((id, since)) => {
            let (made, (called, _)) = (done(tx, workspace, id).await?, name(tx, id).await?);
            let seconds_left = seconds_left(made, passages, now.since(*since).as_secs_f64());
            Some(BuildingView { id: id.clone(), name: called, done: made, since: *since, seconds_left })
        }
    };
    let previous = match &serving.previous {
        None => None,
        Some((id, until)) => Some(PreviousView { id: id.clone(), name: name(tx, id).await?.0, until: *until }),
    };
    Ok(VectorsView { passages, serving: Some(serves), building, previous })
}

/// The seconds that are left at the pace so far.
fn seconds_left(done: i64, all: i64, spent: f64) -> Option<f64> {
    (done > 0 && spent > 0.0).then(|| (all - done).max(0) as f64 * spent / done as f64)
}

/// The passages that have vectors of a model.
async fn done(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<i64> {
    Ok(vectors::progress(tx, workspace, id).await?.unwrap_or_default().count())
}

/// The name of a model, and the numbers of its vectors.
async fn name(tx: &mut Tx, id: &str) -> Result<(String, Option<i64>)> {
    Ok(match serving::embedder(tx, id).await? {
        Some((stored, dimensions)) => (stored.name(), dimensions),
        // Before models were stored, there was one.
        None => (StoredEmbedder::BuiltIn.name(), None),
    })
}

/// A model of a provider.
fn view(kind: &str, name: &str, has_key: bool) -> ModelView {
    ModelView { kind: kind.to_owned(), name: name.to_owned(), dimensions: None, licence: None, has_key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_pace() {
        assert_eq!(seconds_left(0, 100, 10.0), None);
        assert_eq!(seconds_left(25, 100, 10.0), Some(30.0));
        assert_eq!(seconds_left(100, 90, 10.0), Some(0.0));
    }
}
