//! Attempts: each try to deliver a message, with its answer.

pub(crate) mod queries;

use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::{FilteredRows, Range, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use super::applications::{Application, ApplicationId};
use super::endpoints::{self, Endpoint, EndpointId};
use super::messages::{self, Message, MessageId};

campanile_base::id_type!(
    /// One attempt.
    pub AttemptId, "atmpt"
);

/// The number of a manual attempt, which a user asked for.
pub(crate) const MANUAL: i64 = -1;
/// The text that replaces an expunged answer.
const EXPUNGED: &str = "EXPUNGED";

/// The outcome of an attempt, or the state of a message at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The answer was a 2xx.
    Success,
    /// Not attempted yet.
    Pending,
    /// Not accepted, and no further attempt follows.
    Fail,
    /// Another attempt follows.
    Sending,
    /// A transformation has cancelled it.
    Canceled,
}

impl Status {
    /// The number that the Svix API uses.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// Parses the number of [`Status::code`].
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::Success, Self::Pending, Self::Fail, Self::Sending, Self::Canceled]
            .into_iter()
            .find(|status| status.code() == code)
    }

    /// The word that the Svix API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Pending => "pending",
            Self::Fail => "fail",
            Self::Sending => "sending",
            Self::Canceled => "canceled",
        }
    }
}

/// An attempt as recorded.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The message that was sent.
    pub message_id: MessageId,
    /// The endpoint that it was sent to.
    pub endpoint_id: EndpointId,
    /// The number of scheduled attempts before it; -1 for a manual attempt.
    pub number: i64,
    /// The address that it was sent to.
    pub url: String,
    /// The outcome.
    pub status: Status,
    /// The status of the answer, or 0 without one.
    pub status_code: i64,
    /// The beginning of the answer's body, or the error.
    pub response: String,
    /// The duration, in milliseconds.
    pub duration_ms: i64,
    /// The time at which it began.
    pub created_at: Timestamp,
    /// The time of the next attempt.
    pub next_at: Option<Timestamp>,
}

/// An attempt, in the Svix API's shape.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// Its id.
    pub id: String,
    /// The endpoint that it was sent to.
    pub endpoint_id: String,
    /// The message that was sent.
    pub msg_id: String,
    /// The address.
    pub url: String,
    /// The beginning of the answer.
    pub response: String,
    /// The status of the answer, or 0 without one.
    pub response_status_code: i64,
    /// The duration, in milliseconds.
    pub response_duration_ms: i64,
    /// 0 success, 2 failure, 4 cancelled.
    pub status: i64,
    /// `success`, `fail` or `canceled`.
    pub status_text: &'static str,
    /// 0: scheduled, 1: a user asked for it.
    pub trigger_type: u8,
    /// The time at which it began.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            id: attempt.id.to_string(),
            endpoint_id: attempt.endpoint_id.to_string(),
            msg_id: attempt.message_id.to_string(),
            url: attempt.url,
            response: attempt.response,
            response_status_code: attempt.status_code,
            response_duration_ms: attempt.duration_ms,
            status: attempt.status.code(),
            status_text: attempt.status.as_str(),
            trigger_type: u8::from(attempt.number == MANUAL),
            timestamp: attempt.created_at,
        }
    }
}

/// The attempts that a list includes.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The condition on the message.
    pub message: messages::Filter,
    /// The outcome.
    pub status: Option<Status>,
    /// The lowest answer status of a class, such as 400 for 400 to 499; 0 for no answer.
    pub status_code_class: Option<i64>,
    /// The endpoint that it was sent to.
    pub endpoint: Option<EndpointId>,
}

impl Filter {
    fn is_everything(&self) -> bool {
        self.message.is_everything()
            && self.status.is_none()
            && self.status_code_class.is_none()
            && self.endpoint.is_none()
    }
}

/// Attempts of a message. A filter is applied to at most
/// [`ROWS_LOOKED_AT`](campanile_base::bounds::ROWS_LOOKED_AT) attempts; the next page continues
/// after those.
///
/// # Errors
/// `InvalidField` for a filter that is too large.
pub async fn of_message(
    tx: &mut Tx,
    message: &Message,
    filter: &Filter,
    range: &Range,
) -> Result<FilteredRows<Attempt>> {
    filter.message.check()?;
    if filter.is_everything() {
        return Ok(FilteredRows::whole(queries::of_message(tx, message, filter, range).await?));
    }
    let (range, stop) = queries::bounded_of_message(tx, message, range).await?;
    let rows = queries::of_message(tx, message, filter, &range).await?;
    Ok(found(rows, &range, stop))
}

/// Attempts at an endpoint, like [`of_message`].
///
/// # Errors
/// Like [`of_message`].
pub async fn of_endpoint(
    tx: &mut Tx,
    endpoint: &Endpoint,
    filter: &Filter,
    range: &Range,
) -> Result<FilteredRows<Attempt>> {
    filter.message.check()?;
    if filter.is_everything() {
        return Ok(FilteredRows::whole(queries::of_endpoint(tx, endpoint, filter, range).await?));
    }
    let (range, stop) = queries::bounded_of_endpoint(tx, endpoint, range).await?;
    let rows = queries::of_endpoint(tx, endpoint, filter, &range).await?;
    Ok(found(rows, &range, stop))
}

fn found<T>(rows: Vec<T>, range: &Range, stop: Option<String>) -> FilteredRows<T> {
    let stopped_at = stop.filter(|_| (rows.len() as i64) < range.limit);
    FilteredRows { rows, stopped_at }
}

/// The latest attempts of an application, at all of its endpoints.
pub async fn of_application(tx: &mut Tx, application: &Application, range: &Range) -> Result<Vec<Attempt>> {
    let mut attempts = Vec::new();
    let pushed = endpoints::list(tx, &application.id, &Range::first(i64::MAX)).await?;
    let lined = endpoints::list_lined(tx, &application.id, &Range::first(i64::MAX)).await?;
    for endpoint in pushed.into_iter().chain(lined) {
        attempts.extend(queries::of_endpoint(tx, &endpoint, &Filter::default(), range).await?);
    }
    attempts.sort_by(|one, other| other.id.cmp(&one.id));
    attempts.truncate(range.limit as usize);
    Ok(attempts)
}

/// One attempt of a message.
///
/// # Errors
/// `NotFound`.
pub async fn get(tx: &mut Tx, message: &Message, id: &str) -> Result<Attempt> {
    queries::by_id(tx, message, id).await?.ok_or(Error::NotFound(Thing::MessageAttempt))
}

/// Replaces the stored answer of an attempt with `EXPUNGED`.
///
/// # Errors
/// `NotFound`.
pub async fn expunge(tx: &mut Tx, caller: &Caller, message: &Message, id: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    let attempt = get(tx, message, id).await?;
    queries::set_response(tx, &attempt, EXPUNGED).await?;
    Ok(())
}

/// The state of a message at an endpoint.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The message.
    pub message_id: MessageId,
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// The outcome of the last attempt.
    pub last: Status,
    /// The time of the next attempt.
    pub next_at: Option<Timestamp>,
}

impl Destination {
    /// The state: if another attempt follows, that counts more than the last outcome.
    pub fn status(&self) -> Status {
        if self.next_at.is_some() { Status::Sending } else { self.last }
    }
}

/// Messages that were sent to an endpoint, each with its state, in the order of the range.
pub async fn messages_of(
    tx: &mut Tx,
    application: &ApplicationId,
    endpoint: &Endpoint,
    filter: &Filter,
    range: &Range,
) -> Result<FilteredRows<(Message, Destination)>> {
    filter.message.check()?;
    let (range, stop) = queries::bounded_destinations(tx, endpoint, range).await?;
    let destinations = queries::destinations_of_endpoint(tx, application, endpoint, filter, &range).await?;
    let FilteredRows { rows: destinations, stopped_at } = found(destinations, &range, stop);
    let ids: Vec<String> = destinations.iter().map(|destination| destination.message_id.to_string()).collect();
    let mut known: Vec<Message> = messages::queries::these(tx, application, &ids).await?;
    let with_message = |destination: Destination| {
        let place = known.iter().position(|message| message.id == destination.message_id)?;
        Some((known.swap_remove(place), destination))
    };
    Ok(FilteredRows { rows: destinations.into_iter().filter_map(with_message).collect(), stopped_at })
}

/// Endpoints that a message was sent to, each with the message's state there. Deleted endpoints are
/// included.
pub async fn endpoints_of(tx: &mut Tx, message: &Message, range: &Range) -> Result<Vec<(Endpoint, Destination)>> {
    let destinations = queries::destinations_of_message(tx, message, range).await?;
    let ids: Vec<String> = destinations.iter().map(|destination| destination.endpoint_id.to_string()).collect();
    let mut known = endpoints::queries::any_of(tx, &ids).await?;
    let with_endpoint = |destination: Destination| {
        let place = known.iter().position(|endpoint| endpoint.id == destination.endpoint_id)?;
        Some((known.swap_remove(place), destination))
    };
    Ok(destinations.into_iter().filter_map(with_endpoint).collect())
}

/// The number of attempts at an endpoint, by outcome.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Stats {
    /// Answered with a 2xx.
    pub success: i64,
    /// Always 0: messages without an attempt are not counted.
    pub pending: i64,
    /// Always 0.
    pub sending: i64,
    /// Not answered with a 2xx.
    pub fail: i64,
    /// Cancelled by a transformation.
    pub canceled: i64,
}

/// Counts the attempts at an endpoint within a period.
pub async fn stats(tx: &mut Tx, endpoint: &Endpoint, range: &Range) -> Result<Stats> {
    let mut stats = Stats::default();
    for (status, many) in queries::count_by_status(tx, &endpoint.id, range).await? {
        match status {
            0 => stats.success = many,
            4 => stats.canceled = many,
            _ => stats.fail += many,
        }
    }
    Ok(stats)
}
