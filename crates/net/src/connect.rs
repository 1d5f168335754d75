//! Connecting: to addresses that the rules permit, directly or through the operator's proxy.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::connections::{Connections, Counted};
use crate::{AddressRules, Proxy};

/// Connects to addresses that the rules permit, and to nothing else.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) rules: AddressRules,
    pub(crate) proxy: Option<Arc<Proxy>>,
    pub(crate) connections: Connections,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Blocked(pub(crate) String);

pub(crate) type ConnectError = Box<dyn std::error::Error + Send + Sync>;

/// A connection on its way.
pub(crate) type Dialling<S = TcpStream> = Pin<Box<dyn Future<Output = Result<TokioIo<S>, ConnectError>> + Send>>;

impl tower::Service<Uri> for Guard {
    type Response = TokioIo<Counted>;
    type Error = ConnectError;
    type Future = Dialling<Counted>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let within = self.clone();
        Box::pin(async move { within.connect(&uri).await.map(|stream| within.connections.counted(stream)) })
    }
}

impl Guard {
    async fn connect(&self, uri: &Uri) -> Result<TokioIo<TcpStream>, ConnectError> {
        let host = uri.host().ok_or("the URL has no host")?.trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        match self.proxy.as_ref().filter(|proxy| proxy.is_for(host)) {
            Some(proxy) => proxy.connect(&self.rules, host, port).await,
            None => direct(&self.rules, host, port).await,
        }
    }
}

async fn direct(rules: &AddressRules, host: &str, port: u16) -> Result<TokioIo<TcpStream>, ConnectError> {
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

pub(crate) async fn resolve(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let mut addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    Ok(addresses)
}
