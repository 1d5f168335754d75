//! Bodies of the Svix API: JSON, whatever the content type says. Errors name the field at fault.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use campanile_http::Web;
use campanile_http::body::objects::ObjectsOnly;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::error::SvixError;

/// The error type of a body that does not parse.
const SHAPE: &str = "value_error.jsondecode";

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Web> for Body<T> {
    type Rejection = SvixError;

    async fn from_request(request: Request, _: &Web) -> Result<Self, SvixError> {
        Ok(Self(read(&collect(request).await?)?))
    }
}

/// Reads a body, whose size is already bounded.
async fn collect(request: Request) -> Result<Bytes, SvixError> {
    let broken = |e: axum::Error| SvixError::Http(StatusCode::BAD_REQUEST, "generic_error", e.to_string());
    Ok(request.into_body().collect().await.map_err(broken)?.to_bytes())
}

/// Reads JSON. An error in a field has its path. An error of the whole body, such as a missing
/// field, has none.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, SvixError> {
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let loc = vec!["body".to_owned(), String::new(), String::new()];
        return Err(SvixError::Unreadable { loc, msg: "must be a JSON object, not a list".to_owned(), kind: SHAPE });
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let trailing = |error: serde_json::Error| SvixError::Unreadable {
        loc: vec!["body".to_owned(), "?".to_owned()],
        msg: error.to_string(),
        kind: SHAPE,
    };
    let ObjectsOnly(value) = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        let loc = match (cause.is_syntax() || cause.is_eof() && !bytes.is_empty(), path.as_str()) {
            (true, _) => vec!["body".to_owned(), "?".to_owned()],
            (false, "." | "?" | "") => vec!["body".to_owned(), String::new(), String::new()],
            (false, path) => vec!["body".to_owned(), path.to_owned()],
        };
        SvixError::Unreadable { loc, msg: cause.to_string(), kind: SHAPE }
    })?;
    reader.end().map_err(trailing)?;
    Ok(value)
}

/// A field of a patch that may be absent, but not `null`. If absent, the value stays as it is.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A field of a patch: absent, `null`, or a value.
#[derive(Debug, Clone, Default)]
pub(super) enum Field<T> {
    /// Absent: the value stays as it is.
    #[default]
    Keep,
    /// `null`: the value is cleared.
    Clear,
    /// The new value.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T> Field<T> {
    /// Changes an optional value.
    pub(super) fn change(self, value: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *value = None,
            Self::Set(new) => *value = Some(new),
        }
    }

    /// Changes a value. `null` sets it to the default `otherwise`.
    pub(super) fn change_or(self, value: &mut T, otherwise: T) {
        match self {
            Self::Keep => {}
            Self::Clear => *value = otherwise,
            Self::Set(new) => *value = new,
        }
    }

    /// True if it is given.
    pub(super) fn is_given(&self) -> bool {
        !matches!(self, Self::Keep)
    }
}

impl<T: Default> Field<T> {
    /// Changes a value. `null` empties it.
    pub(super) fn change_or_empty(self, value: &mut T) {
        match self {
            Self::Keep => {}
            Self::Clear => *value = T::default(),
            Self::Set(new) => *value = new,
        }
    }
}
