//! The door: limits on connections and requests, and on the time that they may take.
//!
//! These limits apply before a request is parsed, and to every caller:
//!
//! * [`connections`]: a bound on open connections, per address and in total. Beyond it a connection
//!   is answered with 503 and closed. A failure to accept is logged, counted and tried again.
//! * [`timeouts`]: ten seconds for the head of a request, a bit more than a minute for an idle
//!   connection, and one minute for a client that stopped reading.
//! * [`bodies`]: a body is refused by its announced length before it is read, and must keep
//!   arriving. All bodies under way share one memory budget.
//! * [`rates`]: requests per second for each key, session or token.
//! * [`concurrency`]: the number of requests under way per organisation, while other organisations call
//!   too.
//! * [`peer`]: the address of the caller, also behind a reverse proxy.

mod bodies;
mod concurrency;
mod connections;
mod peer;
mod rates;
mod timeouts;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use campanile_base::bounds;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::{Service as _, ServiceExt as _};

use crate::Surface;
use connections::{Connections, OpenConnection};
use timeouts::{Phase, StreamWithTimeouts};

pub(crate) use bodies::{BodyShare, Refusal};
pub(crate) use concurrency::Places;
pub(crate) use peer::PeerAddress;
pub(crate) use rates::Rates;

/// The wait after a failed accept. File descriptors are the usual reason, and other connections
/// give them back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The shortest time between two log lines about failed accepts.
const ACCEPT_LOG: Duration = Duration::from_secs(5);
/// The answer to a connection beyond the bound.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// The limits of the door.
#[derive(Debug, Clone)]
pub struct DoorSettings {
    /// Open connections in total.
    pub connections: usize,
    /// Open connections per address.
    pub connections_per_address: usize,
    /// Address ranges of reverse proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// Requests per second for each secret key; 0 for no bound.
    pub requests_per_key: u32,
    /// Requests per second for each session, user token or portal token; 0 for no bound.
    pub requests_per_token: u32,
}

/// Serves until `stop`, then lets the requests under way finish.
///
/// # Errors
/// When the listener cannot be used at all.
pub async fn serve(
    listener: TcpListener,
    surface: Surface,
    settings: DoorSettings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let connections = Arc::new(Connections::new(settings.connections, settings.connections_per_address));
    let proxies: Arc<[IpNet]> = settings.trusted_proxies.into();
    // The channel closes when all connections have dropped their receiver.
    let (stopping, watched) = watch::channel(false);
    let mut stop = std::pin::pin!(stop);
    let mut logged: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, address)) => match connections.enter(address.ip(), peer::is_among(address.ip(), &proxies)) {
                Some(entered) => {
                    let connection = Connection { address, entered, proxies: proxies.clone() };
                    tokio::spawn(connection.serve(stream, surface.clone(), watched.clone()));
                }
                None => turn_away(&stream),
            },
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                metrics::counter!("campanile_http_accept_failures_total").increment(1);
                if logged.is_none_or(|at| at.elapsed() > ACCEPT_LOG) {
                    tracing::error!(%error, open = connections.open(), "connections cannot be accepted");
                    logged = Some(Instant::now());
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, watched));
    stopping.send_replace(true);
    stopping.closed().await;
    Ok(())
}

/// True if the client left before it was accepted. That is no failure of this server.
fn is_the_peers(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

fn turn_away(stream: &TcpStream) {
    metrics::counter!("campanile_http_connections_refused_total").increment(1);
    // Does not wait: bytes that cannot be written at once are dropped.
    let _ = stream.try_write(FULL);
}

/// A connection that was let in.
struct Connection {
    address: SocketAddr,
    entered: OpenConnection,
    proxies: Arc<[IpNet]>,
}

impl Connection {
    async fn serve(self, stream: TcpStream, surface: Surface, mut stopping: watch::Receiver<bool>) {
        let Self { address, entered, proxies } = self;
        let _ = stream.set_nodelay(true);
        let phase = Phase::default();
        let io = TokioIo::new(StreamWithTimeouts::new(stream, phase.clone()));
        let service = service_fn(|request| {
            let answered = phase.begin();
            let request = admitted(request, address, &proxies);
            let mut surface = surface.clone();
            async move {
                let surface = surface.ready().await.unwrap_or_else(|never| match never {});
                let response: Response = surface.call(request).await.unwrap_or_else(|never| match never {});
                Ok::<_, Infallible>(answered.by(response))
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // `StreamWithTimeouts` keeps the times instead.
            .header_read_timeout(None)
            .max_buf_size(bounds::HEAD_BYTES)
            .max_headers(bounds::HEADERS)
            .serve_connection(io, service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        // The server waits until every receiver is dropped, so this one lives as long as the
        // connection.
        let served_by = stopping.clone();
        let stopping = async move { drop(stopping.wait_for(|stopping| *stopping).await) };
        let served = tokio::select! {
            served = connection.as_mut() => served,
            () = stopping => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection broke");
        }
        drop((entered, served_by));
    }
}

/// A request as the surface takes it: with the address of the client, and with a measured body.
fn admitted(request: hyper::Request<Incoming>, address: SocketAddr, proxies: &[IpNet]) -> Request {
    let peer = PeerAddress::of(address.ip(), request.headers(), proxies);
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(peer);
    let (body, share) = bodies::measured(&parts, body);
    parts.extensions.insert(share);
    Request::from_parts(parts, Body::new(body))
}

#[cfg(test)]
mod tests;
