//! Search over what a workspace remembers.
//!
//! Each operation stands under `/api`, as all of our own, and under `/v1`, where programs expect it.

use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use campanile_accounts::{Caller, WorkspaceId};
use campanile_base::{Error, Timestamp};
use campanile_db::Tx;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, MemoryReader, workspace};
use campanile_http::error::{ApiError, ApiResult};
use campanile_http::{Web, request_id};
use campanile_memory::clusters::{self, Cluster};
use campanile_memory::documents::{self, DocumentDetail};
use campanile_memory::search::{self, SearchReply, SearchRequest, SimilarReply, SimilarRequest};
use campanile_memory::{ObservationDetail, observations};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most bytes of texts in one answer.
const MOST_BYTES: usize = 8 << 20;
/// The most ids of one request.
const MOST_IDS: usize = 50;

/// The workspace of a request, with its caller.
pub(super) struct InWorkspace {
    pub(super) caller: Caller,
    pub(super) id: WorkspaceId,
}

/// The workspace to look in.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WorkspaceQuery {
    /// The workspace; also as the header `X-Workspace-ID`. The organisation's first workspace when
    /// absent.
    workspace: Option<String>,
}

/// The workspace of a request that reads the memory: the holder of a memory key may make it too.
pub(super) struct ReadWorkspace(InWorkspace);

impl FromRequestParts<Web> for InWorkspace {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, web).await?;
        let named = named_workspace(parts)?;
        let id = workspace(&web.app, &caller, named.as_deref()).await?.id;
        Ok(Self { caller, id })
    }
}

impl FromRequestParts<Web> for ReadWorkspace {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        let reader = MemoryReader::from_request_parts(parts, web).await?;
        let named = named_workspace(parts)?;
        let id = workspace(&web.app, &reader.caller, reader.named(named.as_deref())?).await?.id;
        Ok(Self(InWorkspace { caller: reader.caller, id }))
    }
}

/// The workspace that a request names, in its address or in its header.
fn named_workspace(parts: &Parts) -> Result<Option<String>, ApiError> {
    let query = Query::<WorkspaceQuery>::try_from_uri(&parts.uri).map_err(|error| Error::invalid(error.body_text()))?;
    let header = parts.headers.get("x-workspace-id").map(|value| value.to_str().unwrap_or_default().to_owned());
    Ok(query.0.workspace.or(header))
}

/// The answer to a search, with the id of the request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchAnswer {
    #[serde(flatten)]
    reply: SearchReply,
    /// The id of the request, for questions about it.
    request_id: String,
}

/// Searches the observations and documents of a workspace.
///
/// Everything that is committed before the request is found by it.
#[utoipa::path(post, path = "/api/search", tag = "search", params(WorkspaceQuery), request_body = SearchRequest,
    responses((status = 200, body = SearchAnswer)))]
pub(super) async fn search(
    State(web): State<Web>,
    ReadWorkspace(within): ReadWorkspace,
    Json(request): Json<SearchRequest>,
) -> ApiResult<Json<SearchAnswer>> {
    let reply = web.app.search(&within.caller.organisation, &within.id, request).await?;
    Ok(Json(SearchAnswer { reply, request_id: request_id::current() }))
}

/// Searches the observations and documents of a workspace; the same as `/api/search`.
#[utoipa::path(post, path = "/v1/search", tag = "search", params(WorkspaceQuery), request_body = SearchRequest,
    responses((status = 200, body = SearchAnswer)))]
pub(super) async fn search_v1(
    state: State<Web>,
    within: ReadWorkspace,
    request: Json<SearchRequest>,
) -> ApiResult<Json<SearchAnswer>> {
    search(state, within, request).await
}

/// Finds what means about the same as an observation, a document, a passage or a text.
#[utoipa::path(post, path = "/api/findsimilar", tag = "search", params(WorkspaceQuery),
    request_body = SimilarRequest, responses((status = 200, body = SimilarReply)))]
pub(super) async fn find_similar(
    State(web): State<Web>,
    ReadWorkspace(within): ReadWorkspace,
    Json(request): Json<SimilarRequest>,
) -> ApiResult<Json<SimilarReply>> {
    Ok(Json(search::similar(&web.app.memory, &within.caller.organisation, &within.id, request).await?))
}

/// Finds what means about the same; the same as `/api/findsimilar`.
#[utoipa::path(post, path = "/v1/findsimilar", tag = "search", params(WorkspaceQuery),
    request_body = SimilarRequest, responses((status = 200, body = SimilarReply)))]
pub(super) async fn find_similar_v1(
    state: State<Web>,
    within: ReadWorkspace,
    request: Json<SimilarRequest>,
) -> ApiResult<Json<SimilarReply>> {
    find_similar(state, within, request).await
}

/// The ids of what is to be read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContentsRequest {
    /// From 1 to 50 ids of observations, documents, passages of documents, and clusters.
    ids: Vec<String>,
}

/// The texts that were read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Contents {
    /// In the order of the ids.
    data: Vec<ContentsItem>,
    /// The ids that the workspace does not have.
    missing: Vec<String>,
}

/// An observation or a document with its whole text, or a cluster.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ContentsItem {
    /// An observation.
    Observation(Box<ObservationDetail>),
    /// A document; also for the id of one of its passages.
    Document(Box<DocumentDetail>),
    /// A cluster, with its summary.
    Cluster(Box<Cluster>),
}

impl ContentsItem {
    fn bytes(&self) -> usize {
        match self {
            Self::Observation(observation) => observation.body.len(),
            Self::Document(document) => document.text.len(),
            Self::Cluster(cluster) => cluster.summary.as_ref().map_or(0, |summary| summary.text.len()),
        }
    }
}

/// The whole texts of results.
#[utoipa::path(post, path = "/api/contents", tag = "search", params(WorkspaceQuery), request_body = ContentsRequest,
    responses((status = 200, body = Contents)))]
pub(super) async fn contents(
    State(web): State<Web>,
    ReadWorkspace(within): ReadWorkspace,
    Json(ContentsRequest { ids }): Json<ContentsRequest>,
) -> ApiResult<Json<Contents>> {
    if !(1..=MOST_IDS).contains(&ids.len()) {
        return Err(Error::invalid_field("ids", format!("must have between 1 and {MOST_IDS} values")).into());
    }
    let now = web.app.clock.now();
    let read = web.app.db.read_in_turn(within.caller.organisation.as_str(), move |tx| {
        Box::pin(async move {
            let mut contents = Contents { data: Vec::new(), missing: Vec::new() };
            let mut bytes = 0;
            for id in ids {
                match content(tx, &within.id, &id, now).await? {
                    Some(found) => {
                        bytes += found.bytes();
                        contents.data.push(found);
                    }
                    None => contents.missing.push(id),
                }
                if bytes > MOST_BYTES {
                    let why = format!("have texts of more than {MOST_BYTES} bytes together; ask for fewer");
                    return Err(Error::invalid_field("ids", why));
                }
            }
            Ok(contents)
        })
    });
    Ok(Json(read.await?))
}

async fn content(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: &str,
    now: Timestamp,
) -> campanile_db::Result<Option<ContentsItem>> {
    if let Some(found) = observations::by_id(tx, workspace, id).await? {
        return Ok(Some(ContentsItem::Observation(Box::new(found))));
    }
    if let Some(found) = documents::of_result(tx, workspace, id).await? {
        return Ok(Some(ContentsItem::Document(Box::new(found))));
    }
    let found = clusters::by_id(tx, workspace, id, now).await?;
    Ok(found.map(|found| ContentsItem::Cluster(Box::new(found))))
}

/// The whole texts of results; the same as `/api/contents`.
#[utoipa::path(post, path = "/v1/contents", tag = "search", params(WorkspaceQuery), request_body = ContentsRequest,
    responses((status = 200, body = Contents)))]
pub(super) async fn contents_v1(
    state: State<Web>,
    within: ReadWorkspace,
    request: Json<ContentsRequest>,
) -> ApiResult<Json<Contents>> {
    contents(state, within, request).await
}
