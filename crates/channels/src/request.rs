//! One request to a provider's API, and its response. Both are logged in the shape of a delivery
//! log, without the keys.

use std::time::Duration;

use campanile_net::{Request, Response, SendError, check_header, parse_url};
use serde_json::{Map, Value, json};

use super::{CarrierReply, Carriers, Verdict};

/// The time limit of a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// The part of a response that is read, in bytes.
const KEPT: usize = 256 * 1024;
/// The part of a body that is kept in the log, in bytes.
const LOGGED: usize = 16 * 1024;
/// Headers whose values are keys, and are not logged.
const KEYS: [&str; 2] = ["authorization", "x-api-key"];

/// A request to a provider.
#[derive(Debug)]
pub struct Call {
    /// The service, as the log names it.
    pub service: &'static str,
    /// The method.
    pub method: &'static str,
    /// The address.
    pub url: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The time limit.
    pub patience: Duration,
    /// True if it must go over HTTP/2.
    pub is_http2: bool,
}

impl Call {
    /// A POST of JSON.
    pub fn json(service: &'static str, url: String, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        Self {
            service,
            method: "POST",
            url,
            headers,
            body: body.to_string().into_bytes(),
            patience: PATIENCE,
            is_http2: false,
        }
    }

    /// A GET.
    pub fn get(service: &'static str, url: String) -> Self {
        let (headers, body) = Default::default();
        Self { service, method: "GET", url, headers, body, patience: PATIENCE, is_http2: false }
    }

    /// A POST of a form.
    pub fn form<'f>(service: &'static str, url: String, fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { service, method: "POST", url, headers, body: body.into_bytes(), patience: PATIENCE, is_http2: false }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Checks the headers of a request that a step's author has written.
    ///
    /// # Errors
    /// A sentence that names the header.
    pub fn check_headers(headers: &[(String, String)]) -> Result<(), String> {
        let faults = headers.iter().filter_map(|(name, value)| Some((name, check_header(name, value).err()?)));
        match faults.into_iter().next() {
            Some((name, why)) => Err(format!("the header {name:?} cannot be sent: {why}")),
            None => Ok(()),
        }
    }

    /// Adds a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sends the request.
    ///
    /// # Errors
    /// A finished [`CarrierReply`]: no response came, or the address is not permitted.
    pub async fn ask(self, carriers: &Carriers) -> Result<Reply, CarrierReply> {
        let url = parse_url(&self.url).map_err(CarrierReply::never)?;
        let shown = self.headers.iter().map(|(name, value)| {
            let is_key = KEYS.iter().any(|key| key.eq_ignore_ascii_case(name));
            (name.clone(), json!(if is_key { "…" } else { value.as_str() }))
        });
        let request = json!({
            "method": self.method, "host": url.host_str(), "path": url.path(), "query": url.query(),
            "headers": shown.collect::<Map<String, Value>>(), "body": logged(&self.body),
        });
        let sent = Request {
            method: self.method,
            url: url.to_string(),
            headers: self.headers,
            body: self.body.into(),
            timeout: self.patience,
            keep: KEPT,
            tls: None,
        };
        let answer = match self.is_http2 {
            true => carriers.client.send_http2(sent).await,
            false => carriers.client.send(sent).await,
        };
        let log = |response: Value| json!({ "service": self.service, "request": request, "response": response });
        match answer {
            Ok(answer) => Ok(Reply::of(&answer, log)),
            Err(error @ (SendError::Blocked(_) | SendError::Malformed(_))) => {
                Err(CarrierReply::never(error.to_string()).logging(log(json!({ "body": error.to_string() }))))
            }
            Err(error) => {
                Err(CarrierReply::later(error.to_string()).logging(log(json!({ "body": error.to_string() }))))
            }
        }
    }
}

/// The response of a provider.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body: JSON, or the text if it is not JSON.
    pub body: Value,
    /// The wait that the provider asks for.
    pub retry_after: Option<Duration>,
    /// The request and the response, for the log.
    pub log: Value,
}

impl Reply {
    fn of(answer: &Response, log: impl FnOnce(Value) -> Value) -> Self {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let seconds = answer.header("retry-after").and_then(|value| value.trim().parse::<f64>().ok());
        // Discord has it in the body as well, and more exactly.
        let seconds = body.get("retry_after").and_then(Value::as_f64).or(seconds);
        let retry_after = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let log = log(json!({ "status": answer.status, "body": logged(&answer.body) }));
        Self { status: answer.status, body, retry_after, log }
    }

    /// A text in the body, by JSON pointer.
    pub fn word(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }

    /// True for a status of 2xx.
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The reply to a refusal. Faults of the provider (408, 425, 429, 5xx) are tried again; all
    /// others are final.
    pub fn refused(self, why: &str) -> CarrierReply {
        let said = format!("the provider answered {}: {why}", self.status);
        let verdict = match self.status {
            408 | 425 | 429 | 500.. => Verdict::Later { why: said, after: self.retry_after },
            _ => Verdict::Never { why: said },
        };
        CarrierReply { verdict, log: vec![self.log], facts: Vec::new() }
    }
}

/// Encodes a word as one segment of a path, so that it cannot lead to another path.
pub fn path_segment(word: &str) -> String {
    match word {
        // Percent-encoded dots would also lead one level up. No real id is `.` or `..`.
        "." | ".." => word.replace('.', "%252E"),
        _ => url::form_urlencoded::byte_serialize(word.as_bytes()).collect::<String>().replace('+', "%20"),
    }
}

fn logged(body: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(&body[..body.len().min(LOGGED)]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::path_segment;

    #[test]
    fn an_id_in_a_path_leads_nowhere_else() {
        for id in ["../../users/@me", "1/messages?x=", "a#b", ".", "..", "%2e%2e", "a b\\..\\c"] {
            let base = "https://provider.example/channels/";
            let url = url::Url::parse(&format!("{base}{}/messages", path_segment(id))).unwrap();
            assert!(url.as_str().starts_with(base) && url.path().ends_with("/messages"), "{id}: {url}");
            assert_eq!(url.path_segments().unwrap().count(), 3, "{id}: {url}");
        }
        assert_eq!(path_segment("1234:abc-DEF_9.x"), "1234%3Aabc-DEF_9.x");
    }
}
