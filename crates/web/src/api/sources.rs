//! Sources: the addresses at which the deliveries of a provider arrive.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_base::{Error, Secret};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring, workspace};
use campanile_http::error::ApiResult;
use campanile_inbound::Provider;
use campanile_inbound::connections::ConnectionId;
use campanile_inbound::connectors::linking::ResourceChoice;
use campanile_inbound::sources::{self, Documents, NewSource, Overlap, Source, SourceId};
use campanile_inbound::upkeep::{self, SourceWithUpkeep};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{List, PageView, Paging};

/// A source to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceIn {
    /// The provider: `github`, `vercel`, `linear`, `sentry`, `pagerduty` or `gitlab`.
    provider: String,
    /// The last part of the source's address; generated when absent.
    path: Option<String>,
    /// The secret that the provider signs with; generated when absent.
    secret: Option<String>,
    /// The workspace; the organisation's first workspace when absent.
    workspace: Option<String>,
}

/// A source with its secret. The secret is not shown again.
#[derive(Serialize, ToSchema)]
pub(super) struct SourceMade {
    #[serde(flatten)]
    source: Source,
    /// The address to which the provider should send.
    url: String,
    /// The secret with which the provider should sign.
    secret: String,
}

/// The sources of a workspace, with the upkeep of those that are linked.
#[utoipa::path(get, path = "/api/sources", tag = "sources", params(Paging),
    responses((status = 200, body = PageView<SourceWithUpkeep>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<SourceWithUpkeep>>> {
    // The list is whole, so every cursor is one of another list.
    paging.read(List::Sources)?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let read =
        web.app.db.read(move |tx| Box::pin(async move { upkeep::list(tx, &caller.organisation, &workspace.id).await }));
    Ok(Json(PageView::whole(read.await?)))
}

/// Compares a linked source with its tool now, as it is done once a day.
///
/// Events that nothing has told are remembered, counted (`upkeep.missed`), and ring nobody. All documents
/// are compared as well.
#[utoipa::path(post, path = "/api/sources/{id}/reconcile", tag = "sources", params(("id" = String, Path)),
    responses((status = 202), (status = 404), (status = 409)))]
pub(super) async fn reconcile(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<SourceId>,
) -> ApiResult<StatusCode> {
    web.app.connectors.reconcile(&caller, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Creates a source.
#[utoipa::path(post, path = "/api/sources", tag = "sources",
    responses((status = 201, body = SourceMade), (status = 400), (status = 409)))]
pub(super) async fn create(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Json(asked): Json<SourceIn>,
) -> ApiResult<(StatusCode, Json<SourceMade>)> {
    let provider = Provider::parse(&asked.provider).filter(|provider| Provider::WITH_WEBHOOKS.contains(provider));
    let provider = provider.ok_or_else(|| {
        let all = Provider::WITH_WEBHOOKS.map(Provider::as_str).join(", ");
        Error::invalid_field("provider", format!("must be one of {all}"))
    })?;
    let workspace = workspace(&web.app, &caller, asked.workspace.as_deref()).await?;
    let new = NewSource { provider, path: asked.path, secret: asked.secret.map(Secret::new) };
    let app = web.app.clone();
    let made = web.app.db.write(move |tx| Box::pin(async move { app.connect(tx, &caller, &workspace, new).await }));
    let (source, secret) = made.await?;
    Ok((StatusCode::CREATED, Json(with_secret(&web, source, &secret))))
}

/// Resources of a connection to link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SourcesIn {
    /// The id of the connection.
    #[schema(value_type = String)]
    connection: ConnectionId,
    /// The resources, 1 to 50, as the connection lists them.
    resources: Vec<ResourceChoice>,
}

/// Links resources of a connection: each becomes a source of the workspace.
///
/// Either all become sources, or none: a resource that the connection does not have answers 400, and
/// one that is inactive or linked already 409. A connection links resources while it is `active` or
/// `degraded`.
#[utoipa::path(post, path = "/api/workspaces/{id}/sources", tag = "sources", params(("id" = String, Path)),
    responses((status = 201, body = PageView<Source>), (status = 400), (status = 404), (status = 409)))]
pub(super) async fn link(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    Json(asked): Json<SourcesIn>,
) -> ApiResult<(StatusCode, Json<PageView<Source>>)> {
    let workspace = workspace(&web.app, &caller, Some(&id)).await?;
    let (app, SourcesIn { connection, resources }) = (web.app.clone(), asked);
    let linked = web
        .app
        .db
        .write(move |tx| Box::pin(async move { app.link(tx, &caller, &workspace, &connection, &resources).await }));
    Ok((StatusCode::CREATED, Json(PageView::whole(linked.await?))))
}

/// The replacement of a source's secret.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretIn {
    /// The new secret, of at least eight characters; generated when absent.
    secret: Option<String>,
    /// `false` to refuse the old secret at once, for instance because it has leaked. Otherwise it
    /// is accepted for 24 more hours.
    overlap: Option<bool>,
}

/// Replaces the secret of a source.
///
/// The old secret is accepted for 24 more hours, unless `overlap` is false. During that time a
/// further request answers 409.
#[utoipa::path(post, path = "/api/sources/{id}/rotate", tag = "sources", request_body = SecretIn,
    params(("id" = String, Path)),
    responses((status = 200, body = SourceMade), (status = 400), (status = 404), (status = 409)))]
pub(super) async fn rotate(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<SourceId>,
    asked: Option<Json<SecretIn>>,
) -> ApiResult<Json<SourceMade>> {
    let Json(SecretIn { secret, overlap }) = asked.unwrap_or_default();
    let overlap = if overlap == Some(false) { Overlap::None } else { Overlap::Day };
    let (app, new) = (web.app.clone(), secret.map(Secret::new));
    let rotated = web.app.db.write(move |tx| {
        Box::pin(async move { sources::rotate(tx, &app.clock, &app.vault, &caller, &id, new, overlap).await })
    });
    let (source, secret) = rotated.await?;
    Ok(Json(with_secret(&web, source, &secret)))
}

fn with_secret(web: &Web, source: Source, secret: &Secret) -> SourceMade {
    let url = format!("{}/api/ingest/{}/{}", web.app.base_url, source.provider.as_str(), source.path);
    SourceMade { source, url, secret: secret.expose().to_owned() }
}

/// The fate of a removed source's documents.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Removal {
    /// `true` to delete the documents of the source as well, soon after.
    delete_documents: Option<bool>,
}

/// Removes a source, or unlinks a linked one. Its past deliveries stay, and so do its documents unless
/// asked otherwise.
#[utoipa::path(delete, path = "/api/sources/{id}", tag = "sources", params(("id" = String, Path), Removal),
    responses((status = 204), (status = 404)))]
pub(super) async fn delete(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(removal): Query<Removal>,
) -> ApiResult<StatusCode> {
    let (app, id) = (web.app.clone(), SourceId::from(id));
    let documents = if removal.delete_documents == Some(true) { Documents::Delete } else { Documents::Keep };
    web.app.db.write(move |tx| Box::pin(async move { app.disconnect(tx, &caller, &id, documents).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}
