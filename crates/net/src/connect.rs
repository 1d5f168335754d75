//! Connects to addresses that the rules permit, directly or through the operator's proxy.

use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::connections::{Connections, CountedStream};
use crate::dial::{Blocked, ConnectError, Dialling, resolve};
use crate::{AddressRules, Proxy};

/// A connector that reaches only addresses permitted by the rules.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) rules: AddressRules,
    pub(crate) proxy: Option<Arc<Proxy>>,
    pub(crate) connections: Connections,
}

impl tower::Service<Uri> for Guard {
    type Response = TokioIo<CountedStream>;
    type Error = ConnectError;
    type Future = Dialling<CountedStream>;

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
