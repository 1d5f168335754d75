//! Reads the answers of a token endpoint: tokens, or the reason for a refusal.

use std::time::Duration;

use campanile_base::Secret;
use serde_json::{Map, Value};

use super::Flow;
use crate::{Response, SendError};

/// The longest lifetime that is believed.
const LONGEST_LIFE: f64 = 1e9;
/// The number of characters of a provider's sentence that are kept.
const SENTENCE: usize = 300;

/// The tokens in an answer.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The token that calls are made with.
    pub access: Secret,
    /// The token that makes new tokens, if the answer has one.
    pub refresh: Option<Secret>,
    /// The lifetime of the access token from now on; `None` if the answer does not say.
    pub expires_in: Option<Duration>,
    /// The lifetime of the refresh token from now on; `None` if the answer does not say.
    pub refresh_expires_in: Option<Duration>,
    /// The permissions that were granted; empty if the answer does not say.
    pub scopes: Vec<String>,
    /// The other fields of the answer, such as the account.
    pub extra: Map<String, Value>,
}

/// The reason for missing tokens.
#[derive(Debug, thiserror::Error)]
pub enum OauthError {
    /// The code or the refresh token is not valid any more. Sending it again is of no use.
    #[error("the provider no longer accepts the grant: {0}")]
    InvalidGrant(String),
    /// The provider refuses for another reason, such as `invalid_client`.
    #[error("the provider refuses with {code}: {description}")]
    Refused {
        /// The provider's code.
        code: String,
        /// The provider's sentence; may be empty.
        description: String,
    },
    /// Too many requests. The time is from the header `Retry-After`.
    #[error("the provider wants fewer requests")]
    Limited(Option<Duration>),
    /// The provider failed with this status.
    #[error("the provider failed with status {0}")]
    Provider(u16),
    /// The answer cannot be read.
    #[error("the provider's answer cannot be read: {0}")]
    Unreadable(&'static str),
    /// There was no answer. The provider may have acted on the request all the same.
    #[error(transparent)]
    Unsent(#[from] SendError),
}

/// The tokens of an answer.
pub(super) fn tokens(flow: &Flow, answer: &Response) -> Result<Tokens, OauthError> {
    accepted(answer)?;
    let mut fields: Map<String, Value> =
        serde_json::from_slice(&answer.body).map_err(|_| OauthError::Unreadable("it is no JSON object"))?;
    let text = |value: Value| value.as_str().filter(|text| !text.is_empty()).map(Secret::new);
    let access = fields.remove("access_token").and_then(text);
    let access = access.ok_or(OauthError::Unreadable("it has no access_token"))?;
    let refresh = fields.remove("refresh_token").and_then(text);
    let lifetime = |value: Option<Value>| {
        let seconds = value.and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()));
        seconds.filter(|seconds| (0.0..LONGEST_LIFE).contains(seconds)).map(Duration::from_secs_f64)
    };
    let expires_in = lifetime(fields.remove("expires_in"));
    let refresh_expires_in = lifetime(fields.remove("refresh_token_expires_in"));
    let scopes = fields.remove("scope").map(|value| scopes(flow, &value)).unwrap_or_default();
    Ok(Tokens { access, refresh, expires_in, refresh_expires_in, scopes, extra: fields })
}

/// The granted scopes: a text, or a list. Some providers join them with a blank whatever they ask for.
fn scopes(flow: &Flow, value: &Value) -> Vec<String> {
    let words = |text: &str| {
        let separators = |c: char| c == ' ' || flow.scope_separator.contains(c);
        text.split(separators).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    match value {
        Value::String(text) => words(text),
        Value::Array(list) => list.iter().filter_map(Value::as_str).flat_map(words).collect(),
        _ => Vec::new(),
    }
}

/// Refuses an answer that is an error. Some providers send errors with status 200.
pub(super) fn accepted(answer: &Response) -> Result<(), OauthError> {
    let fields: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let word = |name: &str| fields[name].as_str().unwrap_or_default().chars().take(SENTENCE).collect::<String>();
    let (code, description) = (word("error"), word("error_description"));
    match answer.status {
        429 => {
            let after = answer.header("retry-after").and_then(|text| text.trim().parse().ok());
            Err(OauthError::Limited(after.map(Duration::from_secs)))
        }
        status @ 500.. => Err(OauthError::Provider(status)),
        _ if code == "invalid_grant" => Err(OauthError::InvalidGrant(description)),
        _ if !code.is_empty() => Err(OauthError::Refused { code, description }),
        200..300 => Ok(()),
        status => Err(OauthError::Provider(status)),
    }
}
