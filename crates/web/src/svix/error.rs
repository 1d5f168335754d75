//! Errors in the Svix API's shape: `code` and `detail`, and a list of places for what is invalid.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use campanile_base::Error;
use serde_json::json;

use crate::error::{log_internal, status_of};

/// What a request is refused with.
#[derive(Debug)]
pub(crate) enum SvixError {
    /// By the app.
    App(Error),
    /// With a status and a code of this API's own.
    Http(StatusCode, &'static str, String),
    /// Something about the request cannot be read: where, why, and which kind of fault it is.
    Unreadable { loc: Vec<String>, msg: String, kind: &'static str },
}

pub(crate) type SvixResult<T> = Result<T, SvixError>;

impl<E: Into<Error>> From<E> for SvixError {
    fn from(error: E) -> Self {
        Self::App(error.into())
    }
}

impl SvixError {
    /// A query parameter whose value cannot be read.
    pub(super) fn query(detail: impl Into<String>) -> Self {
        Self::Http(StatusCode::BAD_REQUEST, "generic_error", detail.into())
    }

    /// A value that can be read, and cannot be: at this place.
    pub(super) fn value(loc: &[&str], msg: impl Into<String>) -> Self {
        let loc = loc.iter().map(|part| (*part).to_owned()).collect();
        Self::Unreadable { loc, msg: msg.into(), kind: "value_error" }
    }
}

/// What the app calls a field where this API says something else, and how deep it finds the fault.
fn place_of(field: &'static str) -> Vec<&'static str> {
    match field {
        "uid" => vec!["body", "uid", "__all__"],
        "event_id" => vec!["body", "uid", "__all__"],
        "key" => vec!["body", "key", "__all__"],
        "name" | "channels" | "tags" => vec!["body", field, "__all__"],
        other => vec!["body", other],
    }
}

impl IntoResponse for SvixError {
    fn into_response(self) -> Response {
        let error = match self {
            Self::App(error) => error,
            Self::Http(status, code, detail) => {
                return (status, Json(json!({ "code": code, "detail": detail }))).into_response();
            }
            Self::Unreadable { loc, msg, kind } => {
                let detail = json!({ "detail": [{ "loc": loc, "msg": msg, "type": kind }] });
                return (StatusCode::UNPROCESSABLE_ENTITY, Json(detail)).into_response();
            }
        };
        log_internal(&error);
        let (code, detail) = match &error {
            Error::Invalid(why) => return Self::value(&["body"], why).into_response(),
            Error::InvalidField { field, why } => {
                return Self::value(&place_of(field), format!("{field} {why}")).into_response();
            }
            Error::NotFound(_) => ("not_found", "Entity not found".to_owned()),
            Error::Conflict(why) => ("conflict", why.clone()),
            Error::Unauthenticated(_) => ("authentication_failed", "Invalid token".to_owned()),
            Error::Forbidden(_) => ("insufficient access", "Insufficient access for the given operation.".to_owned()),
            Error::TooMany | Error::TooManyFor(_) => ("too_many_requests", error.to_string()),
            Error::Unavailable { .. } => ("unavailable", error.to_string()),
            Error::Internal(_) => ("server_error", "Internal Server Error".to_owned()),
        };
        (status_of(&error).0, Json(json!({ "code": code, "detail": detail }))).into_response()
    }
}

/// On a path of this API that nothing serves.
pub(crate) async fn not_served() -> SvixError {
    let detail = "This server does not serve this operation.";
    SvixError::Http(StatusCode::NOT_FOUND, "not_found", detail.to_owned())
}

/// On operations of the hosted product that this server leaves out.
pub(crate) async fn not_here() -> SvixError {
    let detail = "Streams, ingest and connectors to third parties are not served here.";
    SvixError::Http(StatusCode::NOT_IMPLEMENTED, "not_implemented", detail.to_owned())
}
