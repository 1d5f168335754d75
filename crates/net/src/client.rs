//! The guarded HTTP client: pooled connections, one deadline, a bounded response.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use crate::connect::Guard;
use crate::connections::{Connections, Uses};
use crate::dial::{Blocked, resolve};
use crate::{AddressRules, Proxy, Tls};

/// The time that an unused connection is kept.
const IDLE: Duration = Duration::from_secs(60);
/// The number of unused connections that are kept per host.
const IDLE_PER_HOST: usize = 128;
/// The number of headers that a response may have.
const HEADERS: usize = 1_000;
/// The minimum time for the body of a response, even if its head came late.
const BODY: Duration = Duration::from_secs(1);
/// The number of receivers with TLS settings of their own whose connections are kept.
const OWN: usize = 1_000;

/// A request to send.
#[derive(Debug, Clone)]
pub struct Request {
    /// `POST`, `GET`, ….
    pub method: &'static str,
    /// The URL, as [`crate::parse_url`] normalised it.
    pub url: String,
    /// Header names and values, in the order of sending.
    pub headers: Vec<(String, String)>,
    /// The body, sent unchanged.
    pub body: Bytes,
    /// The time limit from the start of its turn, including connecting. A body that does not end in
    /// time is cut.
    pub timeout: Duration,
    /// The number of bytes of the response body to keep.
    pub keep: usize,
    /// The TLS settings for this receiver; the common ones if `None`.
    pub tls: Option<Arc<Tls>>,
}

/// A response.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The first bytes of the body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A response whose body is read piece by piece. Its connection is closed when it is dropped before its end.
pub struct OpenResponse {
    /// The status code.
    pub status: u16,
    /// The headers; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    answer: hyper::Response<Incoming>,
    until: Instant,
    pause: Duration,
    left: usize,
    _turn: tokio::sync::OwnedSemaphorePermit,
}

impl OpenResponse {
    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// When the body breaks off, pauses for too long, or has more bytes than are kept.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SendError> {
        loop {
            let until = self.until.min(Instant::now() + self.pause);
            let frame = timeout_at(until, self.answer.frame()).await.map_err(|_| SendError::TimedOut(self.pause))?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| SendError::Connection(error.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            let too_long = || SendError::Connection("the body of the response is too long".to_owned());
            self.left = self.left.checked_sub(data.len()).ok_or_else(too_long)?;
            return Ok(Some(data));
        }
    }
}

/// The reason for a missing response.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The request is malformed.
    #[error("the request cannot be sent: {0}")]
    Malformed(String),
    /// The address is not permitted.
    #[error("requests to this address are blocked: {0}")]
    Blocked(String),
    /// The deadline passed.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The connection failed or broke.
    #[error("{0}")]
    Connection(String),
}

type Connector = Pool<HttpsConnector<Guard>, Full<Bytes>>;

/// An HTTP client. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    guard: Guard,
    shared: Connector,
    /// Keeps no connections; used when there is no room for more.
    fleeting: Connector,
    /// For receivers that only support HTTP/2.
    second: Connector,
    /// The connectors of receivers with TLS settings of their own. No other receiver may use their
    /// connections.
    own: Arc<Mutex<HashMap<String, Connector>>>,
}

impl Client {
    /// A client that connects only to addresses that `rules` permit.
    pub fn new(rules: AddressRules) -> Self {
        Self::over(Guard { rules, proxy: None, connections: Connections::default() })
    }

    /// Sets the maximum number of connections, unused ones included. Half as many requests can be
    /// in progress at a time; others wait for their turn.
    #[must_use]
    pub fn with_connections(self, most: usize) -> Self {
        Self::over(Guard { connections: Connections::at_most(most), ..self.guard })
    }

    /// The number of requests that can be in progress at a time.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.guard.connections.turns()
    }

    /// The number of open connections.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.guard.connections.open()
    }

    /// Sends requests through a proxy.
    #[must_use]
    pub fn through(self, proxy: Option<Proxy>) -> Self {
        match proxy {
            Some(proxy) => Self::over(Guard { proxy: Some(Arc::new(proxy)), ..self.guard }),
            None => self,
        }
    }

    fn over(guard: Guard) -> Self {
        let shared = connector(Tls::everybodys(), guard.clone(), IDLE_PER_HOST);
        let fleeting = connector(Tls::everybodys(), guard.clone(), 0);
        let second = http2_connector(Tls::everybodys(), guard.clone());
        Self { guard, shared, fleeting, second, own: Arc::default() }
    }

    /// The connector for a receiver: with the common TLS settings, or with its own.
    fn connector(&self, tls: Option<&Tls>) -> Connector {
        match (tls, self.guard.connections.has_room()) {
            (None, true) => self.shared.clone(),
            (None, false) => self.fleeting.clone(),
            (Some(tls), true) => self.own(tls),
            (Some(tls), false) => connector_of(tls, self.guard.clone()),
        }
    }

    fn own(&self, tls: &Tls) -> Connector {
        let mut own = self.own.lock().expect("nobody panics while they hold it");
        if own.len() > OWN {
            own.clear();
        }
        let make = || connector(tls.config(), self.guard.clone(), IDLE_PER_HOST);
        own.entry(tls.fingerprint().to_owned()).or_insert_with(make).clone()
    }

    /// Waits for its turn, sends one request and reads the response. A redirect is returned like
    /// any other response.
    ///
    /// # Errors
    /// When there was no response.
    pub async fn send(&self, request: Request) -> Result<Response, SendError> {
        let _turn = self.guard.connections.turn().await;
        let timeout = request.timeout;
        self.exchange(request, Instant::now() + timeout).await.unwrap_or(Err(SendError::TimedOut(timeout)))
    }

    /// Like [`Client::send`], for an answer that comes in pieces over some time. The request's timeout is for
    /// all of it, and `pause` for the head and for each piece.
    ///
    /// # Errors
    /// When there was no response.
    pub async fn open(&self, request: Request, pause: Duration) -> Result<OpenResponse, SendError> {
        let turn = self.guard.connections.turn().await;
        let (timeout, left) = (request.timeout, request.keep);
        let until = Instant::now() + timeout;
        let answer = self.answer(&request, until.min(Instant::now() + pause)).await;
        let answer = answer.unwrap_or(Err(SendError::TimedOut(pause.min(timeout))))?;
        if let Some(uses) = answer.extensions().get::<Uses>() {
            uses.count();
        }
        let (status, headers) = (answer.status().as_u16(), text_headers(answer.headers()));
        Ok(OpenResponse { status, headers, answer, until, pause, left, _turn: turn })
    }

    /// Like [`Client::send`] over HTTP/2, for receivers that support nothing else. It uses the
    /// common TLS settings.
    ///
    /// # Errors
    /// When there was no response.
    pub async fn send_http2(&self, request: Request) -> Result<Response, SendError> {
        let _turn = self.guard.connections.turn().await;
        let (timeout, keep) = (request.timeout, request.keep);
        let (asked, until) = (self.second.request(to_hyper(&request)?), Instant::now() + timeout);
        match timeout_at(until, asked).await {
            Ok(Ok(answer)) => Ok(read(answer, keep, until).await),
            Ok(Err(error)) => Err(explain(&error)),
            Err(_) => Err(SendError::TimedOut(timeout)),
        }
    }

    /// The permitted addresses of a host, for protocols other than HTTP. Their client must connect
    /// to one of these, so that it uses a checked address. The proxy is not used.
    ///
    /// # Errors
    /// `Blocked` when no address is permitted; `Connection` when the name does not resolve.
    pub async fn permitted_addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, SendError> {
        let found = resolve(host.trim_matches(['[', ']']), port).await;
        let mut found = found.map_err(|error| SendError::Connection(error.to_string()))?;
        found.retain(|address| self.guard.rules.permits(address.ip()));
        if found.is_empty() { Err(SendError::Blocked(host.to_owned())) } else { Ok(found) }
    }

    /// Sends a request and reads the response. A receiver may close a connection at the moment it
    /// is reused. Then the request is sent once more, on a new connection.
    async fn exchange(&self, request: Request, until: Instant) -> Result<Result<Response, SendError>, Elapsed> {
        match self.answer(&request, until).await? {
            Ok(answer) => Ok(Ok(read(answer, request.keep, until).await)),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Sends a request and reads the head of the response.
    async fn answer(
        &self,
        request: &Request,
        until: Instant,
    ) -> Result<Result<hyper::Response<Incoming>, SendError>, Elapsed> {
        let sent = match to_hyper(request) {
            Ok(sent) => sent,
            Err(malformed) => return Ok(Err(malformed)),
        };
        let connector = self.connector(request.tls.as_deref());
        let mut answer = timeout_at(until, connector.request(sent)).await?;
        if answer.as_ref().is_err_and(closed_when_used_again) {
            answer = Box::pin(self.once_more(request, until)).await?;
        }
        Ok(answer.map_err(|error| explain(&error)))
    }

    async fn once_more(&self, request: &Request, until: Instant) -> Result<Answered, Elapsed> {
        let fresh = match &request.tls {
            None => self.fleeting.clone(),
            Some(tls) => connector_of(tls, self.guard.clone()),
        };
        let sent = to_hyper(request).expect("it has been sent before");
        timeout_at(until, fresh.request(sent)).await
    }
}

/// The response, or the error.
type Answered = Result<hyper::Response<Incoming>, hyper_util::client::legacy::Error>;

/// True if a reused connection was closed before any response.
fn closed_when_used_again(error: &hyper_util::client::legacy::Error) -> bool {
    let Some(connected) = error.connect_info() else { return false };
    let mut extensions = hyper::http::Extensions::new();
    connected.get_extras(&mut extensions);
    let was_used = extensions.get::<Uses>().is_some_and(Uses::any);
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause.filter(|_| was_used) {
        let http = error.downcast_ref::<hyper::Error>();
        let io = error.downcast_ref::<std::io::Error>();
        if http.is_some_and(|error| error.is_incomplete_message() || error.is_canceled() || error.is_closed())
            || io.is_some_and(|error| matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe))
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Reads a response and the first bytes of its body. The status is already known. So a body that
/// breaks off, or does not end in time, is cut and does not turn the response into an error.
async fn read(mut answer: hyper::Response<Incoming>, keep: usize, until: Instant) -> Response {
    if let Some(uses) = answer.extensions().get::<Uses>() {
        uses.count();
    }
    let until = until.max(Instant::now() + BODY);
    let status = answer.status().as_u16();
    let headers = text_headers(answer.headers());
    let mut body = Vec::new();
    while body.len() < keep
        && let Ok(Some(Ok(frame))) = timeout_at(until, answer.frame()).await
    {
        if let Ok(data) = frame.into_data() {
            body.extend_from_slice(&data[..data.len().min(keep - body.len())]);
        }
    }
    Response { status, headers, body }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

fn connector(tls: rustls::ClientConfig, guard: Guard, kept_per_host: usize) -> Connector {
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    pool().pool_max_idle_per_host(kept_per_host).build(connector.wrap_connector(guard))
}

/// A connector for a receiver with TLS settings of its own. It keeps no connections.
fn connector_of(tls: &Tls, guard: Guard) -> Connector {
    connector(tls.config(), guard, 0)
}

fn http2_connector(tls: rustls::ClientConfig, guard: Guard) -> Connector {
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http2();
    pool().http2_only(true).timer(TokioTimer::new()).build(connector.wrap_connector(guard))
}

fn pool() -> hyper_util::client::legacy::Builder {
    let mut pool = Pool::builder(TokioExecutor::new());
    pool.pool_idle_timeout(IDLE).pool_max_idle_per_host(IDLE_PER_HOST).pool_timer(TokioTimer::new());
    // A receiver that has accepted a message may answer with malformed headers.
    pool.http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_max_headers(HEADERS);
    pool
}

fn to_hyper(request: &Request) -> Result<hyper::Request<Full<Bytes>>, SendError> {
    let malformed = |why: String| SendError::Malformed(why);
    let uri: Uri = request.url.parse().map_err(|e| malformed(format!("{e}")))?;
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|e| malformed(e.to_string()))?;
    let mut sent = hyper::Request::new(Full::new(request.body.clone()));
    *sent.method_mut() = method;
    *sent.uri_mut() = uri;
    for (name, value) in &request.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|e| malformed(e.to_string()))?;
        let value = HeaderValue::try_from(value.as_str()).map_err(|e| malformed(e.to_string()))?;
        sent.headers_mut().insert(name, value);
    }
    Ok(sent)
}

fn text_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    text.collect()
}

/// The innermost cause says the most. A blocked address has an error of its own.
fn explain(error: &hyper_util::client::legacy::Error) -> SendError {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    loop {
        if let Some(blocked) = cause.downcast_ref::<Blocked>() {
            return SendError::Blocked(blocked.0.clone());
        }
        match cause.source() {
            Some(inner) => cause = inner,
            None => return SendError::Connection(cause.to_string()),
        }
    }
}
