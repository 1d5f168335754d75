//! The models of a workspace: what serves, what was used, and what a language model may do.

use axum::extract::State;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::Configuring;
use campanile_http::error::ApiResult;
use campanile_memory::overview::{self, ModelOverview};
use campanile_memory::trial::{self, Trial, TriedModel};
use campanile_memory::workspace_settings::{self, WorkspaceSettings, WorkspaceSettingsPatch};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::search::{InWorkspace, WorkspaceQuery};

/// The routes of models.
pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(get, update)).routes(routes!(test))
}

/// The models of a workspace: which one serves and which is to take its place, this month's use, and the settings.
#[utoipa::path(get, path = "/api/models", tag = "models", params(WorkspaceQuery),
    responses((status = 200, body = ModelOverview)))]
async fn get(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    within: InWorkspace,
) -> ApiResult<Json<ModelOverview>> {
    Ok(Json(overview::overview(&web.app.memory, &caller.organisation, &within.id).await?))
}

/// Changes what a language model may do in a workspace, and the share of meaning in its searches.
#[utoipa::path(patch, path = "/api/models", tag = "models", params(WorkspaceQuery),
    request_body = WorkspaceSettingsPatch, responses((status = 200, body = WorkspaceSettings), (status = 403)))]
async fn update(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    within: InWorkspace,
    Json(patch): Json<WorkspaceSettingsPatch>,
) -> ApiResult<Json<WorkspaceSettings>> {
    let clock = web.app.clock.clone();
    let changed = web.app.db.write(move |tx| {
        Box::pin(async move { workspace_settings::update(tx, &clock, &caller, &within.id, patch).await })
    });
    Ok(Json(changed.await?))
}

/// The model to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TrialRequest {
    /// `embedder`, `reranker` or `writer`.
    model: TriedModel,
}

/// Makes one real call of a model, and tells what came back. The call is counted.
#[utoipa::path(post, path = "/api/models/test", tag = "models", request_body = TrialRequest,
    responses((status = 200, body = Trial), (status = 403)))]
async fn test(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Json(TrialRequest { model }): Json<TrialRequest>,
) -> ApiResult<Json<Trial>> {
    Ok(Json(trial::try_model(&web.app.memory, &caller.organisation, model).await?))
}
