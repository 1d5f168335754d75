//! The guarded client: pooled connections, one deadline, a bounded answer.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;

use crate::AddressRules;

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(60);
/// How many unused connections are kept for a host.
const IDLE_PER_HOST: usize = 1_024;

/// What to send.
#[derive(Debug, Clone)]
pub struct Request {
    /// `POST`, `GET`, ….
    pub method: &'static str,
    /// Where to, as [`crate::parse_url`] normalised it.
    pub url: String,
    /// Header names and values, in the order of sending.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The time for everything, connecting included.
    pub timeout: Duration,
    /// How many bytes of the answer's body to keep.
    pub keep: usize,
}

/// What came back.
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

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The request cannot be written.
    #[error("the request cannot be sent: {0}")]
    Malformed(String),
    /// The address is not one to connect to.
    #[error("requests to this address are blocked: {0}")]
    Blocked(String),
    /// The deadline passed.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The connection could not be made or broke.
    #[error("{0}")]
    Connection(String),
}

/// Sends requests. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpsConnector<Guard>, Full<Bytes>>,
}

impl Client {
    /// A client that connects where `rules` permit.
    ///
    /// # Panics
    /// Never: the TLS settings are our own constants.
    pub fn new(rules: AddressRules) -> Self {
        let tls = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("the default versions suit the default provider")
            .https_or_http()
            .enable_http1()
            .wrap_connector(Guard { rules });
        let pool = Pool::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_timer(TokioTimer::new())
            .build(tls);
        Self { pool }
    }

    /// Sends one request and reads its answer. Redirects are answers like any other.
    ///
    /// # Errors
    /// When there was no answer.
    pub async fn send(&self, request: Request) -> Result<Response, SendError> {
        let timeout = request.timeout;
        let answer = tokio::time::timeout(timeout, self.exchange(request)).await;
        answer.unwrap_or(Err(SendError::TimedOut(timeout)))
    }

    async fn exchange(&self, request: Request) -> Result<Response, SendError> {
        let keep = request.keep;
        let mut answer = self.pool.request(to_hyper(request)?).await.map_err(|e| explain(&e))?;
        let status = answer.status().as_u16();
        let headers = text_headers(answer.headers());
        let mut body = Vec::new();
        while body.len() < keep
            && let Some(frame) = answer.frame().await
        {
            match frame.map(hyper::body::Frame::into_data) {
                Ok(Ok(data)) => body.extend_from_slice(&data[..data.len().min(keep - body.len())]),
                Ok(Err(_)) => {}
                // The status has been said; a body that breaks off does not unsay it.
                Err(_) => break,
            }
        }
        Ok(Response { status, headers, body })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

fn to_hyper(request: Request) -> Result<hyper::Request<Full<Bytes>>, SendError> {
    let malformed = |why: String| SendError::Malformed(why);
    let uri: Uri = request.url.parse().map_err(|e| malformed(format!("{e}")))?;
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|e| malformed(e.to_string()))?;
    let mut sent = hyper::Request::new(Full::new(request.body));
    *sent.method_mut() = method;
    *sent.uri_mut() = uri;
    for (name, value) in request.headers {
        let name = HeaderName::try_from(name).map_err(|e| malformed(e.to_string()))?;
        let value = HeaderValue::try_from(value).map_err(|e| malformed(e.to_string()))?;
        sent.headers_mut().insert(name, value);
    }
    Ok(sent)
}

fn text_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    text.collect()
}

/// The innermost cause says most; a blocked address is told apart.
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

/// Connects to addresses that the rules permit, and to nothing else.
#[derive(Clone)]
struct Guard {
    rules: AddressRules,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Blocked(String);

type ConnectError = Box<dyn std::error::Error + Send + Sync>;

impl tower::Service<Uri> for Guard {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let rules = self.rules.clone();
        Box::pin(async move { connect(&rules, &uri).await })
    }
}

async fn connect(rules: &AddressRules, uri: &Uri) -> Result<TokioIo<TcpStream>, ConnectError> {
    let host = uri.host().ok_or("the URL has no host")?.trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    let mut last: ConnectError = Box::new(Blocked(host.to_owned()));
    for address in resolve(host, port).await?.into_iter().filter(|address| rules.permits(address.ip())) {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(TokioIo::new(stream));
            }
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

async fn resolve(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let mut addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    Ok(addresses)
}
