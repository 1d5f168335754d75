//! Errors in the Svix API's shape: `code` and `detail`, and a list of places for what is invalid.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use campanile_base::Error;
use serde_json::json;

use crate::error::{log_internal, status_of};

#[derive(Debug)]
pub(crate) struct SvixError(Error);

pub(crate) type SvixResult<T> = Result<T, SvixError>;

impl<E: Into<Error>> From<E> for SvixError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for SvixError {
    fn into_response(self) -> Response {
        log_internal(&self.0);
        let (code, detail) = match &self.0 {
            Error::Invalid(why) => {
                let detail = json!({ "detail": [{ "loc": ["body"], "msg": why, "type": "value_error" }] });
                return (StatusCode::UNPROCESSABLE_ENTITY, Json(detail)).into_response();
            }
            Error::NotFound(_) => ("not_found", "Entity not found".to_owned()),
            Error::Conflict(why) => ("conflict", why.clone()),
            Error::Unauthenticated(_) => ("authentication_failed", "Invalid token".to_owned()),
            Error::Forbidden(_) => ("insufficient access", "Insufficient access for the given operation.".to_owned()),
            Error::TooMany => ("too_many_requests", self.0.to_string()),
            Error::Unavailable { .. } | Error::Internal(_) => ("server_error", "Internal Server Error".to_owned()),
        };
        (status_of(&self.0).0, Json(json!({ "code": code, "detail": detail }))).into_response()
    }
}

pub(crate) async fn not_served() -> Response {
    let body = json!({ "code": "not_found", "detail": "This server does not serve this operation." });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
