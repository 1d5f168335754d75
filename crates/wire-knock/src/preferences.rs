//! Preference sets of users and objects.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_base::Thing;
use campanile_http::Web;
use campanile_notify::Reference;
use campanile_notify::preferences::{self, DEFAULT, MergeStrategy};
use serde_json::{Map, Value, json};

use super::body::Body;
use super::client::{Client, Manager};
use super::error::{KnockError, KnockResult};
use super::query::Query;

pub(super) async fn list_of_user(
    State(web): State<Web>,
    client: Client,
    Path(user): Path<String>,
) -> KnockResult<Json<Value>> {
    list(&web, client, Reference::user(user)).await
}

pub(super) async fn list_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id)): Path<(String, String)>,
) -> KnockResult<Json<Value>> {
    list(&web, client, Reference::object(collection, id)).await
}

async fn list(web: &Web, client: Client, owner: Reference) -> KnockResult<Json<Value>> {
    client.must_reach(&owner, "preferences/read")?;
    client.must_stay_within(None)?;
    let read =
        web.app.db.read(move |tx| Box::pin(async move { preferences::list(tx, &client.organisation, &owner).await }));
    Ok(Json(read.await?.iter().map(|(id, body)| preferences::view(id, body)).collect()))
}

pub(super) async fn get_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, set)): Path<(String, String)>,
    query: Query,
) -> KnockResult<Json<Value>> {
    get(&web, client, Reference::user(user), set, &query).await
}

pub(super) async fn get_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, set)): Path<(String, String, String)>,
    query: Query,
) -> KnockResult<Json<Value>> {
    get(&web, client, Reference::object(collection, id), set, &query).await
}

async fn get(web: &Web, client: Client, owner: Reference, set: String, query: &Query) -> KnockResult<Json<Value>> {
    client.must_reach(&owner, "preferences/read")?;
    client.must_stay_within((set != DEFAULT).then_some(set.as_str()))?;
    let (id, tenant) = (set.clone(), query.text("tenant").map(str::to_owned));
    let read = web.app.db.read(move |tx| {
        Box::pin(async move { preferences::merged(tx, &client.organisation, &owner, &id, tenant.as_deref()).await })
    });
    Ok(Json(preferences::view(&set, &read.await?)))
}

pub(super) async fn set_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, set)): Path<(String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    write(&web, client, Reference::user(user), set, body, MergeStrategy::Replace).await
}

pub(super) async fn set_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, set)): Path<(String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    write(&web, client, Reference::object(collection, id), set, body, MergeStrategy::Replace).await
}

/// Sets one part of a user's set: `channel_types`, `workflows` or `categories`. Older clients write
/// each by itself.
pub(super) async fn set_part_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, set, part)): Path<(String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = Map::from_iter([(part_of_set(&part)?, Value::Object(body))]);
    write(&web, client, Reference::user(user), set, told, MergeStrategy::Merge).await
}

/// Sets one part of an object's set.
pub(super) async fn set_part_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, set, part)): Path<(String, String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = Map::from_iter([(part_of_set(&part)?, Value::Object(body))]);
    write(&web, client, Reference::object(collection, id), set, told, MergeStrategy::Merge).await
}

/// Sets one entry in a part of a user's set.
pub(super) async fn set_line_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, set, part, key)): Path<(String, String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = Map::from_iter([(part_of_set(&part)?, json!({ key: line(body) }))]);
    write(&web, client, Reference::user(user), set, told, MergeStrategy::Merge).await
}

/// Sets one entry in a part of an object's set.
pub(super) async fn set_line_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, set, part, key)): Path<(String, String, String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = Map::from_iter([(part_of_set(&part)?, json!({ key: line(body) }))]);
    write(&web, client, Reference::object(collection, id), set, told, MergeStrategy::Merge).await
}

/// The value of an entry. `{"subscribed": true}` means `true`; anything else is taken as it is.
fn line(mut body: Map<String, Value>) -> Value {
    match body.remove("subscribed") {
        Some(subscribed) if body.is_empty() => subscribed,
        _ => Value::Object(body),
    }
}

fn part_of_set(part: &str) -> KnockResult<String> {
    match part {
        "channel_types" | "workflows" | "categories" => Ok(part.to_owned()),
        _ => Err(KnockError::missing(Thing::PreferencePart)),
    }
}

async fn write(
    web: &Web,
    client: Client,
    owner: Reference,
    set: String,
    body: Map<String, Value>,
    way: MergeStrategy,
) -> KnockResult<Json<Value>> {
    client.must_reach(&owner, "preferences/write")?;
    client.must_stay_within((set != DEFAULT).then_some(set.as_str()))?;
    let owner = owner.checked()?;
    let (id, notify, body) = (set.clone(), web.app.notify.clone(), Value::Object(body));
    let written = web.app.db.write(move |tx| {
        Box::pin(async move { preferences::set(tx, &notify, &client.organisation, &owner, &id, &body, way).await })
    });
    Ok(Json(preferences::view(&set, &written.await?)))
}

/// The preferences that all recipients start with. The hosted service offers this only in its
/// dashboard.
pub(super) async fn get_for_all(State(web): State<Web>, Manager(client): Manager) -> KnockResult<Json<Value>> {
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { preferences::for_all(tx, &client.organisation).await }))
        .await?;
    Ok(Json(preferences::view(DEFAULT, &read)))
}

pub(super) async fn set_for_all(
    State(web): State<Web>,
    Manager(client): Manager,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let (notify, body) = (web.app.notify.clone(), Value::Object(body));
    let written = web.app.db.write(move |tx| {
        Box::pin(async move { preferences::set_for_all(tx, &notify, &client.organisation, &body).await })
    });
    Ok(Json(preferences::view(DEFAULT, &written.await?)))
}

pub(super) async fn delete_of_user(
    State(web): State<Web>,
    manager: Manager,
    Path((user, set)): Path<(String, String)>,
) -> KnockResult<StatusCode> {
    delete(&web, manager, Reference::user(user), set).await
}

pub(super) async fn delete_of_object(
    State(web): State<Web>,
    manager: Manager,
    Path((collection, id, set)): Path<(String, String, String)>,
) -> KnockResult<StatusCode> {
    delete(&web, manager, Reference::object(collection, id), set).await
}

async fn delete(web: &Web, Manager(client): Manager, owner: Reference, set: String) -> KnockResult<StatusCode> {
    let deleted = web
        .app
        .db
        .write(move |tx| Box::pin(async move { preferences::delete(tx, &client.organisation, &owner, &set).await }));
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
