//! Preference sets of users and objects.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_notify::Reference;
use campanile_notify::preferences::{self, DEFAULT, Way};
use serde_json::{Map, Value, json};

use super::body::Body;
use super::client::Client;
use super::error::{KnockError, KnockResult};
use super::query::Query;
use crate::Web;

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
    write(&web, client, Reference::user(user), set, body, Way::Replace).await
}

pub(super) async fn set_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, set)): Path<(String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    write(&web, client, Reference::object(collection, id), set, body, Way::Replace).await
}

/// One part of a set, `channel_types`, `workflows` or `categories`: older clients write it by itself.
pub(super) async fn set_part_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, set, part)): Path<(String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = Map::from_iter([(part_of_set(&part)?, Value::Object(body))]);
    write(&web, client, Reference::user(user), set, told, Way::Merge).await
}

/// One part of an object's set.
pub(super) async fn set_part_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, set, part)): Path<(String, String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = Map::from_iter([(part_of_set(&part)?, Value::Object(body))]);
    write(&web, client, Reference::object(collection, id), set, told, Way::Merge).await
}

/// One line of a part of a set.
pub(super) async fn set_line_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, set, part, key)): Path<(String, String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = Map::from_iter([(part_of_set(&part)?, json!({ key: line(body) }))]);
    write(&web, client, Reference::user(user), set, told, Way::Merge).await
}

/// One line of a part of an object's set.
pub(super) async fn set_line_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, set, part, key)): Path<(String, String, String, String, String)>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    let told = Map::from_iter([(part_of_set(&part)?, json!({ key: line(body) }))]);
    write(&web, client, Reference::object(collection, id), set, told, Way::Merge).await
}

/// `{"subscribed": true}` is yes; everything else is meant as it is.
fn line(mut body: Map<String, Value>) -> Value {
    match body.remove("subscribed") {
        Some(subscribed) if body.is_empty() => subscribed,
        _ => Value::Object(body),
    }
}

fn part_of_set(part: &str) -> KnockResult<String> {
    match part {
        "channel_types" | "workflows" | "categories" => Ok(part.to_owned()),
        _ => Err(KnockError::missing("part of a preference set")),
    }
}

async fn write(
    web: &Web,
    client: Client,
    owner: Reference,
    set: String,
    body: Map<String, Value>,
    way: Way,
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

/// What everybody's preferences begin with. The hosted service leaves this to its pages.
pub(super) async fn get_for_all(State(web): State<Web>, client: Client) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { preferences::for_all(tx, &client.organisation).await }))
        .await?;
    Ok(Json(preferences::view(DEFAULT, &read)))
}

pub(super) async fn set_for_all(State(web): State<Web>, client: Client, Body(body): Body) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let (notify, body) = (web.app.notify.clone(), Value::Object(body));
    let written = web.app.db.write(move |tx| {
        Box::pin(async move { preferences::set_for_all(tx, &notify, &client.organisation, &body).await })
    });
    Ok(Json(preferences::view(DEFAULT, &written.await?)))
}

pub(super) async fn delete_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, set)): Path<(String, String)>,
) -> KnockResult<StatusCode> {
    delete(&web, client, Reference::user(user), set).await
}

pub(super) async fn delete_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, set)): Path<(String, String, String)>,
) -> KnockResult<StatusCode> {
    delete(&web, client, Reference::object(collection, id), set).await
}

async fn delete(web: &Web, client: Client, owner: Reference, set: String) -> KnockResult<StatusCode> {
    client.must_manage()?;
    let deleted = web
        .app
        .db
        .write(move |tx| Box::pin(async move { preferences::delete(tx, &client.organisation, &owner, &set).await }));
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
