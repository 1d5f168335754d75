//! Lists in the Svix API's shape, and the callers and bodies of its requests.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use campanile_accounts::Caller;
use campanile_base::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::SvixError;
use crate::Web;
use crate::caller::recognise;

/// A caller, with refusals in this API's shape.
pub(crate) struct Org(pub(crate) Caller);

impl FromRequestParts<Web> for Org {
    type Rejection = SvixError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, SvixError> {
        Ok(Self(recognise(&web.app, &parts.method, &parts.headers).await?))
    }
}

/// A JSON body, whatever its content type says.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Web> for Body<T> {
    type Rejection = SvixError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, SvixError> {
        let bytes = axum::body::Bytes::from_request(request, web).await;
        let bytes = bytes.map_err(|e| Error::invalid(e.to_string()))?;
        Ok(Self(serde_json::from_slice(&bytes).map_err(|e| Error::invalid(e.to_string()))?))
    }
}

/// What every list can be asked.
#[derive(Debug, Deserialize)]
pub(crate) struct Paging {
    limit: Option<i64>,
    pub(crate) iterator: Option<String>,
    pub(crate) with_content: Option<bool>,
}

impl Paging {
    pub(crate) fn limit(&self) -> Result<i64, Error> {
        match self.limit.unwrap_or(50) {
            limit @ 0..=250 => Ok(limit),
            _ => Err(Error::invalid("limit must not exceed 250")),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    data: Vec<T>,
    iterator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev_iterator: Option<String>,
    done: bool,
}

impl<T> List<T> {
    /// A page of at most `limit`, out of items that were fetched with one to spare.
    pub(crate) fn of(mut data: Vec<T>, limit: i64, id: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let done = limit > 0 && data.len() <= limit;
        data.truncate(limit);
        let iterator = data.last().map(&id);
        let prev_iterator = data.first().map(|first| format!("-{}", id(first)));
        Self { data, iterator, prev_iterator, done }
    }
}
