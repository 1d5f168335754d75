//! Objects of any collection, and tenants. Tenants are objects of the collection `$tenants`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::OrganisationId;
use campanile_base::Thing;
use campanile_db::Tx;
use campanile_http::Web;
use campanile_notify::recipients::{Filter, RecipientInput};
use campanile_notify::reference::TENANTS;
use campanile_notify::{Reference, preferences, recipients};
use serde_json::{Value, json};

use super::body::Body;
use super::client::Manager;
use super::error::KnockResult;
use super::query::Query;
use super::users;

pub(super) async fn list(
    State(web): State<Web>,
    manager: Manager,
    Path(collection): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    users::list_of(&web, manager, collection, &query, Filter::default()).await
}

pub(super) async fn get(
    State(web): State<Web>,
    Manager(client): Manager,
    Path((collection, id)): Path<(String, String)>,
) -> KnockResult<Json<Value>> {
    users::one(&web, client, Reference::object(collection, id), Thing::Object).await
}

pub(super) async fn set(
    State(web): State<Web>,
    Manager(client): Manager,
    Path((collection, id)): Path<(String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = RecipientInput::of(Reference::object(collection, id), body)?;
    users::put(&web, client, told).await
}

pub(super) async fn delete(
    State(web): State<Web>,
    manager: Manager,
    Path((collection, id)): Path<(String, String)>,
) -> KnockResult<StatusCode> {
    users::remove(&web, manager, Reference::object(collection, id)).await
}

pub(super) async fn list_tenants(State(web): State<Web>, manager: Manager, query: Query) -> KnockResult<Json<Value>> {
    let text = |name| query.text(name).map(str::to_owned);
    let filter = Filter { name: text("name"), id: text("tenant_id") };
    users::list_of(&web, manager, TENANTS.to_owned(), &query, filter).await
}

pub(super) async fn get_tenant(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (organisation, reference) = (client.organisation.clone(), Reference::tenant(id));
    let Json(view) = users::one(&web, client, reference, Thing::Tenant).await?;
    with_all_preferences(&web, organisation, view, &query).await
}

pub(super) async fn set_tenant(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
    query: Query,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = RecipientInput::of(Reference::tenant(id), body)?;
    let organisation = client.organisation.clone();
    let Json(view) = users::put(&web, client, told).await?;
    with_all_preferences(&web, organisation, view, &query).await
}

/// A tenant. If the request asks for it, its preferences are merged over those of the organisation.
async fn with_all_preferences(
    web: &Web,
    organisation: OrganisationId,
    mut view: Value,
    query: &Query,
) -> KnockResult<Json<Value>> {
    if query.flag("resolve_full_preference_settings") == Some(true) {
        let read =
            web.app.db.read(move |tx: &mut Tx| Box::pin(async move { preferences::for_all(tx, &organisation).await }));
        let own = view["settings"]["preference_set"].as_object().cloned();
        let body = preferences::layered([Some(read.await?), own].into_iter().flatten());
        view["settings"]["preference_set"] = preferences::view(preferences::DEFAULT, &body);
    }
    Ok(Json(view))
}

pub(super) async fn delete_tenant(
    State(web): State<Web>,
    manager: Manager,
    Path(id): Path<String>,
) -> KnockResult<StatusCode> {
    users::remove(&web, manager, Reference::tenant(id)).await
}

/// References to recipients in a request, checked.
pub(super) fn references(values: &[&Value]) -> KnockResult<Vec<Reference>> {
    Ok(values.iter().map(|value| Reference::parse(value)).collect::<Result<_, _>>()?)
}

/// Recipients in a request, checked.
pub(super) fn told(values: &[Value]) -> KnockResult<Vec<recipients::RecipientInput>> {
    Ok(values.iter().map(RecipientInput::parse).collect::<Result<_, _>>()?)
}

/// A page of a list, with its entries.
pub(super) fn entries(entries: Vec<Value>, page_info: Value) -> Json<Value> {
    Json(json!({ "entries": entries, "page_info": page_info }))
}
