//! Custom headers that are sent to an endpoint with each message. They are stored encrypted, since
//! some hold keys.

use campanile_base::bounds::{ENDPOINT_HEADER_BYTES, ENDPOINT_HEADERS};
use campanile_base::{Error, Result, Secret, Vault};
use campanile_net::check_header;
use serde_json::{Map, Value};

use crate::names::check_count;

/// Header names, spelled as given, and their values.
pub type Headers = Vec<(String, String)>;

/// Headers that the server sets itself. [`check_header`] forbids further ones.
const FORBIDDEN: [&str; 11] = [
    "user-agent",
    "age",
    "cache-control",
    "clear-site-data",
    "expires",
    "pragma",
    "warning",
    "content-type",
    "content-encoding",
    "content-language",
    "content-location",
];
/// Prefixes of headers that gateways and receivers trust.
const FORBIDDEN_BEGINNINGS: [&str; 7] = ["x-amz-", "x-amzn-", "x-google", "x-goog-", "x-gfe", "x-azure-", "x-fd-"];
/// Headers whose values are never shown again.
const SENSITIVE: [&str; 6] =
    ["x-auth-token", "x-api-key", "www-authenticate", "authorization", "proxy-authenticate", "proxy-authorization"];

/// True if the value of this header is hidden from users.
pub fn is_sensitive(name: &str) -> bool {
    SENSITIVE.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Checks names and values.
pub(crate) fn checked(headers: Headers) -> Result<Headers> {
    check_count("headers", headers.len(), ENDPOINT_HEADERS)?;
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > ENDPOINT_HEADER_BYTES {
        return Err(Error::invalid_field(
            "headers",
            format!("must not be longer than {ENDPOINT_HEADER_BYTES} bytes together"),
        ));
    }
    for (name, value) in &headers {
        let why = why_not(name, value);
        if let Some(why) = why {
            return Err(Error::invalid_field("headers", format!("cannot have {name}: {why}")));
        }
    }
    Ok(headers)
}

fn why_not(name: &str, value: &str) -> Option<&'static str> {
    if let Err(why) = check_header(name, value) {
        return Some(why);
    }
    let lower = name.to_ascii_lowercase();
    let is_forbidden = FORBIDDEN.contains(&lower.as_str());
    (is_forbidden || FORBIDDEN_BEGINNINGS.iter().any(|known| lower.starts_with(known))).then_some("it is not to be set")
}

pub(crate) fn seal(vault: &Vault, headers: &Headers) -> Option<String> {
    let object: Map<String, Value> = headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    (!headers.is_empty()).then(|| vault.seal(&Secret::new(Value::Object(object).to_string())))
}

pub(crate) fn open(vault: &Vault, sealed: Option<&str>) -> Result<Headers> {
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let object: Map<String, Value> = serde_json::from_str(vault.open(sealed)?.expose()).map_err(Error::internal)?;
    let headers = object.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()));
    // Headers that were stored before they were forbidden are not sent.
    Ok(headers.filter(|(name, value)| why_not(name, value).is_none()).collect())
}
