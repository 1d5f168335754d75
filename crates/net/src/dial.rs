//! The parts that direct and proxied connections share: name lookup and errors.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Blocked(pub(crate) String);

pub(crate) type ConnectError = Box<dyn std::error::Error + Send + Sync>;

/// A connection in progress.
pub(crate) type Dialling<S = TcpStream> = Pin<Box<dyn Future<Output = Result<TokioIo<S>, ConnectError>> + Send>>;

/// The addresses of a host, IPv4 first.
pub(crate) async fn resolve(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let mut addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    Ok(addresses)
}
