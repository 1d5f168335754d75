//! Attempts: what was tried, and what came back.

mod queries;

use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::applications::{Application, ApplicationId};
use crate::endpoints::EndpointId;
use crate::messages::MessageId;

pub(crate) use queries::insert;

campanile_base::id_type!(
    /// One attempt.
    pub AttemptId, "atmpt"
);

/// An attempt as it was written down.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// Whose endpoint it went to.
    pub application_id: ApplicationId,
    /// What was sent.
    pub message_id: MessageId,
    /// Where it was sent.
    pub endpoint_id: EndpointId,
    /// How many were made before it.
    pub number: i64,
    /// The endpoint's address at that time.
    pub url: String,
    /// Whether it was answered with a 2xx.
    pub succeeded: bool,
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
    /// 0 success, 2 failure.
    pub status: u8,
    /// `success` or `fail`.
    pub status_text: &'static str,
    /// 0: by schedule.
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
            status: if attempt.succeeded { 0 } else { 2 },
            status_text: if attempt.succeeded { "success" } else { "fail" },
            trigger_type: 0,
            timestamp: attempt.created_at,
        }
    }
}

/// Whose attempts are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Of<'o> {
    /// All of the application's.
    Application,
    /// Those of one message.
    Message(&'o MessageId),
    /// Those to one endpoint.
    Endpoint(&'o EndpointId),
}

/// Attempts before an id, newest first, with one to spare.
///
/// # Errors
/// What the database says.
pub async fn list(
    tx: &mut Tx,
    application: &Application,
    of: Of<'_>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Attempt>> {
    Ok(queries::list(tx, &application.id, of, before, limit + 1).await?)
}
