//! Errors as callers see them: a status, a stable code, a sentence and a request id.
//!
//! Internal details are logged here, once, and not shown to the caller. Each wire API has its own
//! shape.

use axum::Json;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use campanile_base::Error;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{origins, request_id};

/// An error of our own API.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The result of a handler of our own API.
pub type ApiResult<T> = Result<T, ApiError>;

/// The HTTP status of an error, and its code in our own API.
pub fn status_of(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        Error::Invalid(_) | Error::InvalidField { .. } => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
        Error::Conflict(_) => (StatusCode::CONFLICT, "CONFLICT"),
        Error::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, "FORBIDDEN"),
        Error::TooMany | Error::TooManyFor(_) => (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS"),
        Error::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
    }
}

/// The value of `Retry-After` in seconds, for errors that mean "too many".
fn retry_after(error: &Error) -> Option<u64> {
    match error {
        Error::TooMany => Some(1),
        Error::TooManyFor(wait) => Some(wait.as_millis().div_ceil(1_000).max(1).try_into().unwrap_or(u64::MAX)),
        _ => None,
    }
}

/// Logs errors whose details the caller must not see.
pub fn log_internal(error: &Error) {
    if matches!(error, Error::Internal(_) | Error::Unavailable { .. }) {
        tracing::error!(request_id = request_id::current(), error = error.chain(), "a request failed");
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        log_internal(&self.0);
        let (status, code) = status_of(&self.0);
        let mut answer = own_shape(status, code, &self.0.to_string());
        if let Some(seconds) = retry_after(&self.0) {
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        answer
    }
}

/// The body of an error of our own API.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody<'e> {
    /// The kind of error, such as `NOT_FOUND`. It never changes.
    code: &'e str,
    /// A sentence for people.
    message: &'e str,
    /// The id of the request, as in the header `x-request-id` and in the log.
    request_id: String,
}

/// An error in the shape of our own API.
pub fn own_shape(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(ErrorBody { code, message, request_id: request_id::current() })).into_response()
}

/// The first words of our own paths under `/v1`. The others there are the Knock API's.
const OWN_UNDER_V1: [&str; 7] = ["search", "findsimilar", "contents", "related", "graph", "answer", "feedback"];

/// True for a path of the Knock API.
fn is_of_knock(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/v1") else { return false };
    let first = rest.strip_prefix('/').map(|rest| rest.split('/').next().unwrap_or(rest));
    rest.is_empty() || first.is_some_and(|first| !OWN_UNDER_V1.contains(&first))
}

/// An error raised outside the handlers, in the shape of the API that the path belongs to.
pub fn in_shape_of(path: &str, status: StatusCode, code: &str, message: &str) -> Response {
    let is_within = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_within("/api/v1") {
        let body = json!({ "code": code.to_lowercase(), "detail": message });
        origins::open((status, Json(body)).into_response())
    } else if is_of_knock(path) {
        let (code, kind) = match status {
            StatusCode::TOO_MANY_REQUESTS => ("too_many_requests", "rate_limit_error"),
            StatusCode::NOT_FOUND => ("resource_missing", "invalid_request_error"),
            status if status.is_server_error() => ("internal_server_error", "api_error"),
            _ => ("invalid_params", "invalid_request_error"),
        };
        let body = json!({ "code": code, "message": message, "status": status.as_u16(), "type": kind });
        origins::open((status, Json(body)).into_response())
    } else {
        own_shape(status, code, message)
    }
}

/// The answer for an API path without a route.
pub async fn no_such_route(uri: Uri) -> Response {
    in_shape_of(uri.path(), StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such route")
}

/// Rewrites the framework's own refusals (a wrong method, a body that is not JSON). The framework
/// answers in plain text; this answers in the shape of the API that the path belongs to.
pub async fn always_json(path: &str, response: Response) -> Response {
    let status = response.status();
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !(status.is_client_error() || status.is_server_error())
        || !(content_type.is_empty() || content_type.starts_with("text/plain"))
    {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, 4_096).await.unwrap_or_default();
    let code = match status {
        StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
        StatusCode::PAYLOAD_TOO_LARGE => "PAYLOAD_TOO_LARGE",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        _ if status.is_server_error() => "INTERNAL_ERROR",
        _ => "VALIDATION_ERROR",
    };
    let message = match text.is_empty() {
        true => status.canonical_reason().unwrap_or("the request was refused").to_owned(),
        false => String::from_utf8_lossy(&text).into_owned(),
    };
    let mut answer = in_shape_of(path, status, code, &message);
    if let Some(allow) = parts.headers.get(ALLOW) {
        answer.headers_mut().insert(ALLOW, allow.clone());
    }
    answer
}
