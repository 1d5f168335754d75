//! The settings of a workspace's memory: the share of meaning in a search, and what a language model may do.

mod queries;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, WorkspaceId};
use campanile_base::{Clock, Error, Result};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

pub use queries::of;

/// The settings of a workspace's memory. A language model does nothing unless it is set here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceSettings {
    /// True if a language model may classify events.
    pub model_classification: bool,
    /// True if a language model may look for entities in long texts.
    pub model_entities: bool,
    /// True if a language model may write the summaries of clusters.
    pub model_summaries: bool,
    /// The share of vectors in a result's score, from 0 to 1; `null` for that of the model.
    pub vector_weight: Option<f64>,
}

/// Changes to the settings. What is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkspaceSettingsPatch {
    /// True to let a language model classify events.
    #[serde(default)]
    pub model_classification: Option<bool>,
    /// True to let a language model look for entities in long texts.
    #[serde(default)]
    pub model_entities: Option<bool>,
    /// True to let a language model write the summaries of clusters.
    #[serde(default)]
    pub model_summaries: Option<bool>,
    /// The share of vectors in a result's score, from 0 to 1; `null` for that of the model.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    pub vector_weight: Option<Option<f64>>,
}

/// Tells a field that is `null` from one that is absent.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Option<Option<f64>>, D::Error> {
    Option::<f64>::deserialize(from).map(Some)
}

/// Changes the settings of a workspace.
///
/// # Errors
/// `Invalid` for a share that is not between 0 and 1.
pub async fn update(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    workspace: &WorkspaceId,
    patch: WorkspaceSettingsPatch,
) -> Result<WorkspaceSettings> {
    if patch.vector_weight.flatten().is_some_and(|weight| !(0.0..=1.0).contains(&weight)) {
        return Err(Error::invalid_field("vectorWeight", "must be between 0 and 1"));
    }
    tx.lock(&format!("memory_setting:{workspace}")).await?;
    let before = of(tx, workspace).await?;
    let after = WorkspaceSettings {
        model_classification: patch.model_classification.unwrap_or(before.model_classification),
        model_entities: patch.model_entities.unwrap_or(before.model_entities),
        model_summaries: patch.model_summaries.unwrap_or(before.model_summaries),
        vector_weight: patch.vector_weight.unwrap_or(before.vector_weight),
    };
    if after != before {
        queries::store(tx, (&caller.organisation, workspace), &after, clock.now()).await?;
        let changes = json!({ "from": before, "to": after });
        activity::record(tx, clock, caller, Action::MemorySettingsUpdated, workspace.as_str(), changes).await?;
    }
    Ok(after)
}
