//! Messages.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use bytes::Bytes;
use campanile_accounts::Permission;
use campanile_base::{Error, Timestamp};
use campanile_webhooks::applications;
use campanile_webhooks::messages::{self, Message, NewMessage};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::error::SvixResult;
use super::list::{Body, List, Org, Paging};
use crate::Web;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageIn {
    event_type: String,
    event_id: Option<String>,
    channels: Option<Vec<String>>,
    /// Kept as it was written: what is signed is what is sent.
    payload: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageOut {
    id: String,
    event_type: String,
    event_id: Option<String>,
    channels: Option<Vec<String>>,
    payload: Value,
    timestamp: Timestamp,
}

impl MessageOut {
    fn of(message: Message, with_content: bool) -> Self {
        let payload = match with_content {
            true => serde_json::from_slice(&message.payload).unwrap_or_else(|_| json!({ "expired": true })),
            false => json!({}),
        };
        Self {
            id: message.id.to_string(),
            event_type: message.event_type,
            event_id: message.event_id,
            channels: message.channels,
            payload,
            timestamp: message.created_at,
        }
    }
}

pub(super) async fn create(
    State(web): State<Web>,
    Org(caller): Org,
    Path(app): Path<String>,
    Query(paging): Query<Paging>,
    Body(asked): Body<MessageIn>,
) -> SvixResult<(StatusCode, Json<MessageOut>)> {
    caller.must(Permission::Configure)?;
    if !asked.payload.get().starts_with('{') {
        return Err(Error::invalid("payload must be a JSON object").into());
    }
    let webhooks = web.app.webhooks.clone();
    let new = NewMessage {
        event_type: asked.event_type,
        event_id: asked.event_id,
        channels: asked.channels,
        payload: Bytes::from(asked.payload.get().as_bytes().to_vec()),
    };
    let sent = web.app.db.write(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            messages::send(tx, &webhooks, &application, new).await
        })
    });
    let with_content = paging.with_content.unwrap_or(true);
    Ok((StatusCode::ACCEPTED, Json(MessageOut::of(sent.await?, with_content))))
}

pub(super) async fn list(
    State(web): State<Web>,
    Org(caller): Org,
    Path(app): Path<String>,
    Query(paging): Query<Paging>,
) -> SvixResult<Json<List<MessageOut>>> {
    let (limit, with_content) = (paging.limit()?, paging.with_content.unwrap_or(true));
    let rows = web.app.db.read(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            messages::list(tx, &application, paging.iterator.as_deref(), limit).await
        })
    });
    let rows = rows.await?.into_iter().map(|message| MessageOut::of(message, with_content)).collect();
    Ok(Json(List::of(rows, limit, |message: &MessageOut| message.id.clone())))
}

pub(super) async fn get(
    State(web): State<Web>,
    Org(caller): Org,
    Path((app, id)): Path<(String, String)>,
    Query(paging): Query<Paging>,
) -> SvixResult<Json<MessageOut>> {
    let found = web.app.db.read(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &caller.organisation, &app).await?;
            messages::get(tx, &application, &id).await
        })
    });
    Ok(Json(MessageOut::of(found.await?, paging.with_content.unwrap_or(true))))
}
