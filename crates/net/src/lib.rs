//! Sends HTTP requests to the outside world safely, and implements the signature schemes.
//!
//! # Refused requests
//! The decision is made on the address, at the time of connecting. [`AddressRules`] checks every
//! address that a name resolves to. Only public addresses, and those that the operator allows, are
//! connected to. The spelling of an address has no effect, since it is checked as a number. A name
//! that resolved to another address a moment ago has no effect either. Redirects are never
//! followed: a request that is signed for one receiver must not go to another.
//!
//! The operator's [`Proxy`] changes nothing of this. Names are resolved and checked here, the proxy
//! is asked for the checked address, and TLS is verified against the name. Only a proxy that
//! resolves names itself (`http+names://…`) also gets names that do not resolve here. It is trusted
//! to check them.
//!
//! Other crates connect to mail servers; those addresses are checked here, too
//! ([`Client::permitted_addresses`]).
//!
//! # Limits
//! A request has one deadline. It covers connecting, sending, and the headers and body of the
//! response. Only the first bytes of the body are kept. The number of connections is limited, too.
//! When the limit is reached, requests wait for their turn before their deadline begins, and unused
//! connections are not kept.

mod address;
mod client;
mod connect;
mod connections;
mod dial;
mod headers;
mod hmac;
pub mod oauth;
mod proxy;
mod signature;
mod tls;

pub use address::AddressRules;
pub use client::{Client, OpenResponse, Request, Response, SendError};
pub use headers::{check_header, check_header_name};
pub use hmac::{HmacAlgorithm, equal_in_constant_time, hmac_base64, hmac_hex, verify_hmac_hex};
pub use proxy::Proxy;
pub use signature::{SigningSecret, VerifyError, fits, stamped, verify};
pub use tls::Tls;

/// Parses and normalises the URL of a receiver: http or https, with a host.
///
/// # Errors
/// A sentence that describes the problem.
pub fn parse_url(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text).map_err(|e| format!("this is not a URL: {e}"))?;
    match (url.scheme(), url.host()) {
        ("http" | "https", Some(_)) => Ok(url),
        ("http" | "https", None) => Err("the URL has no host".into()),
        (scheme, _) => Err(format!("the URL must begin with http or https, not {scheme}")),
    }
}
