//! Schedules of workflows: list, create, update and delete.

use axum::Json;
use axum::extract::{Path, State};
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_http::Web;
use campanile_notify::schedules::{self, Filter, Schedule, TOGETHER, Terms};
use campanile_notify::{Notify, Reference};
use serde_json::Value;

use super::body::Body;
use super::client::{Client, Manager};
use super::error::{KnockError, KnockResult};
use super::objects::{entries, references, told};
use super::page::Page;
use super::query::Query;

pub(super) async fn list(State(web): State<Web>, manager: Manager, query: Query) -> KnockResult<Json<Value>> {
    let workflow = query.text("workflow").ok_or_else(|| KnockError::field("workflow", "is required"))?.to_owned();
    let named = references(&query.values("recipients"))?;
    let filter = Filter { workflow: Some(workflow), recipient: named.into_iter().next(), tenant: None };
    list_of(&web, manager, filter, &query).await
}

pub(super) async fn of_user(
    State(web): State<Web>,
    manager: Manager,
    Path(user): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let workflow = query.text("workflow").map(str::to_owned);
    let filter = Filter { workflow, recipient: Some(Reference::user(user)), tenant: None };
    list_of(&web, manager, filter, &query).await
}

pub(super) async fn of_object(
    State(web): State<Web>,
    manager: Manager,
    Path((collection, id)): Path<(String, String)>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let workflow = query.text("workflow").map(str::to_owned);
    let filter = Filter { workflow, recipient: Some(Reference::object(collection, id)), tenant: None };
    list_of(&web, manager, filter, &query).await
}

async fn list_of(web: &Web, Manager(client): Manager, filter: Filter, query: &Query) -> KnockResult<Json<Value>> {
    let filter = Filter { tenant: query.text("tenant").map(str::to_owned), ..filter };
    let page = Page::of(query)?;
    let (notify, range) = (web.app.notify.clone(), page.range.clone());
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let found = schedules::list(tx, &client.organisation, &filter, &range).await?;
            let views = schedules::views(tx, &notify, &client.organisation, &found).await?;
            Ok::<_, Error>(found.into_iter().map(|one| one.place).zip(views).collect::<Vec<_>>())
        })
    });
    let (found, page_info) = page.cut(read.await?, |(place, _)| place);
    Ok(entries(found.into_iter().map(|(_, view)| view).collect(), page_info))
}

pub(super) async fn create(State(web): State<Web>, Manager(client): Manager, body: Body) -> KnockResult<Json<Value>> {
    let (workflow, told) = (body.text("workflow")?.to_owned(), told(body.list("recipients", TOGETHER)?)?);
    let (terms, notify) = (Terms::parse(&body.0)?, web.app.notify.clone());
    let made = web.app.db.write(move |tx| {
        Box::pin(async move {
            let made = schedules::create(tx, &notify, &client.organisation, &workflow, told, terms).await?;
            shown(tx, &notify, &client, &made).await
        })
    });
    Ok(Json(made.await?))
}

pub(super) async fn update(State(web): State<Web>, Manager(client): Manager, body: Body) -> KnockResult<Json<Value>> {
    let ids = body.texts("schedule_ids", TOGETHER)?;
    let (terms, notify) = (Terms::parse(&body.0)?, web.app.notify.clone());
    let changed = web.app.db.write(move |tx| {
        Box::pin(async move {
            let changed = schedules::update(tx, &notify, &client.organisation, &ids, terms).await?;
            shown(tx, &notify, &client, &changed).await
        })
    });
    Ok(Json(changed.await?))
}

pub(super) async fn delete(State(web): State<Web>, Manager(client): Manager, body: Body) -> KnockResult<Json<Value>> {
    let (ids, notify) = (body.texts("schedule_ids", TOGETHER)?, web.app.notify.clone());
    let ended = web.app.db.write(move |tx| {
        Box::pin(async move {
            let ended = schedules::delete(tx, &client.organisation, &ids).await?;
            shown(tx, &notify, &client, &ended).await
        })
    });
    Ok(Json(ended.await?))
}

async fn shown(tx: &mut Tx, notify: &Notify, client: &Client, found: &[Schedule]) -> Result<Value> {
    Ok(Value::Array(schedules::views(tx, notify, &client.organisation, found).await?))
}
