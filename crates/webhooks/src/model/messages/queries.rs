//! The SQL of messages.

use bytes::Bytes;
use campanile_base::Timestamp;
use campanile_base::bounds::PAGE_BYTES;
use campanile_db::{Bulk, Range, Result, Row, Select, Tx, insert_all, json_text, params, row, row_after};

use super::{Filter, Message, MessageId};
use crate::model::applications::ApplicationId;

campanile_db::columns! {
    columns, at:
    id, application_id, event_type, event_id, channels, tags, payload, content_type, created_at, deliver_at, expires_at,
    transformations_params,
}

/// Stores messages, each with the hash of its request, if it has one. Returns `true` for each that
/// was stored; one with a known event id or request is not.
pub(crate) async fn insert<'m>(
    tx: &mut Tx,
    messages: impl Iterator<Item = (&'m Message, Option<&'m str>)>,
) -> Result<Vec<bool>> {
    let (bulk, rows) = insert_all!(messages => |(message, request)| "message" {
        id: text = message.id.as_str(),
        application_id: text = message.application_id.as_str(),
        event_type: text = &message.event_type,
        event_id: text = message.event_id.as_deref(),
        request: text = request,
        channels: text = message.channels.as_ref().map(json_text),
        tags: text = message.tags.as_ref().map(json_text),
        payload: bytea = message.payload.as_deref(),
        content_type: text = message.content_type.as_deref(),
        created_at: bigint = message.created_at,
        deliver_at: bigint = message.deliver_at,
        expires_at: bigint = message.expires_at,
        transformations_params: text = message.transformations_params.as_deref(),
    } "ON CONFLICT DO NOTHING");
    tx.change(bulk, &rows).await
}

pub(crate) async fn by_request(tx: &mut Tx, application: &ApplicationId, request: &str) -> Result<Option<Message>> {
    let sql = concat!("SELECT ", columns!(), " FROM message WHERE application_id = $1 AND request = $2");
    tx.first(sql, params![application.as_str(), request], read).await
}

pub(crate) async fn forget_request(tx: &mut Tx, application: &ApplicationId, id: &MessageId) -> Result<u64> {
    let sql = "UPDATE message SET request = NULL WHERE application_id = $1 AND id = $2";
    tx.execute(sql, params![application.as_str(), id.as_str()]).await
}

/// A message by its id.
pub(crate) async fn by_id(tx: &mut Tx, application: &str, id: &str) -> Result<Option<Message>> {
    let sql = concat!("SELECT ", columns!(), " FROM message WHERE application_id = $1 AND id = $2");
    tx.first(sql, params![application, id], read).await
}

pub(crate) async fn by_id_or_event(tx: &mut Tx, application: &ApplicationId, id: &str) -> Result<Option<Message>> {
    // An event id cannot begin like an id.
    let sql = match id.starts_with("msg_") {
        true => concat!("SELECT ", columns!(), " FROM message WHERE application_id = $1 AND id = $2"),
        false => concat!("SELECT ", columns!(), " FROM message WHERE application_id = $1 AND event_id = $2"),
    };
    tx.first(sql, params![application.as_str(), id], read).await
}

/// The messages with these ids, as far as they exist.
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

/// Adds the conditions of a filter. The columns are those of the innermost FROM.
pub(crate) fn filtered<'p>(select: Select<'p>, filter: &'p Filter) -> Select<'p> {
    let select = match &filter.event_types {
        Some(none) if none.is_empty() => select.and("1 = 0"),
        Some(types) => select.and_in("event_type", types),
        None => select,
    };
    // Both columns are JSON lists. A name is in such a list if removing it changes the text.
    let item = |name: &String| format!("\"{name}\"");
    select
        .and_if("REPLACE(channels, ?, '') <> channels", filter.channel.as_ref().map(item))
        .and_if("REPLACE(tags, ?, '') <> tags", filter.tag.as_ref().map(item))
}

/// A range of an application's messages, cut when a page has enough bytes; `true` if it was cut.
pub(crate) async fn list(
    tx: &mut Tx,
    application: &ApplicationId,
    filter: &Filter,
    range: &Range,
) -> Result<(Vec<Message>, bool)> {
    let sql = concat!("SELECT ", columns!(), " FROM message WHERE application_id = ?");
    let select = filtered(Select::new(sql, [application.as_str()]), filter).ranged("id", range);
    let read = |row: &Row<'_>| {
        let message = read(row)?;
        let bytes = message.payload.as_ref().map_or(0, Bytes::len);
        Ok((message, bytes))
    };
    select.within(tx, PAGE_BYTES, read).await
}

/// A range of an application's messages, bounded by the number of rows that may be read, and the id
/// where it stops.
pub(crate) async fn bounded(
    tx: &mut Tx,
    application: &ApplicationId,
    range: &Range,
    most: i64,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "id", " FROM message WHERE application_id = $1");
    range.bounded(tx, sql, application.as_str(), most).await
}

pub(crate) async fn expunge(tx: &mut Tx, application: &ApplicationId, id: &MessageId) -> Result<u64> {
    let sql = "UPDATE message SET payload = NULL WHERE application_id = $1 AND id = $2";
    tx.execute(sql, params![application.as_str(), id.as_str()]).await
}

fn read(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        id: MessageId::from(row.get::<String>(at::id)?),
        application_id: ApplicationId::from(row.get::<String>(at::application_id)?),
        event_type: row.get(at::event_type)?,
        event_id: row.get(at::event_id)?,
        channels: row.json_if_any(at::channels)?,
        tags: row.json_if_any(at::tags)?,
        payload: row.get::<Option<Vec<u8>>>(at::payload)?.map(Bytes::from),
        content_type: row.get(at::content_type)?,
        created_at: row.get(at::created_at)?,
        deliver_at: row.get::<Option<Timestamp>>(at::deliver_at)?,
        expires_at: row.get::<Option<Timestamp>>(at::expires_at)?,
        transformations_params: row.get(at::transformations_params)?,
    })
}
