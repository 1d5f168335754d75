//! Threads: an issue or a pull request with all that was said and done about it.

use axum::extract::{Query, State};
use campanile_base::Error;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::error::ApiResult;
use campanile_memory::threads::{self, Thread, ThreadOf};
use serde::Deserialize;
use utoipa::IntoParams;

use super::search::{InWorkspace, WorkspaceQuery};

/// The thread that is asked for, by one of these.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ThreadQuery {
    /// The issue or pull request as people write it: `ENG-42`, `acme/shop#12`.
    entity: Option<String>,
    /// The id of an observation that is about it, or says something about it.
    observation: Option<String>,
    /// The id of the thread.
    id: Option<String>,
}

/// An issue or a pull request as one text: its description, comments, reviews and events, the people, and
/// the things that are linked with it. It is put together from the observations when it is read.
#[utoipa::path(get, path = "/api/thread", tag = "answers", params(ThreadQuery, WorkspaceQuery),
    responses((status = 200, body = Thread), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    within: InWorkspace,
    Query(asked): Query<ThreadQuery>,
) -> ApiResult<Json<Thread>> {
    let of = match (asked.entity, asked.observation, asked.id) {
        (Some(entity), None, None) => ThreadOf::Written(entity),
        (None, Some(observation), None) => ThreadOf::Observation(observation),
        (None, None, Some(id)) => ThreadOf::Id(id),
        _ => return Err(Error::invalid("one of entity, observation and id must be given").into()),
    };
    let (organisation, workspace) = (within.caller.organisation, within.id);
    let read = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move { threads::thread(tx, &workspace, of).await })
    });
    Ok(Json(read.await?))
}
