//! The Knock API, at `/v1`: the feed, and what its reader does with it.
//!
//! A secret key may read any feed of its organisation; a session reads its own person's only.

mod feeds;

use axum::Json;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use campanile_accounts::{Actor, Caller, PersonId};
use campanile_base::Error;
use serde_json::json;

use crate::Web;
use crate::error::{log_internal, status_of};

pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/users/{user}/feeds/{feed}", get(feeds::read))
        .route("/users/{user}/feeds/{feed}/settings", get(feeds::settings))
        .route("/messages/batch/{mark}", post(feeds::mark_batch))
        .route("/channels/{feed}/messages/bulk/{mark}", post(feeds::mark_all))
        .route("/{*rest}", any(not_served))
}

/// An error in the Knock API's shape.
#[derive(Debug)]
pub(crate) struct KnockError(Error);

pub(crate) type KnockResult<T> = Result<T, KnockError>;

impl<E: Into<Error>> From<E> for KnockError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for KnockError {
    fn into_response(self) -> Response {
        log_internal(&self.0);
        let status = status_of(&self.0).0;
        let (code, kind) = match &self.0 {
            Error::NotFound(_) => ("resource_missing", "invalid_request_error"),
            Error::Invalid(_) | Error::InvalidField { .. } | Error::Conflict(_) => {
                ("invalid_params", "invalid_request_error")
            }
            Error::Unauthenticated(_) => ("unauthorized", "authentication_error"),
            Error::Forbidden(_) => ("forbidden", "authentication_error"),
            Error::TooMany => ("too_many_requests", "rate_limit_error"),
            Error::Unavailable { .. } | Error::Internal(_) => ("internal_server_error", "api_error"),
        };
        shape(status, code, kind, &self.0.to_string())
    }
}

fn shape(status: StatusCode, code: &str, kind: &str, message: &str) -> Response {
    let body = json!({ "code": code, "message": message, "status": status.as_u16(), "type": kind });
    (status, Json(body)).into_response()
}

async fn not_served() -> Response {
    shape(
        StatusCode::NOT_FOUND,
        "resource_missing",
        "invalid_request_error",
        "This server does not serve this operation.",
    )
}

/// Whose feed may be touched: a session's own, or the one that a key names.
fn reader(caller: &Caller, named: Option<&str>) -> Result<PersonId, Error> {
    match (&caller.actor, named) {
        (Actor::Person(person), None) => Ok(person.clone()),
        (Actor::Person(person), Some(named)) if person.as_str() == named => Ok(person.clone()),
        (Actor::Person(_), Some(_)) => Err(Error::Forbidden("this is somebody else's feed")),
        (_, Some(named)) => Ok(PersonId::from(named.to_owned())),
        (_, None) => Err(Error::invalid("user_ids must name the recipient")),
    }
}
