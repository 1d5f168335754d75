//! The SQL of messages.
//!
//! Lists in columns are JSON. A value is in such a list if removing it with `REPLACE` changes the
//! text. Facts are stored as lines of text.

use campanile_accounts::{OrganisationId, Privacy};
use campanile_base::bounds::{PAGE_BYTES, ROWS_LOOKED_AT};
use campanile_base::{Timestamp, new_ksuid, uuid_of};
use campanile_db::{
    Bulk, Param, Range, Result, Row, Select, Tx, insert_all, json_text, params, ranged, row, row_after,
};
use serde::Serialize;
use serde_json::{Map, Value, json as object};

use super::{Archived, Engagement, Filter, Mark, Marks, Message, Source, Status, TenantFilter, facts};
use crate::Reference;
use crate::channels::ChannelType;

campanile_db::columns! {
    columns, at:
    id, channel_id, channel_type, collection, recipient_id, tenant, source_type, workflow, version_id, categories,
    step_ref, workflow_run_id, recipient_run_id, actors, data, activities, content, metadata, snapshot, status, log,
    scheduled_at, inserted_at, updated_at, seen_at, read_at, interacted_at, link_clicked_at, archived_at,
}
campanile_db::columns! { feed_item_columns, feed_item_at: id, channel_id, recipient_id }
campanile_db::columns! { delivery_columns, delivery_at: id, service, request, response, inserted_at }

/// Adds the conditions of a filter, except for those of recipient and channel.
fn filtered<'p>(mut select: Select<'p>, filter: &'p Filter) -> Select<'p> {
    select = match &filter.tenant {
        TenantFilter::Any => select,
        TenantFilter::Some => select.and("tenant IS NOT NULL"),
        TenantFilter::None => select.and("tenant IS NULL"),
        TenantFilter::Only(tenant) => select.and_with("tenant = ?", [tenant]),
        TenantFilter::OrNone(tenant) => select.and_with("(tenant IS NULL OR tenant = ?)", [tenant]),
    };
    select = match filter.archived {
        Archived::Exclude => select.and("archived_at IS NULL"),
        Archived::Include => select,
        Archived::Only => select.and("archived_at IS NOT NULL"),
    };
    select = select
        .and_in("status", &filter.statuses)
        .and_in("id", &filter.ids)
        .and_in("workflow", &filter.workflows)
        .and_if("workflow_run_id = ?", filter.workflow_run_id.as_deref())
        .and_if("recipient_run_id = ?", filter.recipient_run_id.as_deref());
    let mut categories = filter.categories.iter().map(json_text);
    if let Some(first) = categories.next() {
        let more = " OR REPLACE(categories, ?, '') <> categories";
        select = select.and_with("(REPLACE(categories, ?, '') <> categories", [first]);
        select = categories.fold(select, |select, category| select.then_with(more, [category])).then(")");
    }
    let facts = filter.data.iter().map(|(key, value)| lines(&Map::from_iter([(key.clone(), value.clone())])));
    select = facts.fold(select, |select, fact| select.and_with("REPLACE(facts, ?, '') <> facts", [fact]));
    filter.engagements.iter().fold(select, |select, engagement| select.and(engagement.condition()))
}

impl Engagement {
    fn condition(self) -> &'static str {
        match self {
            Self::Seen => "seen_at IS NOT NULL",
            Self::Unseen => "seen_at IS NULL",
            Self::Read => "read_at IS NOT NULL",
            Self::Unread => "read_at IS NULL",
            Self::Interacted => "interacted_at IS NOT NULL",
            Self::LinkClicked => "link_clicked_at IS NOT NULL",
            Self::Archived => "archived_at IS NOT NULL",
            Self::Unarchived => "archived_at IS NULL",
        }
    }
}

/// The condition of one user's feed. A message that could not be rendered was never delivered, so
/// it is in no feed.
macro_rules! in_feed {
    () => {
        " FROM notify_message WHERE organisation_id = ? AND recipient_id = ? AND channel_id = ?
            AND channel_type = 'in_app_feed' AND collection = '$users' AND status <> 'undelivered'"
    };
}

fn in_feed<'p>(sql: &'static str, organisation: &'p OrganisationId, filter: &'p Filter) -> Select<'p> {
    let recipient = filter.recipient.as_ref().map(|recipient| recipient.id.as_str());
    let owner = [organisation.as_str().into(), Param::from(recipient), filter.channel.as_deref().into()];
    filtered(Select::new(sql, owner), filter)
}

/// Stores messages.
pub(crate) async fn insert(tx: &mut Tx, organisation: &OrganisationId, messages: &[&Message]) -> Result<()> {
    let (bulk, rows) = insert_all!(messages.iter() => |message| "notify_message" {
        organisation_id: text = organisation.as_str(),
        id: text = &message.id,
        channel_id: text = &message.channel_id,
        channel_type: text = message.channel_type.as_str(),
        collection: text = &message.recipient.collection,
        recipient_id: text = &message.recipient.id,
        tenant: text = message.tenant.as_deref(),
        source_type: text = &message.source.kind,
        workflow: text = &message.source.key,
        version_id: text = &message.source.version_id,
        categories: text = json_text(&message.source.categories),
        step_ref: text = message.source.step.as_deref(),
        workflow_run_id: text = message.source.workflow_run_id.as_deref(),
        recipient_run_id: text = message.source.recipient_run_id.as_deref(),
        actors: text = json_text(&message.actors),
        data: text = json_text(&message.data),
        facts: text = lines(&facts(&message.data)),
        activities: text = message.activities.as_ref().map(json_text),
        content: text = json_text(&message.content),
        snapshot: text = message.snapshot.as_ref().map(json_text),
        status: text = message.status.as_str(),
        log: text = &message.log,
        scheduled_at: bigint = message.scheduled_at,
        inserted_at: bigint = message.inserted_at,
        updated_at: bigint = message.updated_at,
    });
    tx.change(bulk, &rows).await.map(drop)
}

pub(super) async fn these(tx: &mut Tx, organisation: &OrganisationId, ids: &[String]) -> Result<Vec<Message>> {
    let bulk = Bulk {
        each: concat!("SELECT ", columns!(), " FROM notify_message WHERE organisation_id = $1 AND id = $2"),
        together: concat!(
            "SELECT ",
            columns!(),
            " FROM unnest($1::text[], $2::text[]) AS asked (organisation, message)
              JOIN notify_message ON organisation_id = asked.organisation AND id = asked.message"
        ),
        is_searched: false,
    };
    let rows: Vec<_> = ids.iter().map(|id| row![organisation.as_str(), id]).collect();
    tx.gather(bulk, &rows, read).await
}

/// Begins with `sql`, whose condition is the organisation.
fn listed<'p>(sql: &'static str, organisation: &'p OrganisationId, filter: &'p Filter) -> Select<'p> {
    let select = Select::new(sql, [organisation.as_str()])
        .and_if("recipient_id = ?", filter.recipient.as_ref().map(|recipient| &recipient.id))
        .and_if("collection = ?", filter.recipient.as_ref().map(|recipient| &recipient.collection))
        .and_if("channel_id = ?", filter.channel.as_deref());
    let select = match &filter.privacy {
        Privacy::Nobody => select,
        Privacy::AllBut(own) => select.and_with("(collection <> '$users' OR recipient_id = ?)", [own.as_str()]),
        Privacy::Members(others) => {
            select.and_not_in("collection || recipient_id", others.iter().map(|id| format!("$users{id}")))
        }
    };
    filtered(select, filter)
}

/// A page of the messages, within [`PAGE_BYTES`]. `true` if there are more.
pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<(Vec<Message>, bool)> {
    let sql = concat!("SELECT ", columns!(), " FROM notify_message WHERE organisation_id = ?");
    listed(sql, organisation, filter).ranged("id", range).within(tx, PAGE_BYTES, read_measured).await
}

/// The ids of a page of the messages.
pub(super) async fn ids(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<String>> {
    let sql = "SELECT id FROM notify_message WHERE organisation_id = ?";
    listed(sql, organisation, filter).ranged("id", range).all(tx, |row| row.get(0)).await
}

/// Narrows a range to the rows that one request may read. The second value is the place where
/// reading stops, if there are rows after it.
pub(super) async fn bounded(
    tx: &mut Tx,
    organisation: &OrganisationId,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "id", " FROM notify_message WHERE organisation_id = $1");
    range.bounded(tx, sql, organisation.as_str(), ROWS_LOOKED_AT).await
}

/// A page of a user's feed, by id, within [`PAGE_BYTES`]. `true` if there are more.
pub(super) async fn feed(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<(Vec<Message>, bool)> {
    let select = in_feed(concat!("SELECT ", columns!(), in_feed!()), organisation, filter);
    select.ranged("id", range).within(tx, PAGE_BYTES, read_measured).await
}

/// The feed items since an id, newest first: message, channel and user.
pub(crate) async fn put_into_feeds_since(
    tx: &mut Tx,
    organisation: &OrganisationId,
    since: &str,
    limit: i64,
) -> Result<Vec<(String, String, String)>> {
    let sql = concat!(
        "SELECT ",
        feed_item_columns!(),
        " FROM notify_message
          WHERE organisation_id = $1 AND id > $2 AND channel_type = 'in_app_feed' AND status <> 'undelivered'
          ORDER BY id DESC LIMIT $3"
    );
    tx.all(sql, params![organisation.as_str(), since, limit], |row| {
        Ok((row.get(feed_item_at::id)?, row.get(feed_item_at::channel_id)?, row.get(feed_item_at::recipient_id)?))
    })
    .await
}

/// The numbers of items in a feed. Each is counted up to ten thousand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All items that the filter lets through.
    #[serde(rename = "total_count")]
    pub total: i64,
    /// Items that are not read.
    #[serde(rename = "unread_count")]
    pub unread: i64,
    /// Items that are not seen.
    #[serde(rename = "unseen_count")]
    pub unseen: i64,
}

/// Counts the items of a feed. `filter.engagements` applies to the total only: the badge shows the
/// numbers without it.
pub async fn counts(tx: &mut Tx, organisation: &OrganisationId, filter: &Filter, range: &Range) -> Result<Counts> {
    let select = |filter| in_feed(concat!("SELECT count(*) FROM (SELECT id", in_feed!()), organisation, filter);
    let badge = Filter { engagements: Vec::new(), ..filter.clone() };
    // The same conditions as those of the partial indexes, so that these are used.
    Ok(Counts {
        total: counted(select(filter), range).one(tx, |row| row.get(0)).await?,
        unread: counted(select(&badge).and("read_at IS NULL"), range).one(tx, |row| row.get(0)).await?,
        unseen: counted(select(&badge).and("seen_at IS NULL"), range).one(tx, |row| row.get(0)).await?,
    })
}

fn counted<'p>(select: Select<'p>, range: &Range) -> Select<'p> {
    let bounded = select.and_with("id > ?", [range.low.clone()]).and_with("id < ?", [range.high.clone()]);
    bounded.then_with(" LIMIT ?) AS counted", [MOST_COUNTED])
}

/// The number up to which items are counted.
const MOST_COUNTED: i64 = 10_000;

macro_rules! marked {
    ($set:literal, $from:expr) => {
        concat!(
            "UPDATE notify_message SET ",
            $set,
            ", log = log || $2, updated_at = $3 WHERE organisation_id = $1",
            $from
        )
    };
}

macro_rules! by_mark {
    ($mark:expr, $from:expr) => {
        match $mark {
            Mark::Seen => marked!("seen_at = $3", $from),
            Mark::Unseen => marked!("seen_at = NULL", $from),
            Mark::Read => marked!("read_at = $3, seen_at = COALESCE(seen_at, $3)", $from),
            Mark::Unread => marked!("read_at = NULL", $from),
            Mark::Interacted => {
                marked!("interacted_at = $3, read_at = COALESCE(read_at, $3), seen_at = COALESCE(seen_at, $3)", $from)
            }
            Mark::Archived => marked!("archived_at = $3", $from),
            Mark::Unarchived => marked!("archived_at = NULL", $from),
            Mark::LinkClicked => {
                marked!("link_clicked_at = $3, read_at = COALESCE(read_at, $3), seen_at = COALESCE(seen_at, $3)", $from)
            }
        }
    };
}

pub(super) async fn mark(
    tx: &mut Tx,
    organisation: &OrganisationId,
    ids: &[&str],
    mark: Mark,
    line: &str,
    now: Timestamp,
) -> Result<u64> {
    let sql = by_mark!(mark, " AND id = $4");
    let rows: Vec<_> = ids.iter().map(|id| row![organisation.as_str(), line, now, *id]).collect();
    Ok(tx.execute_many(sql, &rows).await?.iter().sum())
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, ids: &[String]) -> Result<()> {
    let sql = "DELETE FROM notify_message WHERE organisation_id = $1 AND id = $2";
    let rows: Vec<_> = ids.iter().map(|id| row![organisation.as_str(), id]).collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// A new delivery status of a message.
#[derive(Debug, Clone)]
pub(crate) struct StatusUpdate {
    pub(crate) id: String,
    pub(crate) status: Status,
    pub(crate) metadata: Option<Value>,
    pub(crate) snapshot: Option<Value>,
    /// Lines for its log.
    pub(crate) log: String,
    /// The exchanges with its provider: `service`, `request`, `response`.
    pub(crate) delivery: Vec<Value>,
}

/// Stores new delivery statuses and the exchanges with providers.
pub(super) async fn append(
    tx: &mut Tx,
    organisation: &OrganisationId,
    told: &[StatusUpdate],
    now: Timestamp,
) -> Result<()> {
    let bulk = Bulk {
        each: "UPDATE notify_message SET status = $3, log = log || $4, metadata = COALESCE($5, metadata),
                snapshot = COALESCE($6, snapshot), updated_at = $7 WHERE organisation_id = $2 AND id = $1",
        together: "UPDATE notify_message SET status = told.status, log = log || told.line,
                metadata = COALESCE(told.about, metadata), snapshot = COALESCE(told.shot, snapshot), updated_at = told.now
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
                AS told (message, organisation, status, line, about, shot, now)
            WHERE organisation_id = told.organisation AND id = told.message RETURNING id",
        is_searched: false,
    };
    let rows: Vec<_> = told
        .iter()
        .map(|told| {
            row![
                &told.id,
                organisation.as_str(),
                told.status.as_str(),
                &told.log,
                told.metadata.as_ref().map(json_text),
                told.snapshot.as_ref().map(json_text),
                now
            ]
        })
        .collect();
    tx.change(bulk, &rows).await?;
    let logs = told.iter().flat_map(|told| told.delivery.iter().map(move |log| (told, log)));
    let (bulk, rows) = insert_all!(logs => |(told, log)| "delivery_log" {
        organisation_id: text = organisation.as_str(),
        message_id: text = &told.id,
        id: text = new_ksuid(now),
        service: text = log["service"].as_str().unwrap_or_default(),
        request: text = json_text(&log["request"]),
        response: text = json_text(&log["response"]),
        inserted_at: bigint = now,
    });
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// A page of a message's exchanges with its provider, by id.
pub async fn deliveries(
    tx: &mut Tx,
    organisation: &OrganisationId,
    message: &str,
    range: &Range,
) -> Result<Vec<(String, Value)>> {
    let sql = ranged!(
        range,
        "id",
        "SELECT ",
        delivery_columns!(),
        " FROM delivery_log WHERE organisation_id = $1 AND message_id = $5"
    );
    let params = params![organisation.as_str(), &range.low, &range.high, range.limit, message];
    tx.all(sql, params, |row| {
        let id: String = row.get(delivery_at::id)?;
        let (request, response): (Value, Value) = (row.json(delivery_at::request)?, row.json(delivery_at::response)?);
        let log = object!({
            "__typename": "MessageDeliveryLog", "id": id, "environment_id": uuid_of(&["environment", organisation.as_str()]),
            "service_name": row.get::<String>(delivery_at::service)?, "request": request, "response": response,
            "inserted_at": row.get::<Timestamp>(delivery_at::inserted_at)?,
        });
        Ok((id, log))
    })
    .await
}

/// Facts as lines of text. Each has a line break before and after it, so that a whole fact can be
/// searched for.
fn lines(facts: &Map<String, Value>) -> String {
    facts.iter().map(|(key, value)| format!("\n{}={value}\n", Value::String(key.clone()))).collect()
}

fn read(row: &Row<'_>) -> Result<Message> {
    Ok(read_measured(row)?.0)
}

/// A message, and the number of bytes of its JSON columns.
fn read_measured(row: &Row<'_>) -> Result<(Message, usize)> {
    let mut bytes = 0;
    let message = Message {
        id: row.get(at::id)?,
        channel_id: row.get(at::channel_id)?,
        channel_type: row.word(at::channel_type, ChannelType::parse)?,
        recipient: Reference { collection: row.get(at::collection)?, id: row.get(at::recipient_id)? },
        tenant: row.get(at::tenant)?,
        source: Source {
            kind: row.get(at::source_type)?,
            key: row.get(at::workflow)?,
            version_id: row.get(at::version_id)?,
            categories: row.json_measured(at::categories, &mut bytes)?.unwrap_or_default(),
            step: row.get(at::step_ref)?,
            workflow_run_id: row.get(at::workflow_run_id)?,
            recipient_run_id: row.get(at::recipient_run_id)?,
        },
        actors: row.json_measured(at::actors, &mut bytes)?.unwrap_or_default(),
        data: row.json_measured(at::data, &mut bytes)?.unwrap_or_default(),
        activities: row.json_measured(at::activities, &mut bytes)?,
        content: row.json_measured(at::content, &mut bytes)?.unwrap_or_default(),
        metadata: row.json_measured(at::metadata, &mut bytes)?,
        snapshot: row.json_measured(at::snapshot, &mut bytes)?,
        status: row.word(at::status, Status::parse)?,
        log: row.get(at::log)?,
        scheduled_at: row.get(at::scheduled_at)?,
        inserted_at: row.get(at::inserted_at)?,
        updated_at: row.get(at::updated_at)?,
        marks: Marks {
            seen_at: row.get(at::seen_at)?,
            read_at: row.get(at::read_at)?,
            interacted_at: row.get(at::interacted_at)?,
            link_clicked_at: row.get(at::link_clicked_at)?,
            archived_at: row.get(at::archived_at)?,
        },
    };
    Ok((message, bytes))
}
