//! Bodies of requests: JSON objects, whatever the content type says. An absent body counts as an
//! empty object. Some DELETE requests have a body.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use campanile_http::Web;
use serde_json::{Map, Value};

use super::error::{KnockError, KnockResult};

/// The body of a request.
#[derive(Debug, Clone)]
pub(crate) struct Body(pub(crate) Map<String, Value>);

impl FromRequest<Web> for Body {
    type Rejection = KnockError;

    async fn from_request(request: Request, web: &Web) -> KnockResult<Self> {
        let bytes =
            Bytes::from_request(request, web).await.map_err(|error| KnockError::field("body", &error.body_text()))?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(Value::Null) => Ok(Self(Map::new())),
            Ok(_) => Err(KnockError::field("body", "must be a JSON object")),
            Err(error) => Err(KnockError::field("body", &format!("is not JSON: {error}"))),
        }
    }
}

impl Body {
    /// A text that must be there.
    pub(super) fn text(&self, name: &'static str) -> KnockResult<&str> {
        let text = self.0.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).ok_or_else(|| KnockError::field(name, "is required"))
    }

    /// A text that may be missing.
    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A list that must be there, not empty and with at most `most` items.
    pub(super) fn list(&self, name: &'static str, most: usize) -> KnockResult<&Vec<Value>> {
        let list = self.0.get(name).and_then(Value::as_array);
        let list = list.ok_or_else(|| KnockError::field(name, "must be a list"))?;
        match list.len() {
            0 => Err(KnockError::field(name, "must not be empty")),
            n if n > most => Err(KnockError::field(name, &format!("must have at most {most} items"))),
            _ => Ok(list),
        }
    }

    /// A list of texts, with the same rules.
    pub(super) fn texts(&self, name: &'static str, most: usize) -> KnockResult<Vec<String>> {
        let texts = self.list(name, most)?.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        Option::ok_or(texts, KnockError::field(name, "must be a list of strings"))
    }

    /// An object; empty where it is missing.
    pub(super) fn object(&self, name: &'static str) -> KnockResult<Map<String, Value>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map.clone()),
            Some(_) => Err(KnockError::field(name, "must be an object")),
        }
    }
}
