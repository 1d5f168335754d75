//! A thin client for the API of one provider, with the tokens of one connection.
//!
//! Redirects are followed by hand: at most three, to the same host only, so that a token never goes
//! elsewhere. Answers are bounded in size and time. The limits in their headers are kept.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use campanile_base::{Secret, Timestamp};
use campanile_net::{Client, Request, Response};
use serde_json::Value;
use url::Url;

use super::Trouble;
use crate::connections::{ConnectionKind, Limits};

/// The time limit of one call.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The number of bytes of an answer that are read. A longer answer is refused.
const ANSWER: usize = 4 * 1024 * 1024;
/// The number of redirects that are followed.
const REDIRECTS: usize = 3;
/// The number of characters of a provider's sentence that are kept.
const SENTENCE: usize = 300;
/// The wait after a refusal for too many calls, if the provider names no time.
pub(crate) const LIMITED_FOR: Duration = Duration::from_secs(60);
/// The longest wait that a provider may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// The names of the headers with a provider's limits, in lower case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LimitHeaders {
    pub(crate) total: &'static str,
    pub(crate) remaining: &'static str,
    /// The end of the period, in seconds or milliseconds since 1970, or in seconds from now on.
    pub(crate) reset: &'static str,
}

/// The habits of a provider's API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// Its limits in the headers of answers.
    pub(crate) limits: LimitHeaders,
    /// The value of the header `accept`.
    pub(crate) accept: &'static str,
    /// Further headers of each call, names in lower case.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// The trouble that an answer means, where its status alone does not say it. The time is the end
    /// of a limit, if the answer means one.
    pub(crate) trouble: fn(&Response, Timestamp) -> Option<Trouble>,
}

impl Dialect {
    /// An API that speaks JSON, and whose statuses mean what they mean elsewhere.
    pub(crate) const fn plain(limits: LimitHeaders) -> Self {
        Self { limits, accept: "application/json", headers: &[], trouble: |_, _| None }
    }
}

/// The client.
pub(crate) struct Api {
    http: Client,
    base: String,
    kind: ConnectionKind,
    /// The value of the header `authorization`.
    authorization: Secret,
    dialect: Dialect,
    account: Option<String>,
    limits: Mutex<Limits>,
    seconds_ahead: Mutex<Option<i64>>,
}

impl Api {
    /// A client for the API below `base`. `authorization` is the value of the header; none is sent
    /// if it is empty.
    pub(crate) fn new(
        http: &Client,
        base: &str,
        (kind, authorization): (ConnectionKind, Secret),
        dialect: Dialect,
    ) -> Self {
        let (http, base) = (http.clone(), base.trim_end_matches('/').to_owned());
        let (account, limits, seconds_ahead) = (None, Mutex::default(), Mutex::default());
        Self { http, base, kind, authorization, dialect, account, limits, seconds_ahead }
    }

    /// A client that sends the token as a bearer token.
    pub(crate) fn with_bearer(
        http: &Client,
        base: &str,
        (kind, token): (ConnectionKind, &Secret),
        dialect: Dialect,
    ) -> Self {
        Self::new(http, base, (kind, Secret::new(format!("Bearer {}", token.expose()))), dialect)
    }

    /// The same client, for calls about this account.
    pub(crate) fn of_account(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    /// The provider's id of the account that calls are about; `None` while an account is being
    /// connected.
    pub(crate) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The kind of tokens that it uses.
    pub(crate) fn kind(&self) -> ConnectionKind {
        self.kind
    }

    /// The base of the addresses, without a slash at the end.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The limits in the last answer that had some.
    pub(crate) fn limits(&self) -> Limits {
        *self.limits.lock().expect("nobody panics while they hold it")
    }

    /// The seconds by which our clock is ahead of the provider's, by the date of the last answer.
    pub(crate) fn seconds_ahead(&self) -> Option<i64> {
        *self.seconds_ahead.lock().expect("nobody panics while they hold it")
    }

    /// Asks a GraphQL endpoint, and returns the data of its answer. An answer with errors is a
    /// failure, even if it has data too.
    pub(crate) async fn graphql(
        &self,
        path: &str,
        query: &str,
        variables: Value,
        now: Timestamp,
    ) -> Result<Value, Trouble> {
        let body = serde_json::json!({ "query": query, "variables": variables }).to_string();
        let answer = self.post(path, body, now).await?;
        let read = body_of(&answer);
        if let Some(errors) = read["errors"].as_array().filter(|errors| !errors.is_empty()) {
            return Err(self.graphql_trouble(&errors[0], &answer, now));
        }
        if let Some(trouble) = self.trouble(&answer, now) {
            return Err(trouble);
        }
        match read["data"].is_object() {
            true => Ok(read["data"].clone()),
            false => Err(Trouble::Invalid("it has no data".to_owned())),
        }
    }

    async fn post(&self, path: &str, body: String, now: Timestamp) -> Result<Response, Trouble> {
        self.send("POST", path, Bytes::from(body), now).await
    }

    /// Asks the API, and follows redirects. The answer may be a refusal.
    pub(super) async fn send(
        &self,
        method: &'static str,
        path: &str,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Response, Trouble> {
        self.send_up_to(method, path, body, ANSWER, now).await
    }

    /// Asks the API for an answer of less than `most` bytes.
    pub(super) async fn send_up_to(
        &self,
        method: &'static str,
        path: &str,
        body: Bytes,
        most: usize,
        now: Timestamp,
    ) -> Result<Response, Trouble> {
        let malformed = |error: url::ParseError| Trouble::Invalid(error.to_string());
        let first = Url::parse(&format!("{}{path}", self.base)).map_err(malformed)?;
        let mut url = first.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.http.send(self.request(method, &url, body.clone(), most)).await;
            let answer = answer.map_err(|error| Trouble::Network(error.to_string()))?;
            self.note_limits(&answer, now);
            self.note_date(&answer, now);
            // The other redirects would turn a POST into a GET.
            let leads_on = matches!((answer.status, method), (307 | 308, _) | (301 | 302, "GET"));
            if !leads_on {
                return match answer.body.len() < most {
                    true => Ok(answer),
                    false => Err(Trouble::Invalid("it is too long".to_owned())),
                };
            }
            let target = answer.header("location").ok_or(Trouble::Provider(answer.status))?;
            url = url.join(target).map_err(malformed)?;
            if url.origin() != first.origin() {
                return Err(Trouble::Invalid(format!("it leads to another host, {}", url.host_str().unwrap_or("?"))));
            }
        }
        Err(Trouble::Invalid("it leads in a circle".to_owned()))
    }

    fn request(&self, method: &'static str, url: &Url, body: Bytes, keep: usize) -> Request {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut headers = vec![
            ("accept".to_owned(), self.dialect.accept.to_owned()),
            ("user-agent".to_owned(), concat!("campanile/", env!("CARGO_PKG_VERSION")).to_owned()),
        ];
        headers.extend(self.dialect.headers.iter().map(owned));
        if !self.authorization.expose().is_empty() {
            headers.push(("authorization".to_owned(), self.authorization.expose().to_owned()));
        }
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        Request { method, url: url.to_string(), headers, body, timeout: TIMEOUT, keep, tls: None }
    }

    fn note_limits(&self, answer: &Response, now: Timestamp) {
        let number = |name: &str| answer.header(name)?.trim().parse::<i64>().ok().filter(|number| *number >= 0);
        let LimitHeaders { total, remaining, reset } = self.dialect.limits;
        let reset_at = number(reset).map(|number| instant(number, now)).filter(|at| at.since(now) <= LONGEST_WAIT);
        let found = Limits { total: number(total), remaining: number(remaining), reset_at };
        if found != Limits::default() {
            *self.limits.lock().expect("nobody panics while they hold it") = found;
        }
    }

    fn note_date(&self, answer: &Response, now: Timestamp) {
        let date = answer.header("date").and_then(Timestamp::parse_http_date);
        let ahead = date.map(|date| now.as_seconds().saturating_sub(date.as_seconds()));
        *self.seconds_ahead.lock().expect("nobody panics while they hold it") = ahead;
    }

    /// The time until which a provider wants no more calls.
    fn limited_until(&self, answer: &Response, now: Timestamp) -> Timestamp {
        let after = answer.header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let until = after.map(|after| now.plus(after.min(LONGEST_WAIT)));
        let Limits { remaining, reset_at, .. } = self.limits();
        // A refusal with calls left is about something else than the period.
        let reset_at = reset_at.filter(|at| *at > now && remaining.is_none_or(|left| left == 0));
        until.or(reset_at).unwrap_or_else(|| now.plus(LIMITED_FOR))
    }

    /// The trouble that an answer means; `None` for a good one.
    pub(super) fn trouble(&self, answer: &Response, now: Timestamp) -> Option<Trouble> {
        let of_provider = || (self.dialect.trouble)(answer, self.limited_until(answer, now));
        match answer.status {
            200..300 => None,
            _ => of_provider().or_else(|| self.trouble_of_status(answer, now)),
        }
    }

    fn trouble_of_status(&self, answer: &Response, now: Timestamp) -> Option<Trouble> {
        let said = || String::from_utf8_lossy(&answer.body).chars().take(SENTENCE).collect::<String>();
        match answer.status {
            200..300 => None,
            401 => Some(Trouble::Unauthorised),
            403 => Some(Trouble::Forbidden(said())),
            404 => Some(Trouble::Missing),
            410 => Some(Trouble::Gone),
            429 => Some(Trouble::Limited { until: self.limited_until(answer, now) }),
            400 | 422 => Some(Trouble::Invalid(said())),
            status => Some(Trouble::Provider(status)),
        }
    }

    /// The trouble that an error of GraphQL means. Its code says more than the status.
    fn graphql_trouble(&self, error: &Value, answer: &Response, now: Timestamp) -> Trouble {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        let said = || error["message"].as_str().unwrap_or("no reason").chars().take(SENTENCE).collect::<String>();
        match code {
            "RATELIMITED" => Trouble::Limited { until: self.limited_until(answer, now) },
            "AUTHENTICATION_ERROR" => Trouble::Unauthorised,
            "FORBIDDEN" => Trouble::Forbidden(said()),
            _ => match self.trouble(answer, now) {
                Some(Trouble::Invalid(_)) | None => Trouble::Invalid(said()),
                Some(trouble) => trouble,
            },
        }
    }
}

/// The body of an answer as JSON; null if it is none, as that of a gateway before the provider.
pub(crate) fn body_of(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// A time in seconds or milliseconds since 1970. Seconds have ten digits until the year 2286. A number of at
/// most a day is the number of seconds from now on.
fn instant(number: i64, now: Timestamp) -> Timestamp {
    if let Some(left) = u64::try_from(number).ok().map(Duration::from_secs).filter(|left| *left <= LONGEST_WAIT) {
        return now.plus(left);
    }
    let micros = if number < 100_000_000_000 { 1_000_000 } else { 1_000 };
    Timestamp::from_micros(number.saturating_mul(micros))
}
