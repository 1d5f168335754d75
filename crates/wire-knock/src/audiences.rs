//! Audiences and their members.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_http::Web;
use campanile_notify::audiences::{self, TOGETHER};
use campanile_notify::recipients::RecipientInput;
use serde_json::Value;

use super::body::Body;
use super::client::Manager;
use super::error::{KnockError, KnockResult};
use super::objects::entries;
use super::page::Page;
use super::query::Query;

pub(super) async fn list(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let page = Page::of(&query)?;
    let range = page.range.clone();
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { audiences::list(tx, &client.organisation, &key, &range).await }));
    let (found, page_info) = page.cut(read.await?, |(place, _)| place);
    Ok(entries(found.into_iter().map(|(_, view)| view).collect(), page_info))
}

/// The members in a request: a user each, with an optional tenant.
fn members(body: &Body) -> KnockResult<Vec<(RecipientInput, Option<String>)>> {
    let member = |member: &Value| {
        let user = member.get("user").ok_or_else(|| KnockError::field("members", "each must have a user"))?;
        let told = RecipientInput::parse(user)?;
        if !told.reference.is_user() {
            return Err(KnockError::field("members", "only users can be members"));
        }
        Ok((told, member.get("tenant").and_then(Value::as_str).map(str::to_owned)))
    };
    body.list("members", TOGETHER)?.iter().map(member).collect()
}

pub(super) async fn add(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    query: Query,
    body: Body,
) -> KnockResult<StatusCode> {
    let (members, notify) = (members(&body)?, web.app.notify.clone());
    let makes = query.flag("create_audience") == Some(true);
    let added = web.app.db.write(move |tx| {
        Box::pin(async move { audiences::add(tx, &notify, &client.organisation, &key, members, makes).await })
    });
    added.await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remove(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<StatusCode> {
    let named: Vec<(String, Option<String>)> =
        members(&body)?.into_iter().map(|(told, tenant)| (told.reference.id, tenant)).collect();
    let notify = web.app.notify.clone();
    let removed = web.app.db.write(move |tx| {
        Box::pin(async move { audiences::remove(tx, &notify, &client.organisation, &key, &named).await })
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}
