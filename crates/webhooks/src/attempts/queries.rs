//! The SQL of attempts.
//!
//! Attempts of one message at one endpoint are few, and found by the message. The indexes by endpoint have all columns that such a
//! question asks for, and a planner without statistics would rather read one of them from end to end, which is as long as
//! the endpoint's history: so the endpoint is hidden from it, as `endpoint_id || ''`.

use campanile_base::Timestamp;
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_db::{Bulk, Param, Result, Row, Tx, params, row};

use super::{Attempt, AttemptId, Destination, Filter, Status};
use crate::applications::ApplicationId;
use crate::endpoints::{Endpoint, EndpointId};
use crate::messages::queries::{filter_params, filtered};
use crate::messages::{Message, MessageId};
use campanile_db::{Range, ranged, row_after};

macro_rules! columns {
    () => {
        "attempt.id, attempt.message_id, attempt.endpoint_id, attempt.number, attempt.url, attempt.status,
         attempt.status_code, attempt.response, attempt.duration_ms, attempt.created_at, attempt.next_at"
    };
}

/// Of a message in its application, as a filter asks of it.
macro_rules! of_message {
    () => {
        concat!(
            " AND EXISTS (SELECT 1 FROM message WHERE message.application_id = $8 AND message.id = attempt.message_id",
            filtered!("message."),
            ")"
        )
    };
}

macro_rules! filtered_attempt {
    () => {
        " AND (CAST($9 AS BIGINT) IS NULL OR attempt.status = $9)
          AND (CAST($10 AS BIGINT) IS NULL OR (attempt.status_code >= $10 AND attempt.status_code < $10 + 100))
          AND (CAST($11 AS TEXT) IS NULL OR attempt.endpoint_id = $11)"
    };
}

/// Stores attempts.
pub(crate) async fn insert(tx: &mut Tx, attempts: &[Attempt]) -> Result<()> {
    let bulk = Bulk {
        each: "INSERT INTO message_attempt (id, message_id, endpoint_id, number, url, status, status_code, response,
                duration_ms, created_at, next_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        together:
            "INSERT INTO message_attempt (id, message_id, endpoint_id, number, url, status, status_code, response,
                duration_ms, created_at, next_at)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[],
                $7::bigint[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[]) RETURNING id",
        is_searched: false,
    };
    let rows: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            row![
                attempt.id.as_str(),
                attempt.message_id.as_str(),
                attempt.endpoint_id.as_str(),
                attempt.number,
                &attempt.url,
                attempt.status.code(),
                attempt.status_code,
                &attempt.response,
                attempt.duration_ms,
                attempt.created_at,
                attempt.next_at
            ]
        })
        .collect();
    tx.change(bulk, &rows).await.map(drop)
}

pub(super) async fn of_message(tx: &mut Tx, message: &Message, filter: &Filter, range: &Range) -> Result<Vec<Attempt>> {
    let sql = ranged!(
        range,
        "attempt.id",
        "SELECT ",
        columns!(),
        " FROM message_attempt AS attempt WHERE attempt.message_id = $1",
        of_message!(),
        filtered_attempt!()
    );
    tx.all(sql, &params_of(message.id.as_str(), &message.application_id, filter, range), read).await
}

pub(super) async fn of_endpoint(
    tx: &mut Tx,
    endpoint: &Endpoint,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<Attempt>> {
    let sql = ranged!(
        range,
        "attempt.id",
        "SELECT ",
        columns!(),
        " FROM message_attempt AS attempt WHERE attempt.endpoint_id = $1",
        of_message!(),
        filtered_attempt!()
    );
    tx.all(sql, &params_of(endpoint.id.as_str(), &endpoint.application_id, filter, range), read).await
}

/// A range of a message's attempts, and where looking at it has to stop.
pub(super) async fn bounded_of_message(
    tx: &mut Tx,
    message: &Message,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "id", " FROM message_attempt WHERE message_id = $1");
    range.bounded(tx, sql, message.id.as_str(), ROWS_LOOKED_AT).await
}

/// A range of an endpoint's attempts, and where looking at it has to stop.
pub(super) async fn bounded_of_endpoint(
    tx: &mut Tx,
    endpoint: &Endpoint,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "id", " FROM message_attempt WHERE endpoint_id = $1");
    range.bounded(tx, sql, endpoint.id.as_str(), ROWS_LOOKED_AT).await
}

/// A range of the messages that an endpoint was sent, and where looking at it has to stop.
pub(super) async fn bounded_destinations(
    tx: &mut Tx,
    endpoint: &Endpoint,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "message_id", " FROM message_attempt WHERE endpoint_id = $1");
    range.bounded(tx, sql, endpoint.id.as_str(), ROWS_LOOKED_AT).await
}

fn params_of<'p>(of: &'p str, application: &'p ApplicationId, filter: &'p Filter, range: &'p Range) -> Vec<Param<'p>> {
    let mut params: Vec<Param<'p>> = vec![of.into(), (&range.low).into(), (&range.high).into(), range.limit.into()];
    params.extend(filter_params(&filter.message));
    params.push(application.as_str().into());
    params.push(filter.status.map(Status::code).into());
    params.push(filter.status_code_class.into());
    params.push(filter.endpoint.as_ref().map(EndpointId::as_str).into());
    params
}

pub(super) async fn by_id(tx: &mut Tx, message: &Message, id: &str) -> Result<Option<Attempt>> {
    let sql = concat!("SELECT ", columns!(), " FROM message_attempt AS attempt WHERE message_id = $1 AND id = $2");
    tx.first(sql, params![message.id.as_str(), id], read).await
}

pub(super) async fn set_response(tx: &mut Tx, attempt: &Attempt, response: &str) -> Result<u64> {
    let sql = "UPDATE message_attempt SET response = $3 WHERE message_id = $1 AND id = $2";
    tx.execute(sql, params![attempt.message_id.as_str(), attempt.id.as_str(), response]).await
}

/// The destinations of an endpoint: the last attempt for each message, by message.
pub(super) async fn destinations_of_endpoint(
    tx: &mut Tx,
    application: &ApplicationId,
    endpoint: &Endpoint,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<Destination>> {
    let sql = ranged!(
        range,
        "attempt.message_id",
        "SELECT attempt.message_id, attempt.endpoint_id, attempt.status, attempt.next_at
         FROM message_attempt AS attempt WHERE attempt.endpoint_id = $1
            AND NOT EXISTS (SELECT 1 FROM message_attempt AS later WHERE later.endpoint_id || '' = $1
                AND later.message_id = attempt.message_id AND later.id > attempt.id)",
        of_message!(),
        " AND (CAST($9 AS BIGINT) IS NULL
            OR ($9 = 0 AND EXISTS (SELECT 1 FROM message_attempt AS good WHERE good.endpoint_id || '' = $1
                AND good.message_id = attempt.message_id AND good.status = 0))
            OR ($9 = 2 AND attempt.next_at IS NULL AND NOT EXISTS (SELECT 1 FROM message_attempt AS good
                WHERE good.endpoint_id || '' = $1 AND good.message_id = attempt.message_id AND good.status IN (0, 4)))
            OR ($9 = 3 AND attempt.next_at IS NOT NULL)
            OR ($9 = 4 AND attempt.status = 4))"
    );
    let mut params = params_of(endpoint.id.as_str(), application, filter, range);
    params.truncate(9);
    tx.all(sql, &params, read_destination).await
}

/// The destinations of a message, by endpoint.
pub(super) async fn destinations_of_message(tx: &mut Tx, message: &Message, range: &Range) -> Result<Vec<Destination>> {
    let sql = ranged!(
        range,
        "attempt.endpoint_id",
        "SELECT attempt.message_id, attempt.endpoint_id, attempt.status, attempt.next_at
         FROM message_attempt AS attempt WHERE attempt.message_id = $1
            AND NOT EXISTS (SELECT 1 FROM message_attempt AS later WHERE later.message_id = $1
                AND later.endpoint_id || '' = attempt.endpoint_id AND later.id > attempt.id)"
    );
    tx.all(sql, params![message.id.as_str(), &range.low, &range.high, range.limit], read_destination).await
}

/// Whether an endpoint has taken a message, and whether it was tried at all.
pub(crate) async fn how_it_went(tx: &mut Tx, message: &str, endpoint: &str) -> Result<(bool, bool)> {
    let sql = "SELECT status FROM message_attempt WHERE message_id = $2 AND endpoint_id || '' = $1";
    let tried: Vec<i64> = tx.all(sql, params![endpoint, message], |row| row.get(0)).await?;
    Ok((tried.contains(&0), !tried.is_empty()))
}

/// When the schedule goes on with a message at an endpoint, if it does.
pub(crate) async fn next_planned(tx: &mut Tx, attempt: &Attempt) -> Result<Option<Timestamp>> {
    let sql = "SELECT next_at FROM message_attempt WHERE message_id = $2 AND endpoint_id || '' = $1
        ORDER BY id DESC LIMIT 1";
    let params = params![attempt.endpoint_id.as_str(), attempt.message_id.as_str()];
    let next: Option<Option<Timestamp>> = tx.first(sql, params, |row| row.get(0)).await?;
    Ok(next.flatten().filter(|at| *at > attempt.created_at))
}

/// Attempts at an endpoint within a time, by status.
pub(super) async fn count_by_status(tx: &mut Tx, endpoint: &EndpointId, range: &Range) -> Result<Vec<(i64, i64)>> {
    let sql = "SELECT status, count(*) FROM message_attempt
        WHERE endpoint_id = $1 AND id > $2 AND id < $3 GROUP BY status";
    let params = params![endpoint.as_str(), &range.low, &range.high];
    tx.all(sql, params, |row| Ok((row.get(0)?, row.get(1)?))).await
}

fn read(row: &Row<'_>) -> Result<Attempt> {
    Ok(Attempt {
        id: AttemptId::from(row.get::<String>(0)?),
        message_id: MessageId::from(row.get::<String>(1)?),
        endpoint_id: EndpointId::from(row.get::<String>(2)?),
        number: row.get(3)?,
        url: row.get(4)?,
        status: Status::from_code(row.get(5)?).unwrap_or(Status::Fail),
        status_code: row.get(6)?,
        response: row.get(7)?,
        duration_ms: row.get(8)?,
        created_at: row.get(9)?,
        next_at: row.get::<Option<Timestamp>>(10)?,
    })
}

fn read_destination(row: &Row<'_>) -> Result<Destination> {
    Ok(Destination {
        message_id: MessageId::from(row.get::<String>(0)?),
        endpoint_id: EndpointId::from(row.get::<String>(1)?),
        last: Status::from_code(row.get(2)?).unwrap_or(Status::Fail),
        next_at: row.get(3)?,
    })
}
