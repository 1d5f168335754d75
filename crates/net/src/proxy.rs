//! Connecting through the operator's proxy: a tunnel by CONNECT, or SOCKS 5.

use std::net::{IpAddr, SocketAddr};

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use tokio::net::TcpStream;
use tower::Service as _;

use crate::AddressRules;
use crate::connect::{Blocked, ConnectError, Dialling, resolve};

/// A proxy, and what goes past it.
#[derive(Debug, Clone)]
pub struct Proxy {
    kind: Kind,
    address: Uri,
    credentials: Option<(String, String)>,
    past: Vec<Past>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A tunnel by CONNECT to an address.
    Http,
    /// A tunnel by CONNECT to a name: the proxy resolves it, and judges it.
    HttpNames,
    /// SOCKS 5 to an address.
    Socks5,
}

/// A host that is connected to directly.
#[derive(Debug, Clone)]
enum Past {
    Range(IpNet),
    /// This domain, and all within it.
    Domain(String),
}

impl Past {
    fn parse(word: &str) -> Option<Self> {
        let word = word.trim().trim_start_matches('.').to_ascii_lowercase();
        let range = word.parse::<IpNet>().ok().or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from));
        match range {
            Some(range) => Some(Self::Range(range)),
            None => (!word.is_empty()).then_some(Self::Domain(word)),
        }
    }

    fn is(&self, host: &str) -> bool {
        match self {
            Self::Range(range) => host.parse::<IpAddr>().is_ok_and(|address| range.contains(&address.to_canonical())),
            Self::Domain(domain) => {
                host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        }
    }
}

impl Proxy {
    /// Reads `http://…`, `http+names://…` or `socks5://…`, with a name and a password where the proxy wants them, and the domains,
    /// addresses and ranges that are connected to past it.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn parse(address: &str, past: &[String]) -> Result<Self, String> {
        let url = url::Url::parse(address).map_err(|e| format!("this is not a URL: {e}"))?;
        let (kind, port) = match url.scheme() {
            "http" => (Kind::Http, 80),
            "http+names" => (Kind::HttpNames, 80),
            "socks5" => (Kind::Socks5, 1080),
            other => return Err(format!("a proxy's URL must begin with http, http+names or socks5, not {other}")),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the URL has no host")?;
        let address = format!("http://{host}:{}", url.port().unwrap_or(port));
        let credentials = (!url.username().is_empty())
            .then(|| (url.username().to_owned(), url.password().unwrap_or_default().to_owned()));
        let past = past.iter().filter_map(|word| Past::parse(word)).collect();
        Ok(Self { kind, address: address.parse().map_err(|e| format!("{e}"))?, credentials, past })
    }

    /// Whether a host is connected to through it.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        !self.past.iter().any(|past| past.is(&host))
    }

    /// Connects to a host through it.
    pub(crate) async fn connect(
        &self,
        rules: &AddressRules,
        host: &str,
        port: u16,
    ) -> Result<TokioIo<TcpStream>, ConnectError> {
        let at = |host: &str| -> Result<Uri, ConnectError> {
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            Ok(format!("http://{host}:{port}").parse()?)
        };
        let target = self.target(rules, host, port).await?;
        match self.kind {
            Kind::Http | Kind::HttpNames => {
                let mut tunnel = Tunnel::new(self.address.clone(), Plain);
                if let Some((name, password)) = &self.credentials {
                    use base64::Engine as _;
                    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
                    tunnel = tunnel.with_auth(HeaderValue::try_from(format!("Basic {pair}"))?);
                }
                Ok(tunnel.call(at(&target)?).await?)
            }
            Kind::Socks5 => {
                let mut socks = SocksV5::new(self.address.clone(), Plain);
                if let Some((name, password)) = self.credentials.clone() {
                    socks = socks.with_auth(name, password);
                }
                Ok(socks.call(at(&target)?).await?)
            }
        }
    }

    /// What the proxy is asked for: an address that was judged. A proxy that judges names itself is asked for the name,
    /// unless that resolves here to an address that is not permitted.
    async fn target(&self, rules: &AddressRules, host: &str, port: u16) -> Result<String, ConnectError> {
        let found = match (resolve(host, port).await, self.kind) {
            (Ok(found), _) => found,
            (Err(_), Kind::HttpNames) if !is_local_name(host) => return Ok(host.to_owned()),
            (Err(error), _) => return Err(error.into()),
        };
        let blocked = || -> ConnectError { Box::new(Blocked(host.to_owned())) };
        let permits = |address: &SocketAddr| rules.permits(address.ip());
        match self.kind {
            Kind::HttpNames if found.iter().all(permits) => Ok(host.to_owned()),
            Kind::HttpNames => Err(blocked()),
            Kind::Http | Kind::Socks5 => found
                .iter()
                .find(|address| permits(address))
                .map(|address| address.ip().to_string())
                .ok_or_else(blocked),
        }
    }
}

/// Whether a name is of the proxy's own network, whatever it resolves to there.
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let inner = [".localhost", ".local", ".internal", ".home.arpa"];
    !host.contains('.') || inner.iter().any(|domain| host.ends_with(domain))
}

/// Connects to the proxy itself, wherever the operator has it.
#[derive(Clone, Copy)]
struct Plain;

impl tower::Service<Uri> for Plain {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Dialling;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(async move {
            let host = uri.host().ok_or("the proxy has no host")?.trim_matches(['[', ']']).to_owned();
            let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(80))).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        })
    }
}
