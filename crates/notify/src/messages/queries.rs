//! The SQL of messages.
//!
//! What can be asked of them in many ways is one condition with a parameter for each way, where NULL asks nothing. Lists in parameters and
//! columns are JSON, and something is in them when taking it out makes a difference; facts are lines.

use campanile_accounts::OrganisationId;
use campanile_base::bounds::{PAGE_BYTES, ROWS_LOOKED_AT};
use campanile_base::{Timestamp, new_ksuid, uuid_of};
use campanile_db::{Bulk, Param, Range, Result, Row, Tx, params, ranged, row, row_after};
use serde::Serialize;
use serde_json::{Map, Value, json as object};

use super::{Archived, Filter, Mark, Marks, Message, Source, Status, TenantFilter, facts};
use crate::Reference;
use crate::channels::ChannelType;

macro_rules! columns {
    () => {
        "id, channel_id, channel_type, collection, recipient_id, tenant, source_type, workflow, version_id, categories,
         step_ref, workflow_run_id, recipient_run_id, actors, data, activities, content, metadata, snapshot, status, log,
         scheduled_at, inserted_at, updated_at, seen_at, read_at, interacted_at, link_clicked_at, archived_at"
    };
}

/// The condition of a [`Filter`], but for recipient and channel, by `$7` to `$22`.
macro_rules! filtered {
    () => {
        " AND (CAST($7 AS TEXT) = 'any' OR ($7 = 'some' AND tenant IS NOT NULL) OR ($7 = 'none' AND tenant IS NULL)
            OR ($7 = 'only' AND tenant = $8) OR ($7 = 'or_none' AND (tenant IS NULL OR tenant = $8)))
          AND (CAST($9 AS TEXT) IS NULL OR REPLACE($9, '\"' || status || '\"', '') <> $9)
          AND (CAST($10 AS TEXT) IS NULL OR (
            (REPLACE($10, '\"seen\"', '') = $10 OR seen_at IS NOT NULL)
            AND (REPLACE($10, '\"unseen\"', '') = $10 OR seen_at IS NULL)
            AND (REPLACE($10, '\"read\"', '') = $10 OR read_at IS NOT NULL)
            AND (REPLACE($10, '\"unread\"', '') = $10 OR read_at IS NULL)
            AND (REPLACE($10, '\"interacted\"', '') = $10 OR interacted_at IS NOT NULL)
            AND (REPLACE($10, '\"link_clicked\"', '') = $10 OR link_clicked_at IS NOT NULL)
            AND (REPLACE($10, '\"archived\"', '') = $10 OR archived_at IS NOT NULL)
            AND (REPLACE($10, '\"unarchived\"', '') = $10 OR archived_at IS NULL)))
          AND (CAST($11 AS TEXT) IS NULL OR REPLACE($11, '\"' || id || '\"', '') <> $11)
          AND (CAST($12 AS TEXT) IS NULL OR REPLACE(categories, $12, '') <> categories
            OR REPLACE(categories, COALESCE($13, ''), '') <> categories
            OR REPLACE(categories, COALESCE($14, ''), '') <> categories)
          AND (CAST($15 AS TEXT) IS NULL OR REPLACE($15, '\"' || workflow || '\"', '') <> $15)
          AND (CAST($16 AS TEXT) IS NULL OR workflow_run_id = $16)
          AND (CAST($17 AS TEXT) IS NULL OR recipient_run_id = $17)
          AND (CAST($18 AS TEXT) IS NULL OR REPLACE(facts, $18, '') <> facts)
          AND (CAST($19 AS TEXT) IS NULL OR REPLACE(facts, $19, '') <> facts)
          AND (CAST($20 AS TEXT) IS NULL OR REPLACE(facts, $20, '') <> facts)
          AND (CAST($21 AS TEXT) IS NULL OR REPLACE(facts, $21, '') <> facts)
          AND (CAST($22 AS TEXT) = 'include' OR ($22 = 'exclude' AND archived_at IS NULL)
            OR ($22 = 'only' AND archived_at IS NOT NULL))"
    };
}

/// Of one user's feed; with [`filtered`]. What could not be rendered was never delivered, and stands in no feed.
macro_rules! in_feed {
    () => {
        concat!(
            " FROM notify_message WHERE organisation_id = $1 AND recipient_id = $5 AND channel_id = $6
                AND channel_type = 'in_app_feed' AND collection = '$users' AND status <> 'undelivered'",
            filtered!()
        )
    };
}

/// Stores messages.
pub(crate) async fn insert(tx: &mut Tx, organisation: &OrganisationId, messages: &[&Message]) -> Result<()> {
    let bulk = Bulk {
        each: "INSERT INTO notify_message (organisation_id, id, channel_id, channel_type, collection, recipient_id,
                tenant, source_type, workflow, version_id, categories, step_ref, workflow_run_id, recipient_run_id,
                actors, data, facts, activities, content, snapshot, status, log, scheduled_at, inserted_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23, $24, $25)",
        together: "INSERT INTO notify_message (organisation_id, id, channel_id, channel_type, collection, recipient_id,
                tenant, source_type, workflow, version_id, categories, step_ref, workflow_run_id, recipient_run_id,
                actors, data, facts, activities, content, snapshot, status, log, scheduled_at, inserted_at, updated_at)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
                $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[],
                $23::bigint[], $24::bigint[], $25::bigint[]) RETURNING organisation_id",
        is_searched: false,
    };
    let rows: Vec<_> = messages
        .iter()
        .map(|message| {
            row![
                organisation.as_str(),
                &message.id,
                &message.channel_id,
                message.channel_type.as_str(),
                &message.recipient.collection,
                &message.recipient.id,
                message.tenant.as_deref(),
                &message.source.kind,
                &message.source.key,
                &message.source.version_id,
                json(&message.source.categories),
                message.source.step.as_deref(),
                message.source.workflow_run_id.as_deref(),
                message.source.recipient_run_id.as_deref(),
                json(&message.actors),
                json(&message.data),
                lines(&facts(&message.data)),
                message.activities.as_ref().map(json),
                json(&message.content),
                message.snapshot.as_ref().map(json),
                message.status.as_str(),
                &message.log,
                message.scheduled_at,
                message.inserted_at,
                message.updated_at
            ]
        })
        .collect();
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

macro_rules! listed {
    () => {
        " FROM notify_message WHERE organisation_id = $1
            AND (CAST($5 AS TEXT) IS NULL OR recipient_id = $5) AND (CAST($6 AS TEXT) IS NULL OR channel_id = $6)
            AND (CAST($23 AS TEXT) IS NULL OR collection = $23)
            AND (CAST($24 AS TEXT) IS NULL OR collection <> '$users' OR recipient_id = $24)"
    };
}

fn listed_params<'p>(organisation: &'p OrganisationId, filter: &'p Filter, range: &'p Range) -> Vec<Param<'p>> {
    let mut params = params_of(organisation, filter, range);
    params.push(filter.recipient.as_ref().map(|recipient| recipient.collection.as_str()).into());
    params.push(filter.reader.as_deref().into());
    params
}

/// A stretch of the messages, as far as a page goes; whether there are more of it.
pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<(Vec<Message>, bool)> {
    let sql = ranged!(range, "id", "SELECT ", columns!(), listed!(), filtered!());
    tx.within(PAGE_BYTES, sql, &listed_params(organisation, filter, range), read_measured).await
}

/// The ids of a stretch of the messages.
pub(super) async fn ids(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<String>> {
    let sql = ranged!(range, "id", "SELECT id", listed!(), filtered!());
    tx.all(sql, &listed_params(organisation, filter, range), |row| row.get(0)).await
}

/// A range of the messages, and where looking at it has to stop.
pub(super) async fn bounded(
    tx: &mut Tx,
    organisation: &OrganisationId,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "id", " FROM notify_message WHERE organisation_id = $1");
    range.bounded(tx, sql, organisation.as_str(), ROWS_LOOKED_AT).await
}

/// A stretch of a user's feed, by id, as far as a page goes; whether there are more of it.
pub(super) async fn feed(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<(Vec<Message>, bool)> {
    let sql = ranged!(range, "id", "SELECT ", columns!(), in_feed!());
    tx.within(PAGE_BYTES, sql, &params_of(organisation, filter, range), read_measured).await
}

/// What was put into feeds since an id: message, channel and user.
///
/// # Errors
/// What the database says.
pub(crate) async fn put_into_feeds_since(
    tx: &mut Tx,
    organisation: &OrganisationId,
    since: &str,
    limit: i64,
) -> Result<Vec<(String, String, String)>> {
    let sql = "SELECT id, channel_id, recipient_id FROM notify_message
        WHERE organisation_id = $1 AND id > $2 AND channel_type = 'in_app_feed' AND status <> 'undelivered'
        ORDER BY id DESC LIMIT $3";
    tx.all(sql, params![organisation.as_str(), since, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
}

/// How many items a feed has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Of all that are asked for; ten thousand at most.
    #[serde(rename = "total_count")]
    pub total: i64,
    /// Not read.
    #[serde(rename = "unread_count")]
    pub unread: i64,
    /// Not seen.
    #[serde(rename = "unseen_count")]
    pub unseen: i64,
}

/// How many items a feed has. `filter.engagements` narrows the total alone: the badge is of the view without it.
///
/// # Errors
/// What the database says.
pub async fn counts(tx: &mut Tx, organisation: &OrganisationId, filter: &Filter, range: &Range) -> Result<Counts> {
    macro_rules! counted {
        ($more:literal) => {
            concat!(
                "SELECT count(*) FROM (SELECT id",
                in_feed!(),
                " AND id > $2 AND id < $3",
                $more,
                " LIMIT $4) AS counted"
            )
        };
    }
    let badge = Filter { engagements: Vec::new(), ..filter.clone() };
    let range = Range { limit: MOST_COUNTED, ..range.clone() };
    let is_plain = filter.archived == Archived::Exclude;
    let (total, badge) = (params_of(organisation, filter, &range), params_of(organisation, &badge, &range));
    // As the partial indexes say it.
    let (unread, unseen) = match is_plain {
        true => (
            counted!(" AND read_at IS NULL AND archived_at IS NULL"),
            counted!(" AND seen_at IS NULL AND archived_at IS NULL"),
        ),
        false => (counted!(" AND read_at IS NULL"), counted!(" AND seen_at IS NULL")),
    };
    Ok(Counts {
        total: tx.one(counted!(""), &total, |row| row.get(0)).await?,
        unread: tx.one(unread, &badge, |row| row.get(0)).await?,
        unseen: tx.one(unseen, &badge, |row| row.get(0)).await?,
    })
}

/// Past this many, a feed has ten thousand items.
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

/// What a channel said of a message.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) status: Status,
    pub(crate) metadata: Option<Value>,
    pub(crate) snapshot: Option<Value>,
    /// Lines of its log.
    pub(crate) log: String,
    /// What went to its provider, and what came back: `service`, `request`, `response`.
    pub(crate) delivery: Vec<Value>,
}

/// Writes down how far messages got.
pub(super) async fn append(tx: &mut Tx, organisation: &OrganisationId, told: &[Told], now: Timestamp) -> Result<()> {
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
                told.metadata.as_ref().map(json),
                told.snapshot.as_ref().map(json),
                now
            ]
        })
        .collect();
    tx.change(bulk, &rows).await?;
    let sql = "INSERT INTO delivery_log (organisation_id, message_id, id, service, request, response, inserted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let logs = told.iter().flat_map(|told| told.delivery.iter().map(move |log| (told, log)));
    let rows: Vec<_> = logs
        .map(|(told, log)| {
            row![
                organisation.as_str(),
                &told.id,
                new_ksuid(now),
                log["service"].as_str().unwrap_or_default(),
                json(&log["request"]),
                json(&log["response"]),
                now
            ]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// A stretch of what went to a message's provider, by id.
///
/// # Errors
/// What the database says.
pub async fn deliveries(
    tx: &mut Tx,
    organisation: &OrganisationId,
    message: &str,
    range: &Range,
) -> Result<Vec<(String, Value)>> {
    let sql = ranged!(
        range,
        "id",
        "SELECT id, service, request, response, inserted_at FROM delivery_log
         WHERE organisation_id = $1 AND message_id = $5"
    );
    let params = params![organisation.as_str(), &range.low, &range.high, range.limit, message];
    tx.all(sql, params, |row| {
        let id: String = row.get(0)?;
        let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap_or_default();
        let (request, response) = (parsed(row.get(2)?), parsed(row.get(3)?));
        let log = object!({
            "__typename": "MessageDeliveryLog", "id": id, "environment_id": uuid_of(&["environment", organisation.as_str()]),
            "service_name": row.get::<String>(1)?, "request": request, "response": response,
            "inserted_at": row.get::<Timestamp>(4)?,
        });
        Ok((id, log))
    })
    .await
}

fn params_of<'p>(organisation: &'p OrganisationId, filter: &'p Filter, range: &'p Range) -> Vec<Param<'p>> {
    let (way, tenant) = match &filter.tenant {
        TenantFilter::Any => ("any", None),
        TenantFilter::Some => ("some", None),
        TenantFilter::None => ("none", None),
        TenantFilter::Only(tenant) => ("only", Some(tenant.as_str())),
        TenantFilter::OrNone(tenant) => ("or_none", Some(tenant.as_str())),
    };
    let list = |items: &[String]| Param::from((!items.is_empty()).then(|| json(&items)));
    let category = |index: usize| Param::from(filter.categories.get(index).map(json));
    let wanted: Vec<String> =
        filter.data.iter().map(|(key, value)| lines(&Map::from_iter([(key.clone(), value.clone())]))).collect();
    let fact = |index: usize| Param::from(wanted.get(index).cloned());
    let archived = match filter.archived {
        Archived::Exclude => "exclude",
        Archived::Include => "include",
        Archived::Only => "only",
    };
    vec![
        organisation.as_str().into(),
        (&range.low).into(),
        (&range.high).into(),
        range.limit.into(),
        filter.recipient.as_ref().map(|recipient| recipient.id.as_str()).into(),
        filter.channel.as_deref().into(),
        way.into(),
        tenant.into(),
        list(&filter.statuses),
        list(&filter.engagements),
        list(&filter.ids),
        category(0),
        category(1),
        category(2),
        list(&filter.workflows),
        filter.workflow_run_id.as_deref().into(),
        filter.recipient_run_id.as_deref().into(),
        fact(0),
        fact(1),
        fact(2),
        fact(3),
        archived.into(),
    ]
}

/// Facts as lines, each with its end before and behind, so that one can be looked for.
fn lines(facts: &Map<String, Value>) -> String {
    facts.iter().map(|(key, value)| format!("\n{}={value}\n", Value::String(key.clone()))).collect()
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn read(row: &Row<'_>) -> Result<Message> {
    Ok(read_measured(row)?.0)
}

/// A message, and how many bytes its JSON takes.
fn read_measured(row: &Row<'_>) -> Result<(Message, usize)> {
    fn parsed<T: serde::de::DeserializeOwned>(text: Option<String>, bytes: &mut usize) -> Option<T> {
        *bytes += text.as_ref().map_or(0, String::len);
        text.and_then(|text| serde_json::from_str(&text).ok())
    }
    let mut bytes = 0;
    let kind: String = row.get(2)?;
    let status: String = row.get(19)?;
    let message = Message {
        id: row.get(0)?,
        channel_id: row.get(1)?,
        channel_type: ChannelType::parse(&kind).unwrap_or(ChannelType::Http),
        recipient: Reference { collection: row.get(3)?, id: row.get(4)? },
        tenant: row.get(5)?,
        source: Source {
            kind: row.get(6)?,
            key: row.get(7)?,
            version_id: row.get(8)?,
            categories: parsed(row.get(9)?, &mut bytes).unwrap_or_default(),
            step: row.get(10)?,
            workflow_run_id: row.get(11)?,
            recipient_run_id: row.get(12)?,
        },
        actors: parsed(row.get(13)?, &mut bytes).unwrap_or_default(),
        data: parsed(row.get(14)?, &mut bytes).unwrap_or_default(),
        activities: parsed(row.get(15)?, &mut bytes),
        content: parsed(row.get(16)?, &mut bytes).unwrap_or_default(),
        metadata: parsed(row.get(17)?, &mut bytes),
        snapshot: parsed(row.get(18)?, &mut bytes),
        status: Status::parse(&status).unwrap_or(Status::Queued),
        log: row.get(20)?,
        scheduled_at: row.get(21)?,
        inserted_at: row.get(22)?,
        updated_at: row.get(23)?,
        marks: Marks {
            seen_at: row.get(24)?,
            read_at: row.get(25)?,
            interacted_at: row.get(26)?,
            link_clicked_at: row.get(27)?,
            archived_at: row.get(28)?,
        },
    };
    Ok((message, bytes))
}
