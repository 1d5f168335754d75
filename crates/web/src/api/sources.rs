//! Sources: where a provider's deliveries arrive.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_base::{Error, Secret};
use campanile_inbound::Provider;
use campanile_inbound::sources::{self, NewSource, Overlap, Source, SourceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::{PageView, Paging};
use crate::Web;
use crate::caller::{Configuring, Known, workspace};
use crate::error::ApiResult;

/// A source to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceIn {
    /// `github`, `vercel`, `linear` or `sentry`.
    provider: String,
    /// The last part of its address; made up when absent.
    path: Option<String>,
    /// What the provider signs with; made up when absent.
    secret: Option<String>,
    /// The workspace; the organisation's first when absent.
    workspace: Option<String>,
}

/// A source that was made. The secret is not shown again.
#[derive(Serialize, ToSchema)]
pub(super) struct SourceMade {
    #[serde(flatten)]
    source: Source,
    /// Where the provider should send.
    url: String,
    /// What the provider should sign with.
    secret: String,
}

/// The sources of a workspace.
#[utoipa::path(get, path = "/api/sources", tag = "sources", params(Paging),
    responses((status = 200, body = PageView<Source>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Known(caller): Known,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Source>>> {
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let sources = web.app.db.read(move |tx| Box::pin(async move { sources::list(tx, &workspace.id).await })).await?;
    Ok(Json(PageView::whole(sources)))
}

/// Makes a source.
#[utoipa::path(post, path = "/api/sources", tag = "sources",
    responses((status = 201, body = SourceMade), (status = 400), (status = 409)))]
pub(super) async fn create(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Json(asked): Json<SourceIn>,
) -> ApiResult<(StatusCode, Json<SourceMade>)> {
    let provider = Provider::parse(&asked.provider);
    let provider = provider.ok_or_else(|| Error::invalid("provider must be github, vercel, linear or sentry"))?;
    let workspace = workspace(&web.app, &caller, asked.workspace.as_deref()).await?;
    let new = NewSource { provider, path: asked.path, secret: asked.secret.map(Secret::new) };
    let app = web.app.clone();
    let made = web.app.db.write(move |tx| Box::pin(async move { app.connect(tx, &caller, &workspace, new).await }));
    let (source, secret) = made.await?;
    Ok((StatusCode::CREATED, Json(with_secret(&web, source, &secret))))
}

/// The secret that takes the place of a source's.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretIn {
    /// The secret that the provider will sign with, at least eight characters; made up when absent.
    secret: Option<String>,
    /// `false` where the present secret is to be refused at once, because somebody else may know it; otherwise it is taken for 24 hours more.
    overlap: Option<bool>,
}

/// Replaces a source's secret. What is signed with the one before is taken for 24 hours more, unless said otherwise; while it is, a further
/// request is a conflict.
#[utoipa::path(post, path = "/api/sources/{id}/rotate", tag = "sources", request_body = SecretIn,
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

/// Removes a source; what came stays.
#[utoipa::path(delete, path = "/api/sources/{id}", tag = "sources", responses((status = 204), (status = 404)))]
pub(super) async fn delete(
    State(web): State<Web>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let (app, id) = (web.app.clone(), SourceId::from(id));
    web.app.db.write(move |tx| Box::pin(async move { app.disconnect(tx, &caller, &id).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}
