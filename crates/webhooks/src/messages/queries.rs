//! The SQL of messages.

use bytes::Bytes;
use campanile_base::Timestamp;
use campanile_base::bounds::PAGE_BYTES;
use campanile_db::{Bulk, Param, Result, Row, Tx, params, row};

use super::{Filter, Message, MessageId};
use crate::applications::ApplicationId;
use campanile_db::{Range, ranged, row_after};

macro_rules! columns {
    () => {
        "id, application_id, event_type, event_id, channels, tags, payload, content_type, created_at, deliver_at, expires_at,
         transformations_params"
    };
}

macro_rules! insert {
    ($rows:literal, $end:literal) => {
        concat!(
            "INSERT INTO message (id, application_id, event_type, event_id, request, channels, tags, payload, content_type,
                created_at, deliver_at, expires_at, transformations_params) ",
            $rows,
            " ON CONFLICT DO NOTHING",
            $end
        )
    };
}

const INSERT: Bulk = Bulk {
    each: insert!("VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)", ""),
    together: insert!(
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bytea[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::text[])",
        " RETURNING id"
    ),
    is_searched: false,
};

/// Stores messages, each with what a repeated request has in common with its own; answers which were
/// stored: one whose event id or request is known is not.
pub(super) async fn insert<'m>(
    tx: &mut Tx,
    messages: impl Iterator<Item = (&'m Message, Option<&'m str>)>,
) -> Result<Vec<bool>> {
    let rows: Vec<Vec<Param<'m>>> = messages
        .map(|(message, request)| {
            row![
                message.id.as_str(),
                message.application_id.as_str(),
                &message.event_type,
                message.event_id.as_deref(),
                request,
                message.channels.as_ref().map(json),
                message.tags.as_ref().map(json),
                message.payload.as_deref(),
                message.content_type.as_deref(),
                message.created_at,
                message.deliver_at,
                message.expires_at,
                message.transformations_params.as_deref()
            ]
        })
        .collect();
    tx.change(INSERT, &rows).await
}

pub(super) async fn by_request(tx: &mut Tx, application: &ApplicationId, request: &str) -> Result<Option<Message>> {
    let sql = concat!("SELECT ", columns!(), " FROM message WHERE application_id = $1 AND request = $2");
    tx.first(sql, params![application.as_str(), request], read).await
}

pub(super) async fn forget_request(tx: &mut Tx, application: &ApplicationId, id: &MessageId) -> Result<u64> {
    let sql = "UPDATE message SET request = NULL WHERE application_id = $1 AND id = $2";
    tx.execute(sql, params![application.as_str(), id.as_str()]).await
}

/// A message by its id alone.
pub(crate) async fn by_id(tx: &mut Tx, application: &str, id: &str) -> Result<Option<Message>> {
    let sql = concat!("SELECT ", columns!(), " FROM message WHERE application_id = $1 AND id = $2");
    tx.first(sql, params![application, id], read).await
}

pub(super) async fn by_id_or_event(tx: &mut Tx, application: &ApplicationId, id: &str) -> Result<Option<Message>> {
    // An event id cannot begin like an id.
    let sql = match id.starts_with("msg_") {
        true => concat!("SELECT ", columns!(), " FROM message WHERE application_id = $1 AND id = $2"),
        false => concat!("SELECT ", columns!(), " FROM message WHERE application_id = $1 AND event_id = $2"),
    };
    tx.first(sql, params![application.as_str(), id], read).await
}

/// Those of these messages that are there.
pub(crate) async fn these(tx: &mut Tx, application: &ApplicationId, ids: &[String]) -> Result<Vec<Message>> {
    let bulk = Bulk {
        each: concat!("SELECT ", columns!(), " FROM message WHERE application_id = $1 AND id = $2"),
        together: concat!(
            "SELECT ",
            columns!(),
            " FROM unnest($1::text[], $2::text[]) AS told (application, message)
              JOIN message ON application_id = told.application AND id = told.message"
        ),
        is_searched: false,
    };
    let rows: Vec<_> = ids.iter().map(|id| row![application.as_str(), id.as_str()]).collect();
    tx.gather(bulk, &rows, read).await
}

/// The condition of a [`Filter`], by `$5` to `$7`; a message's columns begin with the prefix.
macro_rules! filtered {
    ($of:literal) => {
        concat!(
            " AND (CAST($5 AS TEXT) IS NULL OR REPLACE($5, '\"' || ",
            $of,
            "event_type || '\"', '') <> $5) AND (CAST($6 AS TEXT) IS NULL OR REPLACE(",
            $of,
            "channels, $6, '') <> ",
            $of,
            "channels) AND (CAST($7 AS TEXT) IS NULL OR REPLACE(",
            $of,
            "tags, $7, '') <> ",
            $of,
            "tags)"
        )
    };
}
pub(crate) use filtered;

/// The parameters of [`filtered`].
pub(crate) fn filter_params(filter: &Filter) -> [Param<'static>; 3] {
    let item = |name: &String| format!("\"{name}\"");
    let types = filter.event_types.as_ref().map(json);
    [types.into(), filter.channel.as_ref().map(item).into(), filter.tag.as_ref().map(item).into()]
}

/// A stretch of an application's messages, as far as a page goes; whether there are more of it.
pub(crate) async fn list(
    tx: &mut Tx,
    application: &ApplicationId,
    filter: &Filter,
    range: &Range,
) -> Result<(Vec<Message>, bool)> {
    let sql = ranged!(range, "id", "SELECT ", columns!(), " FROM message WHERE application_id = $1", filtered!(""));
    let mut params = vec![
        Param::from(application.as_str()),
        Param::from(&range.low),
        Param::from(&range.high),
        Param::from(range.limit),
    ];
    params.extend(filter_params(filter));
    let read = |row: &Row<'_>| {
        let message = read(row)?;
        let bytes = message.payload.as_ref().map_or(0, Bytes::len);
        Ok((message, bytes))
    };
    tx.within(PAGE_BYTES, sql, &params, read).await
}

/// A range of an application's messages, and where looking at it has to stop.
pub(crate) async fn bounded(
    tx: &mut Tx,
    application: &ApplicationId,
    range: &Range,
    most: i64,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "id", " FROM message WHERE application_id = $1");
    range.bounded(tx, sql, application.as_str(), most).await
}

pub(super) async fn expunge(tx: &mut Tx, application: &ApplicationId, id: &MessageId) -> Result<u64> {
    let sql = "UPDATE message SET payload = NULL WHERE application_id = $1 AND id = $2";
    tx.execute(sql, params![application.as_str(), id.as_str()]).await
}

fn read(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        id: MessageId::from(row.get::<String>(0)?),
        application_id: ApplicationId::from(row.get::<String>(1)?),
        event_type: row.get(2)?,
        event_id: row.get(3)?,
        channels: names(row.get(4)?),
        tags: names(row.get(5)?),
        payload: row.get::<Option<Vec<u8>>>(6)?.map(Bytes::from),
        content_type: row.get(7)?,
        created_at: row.get(8)?,
        deliver_at: row.get::<Option<Timestamp>>(9)?,
        expires_at: row.get::<Option<Timestamp>>(10)?,
        transformations_params: row.get(11)?,
    })
}

fn names(json: Option<String>) -> Option<Vec<String>> {
    json.and_then(|text| serde_json::from_str(&text).ok())
}

fn json(names: &Vec<String>) -> String {
    serde_json::to_string(names).unwrap_or_default()
}
