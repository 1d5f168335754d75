//! Errors in the shape of the Svix API: `code` and `detail`. For an invalid value, `detail` is a
//! list of the places at fault.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use campanile_base::Error;
use campanile_http::error::{log_internal, status_of};
use serde_json::json;

/// The reason why a request is refused.
#[derive(Debug)]
pub(crate) enum SvixError {
    /// An error of the app.
    App(Error),
    /// An error with a status and a code of this API's own.
    Http(StatusCode, &'static str, String),
    /// A part of the request that cannot be read: its place, the reason, and the type of error.
    Unreadable { loc: Vec<String>, msg: String, kind: &'static str },
}

pub(crate) type SvixResult<T> = Result<T, SvixError>;

impl<E: Into<Error>> From<E> for SvixError {
    fn from(error: E) -> Self {
        Self::App(error.into())
    }
}

impl SvixError {
    /// An error of a query parameter that cannot be read.
    pub(super) fn query(detail: impl Into<String>) -> Self {
        Self::Http(StatusCode::BAD_REQUEST, "generic_error", detail.into())
    }

    /// An error of a value that can be read but is not allowed, with its place.
    pub(super) fn value(loc: &[&str], msg: impl Into<String>) -> Self {
        let loc = loc.iter().map(|part| (*part).to_owned()).collect();
        Self::Unreadable { loc, msg: msg.into(), kind: "value_error" }
    }
}

/// The place of a field, as this API names it. This differs from the app's name for some fields,
/// and in depth.
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
            Error::InvalidField { field, why, .. } => {
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

/// The answer on a path of this API that nothing serves.
pub(crate) async fn not_served() -> SvixError {
    let detail = "This server does not serve this operation.";
    SvixError::Http(StatusCode::NOT_FOUND, "not_found", detail.to_owned())
}

/// The answer on operations of the hosted product that this server leaves out.
pub(crate) async fn not_here() -> SvixError {
    let detail = "Streams, ingest and connectors to third parties are not served here.";
    SvixError::Http(StatusCode::NOT_IMPLEMENTED, "not_implemented", detail.to_owned())
}
