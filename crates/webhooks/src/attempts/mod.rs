//! Attempts: what was tried, and what came back.

pub(crate) mod queries;

use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::applications::{Application, ApplicationId};
use crate::endpoints::{self, Endpoint, EndpointId};
use crate::messages::{self, Message, MessageId};
use campanile_db::{Found, Range};

campanile_base::id_type!(
    /// One attempt.
    pub AttemptId, "atmpt"
);

/// The number of an attempt that somebody asked for.
pub(crate) const MANUAL: i64 = -1;
/// What is said of an answer that was expunged.
const EXPUNGED: &str = "EXPUNGED";

/// How an attempt ended, or how it stands with a message at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was answered with a 2xx.
    Success,
    /// It has yet to be made.
    Pending,
    /// It was not, and there is no other.
    Fail,
    /// There will be another.
    Sending,
    /// A transformation has called it off.
    Canceled,
}

impl Status {
    /// As the Svix API writes it.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// Reads what [`Status::code`] writes.
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::Success, Self::Pending, Self::Fail, Self::Sending, Self::Canceled]
            .into_iter()
            .find(|status| status.code() == code)
    }

    /// In a word.
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

/// An attempt as it was written down.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// What was sent.
    pub message_id: MessageId,
    /// Where it was sent.
    pub endpoint_id: EndpointId,
    /// How many were made before it by schedule; -1 for one that somebody asked for.
    pub number: i64,
    /// The endpoint's address at that time.
    pub url: String,
    /// How it ended.
    pub status: Status,
    /// The answer's status, or 0 without one.
    pub status_code: i64,
    /// The beginning of the answer's body, or what went wrong.
    pub response: String,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the next will be made.
    pub next_at: Option<Timestamp>,
}

/// An attempt, in the Svix API's shape.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// Its id.
    pub id: String,
    /// Where it was sent.
    pub endpoint_id: String,
    /// What was sent.
    pub msg_id: String,
    /// The address.
    pub url: String,
    /// The beginning of the answer.
    pub response: String,
    /// The answer's status, or 0.
    pub response_status_code: i64,
    /// In milliseconds.
    pub response_duration_ms: i64,
    /// 0 success, 2 failure, 4 called off.
    pub status: i64,
    /// `success`, `fail` or `canceled`.
    pub status_text: &'static str,
    /// 0: by schedule, 1: somebody asked for it.
    pub trigger_type: u8,
    /// When.
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

/// Which attempts a list is to show, beside what its messages must be.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// What must hold for the message.
    pub message: messages::Filter,
    /// How it ended.
    pub status: Option<Status>,
    /// The first digit of the answer's status; 0 for no answer.
    pub status_code_class: Option<i64>,
    /// Where it was sent.
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

/// Attempts of a message. What a filter lets through is looked for among [`ROWS_LOOKED_AT`](campanile_base::bounds::ROWS_LOOKED_AT)
/// attempts; the next page goes on from there.
///
/// # Errors
/// `InvalidField` for a filter that is too large.
pub async fn of_message(tx: &mut Tx, message: &Message, filter: &Filter, range: &Range) -> Result<Found<Attempt>> {
    filter.message.check()?;
    if filter.is_everything() {
        return Ok(Found::whole(queries::of_message(tx, message, filter, range).await?));
    }
    let (range, stop) = queries::bounded_of_message(tx, message, range).await?;
    let rows = queries::of_message(tx, message, filter, &range).await?;
    Ok(found(rows, &range, stop))
}

/// Attempts at an endpoint, like [`of_message`].
///
/// # Errors
/// Like [`of_message`].
pub async fn of_endpoint(tx: &mut Tx, endpoint: &Endpoint, filter: &Filter, range: &Range) -> Result<Found<Attempt>> {
    filter.message.check()?;
    if filter.is_everything() {
        return Ok(Found::whole(queries::of_endpoint(tx, endpoint, filter, range).await?));
    }
    let (range, stop) = queries::bounded_of_endpoint(tx, endpoint, range).await?;
    let rows = queries::of_endpoint(tx, endpoint, filter, &range).await?;
    Ok(found(rows, &range, stop))
}

fn found<T>(rows: Vec<T>, range: &Range, stop: Option<String>) -> Found<T> {
    let stopped_at = stop.filter(|_| (rows.len() as i64) < range.limit);
    Found { rows, stopped_at }
}

/// The last attempts of a whole application.
///
/// # Errors
/// What the database says.
pub async fn of_application(tx: &mut Tx, application: &Application, range: &Range) -> Result<Vec<Attempt>> {
    let mut attempts = Vec::new();
    for endpoint in endpoints::list(tx, &application.id, &Range::first(i64::MAX)).await? {
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
    queries::by_id(tx, message, id).await?.ok_or(Error::NotFound("message attempt"))
}

/// Forgets what was answered.
///
/// # Errors
/// `NotFound`.
pub async fn expunge(tx: &mut Tx, caller: &Caller, message: &Message, id: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    let attempt = get(tx, message, id).await?;
    queries::set_response(tx, &attempt, EXPUNGED).await?;
    Ok(())
}

/// How it stands with a message at an endpoint.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The message.
    pub message_id: MessageId,
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// How the last attempt ended.
    pub last: Status,
    /// When the next will be made.
    pub next_at: Option<Timestamp>,
}

impl Destination {
    /// How it stands: another attempt to come counts for more than the last one.
    pub fn status(&self) -> Status {
        if self.next_at.is_some() { Status::Sending } else { self.last }
    }
}

/// Messages that were sent to an endpoint, newest first, with how they stand.
///
/// # Errors
/// What the database says.
pub async fn messages_of(
    tx: &mut Tx,
    application: &ApplicationId,
    endpoint: &Endpoint,
    filter: &Filter,
    range: &Range,
) -> Result<Found<(Message, Destination)>> {
    filter.message.check()?;
    let (range, stop) = queries::bounded_destinations(tx, endpoint, range).await?;
    let destinations = queries::destinations_of_endpoint(tx, application, endpoint, filter, &range).await?;
    let Found { rows: destinations, stopped_at } = found(destinations, &range, stop);
    let ids: Vec<String> = destinations.iter().map(|destination| destination.message_id.to_string()).collect();
    let mut known: Vec<Message> = messages::queries::these(tx, application, &ids).await?;
    let with_message = |destination: Destination| {
        let place = known.iter().position(|message| message.id == destination.message_id)?;
        Some((known.swap_remove(place), destination))
    };
    Ok(Found { rows: destinations.into_iter().filter_map(with_message).collect(), stopped_at })
}

/// Endpoints that a message was sent to, with how it stands; endpoints that are gone too.
///
/// # Errors
/// What the database says.
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

/// How many attempts at an endpoint ended how.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Stats {
    /// Answered with a 2xx.
    pub success: i64,
    /// Always 0: what was not attempted yet is not counted.
    pub pending: i64,
    /// Always 0.
    pub sending: i64,
    /// Not answered with a 2xx.
    pub fail: i64,
    /// Called off by a transformation.
    pub canceled: i64,
}

/// Counts the attempts at an endpoint within a time.
///
/// # Errors
/// What the database says.
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
