//! Channel data: the addresses, tokens or connections of users and objects on a channel.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_base::{Error, Thing};
use campanile_http::Web;
use campanile_notify::channels::{self, Channel};
use campanile_notify::{Reference, channel_data};
use serde_json::Value;

use super::body::Body;
use super::client::Client;
use super::error::{KnockError, KnockResult};

pub(super) async fn get_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, channel)): Path<(String, String)>,
) -> KnockResult<Json<Value>> {
    get(&web, client, Reference::user(user), channel).await
}

pub(super) async fn get_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, channel)): Path<(String, String, String)>,
) -> KnockResult<Json<Value>> {
    get(&web, client, Reference::object(collection, id), channel).await
}

async fn get(web: &Web, client: Client, owner: Reference, channel: String) -> KnockResult<Json<Value>> {
    client.must_reach(&owner, "channel_data/read")?;
    let notify = web.app.notify.clone();
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let organisation = &client.organisation;
            let channel =
                channels::find(tx, &notify, organisation, &channel).await?.ok_or(Error::NotFound(Thing::Channel))?;
            let data = channel_data::get(tx, &notify, organisation, &owner, &channel.id).await?;
            Ok::<_, Error>(data.map(|data| view(&client, &channel, &data)))
        })
    });
    Ok(Json(read.await?.ok_or_else(|| KnockError::missing(Thing::ChannelData))?))
}

/// The channel data as the caller may see it. A page that acts for an end user does not see the
/// provider settings of a tenant.
fn view(client: &Client, channel: &Channel, data: &Value) -> Value {
    if client.manages() { channel_data::view(channel, data) } else { channel_data::view_of_page(channel, data) }
}

pub(super) async fn set_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, channel)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    set(&web, client, Reference::user(user), channel, body).await
}

pub(super) async fn set_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, channel)): Path<(String, String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    set(&web, client, Reference::object(collection, id), channel, body).await
}

async fn set(
    web: &Web,
    client: Client,
    owner: Reference,
    channel: String,
    Body(mut body): Body,
) -> KnockResult<Json<Value>> {
    client.must_reach(&owner, "channel_data/write")?;
    let data = body.remove("data").ok_or_else(|| KnockError::field("data", "is required"))?;
    let (owner, notify, organisation) = (owner.checked()?, web.app.notify.clone(), client.organisation.clone());
    let manages = client.manages();
    let written = web.app.db.write(move |tx| {
        Box::pin(async move {
            match manages {
                true => channel_data::set(tx, &notify, &organisation, &owner, &channel, data).await,
                false => channel_data::set_by_page(tx, &notify, &organisation, &owner, &channel, data).await,
            }
        })
    });
    let (channel, data) = written.await?;
    Ok(Json(view(&client, &channel, &data)))
}

pub(super) async fn delete_of_user(
    State(web): State<Web>,
    client: Client,
    Path((user, channel)): Path<(String, String)>,
) -> KnockResult<StatusCode> {
    delete(&web, client, Reference::user(user), channel).await
}

pub(super) async fn delete_of_object(
    State(web): State<Web>,
    client: Client,
    Path((collection, id, channel)): Path<(String, String, String)>,
) -> KnockResult<StatusCode> {
    delete(&web, client, Reference::object(collection, id), channel).await
}

async fn delete(web: &Web, client: Client, owner: Reference, channel: String) -> KnockResult<StatusCode> {
    client.must_reach(&owner, "channel_data/write")?;
    let notify = web.app.notify.clone();
    let deleted = web.app.db.write(move |tx| {
        Box::pin(async move {
            let organisation = &client.organisation;
            let channel =
                channels::find(tx, &notify, organisation, &channel).await?.ok_or(Error::NotFound(Thing::Channel))?;
            match client.manages() {
                true => channel_data::delete(tx, organisation, &owner, &channel.id).await,
                false => channel_data::delete_by_page(tx, &notify, organisation, &owner, &channel).await,
            }
        })
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
