//! One request to a provider's API, and what came back: in the shape of a delivery log, without the keys that were shown.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::uuid_of;
use campanile_net::{Request, Response, SendError, check_header, parse_url};
use serde_json::{Map, Value, json};

use super::{Channel, Said, Verdict};
use crate::Notify;
use crate::messages::Message;

/// How long a provider may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of its answer is read.
const KEPT: usize = 256 * 1024;
/// How much of it is kept in the log.
const LOGGED: usize = 16 * 1024;
/// Headers that are keys.
const KEYS: [&str; 2] = ["authorization", "x-api-key"];

/// A message on its way, and what its carrier may need beside it.
#[derive(Clone, Copy)]
pub(crate) struct Parcel<'p> {
    pub(crate) notify: &'p Notify,
    pub(crate) organisation: &'p OrganisationId,
    pub(crate) channel: &'p Channel,
    pub(crate) message: &'p Message,
    /// What the message's tenant has for the channel.
    pub(crate) of_tenant: Option<&'p Value>,
}

impl Parcel<'_> {
    /// What a provider's token is kept by. Other settings are another place: a token never goes where it was not made for.
    pub(crate) fn place(&self) -> String {
        let settings = Value::Object(self.channel.settings.provider_settings.clone()).to_string();
        uuid_of(&["provider token", self.organisation.as_str(), &self.channel.id, &settings])
    }

    /// A text of what the message says; none where it is empty.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.message.content.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

/// A request to a provider.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) service: &'static str,
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) patience: Duration,
    pub(crate) is_http2: bool,
}

impl Call {
    /// A POST of JSON.
    pub(crate) fn json(service: &'static str, url: String, body: &Value) -> Self {
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
    pub(crate) fn get(service: &'static str, url: String) -> Self {
        let (headers, body) = Default::default();
        Self { service, method: "GET", url, headers, body, patience: PATIENCE, is_http2: false }
    }

    /// A POST of a form.
    pub(crate) fn form<'f>(
        service: &'static str,
        url: String,
        fields: impl IntoIterator<Item = (&'f str, &'f str)>,
    ) -> Self {
        let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { service, method: "POST", url, headers, body: body.into_bytes(), patience: PATIENCE, is_http2: false }
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Checks the headers of a request that a step's author has written.
    pub(crate) fn check_headers(headers: &[(String, String)]) -> Result<(), String> {
        let faults = headers.iter().filter_map(|(name, value)| Some((name, check_header(name, value).err()?)));
        match faults.into_iter().next() {
            Some((name, why)) => Err(format!("the header {name:?} cannot be sent: {why}")),
            None => Ok(()),
        }
    }

    /// With a key that its bearer is believed by.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Asks; there is an answer, or the word that there was none.
    pub(crate) async fn ask(self, notify: &Notify) -> Result<Reply, Said> {
        let url = parse_url(&self.url).map_err(Said::never)?;
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
            true => notify.client.send_http2(sent).await,
            false => notify.client.send(sent).await,
        };
        let log = |response: Value| json!({ "service": self.service, "request": request, "response": response });
        match answer {
            Ok(answer) => Ok(Reply::of(&answer, log)),
            Err(error @ (SendError::Blocked(_) | SendError::Malformed(_))) => {
                Err(Said::never(error.to_string()).logging(log(json!({ "body": error.to_string() }))))
            }
            Err(error) => Err(Said::later(error.to_string()).logging(log(json!({ "body": error.to_string() })))),
        }
    }
}

/// What a provider answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Its body: JSON, or text where it is none.
    pub(crate) body: Value,
    /// How long it wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) log: Value,
}

impl Reply {
    fn of(answer: &Response, log: impl FnOnce(Value) -> Value) -> Self {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let seconds = answer.header("retry-after").and_then(|value| value.trim().parse::<f64>().ok());
        // Discord says it in the body, too, and exactly.
        let seconds = body.get("retry_after").and_then(Value::as_f64).or(seconds);
        let retry_after = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let log = log(json!({ "status": answer.status, "body": logged(&answer.body) }));
        Self { status: answer.status, body, retry_after, log }
    }

    /// A text of its body.
    pub(crate) fn word(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }

    /// Whether it took what it was sent.
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What a refusal comes to: what is the provider's trouble goes away, what is ours stays.
    pub(crate) fn refused(self, why: &str) -> Said {
        let said = format!("the provider answered {}: {why}", self.status);
        let verdict = match self.status {
            408 | 425 | 429 | 500.. => Verdict::Later { why: said, after: self.retry_after },
            _ => Verdict::Never { why: said },
        };
        Said { verdict, log: vec![self.log] }
    }
}

/// A word as one step of an address's path, which leads to no other place of the provider's.
pub(crate) fn path_segment(word: &str) -> String {
    match word {
        // Also their percent-encoded forms would go up; nothing has these for an id.
        "." | ".." => word.replace('.', "%252E"),
        _ => url::form_urlencoded::byte_serialize(word.as_bytes()).collect::<String>().replace('+', "%20"),
    }
}

fn logged(body: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(&body[..body.len().min(LOGGED)]).into_owned())
}

impl Verdict {
    /// Taken by a provider that may say later how it went.
    pub(crate) fn sent(external_id: Option<&str>) -> Self {
        let metadata = external_id.map(|id| json!({ "external_id": id }));
        Self::Taken { status: crate::messages::Status::Sent, metadata, data: None }
    }
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
