//! Feeds: the items of one recipient, newest first, with their counts.

use axum::Json;
use axum::extract::{Path, Query, State};
use campanile_base::{Cursor, Error, PageSize, Timestamp};
use campanile_notify::messages::{self, FeedItem, FeedMeta, FeedStatus, Mark};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{KnockResult, reader};
use crate::Web;
use crate::caller::Known;

#[derive(Deserialize)]
pub(super) struct FeedQuery {
    page_size: Option<i64>,
    after: Option<String>,
    status: Option<String>,
    tenant: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Feed {
    entries: Vec<Entry>,
    meta: Meta,
    page_info: PageInfo,
    vars: Value,
}

#[derive(Serialize)]
struct Meta {
    __typename: &'static str,
    #[serde(flatten)]
    counts: FeedMeta,
}

#[derive(Serialize)]
struct PageInfo {
    __typename: &'static str,
    after: Option<String>,
    before: Option<String>,
    page_size: usize,
}

#[derive(Serialize)]
struct Entry {
    __cursor: String,
    __typename: &'static str,
    id: String,
    activities: Vec<Value>,
    actors: Vec<Value>,
    blocks: Vec<Value>,
    data: Value,
    source: Value,
    tenant: String,
    total_activities: u32,
    total_actors: u32,
    inserted_at: Timestamp,
    updated_at: Timestamp,
    seen_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
    interacted_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
    clicked_at: Option<Timestamp>,
    link_clicked_at: Option<Timestamp>,
}

impl From<FeedItem> for Entry {
    fn from(item: FeedItem) -> Self {
        let url = item.data.get("url").cloned().unwrap_or_default();
        Self {
            __cursor: cursor(&item).encode(),
            __typename: "FeedItem",
            activities: Vec::new(),
            actors: Vec::new(),
            blocks: vec![
                json!({ "name": "body", "type": "markdown", "content": item.body, "rendered": item.subject }),
                json!({ "name": "action_url", "type": "text", "content": url, "rendered": url }),
            ],
            source: json!({
                "__typename": "NotificationSource", "key": item.workflow, "version_id": "1", "categories": [],
            }),
            data: item.data,
            tenant: item.tenant,
            total_activities: 1,
            total_actors: 0,
            inserted_at: item.inserted_at,
            updated_at: item.updated_at,
            seen_at: item.seen_at,
            read_at: item.read_at,
            interacted_at: item.interacted_at,
            archived_at: item.archived_at,
            clicked_at: None,
            link_clicked_at: None,
            id: item.id,
        }
    }
}

fn cursor(item: &FeedItem) -> Cursor {
    Cursor { at: item.inserted_at, id: item.id.clone() }
}

pub(super) async fn read(
    State(web): State<Web>,
    Known(caller): Known,
    Path((user, _feed)): Path<(String, String)>,
    Query(query): Query<FeedQuery>,
) -> KnockResult<Json<Feed>> {
    let person = reader(&caller, Some(&user))?;
    let from = Cursor::decode(query.after.as_deref())?;
    let size = PageSize::new(Some(query.page_size.unwrap_or(50)))?;
    let status = query.status.as_deref().map(FeedStatus::parse).unwrap_or_default();
    let found = web.app.db.read(move |tx| {
        Box::pin(async move {
            let (organisation, tenant) = (&caller.organisation, query.tenant.as_deref());
            let items = messages::feed(tx, organisation, &person, tenant, status, &from, size).await?;
            let counts = messages::meta(tx, organisation, &person, tenant).await?;
            Ok::<_, campanile_db::Error>((items, counts))
        })
    });
    let (mut items, counts) = found.await?;
    let more = items.len() > size.get();
    items.truncate(size.get());
    let after = items.last().filter(|_| more).map(|last| cursor(last).encode());
    Ok(Json(Feed {
        entries: items.into_iter().map(Entry::from).collect(),
        meta: Meta { __typename: "FeedMetadata", counts },
        page_info: PageInfo { __typename: "PageInfo", after, before: None, page_size: size.get() },
        vars: json!({}),
    }))
}

pub(super) async fn settings(Known(_): Known) -> Json<Value> {
    Json(json!({ "features": { "branding_required": false } }))
}

#[derive(Deserialize)]
pub(super) struct BatchIn {
    message_ids: Vec<String>,
    user_id: Option<String>,
}

pub(super) async fn mark_batch(
    State(web): State<Web>,
    Known(caller): Known,
    Path(mark): Path<String>,
    Json(asked): Json<BatchIn>,
) -> KnockResult<Json<Value>> {
    let mark = Mark::parse(&mark).ok_or(Error::NotFound("status"))?;
    if asked.message_ids.len() > 50 {
        return Err(Error::invalid("message_ids must not name more than 50").into());
    }
    let (person, now) = (reader(&caller, asked.user_id.as_deref())?, web.app.clock.now());
    let ids = asked.message_ids;
    let marked = web.app.db.write(move |tx| {
        Box::pin(async move {
            for id in &ids {
                messages::mark(tx, &caller.organisation, &person, id, mark, now).await?;
            }
            Ok::<_, campanile_db::Error>(ids)
        })
    });
    Ok(Json(marked.await?.into_iter().map(|id| json!({ "__typename": "Message", "id": id })).collect()))
}

#[derive(Deserialize)]
pub(super) struct BulkIn {
    user_ids: Option<Vec<String>>,
}

pub(super) async fn mark_all(
    State(web): State<Web>,
    Known(caller): Known,
    Path((_feed, mark)): Path<(String, String)>,
    Json(asked): Json<BulkIn>,
) -> KnockResult<Json<Value>> {
    let mark = match Mark::parse(&mark) {
        Some(mark @ (Mark::Seen | Mark::Read | Mark::Archived)) => mark,
        _ => return Err(Error::NotFound("status").into()),
    };
    let named = asked.user_ids.as_ref().and_then(|ids| ids.first());
    let (person, now) = (reader(&caller, named.map(String::as_str))?, web.app.clock.now());
    let marked = web.app.db.write(move |tx| {
        Box::pin(async move { messages::mark_all(tx, &caller.organisation, &person, mark, now).await })
    });
    let count = marked.await?;
    Ok(Json(json!({
        "__typename": "BulkOperation", "id": campanile_base::new_id("bulk", now), "status": "completed",
        "success_count": count, "processed_rows": count, "estimated_total_rows": count,
    })))
}
