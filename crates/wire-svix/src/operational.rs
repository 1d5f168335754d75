//! Operational webhooks: endpoints that are notified about all other endpoints. They belong to the
//! organisation's own application, and have a response shape of their own.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::Caller;
use campanile_base::Error;
use campanile_http::Web;
use campanile_webhooks::applications::{self, Application};
use campanile_webhooks::endpoints::{self, Endpoint};
use serde_json::{Value, json};

use super::access::{Access, App, Org, OrgManager};
use super::body::Body;
use super::endpoints::{EndpointIn, HeadersIn, RotateIn};
use super::error::SvixResult;
use super::list::{List, PageRequest};
use super::query::Query;

/// The organisation's own application, in place of one from the path.
async fn own(web: &Web, caller: Arc<Caller>) -> SvixResult<App> {
    let (clock, organisation) = (web.app.clock.clone(), caller.organisation.clone());
    let found: Application = web
        .app
        .db
        .write(move |tx| Box::pin(async move { applications::operational(tx, &clock, &organisation).await }))
        .await?;
    Ok(App { application: found, access: Access::Organisation(caller) })
}

fn view(endpoint: Endpoint) -> Value {
    json!({
        "id": endpoint.id,
        "uid": endpoint.uid,
        "url": endpoint.url,
        "description": endpoint.description,
        "disabled": endpoint.disabled,
        "eventTypes": endpoint.event_types,
        "filterTypes": endpoint.filter_types,
        "metadata": endpoint.metadata,
        "throttleRate": endpoint.throttle_rate,
        "rateLimit": endpoint.rate_limit,
        "createdAt": endpoint.created_at,
        "updatedAt": endpoint.updated_at,
    })
}

pub(super) async fn list(State(web): State<Web>, Org(caller): Org, query: Query) -> SvixResult<Json<List<Value>>> {
    let asked = PageRequest::by_id(&query, "ep", false)?;
    let (app, range) = (own(&web, caller).await?, asked.range.clone());
    let rows =
        web.app.db.read(move |tx| Box::pin(async move { endpoints::list(tx, &app.application.id, &range).await }));
    Ok(Json(asked.page(rows.await?, |endpoint| endpoint.id.to_string(), view)))
}

pub(super) async fn create(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    body: Body<EndpointIn>,
) -> SvixResult<(StatusCode, Json<Value>)> {
    let app = own(&web, caller).await?;
    let (status, Json(made)) = super::endpoints::create(State(web), app, body).await?;
    Ok((status, Json(view(made))))
}

pub(super) async fn get(State(web): State<Web>, Org(caller): Org, Path(id): Path<String>) -> SvixResult<Json<Value>> {
    let app = own(&web, caller).await?;
    Ok(Json(view(super::endpoints::found(&web, app, id).await?)))
}

/// Replaces an endpoint. Unlike other PUT operations it creates none.
pub(super) async fn upsert(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(id): Path<String>,
    Body(asked): Body<EndpointIn>,
) -> SvixResult<Json<Value>> {
    let app = own(&web, caller).await?;
    let (webhooks, caller) = (web.app.webhooks.clone(), app.access.caller());
    let (spec, _) = asked.parts();
    let changed = web.app.db.write(move |tx| {
        Box::pin(async move {
            let before = endpoints::get(tx, &app.application, &id).await?;
            endpoints::update(tx, &webhooks, &caller, &app.application, before, spec).await
        })
    });
    Ok(Json(view(changed.await?)))
}

pub(super) async fn delete(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(id): Path<String>,
) -> SvixResult<StatusCode> {
    let app = own(&web, caller).await?;
    let webhooks = web.app.webhooks.clone();
    let gone = web.app.db.write(move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &app.application, &id).await?;
            endpoints::delete(tx, &webhooks, &app.access.caller(), &app.application, &endpoint).await?;
            Ok::<_, Error>(())
        })
    });
    gone.await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn secret(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(id): Path<String>,
) -> SvixResult<Json<Value>> {
    let app = own(&web, caller).await?;
    super::endpoints::secret(State(web), app, Path((String::new(), id))).await
}

pub(super) async fn rotate(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(id): Path<String>,
    body: Body<RotateIn>,
) -> SvixResult<StatusCode> {
    let app = own(&web, caller).await?;
    super::endpoints::rotate(State(web), app, Path((String::new(), id)), body).await
}

pub(super) async fn get_headers(
    State(web): State<Web>,
    Org(caller): Org,
    Path(id): Path<String>,
) -> SvixResult<Json<Value>> {
    let app = own(&web, caller).await?;
    super::endpoints::get_headers(State(web), app, Path((String::new(), id))).await
}

pub(super) async fn set_headers(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(id): Path<String>,
    body: Body<HeadersIn>,
) -> SvixResult<StatusCode> {
    let app = own(&web, caller).await?;
    super::endpoints::set_headers(State(web), app, Path((String::new(), id)), body).await
}
