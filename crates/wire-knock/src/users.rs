//! Users: identify, show, merge and delete.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_base::Thing;
use campanile_http::Web;
use campanile_notify::recipients::{self, Filter, Recipient, RecipientInput};
use campanile_notify::reference::USERS;
use campanile_notify::{Reference, channel_data, preferences};
use serde_json::{Value, json};

use super::body::Body;
use super::client::{Client, Manager};
use super::error::{KnockError, KnockResult};
use super::page::Page;
use super::query::Query;

pub(super) async fn list(State(web): State<Web>, manager: Manager, query: Query) -> KnockResult<Json<Value>> {
    list_of(&web, manager, USERS.to_owned(), &query, Filter::default()).await
}

/// A page of a collection, with the preferences of each recipient if asked for.
pub(super) async fn list_of(
    web: &Web,
    Manager(client): Manager,
    collection: String,
    query: &Query,
    filter: Filter,
) -> KnockResult<Json<Value>> {
    let (page, organisation) = (Page::of(query)?, client.organisation);
    let with_preferences = query.list("include").iter().any(|part| part == "preferences");
    let range = page.range.clone();
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let found = recipients::list(tx, &organisation, &collection, &filter, &range).await?;
            let mut views = Vec::with_capacity(found.len());
            for recipient in found {
                let mut view = recipient.view();
                if with_preferences {
                    view["preferences"] = sets_of(tx, &organisation, &recipient).await?;
                }
                views.push((recipient.place, view));
            }
            Ok::<_, campanile_base::Error>(views)
        })
    });
    let (found, page_info) = page.cut(read.await?, |(place, _)| place);
    let entries: Vec<Value> = found.into_iter().map(|(_, view)| view).collect();
    Ok(Json(json!({ "entries": entries, "page_info": page_info })))
}

async fn sets_of(
    tx: &mut campanile_db::Tx,
    organisation: &campanile_accounts::OrganisationId,
    recipient: &Recipient,
) -> campanile_base::Result<Value> {
    let sets = preferences::list(tx, organisation, &recipient.reference).await?;
    Ok(sets.into_iter().map(|(id, body)| (id.clone(), preferences::view(&id, &body))).collect())
}

pub(super) async fn get(State(web): State<Web>, client: Client, Path(id): Path<String>) -> KnockResult<Json<Value>> {
    client.must_be(&id, "user/read")?;
    one(&web, client, Reference::user(id), Thing::User).await
}

/// One recipient.
pub(super) async fn one(web: &Web, client: Client, reference: Reference, thing: Thing) -> KnockResult<Json<Value>> {
    let read =
        web.app.db.read(move |tx| Box::pin(async move { recipients::get(tx, &client.organisation, &reference).await }));
    let found = read.await?.ok_or_else(|| KnockError::missing(thing))?;
    Ok(Json(found.view()))
}

pub(super) async fn identify(
    State(web): State<Web>,
    client: Client,
    Path(id): Path<String>,
    Body(body): Body,
) -> KnockResult<Json<Value>> {
    client.must_be(&id, "user/write")?;
    let told = RecipientInput::of(Reference::user(id), body)?;
    if !client.manages() {
        told.channel_data.values().try_for_each(channel_data::may_write_by_page)?;
    }
    put(&web, client, told).await
}

/// Stores the data of one recipient, and shows the result.
pub(super) async fn put(web: &Web, client: Client, told: RecipientInput) -> KnockResult<Json<Value>> {
    let notify = web.app.notify.clone();
    let reference = told.reference.clone();
    let written = web.app.db.write(move |tx| {
        Box::pin(async move { recipients::identify(tx, &notify, &client.organisation, vec![told]).await })
    });
    Ok(Json(written.await?[&reference].view()))
}

pub(super) async fn delete(
    State(web): State<Web>,
    manager: Manager,
    Path(id): Path<String>,
) -> KnockResult<StatusCode> {
    remove(&web, manager, Reference::user(id)).await
}

/// Deletes a recipient. An unknown recipient is no error.
pub(super) async fn remove(web: &Web, Manager(client): Manager, reference: Reference) -> KnockResult<StatusCode> {
    let removed = web
        .app
        .db
        .write(move |tx| Box::pin(async move { recipients::delete(tx, &client.organisation, &reference).await }));
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn merge(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let (from, notify) = (body.text("from_user_id")?.to_owned(), web.app.notify.clone());
    let merged = web.app.db.write(move |tx| {
        Box::pin(async move { recipients::merge_users(tx, &notify, &client.organisation, &id, &from).await })
    });
    Ok(Json(merged.await?.view()))
}
