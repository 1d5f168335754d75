//! Guides: the content that a page shows its user, and the user's reactions to it.

use axum::Json;
use axum::extract::{Path, State};
use campanile_base::{Error, Thing};
use campanile_http::Web;
use campanile_notify::channels::{self, ChannelType};
use campanile_notify::guides::{self, Engagement, GuideQuery};
use campanile_notify::messages::Mark;
use serde_json::{Value, json};

use super::body::Body;
use super::client::Client;
use super::error::{KnockError, KnockResult};
use super::query::Query;

pub(super) async fn list(
    State(web): State<Web>,
    client: Client,
    Path((user, channel)): Path<(String, String)>,
    query: Query,
) -> KnockResult<Json<Value>> {
    client.must_be(&user, "user/guide_read")?;
    client.must_stay_within(query.text("tenant"))?;
    let data = match query.value("data") {
        Some(Value::Object(data)) => data.clone(),
        // Data that is not an object counts as no data.
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Default::default(),
    };
    let asked = GuideQuery {
        tenant: query.text("tenant").map(str::to_owned),
        kind: query.text("type").map(str::to_owned),
        data,
        // A page may not see guides that are not for its user. A caller with a secret key may.
        is_forced: query.flag("force_all_guides") == Some(true) && client.must_manage().is_ok(),
    };
    let notify = web.app.notify.clone();
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let organisation = &client.organisation;
            let channel = channels::find(tx, &notify, organisation, &channel).await?;
            let channel = channel.ok_or(Error::NotFound(Thing::Channel))?;
            guides::list(tx, &notify, organisation, &user, &channel, &asked).await
        })
    });
    Ok(Json(read.await?))
}

pub(super) async fn engage(
    State(web): State<Web>,
    client: Client,
    Path((user, mark)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    engaged(&web, client, user, &mark, &body).await
}

/// Records a reaction. Older libraries also name the message; it is ignored, because guide and step
/// say the same.
pub(super) async fn engage_message(
    State(web): State<Web>,
    client: Client,
    Path((user, _, mark)): Path<(String, String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    engaged(&web, client, user, &mark, &body).await
}

async fn engaged(web: &Web, client: Client, user: String, word: &str, body: &Body) -> KnockResult<Json<Value>> {
    client.must_be(&user, "user/guide_write")?;
    let mark = match word {
        "seen" => Mark::Seen,
        "interacted" => Mark::Interacted,
        "archived" => Mark::Archived,
        _ => return Err(KnockError::missing(Thing::Operation)),
    };
    let is = |name: &str| body.0.get(name).and_then(Value::as_bool) == Some(true);
    let told = Engagement {
        guide: body.text("guide_key")?.to_owned(),
        step: body.text("guide_step_ref")?.to_owned(),
        tenant: body.optional("tenant").map(str::to_owned),
        mark,
        data: body.0.get("metadata").filter(|data| data.is_object()).cloned(),
        is_final: is("is_final"),
        is_unthrottled: is("unthrottled"),
    };
    client.must_stay_within(told.tenant.as_deref())?;
    let (channel, notify) = (body.text("channel_id")?.to_owned(), web.app.notify.clone());
    let written = web.app.db.write(move |tx| {
        Box::pin(async move {
            let organisation = &client.organisation;
            let channel = channels::find(tx, &notify, organisation, &channel).await?;
            let channel = channel.filter(|channel| channel.kind == ChannelType::InAppGuide);
            let channel = channel.ok_or(Error::NotFound(Thing::Channel))?;
            guides::engage(tx, &notify, organisation, &user, &channel, told).await
        })
    });
    written.await?;
    Ok(done())
}

pub(super) async fn unarchive(
    State(web): State<Web>,
    client: Client,
    Path((user, word)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    client.must_be(&user, "user/guide_write")?;
    if word != "archived" {
        return Err(KnockError::missing(Thing::Operation));
    }
    let (guide, tenant) = (body.text("guide_key")?.to_owned(), body.optional("tenant").map(str::to_owned));
    client.must_stay_within(tenant.as_deref())?;
    let notify = web.app.notify.clone();
    let written = web.app.db.write(move |tx| {
        Box::pin(async move {
            guides::unarchive(tx, &notify, &client.organisation, &user, (&guide, tenant.as_deref())).await
        })
    });
    written.await?;
    Ok(done())
}

pub(super) async fn reset(
    State(web): State<Web>,
    client: Client,
    Path(user): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    client.must_be(&user, "user/guide_write")?;
    let (guide, tenant) = (body.text("guide_key")?.to_owned(), body.optional("tenant").map(str::to_owned));
    client.must_stay_within(tenant.as_deref())?;
    let written = web.app.db.write(move |tx| {
        Box::pin(async move { guides::reset(tx, &client.organisation, &user, (&guide, tenant.as_deref())).await })
    });
    written.await?;
    Ok(done())
}

fn done() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
