//! Integrations of an application, and their keys.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_http::Web;
use campanile_webhooks::integrations::{self, Integration, IntegrationSpec};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{App, Org, OrgManager};
use super::body::Body;
use super::error::SvixResult;
use super::list::{List, PageRequest};
use super::query::Query;

type Named = Path<(String, String)>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IntegrationIn {
    name: String,
    feature_flags: Option<Vec<String>>,
}

impl From<IntegrationIn> for IntegrationSpec {
    fn from(asked: IntegrationIn) -> Self {
        Self { name: asked.name, feature_flags: asked.feature_flags.unwrap_or_default() }
    }
}

pub(super) async fn list(
    State(web): State<Web>,
    _: Org,
    app: App,
    query: Query,
) -> SvixResult<Json<List<Integration>>> {
    let asked = PageRequest::by_id(&query, "integ", false)?;
    let range = asked.range.clone();
    let rows =
        web.app.db.read(move |tx| Box::pin(async move { integrations::list(tx, &app.application, &range).await }));
    Ok(Json(asked.page(rows.await?, |integration| integration.id.to_string(), |integration| integration)))
}

pub(super) async fn create(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Body(asked): Body<IntegrationIn>,
) -> SvixResult<(StatusCode, Json<Integration>)> {
    let webhooks = web.app.webhooks.clone();
    let made = web.app.db.write(move |tx| {
        Box::pin(async move { integrations::create(tx, &webhooks, &caller, &app.application, asked.into()).await })
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

pub(super) async fn get(
    State(web): State<Web>,
    _: Org,
    app: App,
    Path((_, id)): Named,
) -> SvixResult<Json<Integration>> {
    let found = web.app.db.read(move |tx| Box::pin(async move { integrations::get(tx, &app.application, &id).await }));
    Ok(Json(found.await?))
}

pub(super) async fn update(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Path((_, id)): Named,
    Body(asked): Body<IntegrationIn>,
) -> SvixResult<Json<Integration>> {
    let webhooks = web.app.webhooks.clone();
    let made = web.app.db.write(move |tx| {
        Box::pin(async move { integrations::update(tx, &webhooks, &caller, &app.application, &id, asked.into()).await })
    });
    Ok(Json(made.await?))
}

pub(super) async fn delete(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Path((_, id)): Named,
) -> SvixResult<StatusCode> {
    let webhooks = web.app.webhooks.clone();
    let gone = web.app.db.write(move |tx| {
        Box::pin(async move { integrations::delete(tx, &webhooks, &caller, &app.application, &id).await })
    });
    gone.await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn key(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Path((_, id)): Named,
) -> SvixResult<Json<Value>> {
    let webhooks = web.app.webhooks.clone();
    let key = web.app.db.read(move |tx| {
        Box::pin(async move { integrations::key(tx, &webhooks, &caller, &app.application, &id).await })
    });
    Ok(Json(json!({ "key": key.await?.expose() })))
}

pub(super) async fn rotate_key(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Path((_, id)): Named,
) -> SvixResult<Json<Value>> {
    let webhooks = web.app.webhooks.clone();
    let key = web.app.db.write(move |tx| {
        Box::pin(async move { integrations::rotate_key(tx, &webhooks, &caller, &app.application, &id).await })
    });
    Ok(Json(json!({ "key": key.await?.expose() })))
}
