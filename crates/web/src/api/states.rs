//! States of issues, pull requests, deployments and projects: what held when, and who changed it.

use axum::extract::{Query, State};
use campanile_base::Error;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::error::ApiResult;
use campanile_memory::states::{self, States, StatesOf};
use serde::Deserialize;
use utoipa::IntoParams;

use super::page::{one_of, time};
use super::search::{InWorkspace, WorkspaceQuery};

/// The states that are asked for: of a thing, or of the things that an observation is about.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatesQuery {
    /// The thing as people write it, or its id: `ENG-42`, `acme/shop#12`, `Checkout`.
    entity: Option<String>,
    /// The id of an observation, in place of the thing.
    observation: Option<String>,
    /// `issue`, `pr`, `deployment`, `service`, `project` or `incident`; any of them when absent.
    r#type: Option<String>,
    /// Only what held at this time: RFC 3339, or a date.
    at: Option<String>,
}

/// The kinds of things that have states.
const TYPES: [&str; 6] = ["issue", "pr", "deployment", "service", "project", "incident"];

/// The states of a thing, with who changed them: its whole history, or those that held at one time.
#[utoipa::path(get, path = "/api/states", tag = "answers", params(StatesQuery, WorkspaceQuery),
    responses((status = 200, body = States)))]
pub(super) async fn list(
    State(web): State<Web>,
    within: InWorkspace,
    Query(asked): Query<StatesQuery>,
) -> ApiResult<Json<States>> {
    let of = match (asked.entity, asked.observation) {
        (Some(entity), None) => StatesOf::Named(vec![entity]),
        (None, Some(observation)) => StatesOf::Observation(observation),
        _ => return Err(Error::invalid("either entity or observation must be given").into()),
    };
    let kind = one_of("type", asked.r#type, &TYPES)?;
    let at = time("at", asked.at)?;
    let (organisation, workspace) = (within.caller.organisation, within.id);
    let read = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move { states::states(tx, &workspace, of, kind.as_deref(), at).await })
    });
    Ok(Json(read.await?))
}
