//! Messages: send, list, search, and remove their payloads.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use campanile_accounts::Caller;
use campanile_base::bounds::IDS_AT_A_TIME;
use campanile_base::{Error, Timestamp};
use campanile_http::Web;
use campanile_webhooks::check_count;
use campanile_webhooks::endpoints::{self};
use campanile_webhooks::event_types::{self, PING, Viewer};
use campanile_webhooks::messages::{self, Filter, Message, NewMessage, To};
use campanile_webhooks::tasks::{self, Task, Work};
use campanile_webhooks::tokens::Capability;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::access::{Access, App, OrgManager};
use super::applications::ApplicationIn;
use super::body::Body;
use super::error::{SvixError, SvixResult};
use super::idempotency;
use super::list::{List, PageRequest};
use super::query::Query;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageIn {
    event_type: String,
    event_id: Option<String>,
    channels: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    /// Kept as it was written, because exactly the sent bytes are signed.
    #[serde(alias = "data")]
    payload: Box<RawValue>,
    deliver_at: Option<Timestamp>,
    payload_retention_period: Option<i64>,
    payload_retention_hours: Option<i64>,
    application: Option<ApplicationIn>,
    transformations_params: Option<Map<String, Value>>,
}

impl MessageIn {
    /// The parameters for the endpoints' scripts. `rawPayload` is left out, because it is the
    /// payload already.
    fn params(&self) -> Option<String> {
        let mut params = self.transformations_params.clone()?;
        params.shift_remove("rawPayload");
        (!params.is_empty()).then(|| Value::Object(params).to_string())
    }

    pub(super) fn message(&self) -> SvixResult<NewMessage> {
        if !self.payload.get().starts_with('{') {
            return Err(SvixError::value(&["body", "payload"], "must be a JSON object"));
        }
        let keep_hours = match (self.payload_retention_period, self.payload_retention_hours) {
            (Some(_), Some(_)) => {
                let why = "payloadRetentionPeriod and payloadRetentionHours cannot both be given";
                return Err(SvixError::value(&["body", "payload_retention_period"], why));
            }
            (Some(days), None) => Some(days.saturating_mul(24)),
            (None, hours) => hours,
        };
        let param = |name: &str| self.transformations_params.as_ref().and_then(|params| params.get(name));
        let raw = param("rawPayload").and_then(Value::as_str);
        let payload = raw.map_or_else(|| self.payload.get().as_bytes(), str::as_bytes);
        let content_type = param("headers").and_then(|headers| headers.get("content-type")).and_then(Value::as_str);
        Ok(NewMessage {
            event_type: self.event_type.clone(),
            event_id: self.event_id.clone(),
            channels: self.channels.clone(),
            tags: self.tags.clone(),
            payload: Bytes::copy_from_slice(payload),
            content_type: content_type.filter(|_| raw.is_some()).map(str::to_owned),
            transformations_params: self.params(),
            deliver_at: self.deliver_at,
            keep_hours,
            only_to: None,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageOut {
    pub(super) id: String,
    event_type: String,
    event_id: Option<String>,
    channels: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    /// The payload as it was stored, so that no number is rounded and nothing is lost.
    payload: Box<RawValue>,
    timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    deliver_at: Option<Timestamp>,
}

impl MessageOut {
    pub(super) fn of(message: &Message, with_content: bool) -> Self {
        let stored = message.payload.as_ref().filter(|_| with_content);
        let stored = stored.and_then(|payload| String::from_utf8(payload.to_vec()).ok());
        let otherwise = if with_content { r#"{"expired":true}"# } else { "{}" };
        let payload = stored.and_then(|text| RawValue::from_string(text).ok());
        Self {
            id: message.id.to_string(),
            event_type: message.event_type.clone(),
            event_id: message.event_id.clone(),
            channels: message.channels.clone(),
            tags: message.tags.clone(),
            payload: payload
                .unwrap_or_else(|| RawValue::from_string(otherwise.to_owned()).expect("a constant of JSON")),
            timestamp: message.created_at,
            deliver_at: message.deliver_at,
        }
    }
}

pub(super) async fn create(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(application): Path<String>,
    headers: HeaderMap,
    uri: axum::http::Uri,
    query: Query,
    Body(asked): Body<MessageIn>,
) -> SvixResult<(StatusCode, Json<MessageOut>)> {
    let with_content = query.flag("with_content", true)?;
    let new = asked.message()?;
    let create = asked.application.map(|made| made.spec_of(&application)).transpose();
    let to = To { application, create: create? };
    let request = idempotency::of(&Access::Organisation(caller.clone()), &headers, &uri);
    let accepted = messages::accept(&web.app.webhooks, caller, to, new, request).await;
    let accepted = accepted.map_err(|error| match error {
        Error::NotFound(_) => no_application(),
        error => error.into(),
    })?;
    Ok((StatusCode::ACCEPTED, Json(MessageOut::of(&accepted.message, with_content))))
}

pub(super) fn no_application() -> SvixError {
    SvixError::Http(StatusCode::NOT_FOUND, "not_found", "Application not found".to_owned())
}

/// The filter of a list of messages or of attempts.
pub(super) fn filter(query: &Query) -> SvixResult<Filter> {
    Ok(Filter {
        event_types: query.event_types()?,
        channel: query.text("channel").map(str::to_owned),
        tag: query.text("tag").map(str::to_owned),
        content: query.text("content").map(str::to_owned),
    })
}

pub(super) async fn list(State(web): State<Web>, app: App, query: Query) -> SvixResult<Json<List<MessageOut>>> {
    let asked = PageRequest::by_time(&query, "msg", web.app.clock.now())?;
    page(&web, app, asked, filter(&query)?, query.flag("with_content", true)?).await
}

async fn page(
    web: &Web,
    app: App,
    asked: PageRequest,
    filter: Filter,
    with_content: bool,
) -> SvixResult<Json<List<MessageOut>>> {
    let (range, organisation) = (asked.range.clone(), app.application.organisation_id.clone());
    let found = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move { messages::list(tx, &app.application, &filter, &range).await })
    });
    let view = |message: Message| MessageOut::of(&message, with_content);
    Ok(Json(asked.page_of(found.await?, |message| message.id.to_string(), view)))
}

#[derive(Deserialize)]
pub(super) struct SearchIn {
    limit: Option<i64>,
    iterator: Option<String>,
    channel: Option<String>,
    tag: Option<String>,
    before: Option<String>,
    after: Option<String>,
    with_content: Option<bool>,
    event_types: Option<Vec<String>>,
    content: Option<String>,
}

impl SearchIn {
    /// The paging parameters, as the query of a list has them.
    fn paging(&self) -> Query {
        let mut parts = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("iterator", &self.iterator), ("before", &self.before), ("after", &self.after)] {
            if let Some(value) = value {
                parts.append_pair(name, value);
            }
        }
        if let Some(limit) = self.limit {
            parts.append_pair("limit", &limit.to_string());
        }
        Query::parse(&parts.finish())
    }
}

pub(super) async fn search(
    State(web): State<Web>,
    app: App,
    Body(asked): Body<SearchIn>,
) -> SvixResult<Json<List<MessageOut>>> {
    let page_of = PageRequest::by_time(&asked.paging(), "msg", web.app.clock.now())?;
    let (event_types, channel, tag) = (asked.event_types, asked.channel, asked.tag);
    let filter = Filter { event_types, channel, tag, content: asked.content };
    page(&web, app, page_of, filter, asked.with_content.unwrap_or(false)).await
}

/// A message of an application.
pub(super) async fn found(web: &Web, app: App, id: String) -> SvixResult<Message> {
    let found = web.app.db.read(move |tx| Box::pin(async move { messages::get(tx, &app.application, &id).await }));
    Ok(found.await?)
}

pub(super) async fn get(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    query: Query,
) -> SvixResult<Json<MessageOut>> {
    let with_content = query.flag("with_content", true)?;
    Ok(Json(MessageOut::of(&found(&web, app, id).await?, with_content)))
}

/// The payload as it was received.
pub(super) async fn raw(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
) -> SvixResult<Json<Value>> {
    let payload = found(&web, app, id).await?.payload.ok_or_else(missing_payload)?;
    Ok(Json(json!({ "payload": String::from_utf8_lossy(&payload) })))
}

pub(super) fn missing_payload() -> SvixError {
    let detail = "The payload of this message is missing; it has probably expired.";
    SvixError::Http(StatusCode::BAD_REQUEST, "missing_payload", detail.to_owned())
}

pub(super) async fn expunge(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Path((_, id)): Path<(String, String)>,
) -> SvixResult<StatusCode> {
    let gone = web
        .app
        .db
        .write(move |tx| Box::pin(async move { messages::expunge(tx, &caller, &app.application, &id).await }));
    gone.await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct BulkExpungeIn {
    #[serde(default)]
    ids: Vec<String>,
}

pub(super) async fn bulk_expunge(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
    Body(asked): Body<BulkExpungeIn>,
) -> SvixResult<Json<Value>> {
    check_count("ids", asked.ids.len(), IDS_AT_A_TIME)?;
    let results = web.app.db.write(move |tx| {
        Box::pin(async move {
            let mut results = BTreeMap::new();
            for id in asked.ids {
                let gone = match messages::expunge(tx, &caller, &app.application, &id).await {
                    Ok(()) => "expunged",
                    Err(Error::NotFound(_)) => "not-found",
                    Err(error) => return Err(error),
                };
                results.insert(id, gone);
            }
            Ok::<_, Error>(results)
        })
    });
    Ok(Json(json!({ "results": results.await? })))
}

pub(super) async fn expunge_all(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    app: App,
) -> SvixResult<(StatusCode, Json<Task>)> {
    let webhooks = web.app.webhooks.clone();
    let work = Work::Purge { application: app.application.id.to_string() };
    let begun = web.app.db.write(move |tx| Box::pin(async move { tasks::begin(tx, &webhooks, &caller, work).await }));
    Ok((StatusCode::ACCEPTED, Json(begun.await?)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PrecheckIn {
    event_type: String,
    channels: Option<Vec<String>>,
}

pub(super) async fn precheck(
    State(web): State<Web>,
    app: App,
    Body(asked): Body<PrecheckIn>,
) -> SvixResult<Json<Value>> {
    let webhooks = web.app.webhooks.clone();
    let active = web.app.db.read(move |tx| {
        Box::pin(async move {
            messages::would_be_sent(tx, &webhooks, &app.application, asked.event_type, asked.channels).await
        })
    });
    Ok(Json(json!({ "active": active.await? })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExampleIn {
    event_type: String,
    #[serde(default)]
    example_index: usize,
}

pub(super) async fn send_example(
    State(web): State<Web>,
    app: App,
    Path((_, id)): Path<(String, String)>,
    Body(asked): Body<ExampleIn>,
) -> SvixResult<Json<MessageOut>> {
    app.access.must(Capability::CreateAttempts)?;
    let (webhooks, caller) = (web.app.webhooks.clone(), app.access.caller());
    let sent = web.app.db.write(move |tx| {
        Box::pin(async move {
            let endpoint = endpoints::get(tx, &app.application, &id).await?;
            let Some(payload) = example(tx, &caller, &asked).await? else { return Ok(None) };
            let new = NewMessage {
                event_type: asked.event_type,
                payload: payload.to_string().into(),
                only_to: Some(endpoint.id),
                ..NewMessage::default()
            };
            messages::send(tx, &webhooks, &app.application, new).await.map(Some)
        })
    });
    match sent.await? {
        Some(message) => Ok(Json(MessageOut::of(&message, false))),
        None => {
            let detail = "The event type has no example that could be sent.";
            Err(SvixError::Http(StatusCode::BAD_REQUEST, "invalid_scheme", detail.to_owned()))
        }
    }
}

/// The example of an event type; `None` if it has none.
async fn example(
    tx: &mut campanile_db::Tx,
    caller: &Caller,
    asked: &ExampleIn,
) -> campanile_base::Result<Option<Value>> {
    if asked.event_type == PING {
        return Ok(Some(json!({ "success": true })));
    }
    let known = event_types::get(tx, &caller.organisation, Viewer::Organisation, &asked.event_type).await?;
    let schemas = known.schemas.unwrap_or_default();
    let schema = schemas.get("1").or_else(|| schemas.values().next());
    let example = schema.and_then(|schema| schema["examples"].get(asked.example_index)).cloned();
    Ok(example.filter(Value::is_object))
}
