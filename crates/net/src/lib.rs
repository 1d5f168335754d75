//! Sends HTTP to the outside world safely and fast, and knows the signature schemes.
//!
//! # What is refused
//! The address decides, at the moment of connecting: every address that a name resolves to is
//! judged by [`AddressRules`], and only a public one, or one that the operator has allowed, is
//! connected to. How the address was spelled does not matter, since it is judged as a number, and
//! a name that pointed elsewhere a moment ago gains nothing. Redirects are never followed: what
//! is signed for one receiver is not for another.
//!
//! Through the operator's [`Proxy`] all is as above: names are resolved and judged here, and the proxy is asked for the
//! judged address, while TLS is verified against the name. Only a proxy that the operator says resolves names
//! (`http+names://…`) is given those that do not resolve here; it is trusted to judge them.
//!
//! Mail servers are spoken to by others; their addresses are judged here, too ([`Client::permitted_addresses`]).
//!
//! # What is bounded
//! A request has one deadline that covers connecting, sending, and the response's headers and
//! body; of the body only the first bytes are kept. Connections have a bound, too: beyond it requests wait for
//! their turn, before their deadline begins, and unused connections are not kept.

mod address;
mod client;
mod connect;
mod connections;
mod headers;
mod hmac;
mod proxy;
mod signature;
mod tls;

pub use address::AddressRules;
pub use client::{Client, Request, Response, SendError};
pub use headers::{check_header, check_header_name};
pub use hmac::{HmacAlgorithm, hmac_base64, hmac_hex, verify_hmac_hex};
pub use proxy::Proxy;
pub use signature::{SigningSecret, VerifyError, stamped, verify};
pub use tls::Tls;

/// Parses and normalises a URL to send to: http or https, with a host.
///
/// # Errors
/// A sentence about what is wrong with it.
pub fn parse_url(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text).map_err(|e| format!("this is not a URL: {e}"))?;
    match (url.scheme(), url.host()) {
        ("http" | "https", Some(_)) => Ok(url),
        ("http" | "https", None) => Err("the URL has no host".into()),
        (scheme, _) => Err(format!("the URL must begin with http or https, not {scheme}")),
    }
}
