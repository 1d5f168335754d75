//! The SQL of attempts.
//!
//! The attempts of one message at one endpoint are few, and best found by the message. But the
//! indexes by endpoint cover all columns of such a query, and a planner without statistics may scan
//! one of them from end to end, over the endpoint's whole history. So the endpoint's column is
//! hidden from the planner as `endpoint_id || ''`.

use campanile_base::Timestamp;
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_db::{Range, Result, Row, Select, Tx, insert_all, params, ranged, row_after};

use super::{Attempt, AttemptId, Destination, Filter, Status};
use crate::model::applications::ApplicationId;
use crate::model::endpoints::{Endpoint, EndpointId};
use crate::model::messages::queries::filtered;
use crate::model::messages::{Message, MessageId};

campanile_db::columns! {
    columns, at:
    id = "attempt.id",
    message_id = "attempt.message_id",
    endpoint_id = "attempt.endpoint_id",
    number = "attempt.number",
    url = "attempt.url",
    status = "attempt.status",
    status_code = "attempt.status_code",
    response = "attempt.response",
    duration_ms = "attempt.duration_ms",
    created_at = "attempt.created_at",
    next_at = "attempt.next_at",
}
campanile_db::columns! {
    destination_columns, destination_at:
    message_id = "attempt.message_id",
    endpoint_id = "attempt.endpoint_id",
    status = "attempt.status",
    next_at = "attempt.next_at",
}

/// Adds the condition of a filter on the attempt's message.
fn with_message<'p>(select: Select<'p>, application: &'p ApplicationId, filter: &'p Filter) -> Select<'p> {
    let exists = "EXISTS (SELECT 1 FROM message WHERE message.application_id = ? AND message.id = attempt.message_id";
    filtered(select.and_with(exists, [application.as_str()]), &filter.message).then(")")
}

/// Adds the conditions of a filter.
fn filtered_attempt<'p>(select: Select<'p>, application: &'p ApplicationId, filter: &'p Filter) -> Select<'p> {
    let class = filter.status_code_class.map(|class| [class, class + 100]);
    let select = with_message(select, application, filter)
        .and_if("attempt.status = ?", filter.status.map(Status::code))
        .and_if("attempt.endpoint_id || '' = ?", filter.endpoint.as_ref().map(EndpointId::as_str));
    match class {
        Some(class) => select.and_with("attempt.status_code >= ? AND attempt.status_code < ?", class),
        None => select,
    }
}

/// Stores attempts.
pub(crate) async fn insert(tx: &mut Tx, attempts: &[Attempt]) -> Result<()> {
    let (bulk, rows) = insert_all!(attempts.iter() => |attempt| "message_attempt" {
        id: text = attempt.id.as_str(),
        message_id: text = attempt.message_id.as_str(),
        endpoint_id: text = attempt.endpoint_id.as_str(),
        number: bigint = attempt.number,
        url: text = &attempt.url,
        status: bigint = attempt.status.code(),
        status_code: bigint = attempt.status_code,
        response: text = &attempt.response,
        duration_ms: bigint = attempt.duration_ms,
        created_at: bigint = attempt.created_at,
        next_at: bigint = attempt.next_at,
    });
    tx.change(bulk, &rows).await.map(drop)
}

pub(crate) async fn of_message(tx: &mut Tx, message: &Message, filter: &Filter, range: &Range) -> Result<Vec<Attempt>> {
    let sql = concat!("SELECT ", columns!(), " FROM message_attempt AS attempt WHERE attempt.message_id = ?");
    let select = Select::new(sql, [message.id.as_str()]);
    filtered_attempt(select, &message.application_id, filter).ranged("attempt.id", range).all(tx, read).await
}

pub(crate) async fn of_endpoint(
    tx: &mut Tx,
    endpoint: &Endpoint,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<Attempt>> {
    let sql = concat!("SELECT ", columns!(), " FROM message_attempt AS attempt WHERE attempt.endpoint_id = ?");
    let select = Select::new(sql, [endpoint.id.as_str()]);
    filtered_attempt(select, &endpoint.application_id, filter).ranged("attempt.id", range).all(tx, read).await
}

/// A range of a message's attempts, bounded by the number of rows that may be read, and the id
/// where it stops.
pub(crate) async fn bounded_of_message(
    tx: &mut Tx,
    message: &Message,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "id", " FROM message_attempt WHERE message_id = $1");
    range.bounded(tx, sql, message.id.as_str(), ROWS_LOOKED_AT).await
}

/// A range of an endpoint's attempts, bounded by the number of rows that may be read, and the id
/// where it stops.
pub(crate) async fn bounded_of_endpoint(
    tx: &mut Tx,
    endpoint: &Endpoint,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "id", " FROM message_attempt WHERE endpoint_id = $1");
    range.bounded(tx, sql, endpoint.id.as_str(), ROWS_LOOKED_AT).await
}

/// A range of the messages sent to an endpoint, bounded by the number of rows that may be read, and
/// the id where it stops.
pub(crate) async fn bounded_destinations(
    tx: &mut Tx,
    endpoint: &Endpoint,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "message_id", " FROM message_attempt WHERE endpoint_id = $1");
    range.bounded(tx, sql, endpoint.id.as_str(), ROWS_LOOKED_AT).await
}

pub(crate) async fn by_id(tx: &mut Tx, message: &Message, id: &str) -> Result<Option<Attempt>> {
    let sql = concat!("SELECT ", columns!(), " FROM message_attempt AS attempt WHERE message_id = $1 AND id = $2");
    tx.first(sql, params![message.id.as_str(), id], read).await
}

pub(crate) async fn set_response(tx: &mut Tx, attempt: &Attempt, response: &str) -> Result<u64> {
    let sql = "UPDATE message_attempt SET response = $3 WHERE message_id = $1 AND id = $2";
    tx.execute(sql, params![attempt.message_id.as_str(), attempt.id.as_str(), response]).await
}

/// The state of messages at an endpoint: the last attempt of each message, ordered by message.
pub(crate) async fn destinations_of_endpoint(
    tx: &mut Tx,
    application: &ApplicationId,
    endpoint: &Endpoint,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<Destination>> {
    let endpoint = endpoint.id.as_str();
    let sql = concat!(
        "SELECT ",
        destination_columns!(),
        " FROM message_attempt AS attempt WHERE attempt.endpoint_id = ?
            AND NOT EXISTS (SELECT 1 FROM message_attempt AS later WHERE later.endpoint_id || '' = ?
                AND later.message_id = attempt.message_id AND later.id > attempt.id)"
    );
    let select = with_message(Select::new(sql, [endpoint, endpoint]), application, filter);
    let select = match filter.status {
        None => select,
        Some(Status::Success) => select.and_with(
            "EXISTS (SELECT 1 FROM message_attempt AS good WHERE good.endpoint_id || '' = ?
                AND good.message_id = attempt.message_id AND good.status = 0)",
            [endpoint],
        ),
        Some(Status::Fail) => select.and_with(
            "attempt.next_at IS NULL AND NOT EXISTS (SELECT 1 FROM message_attempt AS good
                WHERE good.endpoint_id || '' = ? AND good.message_id = attempt.message_id AND good.status IN (0, 4))",
            [endpoint],
        ),
        Some(Status::Sending) => select.and("attempt.next_at IS NOT NULL"),
        Some(Status::Canceled) => select.and("attempt.status = 4"),
        Some(Status::Pending) => select.and("1 = 0"),
    };
    select.ranged("attempt.message_id", range).all(tx, read_destination).await
}

/// The state of a message at its endpoints, ordered by endpoint.
pub(crate) async fn destinations_of_message(tx: &mut Tx, message: &Message, range: &Range) -> Result<Vec<Destination>> {
    let sql = ranged!(
        range,
        "attempt.endpoint_id",
        "SELECT ",
        destination_columns!(),
        " FROM message_attempt AS attempt WHERE attempt.message_id = $1
            AND NOT EXISTS (SELECT 1 FROM message_attempt AS later WHERE later.message_id = $1
                AND later.endpoint_id || '' = attempt.endpoint_id AND later.id > attempt.id)"
    );
    tx.all(sql, params![message.id.as_str(), &range.low, &range.high, range.limit], read_destination).await
}

/// `(true, _)` if an endpoint has accepted a message, `(_, true)` if an attempt was made at all.
pub(crate) async fn how_it_went(tx: &mut Tx, message: &str, endpoint: &str) -> Result<(bool, bool)> {
    let sql = "SELECT status FROM message_attempt WHERE message_id = $2 AND endpoint_id || '' = $1";
    let tried: Vec<i64> = tx.all(sql, params![endpoint, message], |row| row.get(0)).await?;
    Ok((tried.contains(&0), !tried.is_empty()))
}

/// The time of the next scheduled attempt of a message at an endpoint, if there is one.
pub(crate) async fn next_planned(tx: &mut Tx, attempt: &Attempt) -> Result<Option<Timestamp>> {
    let sql = "SELECT next_at FROM message_attempt WHERE message_id = $2 AND endpoint_id || '' = $1
        ORDER BY id DESC LIMIT 1";
    let params = params![attempt.endpoint_id.as_str(), attempt.message_id.as_str()];
    let next: Option<Option<Timestamp>> = tx.first(sql, params, |row| row.get(0)).await?;
    Ok(next.flatten().filter(|at| *at > attempt.created_at))
}

/// The number of attempts at an endpoint within a period, by status.
pub(crate) async fn count_by_status(tx: &mut Tx, endpoint: &EndpointId, range: &Range) -> Result<Vec<(i64, i64)>> {
    let sql = "SELECT status, count(*) FROM message_attempt
        WHERE endpoint_id = $1 AND id > $2 AND id < $3 GROUP BY status";
    let params = params![endpoint.as_str(), &range.low, &range.high];
    tx.all(sql, params, |row| Ok((row.get(0)?, row.get(1)?))).await
}

fn read(row: &Row<'_>) -> Result<Attempt> {
    Ok(Attempt {
        id: AttemptId::from(row.get::<String>(at::id)?),
        message_id: MessageId::from(row.get::<String>(at::message_id)?),
        endpoint_id: EndpointId::from(row.get::<String>(at::endpoint_id)?),
        number: row.get(at::number)?,
        url: row.get(at::url)?,
        status: Status::from_code(row.get(at::status)?).unwrap_or(Status::Fail),
        status_code: row.get(at::status_code)?,
        response: row.get(at::response)?,
        duration_ms: row.get(at::duration_ms)?,
        created_at: row.get(at::created_at)?,
        next_at: row.get::<Option<Timestamp>>(at::next_at)?,
    })
}

fn read_destination(row: &Row<'_>) -> Result<Destination> {
    Ok(Destination {
        message_id: MessageId::from(row.get::<String>(destination_at::message_id)?),
        endpoint_id: EndpointId::from(row.get::<String>(destination_at::endpoint_id)?),
        last: Status::from_code(row.get(destination_at::status)?).unwrap_or(Status::Fail),
        next_at: row.get(destination_at::next_at)?,
    })
}
