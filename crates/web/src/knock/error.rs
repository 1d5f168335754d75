//! Errors in the Knock API's shape: `{code, message, status, type}`, and which fields are at fault.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use campanile_base::Error;
use serde_json::{Value, json};

use crate::error::{log_internal, status_of};

/// An error of the Knock API.
#[derive(Debug)]
pub(crate) struct KnockError {
    status: StatusCode,
    code: &'static str,
    kind: &'static str,
    message: String,
    errors: Vec<Value>,
}

pub(crate) type KnockResult<T> = Result<T, KnockError>;

const REQUEST: &str = "invalid_request_error";
const AUTHENTICATION: &str = "authentication_error";

impl KnockError {
    /// A field of the request is at fault.
    pub(super) fn field(field: &str, why: &str) -> Self {
        Self::fields(vec![json!({ "field": field, "message": why, "type": "invalid" })])
    }

    /// Several are.
    pub(super) fn fields(errors: Vec<Value>) -> Self {
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let told: Vec<String> =
            errors.iter().map(|error| format!("{}: {}", text(error, "field"), text(error, "message"))).collect();
        let (status, message) = (StatusCode::UNPROCESSABLE_ENTITY, told.join("; "));
        Self { status, code: "invalid_params", kind: REQUEST, message, errors }
    }

    /// A caller who is not let in, or not here.
    pub(super) fn refused(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self { status, code, kind: AUTHENTICATION, message: message.to_owned(), errors: Vec::new() }
    }

    /// The same, as a refusal to let somebody in.
    pub(super) fn forbidden(self) -> Self {
        Self { status: StatusCode::FORBIDDEN, ..self }
    }

    /// What is wrong, in a sentence.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Something that is not there.
    pub(super) fn missing(what: &'static str) -> Self {
        Error::NotFound(what).into()
    }
}

impl<E: Into<Error>> From<E> for KnockError {
    fn from(error: E) -> Self {
        let error = error.into();
        log_internal(&error);
        let (status, message) = (status_of(&error).0, error.to_string());
        let (status, code, kind) = match &error {
            Error::NotFound("workflow") => (status, "workflow_missing", REQUEST),
            Error::NotFound("channel") => (status, "channel_invalid", REQUEST),
            Error::NotFound(_) => (status, "resource_missing", REQUEST),
            Error::InvalidField { field, .. } => {
                let code = match *field {
                    "actor" => "actor_missing",
                    "workflow" => "workflow_inactive",
                    _ => "invalid_params",
                };
                let why = message.strip_prefix(field).unwrap_or(&message).trim_start_matches([':', ' ']);
                return Self { code, message: message.clone(), ..Self::field(field, why) };
            }
            Error::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_params", REQUEST),
            Error::Conflict(_) => (status, "invalid_params", REQUEST),
            Error::Unauthenticated(_) => (status, "authentication_required", AUTHENTICATION),
            Error::Forbidden(_) => (status, "authorization", AUTHENTICATION),
            Error::TooMany | Error::TooManyFor(_) => (status, "too_many_requests", "rate_limit_error"),
            Error::Unavailable { .. } | Error::Internal(_) => (status, "internal_server_error", "api_error"),
        };
        Self { status, code, kind, message, errors: Vec::new() }
    }
}

impl IntoResponse for KnockError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "code": self.code, "message": self.message, "status": self.status.as_u16(), "type": self.kind,
        });
        if !self.errors.is_empty() {
            body["errors"] = Value::Array(self.errors);
        }
        (self.status, Json(body)).into_response()
    }
}
