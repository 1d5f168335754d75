//! Feeds: the items of one user, newest first, with their counts.

use axum::Json;
use axum::extract::{Path, State};
use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::{FilteredRows, Tx};
use campanile_http::Web;
use campanile_notify::messages::{self, Archived, Counts, Engagement, Filter, Message, TenantFilter};
use campanile_notify::recipients::{self, Recipient};
use campanile_notify::{Reference, channels};
use serde_json::{Map, Value, json};

use super::client::Client;
use super::error::KnockResult;
use super::message_filter::{at_most, trigger_data};
use super::page::{Page, write};
use super::query::Query;

pub(super) async fn read(
    State(web): State<Web>,
    client: Client,
    Path((user, feed)): Path<(String, String)>,
    query: Query,
) -> KnockResult<Json<Value>> {
    client.must_be(&user, "user/feed_read")?;
    client.must_stay_within(query.text("tenant"))?;
    let page = Page::of(&query)?.between(&query);
    let filter = Filter { recipient: Some(Reference::user(user)), ..filter(&query)? };
    let is_compact = query.text("mode") == Some("compact");
    // The counts cover the same range of time as the items, whatever page is shown.
    let whole = Page::of(&Query::default())?.between(&query).range;
    let (notify, range) = (web.app.notify.clone(), page.range.clone());
    let read = web.app.db.read(move |tx| {
        Box::pin(async move {
            let organisation = &client.organisation;
            let channel =
                channels::find(tx, &notify, organisation, &feed).await?.ok_or(Error::NotFound(Thing::Channel))?;
            let filter = Filter { channel: Some(channel.id), ..filter };
            let found = messages::feed(tx, organisation, &filter, &range).await?;
            let counts = messages::counts(tx, organisation, &filter, &whole).await?;
            let mut entries = FilteredRows { rows: Vec::with_capacity(found.rows.len()), stopped_at: found.stopped_at };
            for message in found.rows {
                let entry = entry(tx, organisation, &message, is_compact).await?;
                entries.rows.push((message.id, entry));
            }
            Ok::<_, Error>((entries, counts))
        })
    });
    let (entries, counts) = read.await?;
    let (entries, page_info) = page.cut_found(entries, |(id, _)| id);
    let mut feed = json!({
        "entries": entries.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>(),
        "meta": meta(counts),
        "page_info": page_info,
        "vars": { "app_url": web.app.base_url, "app_name": "Campanile" },
    });
    for path in query.list("exclude").iter().flat_map(|paths| paths.split(',')) {
        exclude(&mut feed, &path.split('.').collect::<Vec<_>>());
    }
    Ok(Json(feed))
}

/// The filter of a feed, from the query.
pub(super) fn filter(query: &Query) -> KnockResult<Filter> {
    Ok(Filter {
        tenant: TenantFilter::of(query.text("tenant"), query.flag("has_tenant")),
        engagements: query.text("status").and_then(Engagement::parse).into_iter().collect(),
        categories: at_most("workflow_categories", query.list("workflow_categories"), 3)?,
        workflows: query.list("source"),
        data: trigger_data(query)?,
        archived: Archived::parse(query.text("archived")),
        ..Filter::default()
    })
}

pub(super) fn meta(counts: Counts) -> Value {
    let mut meta = json!(counts);
    meta["__typename"] = "FeedMetadata".into();
    meta
}

pub(super) async fn settings(
    State(web): State<Web>,
    client: Client,
    Path((user, feed)): Path<(String, String)>,
) -> KnockResult<Json<Value>> {
    client.must_be(&user, "user/feed_read")?;
    let notify = web.app.notify.clone();
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { channels::find(tx, &notify, &client.organisation, &feed).await }));
    read.await?.ok_or(Error::NotFound(Thing::Channel))?;
    Ok(Json(json!({ "features": { "branding_required": false } })))
}

async fn entry(tx: &mut Tx, organisation: &OrganisationId, message: &Message, is_compact: bool) -> Result<Value> {
    let names: Vec<Reference> = message.actors.iter().take(if is_compact { 1 } else { 10 }).cloned().collect();
    let known = recipients::these(tx, organisation, &names).await?;
    let actors: Vec<Value> = names.iter().filter_map(|name| known.get(name)).map(Recipient::view).collect();
    let mut data = message.data.clone();
    data.remove("attachments");
    if is_compact {
        data.retain(|_, value| !value.is_object() && !value.is_array());
    }
    let source = &message.source;
    let mut entry = json!({
        "__typename": "FeedItem",
        "__cursor": write(&message.id),
        "id": message.id,
        "actors": actors,
        "blocks": message.content.get("blocks").unwrap_or(&json!([])),
        "data": data,
        "source": {
            "__typename": "NotificationSource", "key": source.key, "version_id": source.version_id,
            "categories": source.categories,
        },
        "tenant": message.tenant,
        "inserted_at": message.inserted_at,
        "updated_at": message.updated_at,
    });
    if let (Value::Object(entry), Value::Object(marks)) = (&mut entry, message.marks.view()) {
        entry.extend(marks);
    }
    if !is_compact {
        let gathered = message.activities.as_ref();
        let of_actors = i64::try_from(message.actors.len()).unwrap_or(0);
        entry["total_activities"] = gathered.map_or(1, |of| of.total).into();
        entry["total_actors"] = gathered.map_or(of_actors, |of| of.total_actors).into();
        entry["activities"] = Value::Array(activities(tx, organisation, message).await?);
    }
    Ok(entry)
}

/// The activities of a message, as the API shows them, with the present data of actor and
/// recipient.
pub(super) async fn activities(tx: &mut Tx, organisation: &OrganisationId, message: &Message) -> Result<Vec<Value>> {
    let stored: Vec<Value> = match &message.activities {
        Some(gathered) => gathered.items.clone(),
        None => vec![json!({
            "id": message.id, "data": message.data, "actor": message.actors.first(),
            "inserted_at": message.inserted_at, "updated_at": message.inserted_at,
        })],
    };
    let actor = |activity: &Value| Reference::parse(activity.get("actor")?).ok();
    let mut names: Vec<Reference> = stored.iter().filter_map(actor).collect();
    names.push(message.recipient.clone());
    let known = recipients::these(tx, organisation, &names).await?;
    let unknown = |name: &Reference| Recipient::unknown(name.clone(), Timestamp::from_micros(0)).view();
    let view = |name: &Reference| known.get(name).map_or_else(|| unknown(name), Recipient::view);
    let shown = stored.iter().map(|activity| {
        let mut data = activity["data"].as_object().cloned().unwrap_or_else(Map::new);
        data.remove("attachments");
        json!({
            "__typename": "Activity", "id": activity["id"], "actor": actor(activity).as_ref().map(view),
            "recipient": view(&message.recipient), "data": data, "inserted_at": activity["inserted_at"],
            "updated_at": activity["updated_at"],
        })
    });
    Ok(shown.collect())
}

/// Removes the value at a path. In a list, removes it from each item.
fn exclude(node: &mut Value, path: &[&str]) {
    match (node, path) {
        (Value::Array(list), path) => list.iter_mut().for_each(|item| exclude(item, path)),
        (Value::Object(map), [key]) => drop(map.remove(key.trim())),
        (Value::Object(map), [key, rest @ ..]) => {
            if let Some(inner) = map.get_mut(key.trim()) {
                exclude(inner, rest);
            }
        }
        _ => {}
    }
}
