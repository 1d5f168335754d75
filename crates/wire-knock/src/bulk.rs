//! Bulk operations: start one, and read its state.

use axum::Json;
use axum::extract::{Path, State};
use campanile_base::Thing;
use campanile_http::Web;
use campanile_notify::bulk::{self, Action, ROWS};
use campanile_notify::reference::TENANTS;
use serde_json::Value;

use super::body::Body;
use super::client::{Client, Manager};
use super::error::{KnockError, KnockResult};
use super::query::Query;

pub(super) async fn get(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
) -> KnockResult<Json<Value>> {
    let read = web.app.db.read(move |tx| Box::pin(async move { bulk::get(tx, &client.organisation, &id).await }));
    let operation = read.await?.ok_or_else(|| KnockError::missing(Thing::BulkOperation))?;
    Ok(Json(operation.view(&web.app.base_url)))
}

async fn ask(
    web: &Web,
    client: Client,
    name: &'static str,
    action: Action,
    rows: Vec<Value>,
) -> KnockResult<Json<Value>> {
    let notify = web.app.notify.clone();
    let asked = web.app.db.write(move |tx| {
        Box::pin(async move { bulk::ask(tx, &notify, &client.organisation, name, action, rows).await })
    });
    Ok(Json(asked.await?.view(&web.app.base_url)))
}

pub(super) async fn users(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(action): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let (name, action, rows) = match action.as_str() {
        "identify" => ("users.identify", Action::IdentifyUsers, "users"),
        "delete" => ("users.delete", Action::DeleteUsers, "user_ids"),
        "preferences" => {
            let body = body.0.get("preferences").cloned();
            let body = body.ok_or_else(|| KnockError::field("preferences", "is required"))?;
            ("users.preferences", Action::SetPreferences(body), "user_ids")
        }
        _ => return Err(KnockError::missing(Thing::Operation)),
    };
    ask(&web, client, name, action, body.list(rows, ROWS)?.clone()).await
}

pub(super) async fn objects(
    State(web): State<Web>,
    Manager(client): Manager,
    Path((collection, action)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let (name, action, rows) = match action.as_str() {
        "set" => ("objects.set", Action::SetObjects(collection), "objects"),
        "delete" => ("objects.delete", Action::DeleteObjects(collection), "object_ids"),
        _ => return Err(KnockError::missing(Thing::Operation)),
    };
    ask(&web, client, name, action, body.list(rows, ROWS)?.clone()).await
}

pub(super) async fn subscriptions(
    State(web): State<Web>,
    Manager(client): Manager,
    Path((collection, action)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let (name, action) = match action.as_str() {
        "add" => ("objects.subscriptions.add", Action::AddSubscriptions(collection)),
        "delete" => ("objects.subscriptions.delete", Action::DeleteSubscriptions(collection)),
        _ => return Err(KnockError::missing(Thing::Operation)),
    };
    ask(&web, client, name, action, body.list("subscriptions", ROWS)?.clone()).await
}

pub(super) async fn set_tenants(
    State(web): State<Web>,
    Manager(client): Manager,
    body: Body,
) -> KnockResult<Json<Value>> {
    let rows = body.list("tenants", ROWS)?.clone();
    ask(&web, client, "tenants.set", Action::SetObjects(TENANTS.to_owned()), rows).await
}

/// Starts the deletion of tenants. The ids come in the query or in the body.
pub(super) async fn delete_tenants(
    State(web): State<Web>,
    Manager(client): Manager,
    query: Query,
    body: Body,
) -> KnockResult<Json<Value>> {
    let mut ids: Vec<Value> = query.list("tenant_ids").into_iter().map(Value::String).collect();
    ids.extend(body.0.get("tenant_ids").and_then(Value::as_array).cloned().unwrap_or_default());
    if ids.is_empty() {
        return Err(KnockError::field("tenant_ids", "is required"));
    }
    ask(&web, client, "tenants.delete", Action::DeleteObjects(TENANTS.to_owned()), ids).await
}

pub(super) async fn create_schedules(
    State(web): State<Web>,
    Manager(client): Manager,
    body: Body,
) -> KnockResult<Json<Value>> {
    let rows = body.list("schedules", ROWS)?.clone();
    ask(&web, client, "schedules.create", Action::CreateSchedules, rows).await
}
