//! Calls of an API of resources: one object, or a list page by page.

use bytes::Bytes;
use campanile_base::Timestamp;
use campanile_net::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{Api, Trouble};

/// A page of a list, or an object.
#[derive(Debug, Clone)]
pub(crate) struct RestPage {
    pub(crate) body: Value,
    /// The path of the next page below the base; `None` on the last one.
    pub(crate) next: Option<String>,
    headers: Vec<(String, String)>,
}

impl RestPage {
    /// The first header of this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Api {
    /// Reads what is at a path below the base. The path has the query.
    pub(crate) async fn get(&self, path: &str, now: Timestamp) -> Result<RestPage, Trouble> {
        self.call("GET", path, None, now).await
    }

    /// Makes a call with a body of JSON, or without one. An answer without a body is null.
    pub(crate) async fn call(
        &self,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
        now: Timestamp,
    ) -> Result<RestPage, Trouble> {
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let answer = self.send(method, path, body, now).await?;
        if let Some(trouble) = self.trouble(&answer, now) {
            return Err(trouble);
        }
        let body = json(&answer)?;
        // A list that ends at an address that cannot be read would count as complete.
        let next = answer.header("link").and_then(next_link).map(|url| self.path_of(url)).transpose()?;
        Ok(RestPage { body, next, headers: answer.headers })
    }

    /// Asks with a body, and returns the body of the answer.
    pub(crate) async fn post_json(&self, path: &str, body: &Value, now: Timestamp) -> Result<Value, Trouble> {
        let answer = self.send("POST", path, Bytes::from(body.to_string()), now).await?;
        match self.trouble(&answer, now) {
            Some(trouble) => Err(trouble),
            None => json(&answer),
        }
    }

    /// Reads what is at a path below the base as a type. The answer has at most `most` bytes.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        most: usize,
        now: Timestamp,
    ) -> Result<T, Trouble> {
        let answer = self.send_up_to("GET", path, Bytes::new(), most, now).await?;
        match self.trouble(&answer, now) {
            Some(trouble) => Err(trouble),
            None => serde_json::from_slice(&answer.body).map_err(|error| Trouble::Invalid(error.to_string())),
        }
    }

    /// The path below the base of an address that the provider gave. Its host is dropped: a token
    /// goes to the base only, and a gateway may stand before the provider.
    fn path_of(&self, url: &str) -> Result<String, Trouble> {
        let malformed = |error: url::ParseError| Trouble::Invalid(format!("its next page has no address: {error}"));
        let (url, base) = (Url::parse(url).map_err(malformed)?, Url::parse(self.base()).map_err(malformed)?);
        let path = url.path().strip_prefix(base.path().trim_end_matches('/')).unwrap_or(url.path());
        Ok(url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
    }
}

fn json(answer: &Response) -> Result<Value, Trouble> {
    if answer.body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&answer.body).map_err(|_| Trouble::Invalid("it is no JSON".to_owned()))
}

/// The address with `rel="next"` in a header `Link` (RFC 8288). Sentry names a next page always,
/// and says beside it whether it has results.
fn next_link(header: &str) -> Option<&str> {
    header.split('<').skip(1).find_map(|link| {
        let (url, parameters) = link.split_once('>')?;
        let is_next = |parameter: &str| {
            let parameter = parameter.trim().trim_end_matches(',').trim();
            parameter.strip_prefix("rel=").is_some_and(|relation| relation.trim_matches('"') == "next")
        };
        let is_empty = parameters.contains("results=\"false\"");
        (parameters.split(';').any(is_next) && !is_empty).then_some(url)
    })
}
