//! Connects through the operator's proxy: with a CONNECT tunnel, or with SOCKS 5.

use std::net::{IpAddr, SocketAddr};

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use tokio::net::TcpStream;
use tower::Service as _;

use crate::AddressRules;
use crate::dial::{Blocked, ConnectError, Dialling, resolve};

/// A proxy, and the hosts that are reached without it.
#[derive(Debug, Clone)]
pub struct Proxy {
    kind: Kind,
    address: Uri,
    credentials: Option<(String, String)>,
    past: Vec<Past>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A CONNECT tunnel to an address.
    Http,
    /// A CONNECT tunnel to a name: the proxy resolves and checks it.
    HttpNames,
    /// SOCKS 5 to an address.
    Socks5,
}

/// A host that is reached without the proxy.
#[derive(Debug, Clone)]
enum Past {
    Range(IpNet),
    /// This domain and all its subdomains.
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
    /// Parses `http://…`, `http+names://…` or `socks5://…`, with a user name and password if the
    /// proxy needs them. `past` lists the domains, addresses and ranges that are reached without
    /// the proxy.
    ///
    /// # Errors
    /// A sentence that describes the problem.
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

    /// True if the host is reached through this proxy.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        !self.past.iter().any(|past| past.is(&host))
    }

    /// Connects to a host through this proxy.
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

    /// The target to request from the proxy: a checked address. For a proxy that checks names
    /// itself, the target is the name, unless it resolves here to an address that is not permitted.
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

/// True if the name belongs to the proxy's own network, regardless of its address there.
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let inner = [".localhost", ".local", ".internal", ".home.arpa"];
    !host.contains('.') || inner.iter().any(|domain| host.ends_with(domain))
}

/// Connects to the proxy itself. Its address is the operator's choice and not checked.
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
