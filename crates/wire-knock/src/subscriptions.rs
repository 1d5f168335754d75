//! Subscriptions of recipients to objects: list, add and remove.

use axum::Json;
use axum::extract::{Path, State};
use campanile_http::Web;
use campanile_notify::Reference;
use campanile_notify::subscriptions::{self, End, SubscriptionView, TOGETHER};
use serde_json::Value;

use super::body::Body;
use super::client::Manager;
use super::error::KnockResult;
use super::objects::{entries, references, told};
use super::page::Page;
use super::query::Query;

pub(super) async fn of_user(
    State(web): State<Web>,
    manager: Manager,
    Path(user): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    list(&web, manager, (Reference::user(user), End::Recipient), &query).await
}

pub(super) async fn of_object(
    State(web): State<Web>,
    manager: Manager,
    Path((collection, id)): Path<(String, String)>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let end = if query.text("mode") == Some("recipient") { End::Recipient } else { End::Object };
    list(&web, manager, (Reference::object(collection, id), end), &query).await
}

async fn list(web: &Web, Manager(client): Manager, whose: (Reference, End), query: &Query) -> KnockResult<Json<Value>> {
    let others = query.values(if whose.1 == End::Object { "recipients" } else { "objects" });
    let (others, page) = (references(&others)?, Page::of(query)?);
    let (notify, range) = (web.app.notify.clone(), page.range.clone());
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let (reference, end) = (&whose.0, whose.1);
            subscriptions::list(tx, &notify, &client.organisation, (reference, end), &others, &range).await
        })
    });
    let (found, page_info) = page.cut(read.await?, |shown| &shown.subscription.place);
    Ok(entries(found.iter().map(SubscriptionView::view).collect(), page_info))
}

pub(super) async fn add(
    State(web): State<Web>,
    Manager(client): Manager,
    Path((collection, id)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let told = told(body.list("recipients", TOGETHER)?)?;
    let (properties, object, notify) =
        (body.object("properties")?, Reference::object(collection, id), web.app.notify.clone());
    let added = web.app.db.write(move |tx| {
        Box::pin(async move { subscriptions::add(tx, &notify, &client.organisation, object, told, properties).await })
    });
    Ok(Json(added.await?.iter().map(SubscriptionView::view).collect()))
}

pub(super) async fn remove(
    State(web): State<Web>,
    Manager(client): Manager,
    Path((collection, id)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let recipients: Vec<&Value> = body.list("recipients", TOGETHER)?.iter().collect();
    let (recipients, object, notify) =
        (references(&recipients)?, Reference::object(collection, id), web.app.notify.clone());
    let removed = web.app.db.write(move |tx| {
        Box::pin(async move { subscriptions::remove(tx, &notify, &client.organisation, &object, &recipients).await })
    });
    Ok(Json(removed.await?.iter().map(SubscriptionView::view).collect()))
}
