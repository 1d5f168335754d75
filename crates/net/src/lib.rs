//! Sends HTTP to the outside world safely and fast, and knows the signature schemes.
//!
//! # What is refused
//! The address decides, at the moment of connecting: every address that a name resolves to is
//! judged by [`AddressRules`], and only a public one, or one that the operator has allowed, is
//! connected to. How the address was spelled does not matter, since it is judged as a number, and
//! a name that pointed elsewhere a moment ago gains nothing. Redirects are never followed: what
//! is signed for one receiver is not for another.
//!
//! Where the operator has set a [`Proxy`] that is spoken to by CONNECT, it resolves names, and is trusted to judge what they resolve to;
//! addresses that are written as such are still judged here. With SOCKS we resolve them, and all is as above.
//!
//! # What is bounded
//! A request has one deadline that covers connecting, sending, and the response's headers and
//! body; of the body only the first bytes are kept.

mod address;
mod client;
mod connect;
mod hmac;
mod proxy;
mod signature;
mod tls;

pub use address::AddressRules;
pub use client::{Client, Request, Response, SendError};
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
