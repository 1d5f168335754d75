//! Errors in the shape of the Knock API: `{code, message, status, type}`, and the fields at fault.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use campanile_base::{Error, Fault, Thing};
use campanile_http::error::{log_internal, status_of};
use serde_json::{Value, json};

/// An error of the Knock API.
#[derive(Debug)]
pub(crate) struct KnockError {
    status: StatusCode,
    code: Code,
    kind: Kind,
    message: String,
    errors: Vec<Value>,
}

pub(crate) type KnockResult<T> = Result<T, KnockError>;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($case:ident => $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($case),* }

        impl $name {
            fn word(self) -> &'static str {
                match self { $(Self::$case => $word),* }
            }
        }
    };
}
words! {
    /// The codes of the API.
    Code {
        ActorMissing => "actor_missing",
        ApiKeyMissing => "api_key_missing",
        AuthenticationRequired => "authentication_required",
        Authorization => "authorization",
        ChannelInvalid => "channel_invalid",
        IncorrectTokenType => "incorrect_token_type",
        InternalServerError => "internal_server_error",
        InvalidParams => "invalid_params",
        InvalidUserToken => "invalid_user_token",
        MissingJwtSigningKey => "missing_jwt_signing_key",
        MissingUserToken => "missing_user_token",
        ResourceMissing => "resource_missing",
        TooManyRequests => "too_many_requests",
        WorkflowInactive => "workflow_inactive",
        WorkflowMissing => "workflow_missing",
    }
}
words! {
    /// The types of errors of the API.
    Kind {
        Api => "api_error",
        Authentication => "authentication_error",
        InvalidRequest => "invalid_request_error",
        RateLimit => "rate_limit_error",
    }
}

impl KnockError {
    /// An error in one field of the request.
    pub(super) fn field(field: &str, why: &str) -> Self {
        Self::fields(vec![json!({ "field": field, "message": why, "type": "invalid" })])
    }

    /// An error in several fields of the request.
    pub(super) fn fields(errors: Vec<Value>) -> Self {
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let told: Vec<String> =
            errors.iter().map(|error| format!("{}: {}", text(error, "field"), text(error, "message"))).collect();
        let (status, message) = (StatusCode::UNPROCESSABLE_ENTITY, told.join("; "));
        Self { status, code: Code::InvalidParams, kind: Kind::InvalidRequest, message, errors }
    }

    /// An error for a caller without access.
    pub(super) fn refused(status: StatusCode, code: Code, message: &str) -> Self {
        Self { status, code, kind: Kind::Authentication, message: message.to_owned(), errors: Vec::new() }
    }

    /// The same error with the status 403.
    pub(super) fn forbidden(self) -> Self {
        Self { status: StatusCode::FORBIDDEN, ..self }
    }

    /// The error, as a sentence.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// An error for a thing that does not exist.
    pub(super) fn missing(thing: Thing) -> Self {
        Error::NotFound(thing).into()
    }
}

impl<E: Into<Error>> From<E> for KnockError {
    fn from(error: E) -> Self {
        let error = error.into();
        log_internal(&error);
        let (status, message) = (status_of(&error).0, error.to_string());
        let (status, code, kind) = match &error {
            Error::NotFound(Thing::Workflow) => (status, Code::WorkflowMissing, Kind::InvalidRequest),
            Error::NotFound(Thing::Channel) => (status, Code::ChannelInvalid, Kind::InvalidRequest),
            Error::NotFound(_) => (status, Code::ResourceMissing, Kind::InvalidRequest),
            Error::InvalidField { field, fault, .. } => {
                let code = match fault {
                    Fault::Rule => Code::InvalidParams,
                    Fault::UnknownActor => Code::ActorMissing,
                    Fault::InactiveWorkflow => Code::WorkflowInactive,
                };
                let why = message.strip_prefix(field).unwrap_or(&message).trim_start_matches([':', ' ']);
                return Self { code, message: message.clone(), ..Self::field(field, why) };
            }
            Error::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, Code::InvalidParams, Kind::InvalidRequest),
            Error::Conflict(_) => (status, Code::InvalidParams, Kind::InvalidRequest),
            Error::Unauthenticated(_) => (status, Code::AuthenticationRequired, Kind::Authentication),
            Error::Forbidden(_) => (status, Code::Authorization, Kind::Authentication),
            Error::TooMany | Error::TooManyFor(_) => (status, Code::TooManyRequests, Kind::RateLimit),
            Error::Unavailable { .. } | Error::Internal(_) => (status, Code::InternalServerError, Kind::Api),
        };
        Self { status, code, kind, message, errors: Vec::new() }
    }
}

impl IntoResponse for KnockError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "code": self.code.word(), "message": self.message, "status": self.status.as_u16(), "type": self.kind.word(),
        });
        if !self.errors.is_empty() {
            body["errors"] = Value::Array(self.errors);
        }
        (self.status, Json(body)).into_response()
    }
}
