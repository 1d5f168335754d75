//! Documents: texts that search finds beside observations.

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use campanile_accounts::{Caller, Workspace};
use campanile_app::search::known_sources;
use campanile_base::bounds::{KEPT_DOCUMENTS_AT_A_TIME, KEPT_DOCUMENTS_BODY_BYTES};
use campanile_base::{Error, Result, Thing};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring, workspace};
use campanile_http::error::{ApiResult, status_of};
use campanile_memory::documents::{
    self, Change, Document, DocumentChange, DocumentDetail, DocumentId, DocumentInput, Filter, queries,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::page::{List, PageView, Paging, Within};

/// The routes. Their bodies may be larger than those of others.
pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, put, delete))
        .layer(DefaultBodyLimit::max(KEPT_DOCUMENTS_BODY_BYTES))
}

/// Filters of the list of documents. All that are given must match.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DocumentQuery {
    /// A place: the document there, and all below it. `docs/ops` matches `docs/ops/deploy.md`.
    path: Option<String>,
    /// The tool that they come from; `api` for those that were added through the API.
    source: Option<String>,
    /// A part of the title. Upper and lower case of ASCII letters are the same.
    title: Option<String>,
    /// The document below which they stand, by its id or external id.
    parent: Option<String>,
}

/// Documents, those that changed last first.
#[utoipa::path(get, path = "/api/documents", tag = "documents", params(DocumentQuery, Paging),
    responses((status = 200, body = PageView<Document>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(DocumentQuery { path, source, title, parent }): Query<DocumentQuery>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Document>>> {
    let (from, size) = paging.read(List::Documents)?;
    if let Some(source) = &source {
        known_sources(std::slice::from_ref(source))?;
    }
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move {
            let parent = match &parent {
                // Below a document that is not there stands nothing.
                Some(named) => {
                    Some(queries::named(tx, &workspace.id, named).await?.unwrap_or_else(|| named.clone().into()))
                }
                None => None,
            };
            let filter = Filter { path, source, title, parent };
            documents::page(tx, &workspace.id, &filter, &from, size).await
        })
    });
    Ok(Json(PageView::of(List::Documents, page.await?)))
}

/// The workspace of new documents.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WorkspaceQuery {
    /// The workspace; the organisation's first workspace when absent.
    workspace: Option<String>,
}

/// Documents to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentsIn {
    /// From 1 to 100 documents.
    documents: Vec<DocumentInput>,
}

/// The outcomes for documents that were sent, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentOutcomes {
    /// One for each document.
    data: Vec<DocumentOutcome>,
}

/// The outcome for a document: a change, or an error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentOutcome {
    /// The document as it is now.
    document: Option<Document>,
    /// The change.
    change: Option<Change>,
    /// The number of passages that are new.
    added: usize,
    /// The number of passages that are gone.
    removed: usize,
    /// The reason why it was not stored.
    error: Option<DocumentError>,
}

/// The reason why a document was not stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DocumentError {
    /// The kind of error, such as `VALIDATION_ERROR`.
    code: String,
    /// A sentence for people.
    message: String,
}

impl From<DocumentChange> for DocumentOutcome {
    fn from(DocumentChange { document, change, added, removed }: DocumentChange) -> Self {
        Self { document: Some(document), change: Some(change), added, removed, error: None }
    }
}

impl DocumentOutcome {
    fn of_error(error: &Error) -> Self {
        let (_, code) = status_of(error);
        let error = DocumentError { code: code.to_owned(), message: error.to_string() };
        Self { document: None, change: None, added: 0, removed: 0, error: Some(error) }
    }
}

/// Adds documents. One whose external id is known is replaced.
///
/// Each document is stored whole or not at all, and found by the next search. A document that
/// cannot be stored does not keep back the others.
#[utoipa::path(post, path = "/api/documents", tag = "documents", params(WorkspaceQuery), request_body = DocumentsIn,
    responses((status = 200, body = DocumentOutcomes), (status = 400)))]
pub(super) async fn create(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Query(within): Query<WorkspaceQuery>,
    Json(DocumentsIn { documents }): Json<DocumentsIn>,
) -> ApiResult<Json<DocumentOutcomes>> {
    if !(1..=KEPT_DOCUMENTS_AT_A_TIME).contains(&documents.len()) {
        let why = format!("must have between 1 and {KEPT_DOCUMENTS_AT_A_TIME} values");
        return Err(Error::invalid_field("documents", why).into());
    }
    let workspace = workspace(&web.app, &caller, within.workspace.as_deref()).await?;
    let mut data = Vec::with_capacity(documents.len());
    for input in documents {
        data.push(match web.app.put_document(&caller, &workspace, None, input).await {
            Ok(change) => change.into(),
            Err(error) if status_of(&error).0.is_client_error() => DocumentOutcome::of_error(&error),
            Err(error) => return Err(error.into()),
        });
    }
    Ok(Json(DocumentOutcomes { data }))
}

/// A document with its text and its passages. It is named by its id, or by its external id.
#[utoipa::path(get, path = "/api/documents/{id}", tag = "documents", params(("id" = String, Path), Within),
    responses((status = 200, body = DocumentDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(within): Query<Within>,
) -> ApiResult<Json<DocumentDetail>> {
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let read = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { documents::detail(tx, &workspace.id, &id).await })
    });
    Ok(Json(read.await?.ok_or(Error::NotFound(Thing::Document))?))
}

/// Replaces the document with this id or external id. An external id that is not known makes a
/// document, unless it has the form of an id (`doc_…`).
///
/// An `externalId` or `path` that is absent stays as it is. With another of them the document moves,
/// and keeps its passages.
#[utoipa::path(put, path = "/api/documents/{id}", tag = "documents", params(("id" = String, Path), Within),
    request_body = DocumentInput,
    responses((status = 200, body = DocumentOutcome), (status = 201, body = DocumentOutcome), (status = 400),
        (status = 404), (status = 409)))]
pub(super) async fn put(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    Query(within): Query<Within>,
    Json(mut input): Json<DocumentInput>,
) -> ApiResult<(StatusCode, Json<DocumentOutcome>)> {
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let known = known(&web, &workspace, &id).await?;
    match &known {
        Some(known) => {
            // With another external id alone, the document moves to the path of that name.
            let place = input.external_id.clone().unwrap_or_else(|| known.path.clone());
            input.path.get_or_insert(place);
            input.external_id.get_or_insert_with(|| known.external_id.clone());
        }
        // An id of ours that this workspace does not have is no name for a new document.
        None if DocumentId::is_id(&id) => return Err(Error::NotFound(Thing::Document).into()),
        None => drop(input.external_id.get_or_insert(id)),
    }
    let change = web.app.put_document(&caller, &workspace, known.map(|known| known.id), input).await?;
    let status = if change.change == Change::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(change.into())))
}

/// Removes a document. It is found no more from then on.
#[utoipa::path(delete, path = "/api/documents/{id}", tag = "documents", params(("id" = String, Path), Within),
    responses((status = 204), (status = 404)))]
pub(super) async fn delete(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    Query(within): Query<Within>,
) -> ApiResult<StatusCode> {
    let workspace = workspace_of(&web, &caller, within, &id).await?;
    let known = known(&web, &workspace, &id).await?.ok_or(Error::NotFound(Thing::Document))?;
    web.app.delete_document(caller, workspace, known.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn known(web: &Web, workspace: &Workspace, named: &str) -> Result<Option<Document>> {
    let (workspace, named) = (workspace.id.clone(), named.to_owned());
    Ok(web.app.db.read(move |tx| Box::pin(async move { documents::get(tx, &workspace, &named).await })).await?)
}

/// The named workspace; or that of the document with this id; or the first, for an external id.
async fn workspace_of(web: &Web, caller: &Caller, within: Within, id: &str) -> Result<Workspace> {
    if within.workspace.is_some() || !DocumentId::is_id(id) {
        return workspace(&web.app, caller, within.workspace.as_deref()).await;
    }
    let id = id.to_owned();
    let of_id = within.of(web, caller, Thing::Document, |tx, organisation| {
        Box::pin(async move { queries::workspace_of(tx, &organisation, &id).await })
    });
    let named = of_id.await?;
    workspace(&web.app, caller, Some(named.as_str())).await
}
