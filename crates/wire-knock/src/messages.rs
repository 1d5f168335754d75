//! Messages: lists, contents, events, and marks such as `read`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, new_uuid};
use campanile_db::{Range, Tx};
use campanile_http::Web;
use campanile_notify::channels::{self, ChannelType};
use campanile_notify::messages::{self, Archived, Engagement, Filter, Mark, Message, TenantFilter};
use campanile_notify::{Notify, Reference, sending};
use serde_json::{Value, json};

use super::body::Body;
use super::client::{Client, Manager};
use super::error::{KnockError, KnockResult};
use super::message_filter::{at_most, at_most_four, trigger_data};
use super::page::Page;
use super::query::Query;

/// The permission that opens a user's messages.
const READ: &str = "user/feed_read";
/// The largest number of messages in one batch.
const BATCH: usize = 50;
/// The largest number of messages that a bulk operation marks.
const BULK: i64 = 10_000;
/// The largest number of users, tenants or workflows that a bulk operation names.
const MOST_NAMED: usize = 500;

pub(super) async fn list(State(web): State<Web>, manager: Manager, query: Query) -> KnockResult<Json<Value>> {
    list_of(&web, manager, None, &query).await
}

pub(super) async fn list_of_user(
    State(web): State<Web>,
    manager: Manager,
    Path(user): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    list_of(&web, manager, Some(Reference::user(user)), &query).await
}

pub(super) async fn list_of_object(
    State(web): State<Web>,
    manager: Manager,
    Path((collection, id)): Path<(String, String)>,
    query: Query,
) -> KnockResult<Json<Value>> {
    list_of(&web, manager, Some(Reference::object(collection, id)), &query).await
}

async fn list_of(
    web: &Web,
    Manager(client): Manager,
    recipient: Option<Reference>,
    query: &Query,
) -> KnockResult<Json<Value>> {
    if let Some(recipient) = &recipient {
        client.must_reach(recipient, READ)?;
    }
    let text = |name: &str| query.text(name).map(str::to_owned);
    let filter = Filter {
        recipient,
        privacy: client.privacy(),
        channel: text("channel_id"),
        tenant: text("tenant").map_or(TenantFilter::Any, TenantFilter::Only),
        statuses: query.list("status"),
        engagements: query.list("engagement_status").iter().filter_map(|word| Engagement::parse(word)).collect(),
        ids: query.list("message_ids"),
        categories: at_most("workflow_categories", query.list("workflow_categories"), 3)?,
        workflows: query.list("source"),
        workflow_run_id: text("workflow_run_id"),
        recipient_run_id: text("workflow_recipient_run_id"),
        data: trigger_data(query)?,
        archived: Archived::Include,
    };
    let page = Page::of(query)?.between(query);
    let (notify, range) = (web.app.notify.clone(), page.range.clone());
    let organisation = client.organisation.clone();
    let read = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let found = messages::page(tx, &client.organisation, &filter, &range).await?;
            Ok::<_, Error>((channels_of(tx, &notify, &client.organisation).await?, found))
        })
    });
    let (channels, found) = read.await?;
    let (found, page_info) = page.cut_found(found, |message| &message.id);
    let items: Vec<Value> = found.iter().map(|message| shown(message, &channels)).collect();
    Ok(Json(json!({ "items": items, "page_info": page_info })))
}

type Channels = HashMap<String, Value>;

async fn channels_of(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<Channels> {
    let all = channels::all(tx, notify, organisation).await?;
    Ok(all.into_iter().map(|channel| (channel.id.clone(), channel.view())).collect())
}

fn shown(message: &Message, channels: &Channels) -> Value {
    message.view(channels.get(&message.channel_id).cloned())
}

/// A message that the caller may see.
async fn one(web: &Web, client: &Client, id: String) -> KnockResult<(Message, Channels)> {
    let (notify, organisation) = (web.app.notify.clone(), client.organisation.clone());
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let message = messages::get(tx, &organisation, &id).await?;
            Ok::<_, Error>((message, channels_of(tx, &notify, &organisation).await?))
        })
    });
    let (message, channels) = read.await?;
    let message = message.ok_or_else(|| KnockError::missing(Thing::Message))?;
    client.must_reach(&message.recipient, READ)?;
    Ok((message, channels))
}

pub(super) async fn get(State(web): State<Web>, client: Client, Path(id): Path<String>) -> KnockResult<Json<Value>> {
    let (message, channels) = one(&web, &client, id).await?;
    Ok(Json(shown(&message, &channels)))
}

pub(super) async fn content(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
) -> KnockResult<Json<Value>> {
    let (message, _) = one(&web, &client, id).await?;
    Ok(Json(content_of(&message)))
}

/// The content of a message, in the shape of its channel.
fn content_of(message: &Message) -> Value {
    let content = &message.content;
    let word = |name: &str| content.get(name).and_then(Value::as_str).unwrap_or_default();
    let or_null = |name: &str| content.get(name).cloned().unwrap_or(Value::Null);
    let data = match message.channel_type {
        ChannelType::Email => json!({
            "__typename": "MessageEmailContent", "to": word("to"), "from": word("from"), "cc": or_null("cc"),
            "bcc": or_null("bcc"), "reply_to": or_null("reply_to"), "subject_line": word("subject_line"),
            "html_body": word("html_body"), "text_body": word("text_body"),
        }),
        ChannelType::Sms => json!({ "__typename": "MessageSmsContent", "to": word("to"), "body": word("body") }),
        ChannelType::Push => json!({
            "__typename": "MessagePushContent", "token": word("token"), "title": word("title"), "body": word("body"),
            "data": message.data,
        }),
        ChannelType::InAppFeed | ChannelType::InAppGuide => {
            json!({ "__typename": "MessageInAppFeedContent", "blocks": content.get("blocks").unwrap_or(&json!([])) })
        }
        ChannelType::Chat | ChannelType::Http => json!({
            "__typename": "MessageChatContent", "connection": content.get("connection").unwrap_or(&json!({})),
            "metadata": message.metadata, "template": {
                "blocks": [{ "type": "markdown", "name": "body", "content": word("markdown") }],
                "json_content": or_null("json_content"), "summary": or_null("summary"),
            },
        }),
    };
    json!({ "__typename": "MessageContent", "message_id": message.id, "inserted_at": message.inserted_at, "data": data })
}

/// Sends a failed message again. The hosted service offers this only in its dashboard.
pub(super) async fn retry(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
) -> KnockResult<Json<Value>> {
    let (message, _) = one(&web, &client, id).await?;
    let (notify, id) = (web.app.notify.clone(), message.id);
    let write = web.app.db.write(move |tx| {
        Box::pin(async move {
            let message = sending::retry(tx, &notify, &client.organisation, &id).await?;
            Ok::<_, Error>(shown(&message, &channels_of(tx, &notify, &client.organisation).await?))
        })
    });
    Ok(Json(write.await?))
}

pub(super) async fn contents(
    State(web): State<Web>,
    Manager(client): Manager,
    query: Query,
) -> KnockResult<Json<Value>> {
    let ids = at_most("message_ids", query.list("message_ids"), BATCH)?;
    let organisation = client.organisation.clone();
    let read = web.app.db.read(move |tx| Box::pin(async move { messages::these(tx, &organisation, &ids).await }));
    let found = read.await?;
    let open = found.iter().filter(|message| client.must_reach(&message.recipient, READ).is_ok());
    Ok(Json(open.map(content_of).collect()))
}

pub(super) async fn events(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (page, (message, _)) = (Page::of(&query)?, one(&web, &client, id).await?);
    let mut events = message.events()?;
    events.retain(|event| event.id > page.range.low && event.id < page.range.high);
    if !page.range.oldest_first {
        events.reverse();
    }
    let (found, page_info) = page.cut(events, |event| &event.id);
    let items: Vec<Value> = found.iter().map(|event| event.view(&message.recipient)).collect();
    Ok(Json(json!({ "items": items, "page_info": page_info })))
}

pub(super) async fn delivery_logs(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (page, (message, _)) = (Page::of(&query)?, one(&web, &client, id).await?);
    let range = page.range.clone();
    let read = web.app.db.read(move |tx| {
        Box::pin(async move { messages::deliveries(tx, &client.organisation, &message.id, &range).await })
    });
    let (found, page_info) = page.cut(read.await?, |(id, _)| id);
    let items: Vec<Value> = found.into_iter().map(|(_, log)| log).collect();
    Ok(Json(json!({ "items": items, "page_info": page_info })))
}

pub(super) async fn activities(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (page, (message, _)) = (Page::of(&query)?, one(&web, &client, id).await?);
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { super::feeds::activities(tx, &client.organisation, &message).await }));
    let place = |activity: &Value| activity["id"].as_str().unwrap_or_default().to_owned();
    let all: Vec<(String, Value)> = read.await?.into_iter().map(|activity| (place(&activity), activity)).collect();
    let (found, page_info) = page.cut(all, |(place, _)| place);
    let items: Vec<Value> = found.into_iter().map(|(_, activity)| activity).collect();
    Ok(Json(json!({ "items": items, "page_info": page_info })))
}

pub(super) async fn mark(
    State(web): State<Web>,
    client: Client,
    Path((id, mark)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let mark = Mark::parse(&mark).ok_or_else(|| KnockError::missing(Thing::Operation))?;
    mark_one(&web, client, id, mark, &body).await
}

/// Takes a mark back: `DELETE …/read`, and its synonym `DELETE …/unread`.
pub(super) async fn unmark(
    State(web): State<Web>,
    client: Client,
    Path((id, mark)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let mark = match Mark::parse(&mark) {
        Some(mark @ (Mark::Seen | Mark::Read | Mark::Archived)) => mark.reversed(),
        Some(mark @ (Mark::Unseen | Mark::Unread | Mark::Unarchived)) => mark,
        _ => return Err(KnockError::missing(Thing::Operation)),
    };
    mark_one(&web, client, id, mark, &body).await
}

async fn mark_one(web: &Web, client: Client, id: String, mark: Mark, body: &Body) -> KnockResult<Json<Value>> {
    let marked = mark_these(web, client, vec![id], mark, body).await?;
    Ok(Json(marked.into_iter().next().ok_or_else(|| KnockError::missing(Thing::Message))?))
}

pub(super) async fn mark_batch(
    State(web): State<Web>,
    client: Client,
    Path(mark): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let mark = Mark::parse(&mark).ok_or_else(|| KnockError::missing(Thing::Operation))?;
    let ids = body.texts("message_ids", BATCH)?;
    Ok(Json(Value::Array(mark_these(&web, client, ids, mark, &body).await?)))
}

/// Marks messages, as far as the caller may. Returns those that were marked.
async fn mark_these(web: &Web, client: Client, ids: Vec<String>, mark: Mark, body: &Body) -> KnockResult<Vec<Value>> {
    let metadata = body.0.get("metadata").filter(|metadata| !metadata.is_null()).cloned();
    if let Some(metadata) = &metadata {
        let is_flat = |value: &Value| !value.is_array() && !value.is_object();
        if !metadata.as_object().is_some_and(|map| map.len() <= 5 && map.values().all(is_flat)) {
            return Err(KnockError::field("metadata", "must be an object of at most five plain values"));
        }
    }
    if let Some(user) = client.only_user() {
        client.must_be(user, "user/feed_write")?;
    }
    let only = client.only_user().map(str::to_owned);
    let (notify, now) = (web.app.notify.clone(), web.app.clock.now());
    let written = web.app.db.write(move |tx| {
        Box::pin(async move {
            let organisation = &client.organisation;
            let marked =
                messages::mark(tx, &notify, organisation, only.as_deref(), &ids, (mark, metadata.as_ref()), now)
                    .await?;
            Ok::<_, Error>((channels_of(tx, &notify, organisation).await?, marked))
        })
    });
    let (channels, marked) = written.await?;
    Ok(marked.iter().map(|message| shown(message, &channels)).collect())
}

/// Marks all messages of a channel that match a filter.
pub(super) async fn mark_all(
    State(web): State<Web>,
    client: Client,
    Path((channel, mark)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let action = mark;
    let mark = match action.as_str() {
        // Deletion hides messages from the feed: it archives them.
        "delete" => Mark::Archived,
        action => Mark::parse(action).ok_or_else(|| KnockError::missing(Thing::Operation))?,
    };
    let list = |name: &str| {
        let items = body.0.get(name).and_then(Value::as_array).into_iter().flatten();
        let items = items.filter_map(Value::as_str).filter(|item| !item.is_empty()).map(str::to_owned);
        at_most(name, items.collect(), MOST_NAMED)
    };
    let mut users = list("user_ids")?;
    users.extend(list("recipient_ids")?);
    if let Some(user) = client.only_user() {
        client.must_be(user, "user/feed_write")?;
        if users.iter().any(|named| named != user) {
            return Err(Error::Forbidden("this is somebody else's feed").into());
        }
        users = vec![user.to_owned()];
    }
    let tenants = list("tenants")?;
    let conditions = body.optional("trigger_data").map(serde_json::from_str).transpose();
    let conditions = conditions.map_err(|_| KnockError::field("trigger_data", "is not a JSON object"))?;
    let has_tenant = body.0.get("has_tenant").and_then(Value::as_bool);
    let filter = Filter {
        tenant: TenantFilter::of(tenants.first().map(String::as_str), has_tenant),
        statuses: body.optional("delivery_status").map(str::to_owned).into_iter().collect(),
        engagements: body.optional("engagement_status").and_then(Engagement::parse).into_iter().collect(),
        workflows: list("workflows")?,
        archived: Archived::parse(body.optional("archived")),
        data: at_most_four(conditions.unwrap_or_default())?,
        ..Filter::default()
    };
    let page = Page::of(&Query::default())?.within(body.optional("newer_than"), body.optional("older_than"));
    let range = page.range;
    let (notify, now) = (web.app.notify.clone(), web.app.clock.now());
    let marked = web.app.db.write(move |tx| {
        Box::pin(async move {
            let organisation = &client.organisation;
            let found = channels::find(tx, &notify, organisation, &channel).await?;
            let channel = found.ok_or(Error::NotFound(Thing::Channel))?;
            let whom: Vec<Option<Reference>> = match users.is_empty() {
                true => vec![None],
                false => users.into_iter().map(|user| Some(Reference::user(user))).collect(),
            };
            let mut marked = 0;
            for recipient in whom {
                let filter = Filter { recipient, channel: Some(channel.id.clone()), ..filter.clone() };
                let left = BULK.saturating_sub_unsigned(marked);
                if left <= 0 {
                    break;
                }
                let range = Range { limit: left, ..range.clone() };
                marked += messages::mark_where(tx, &notify, organisation, &filter, &range, mark, now).await?;
            }
            Ok::<_, Error>(marked)
        })
    });
    let marked = marked.await?;
    Ok(Json(json!({
        "__typename": "BulkOperation", "id": new_uuid(), "name": format!("messages.{action}"), "status": "completed",
        "estimated_total_rows": marked, "processed_rows": marked, "success_count": marked, "error_count": 0,
        "error_items": [], "inserted_at": now, "updated_at": now, "started_at": now, "completed_at": now,
        "failed_at": null,
    })))
}
