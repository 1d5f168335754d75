//! The SQL of a workspace's settings.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, params};

use super::WorkspaceSettings;

/// The settings of a workspace.
///
/// # Errors
/// When the database does not answer.
pub async fn of(tx: &mut Tx, workspace: &WorkspaceId) -> Result<WorkspaceSettings> {
    let sql = "SELECT model_classification, model_entities, model_summaries, vector_weight
        FROM memory_setting WHERE workspace_id = $1";
    let read = |row: &Row<'_>| {
        Ok(WorkspaceSettings {
            model_classification: row.get(0)?,
            model_entities: row.get(1)?,
            model_summaries: row.get(2)?,
            vector_weight: row.get(3)?,
        })
    };
    Ok(tx.first(sql, params![workspace.as_str()], read).await?.unwrap_or_default())
}

pub(super) async fn store(
    tx: &mut Tx,
    (organisation, workspace): (&OrganisationId, &WorkspaceId),
    settings: &WorkspaceSettings,
    now: Timestamp,
) -> Result<u64> {
    let sql = "INSERT INTO memory_setting (workspace_id, organisation_id, model_classification, model_entities,
            model_summaries, vector_weight, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace_id) DO UPDATE SET
            model_classification = excluded.model_classification, model_entities = excluded.model_entities,
            model_summaries = excluded.model_summaries, vector_weight = excluded.vector_weight,
            updated_at = excluded.updated_at";
    let WorkspaceSettings { model_classification, model_entities, model_summaries, vector_weight } = *settings;
    let (organisation, workspace) = (organisation.as_str(), workspace.as_str());
    let may = (model_classification, model_entities, model_summaries);
    let params = params![workspace, organisation, may.0, may.1, may.2, vector_weight, now];
    tx.execute(sql, params).await
}
