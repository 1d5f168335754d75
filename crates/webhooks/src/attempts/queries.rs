//! The SQL of attempts.

use campanile_db::{Result, Tx, params};

use super::{Attempt, AttemptId, Of};
use crate::applications::ApplicationId;
use crate::endpoints::EndpointId;
use crate::messages::MessageId;

pub(crate) async fn insert(tx: &mut Tx, attempt: &Attempt) -> Result<u64> {
    let sql = "INSERT INTO message_attempt (id, application_id, message_id, endpoint_id, number, url, succeeded,
            status_code, response, duration_ms, created_at, next_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let params = params![
        attempt.id.as_str(),
        attempt.application_id.as_str(),
        attempt.message_id.as_str(),
        attempt.endpoint_id.as_str(),
        attempt.number,
        &attempt.url,
        attempt.succeeded,
        attempt.status_code,
        &attempt.response,
        attempt.duration_ms,
        attempt.created_at,
        attempt.next_at
    ];
    tx.execute(sql, params).await
}

pub(super) async fn list(
    tx: &mut Tx,
    application: &ApplicationId,
    of: Of<'_>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Attempt>> {
    let sql = match of {
        Of::Application => {
            "SELECT id, application_id, message_id, endpoint_id, number, url, succeeded, status_code, response,
                duration_ms, created_at, next_at FROM message_attempt
            WHERE application_id = $1 AND $2 = '' AND (CAST($3 AS TEXT) IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
        }
        Of::Message(_) => {
            "SELECT id, application_id, message_id, endpoint_id, number, url, succeeded, status_code, response,
                duration_ms, created_at, next_at FROM message_attempt
            WHERE application_id = $1 AND message_id = $2 AND (CAST($3 AS TEXT) IS NULL OR id < $3)
            ORDER BY id DESC LIMIT $4"
        }
        Of::Endpoint(_) => {
            "SELECT id, application_id, message_id, endpoint_id, number, url, succeeded, status_code, response,
                duration_ms, created_at, next_at FROM message_attempt
            WHERE application_id = $1 AND endpoint_id = $2 AND (CAST($3 AS TEXT) IS NULL OR id < $3)
            ORDER BY id DESC LIMIT $4"
        }
    };
    let which = match of {
        Of::Application => "",
        Of::Message(id) => id.as_str(),
        Of::Endpoint(id) => id.as_str(),
    };
    tx.all(sql, params![application.as_str(), which, before, limit], |row| {
        Ok(Attempt {
            id: AttemptId::from(row.get::<String>(0)?),
            application_id: ApplicationId::from(row.get::<String>(1)?),
            message_id: MessageId::from(row.get::<String>(2)?),
            endpoint_id: EndpointId::from(row.get::<String>(3)?),
            number: row.get(4)?,
            url: row.get(5)?,
            succeeded: row.get(6)?,
            status_code: row.get(7)?,
            response: row.get(8)?,
            duration_ms: row.get(9)?,
            created_at: row.get(10)?,
            next_at: row.get(11)?,
        })
    })
    .await
}
