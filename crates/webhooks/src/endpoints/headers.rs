//! Headers that an endpoint is sent along with each message. They are stored sealed: some are keys.

use campanile_accounts::{Caller, Permission};
use campanile_base::bounds::{ENDPOINT_HEADER_BYTES, ENDPOINT_HEADERS};
use campanile_base::{Error, Result, Secret, Vault};
use campanile_db::Tx;
use campanile_net::check_header;
use serde_json::{Map, Value};

use super::{Endpoint, queries};
use crate::Webhooks;
use crate::applications::{self, Application};
use crate::names::check_count;

/// Names, as they were written, and values.
pub type Headers = Vec<(String, String)>;

/// What the sender decides itself, beside what nobody may set ([`check_header`]).
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
/// What gateways and receivers trust the sender for.
const FORBIDDEN_BEGINNINGS: [&str; 7] = ["x-amz-", "x-amzn-", "x-google", "x-goog-", "x-gfe", "x-azure-", "x-fd-"];
/// What is not shown again.
const SENSITIVE: [&str; 6] =
    ["x-auth-token", "x-api-key", "www-authenticate", "authorization", "proxy-authenticate", "proxy-authorization"];

/// Whether the value of this header is kept from those who look.
pub fn is_sensitive(name: &str) -> bool {
    SENSITIVE.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The headers of an endpoint.
///
/// # Errors
/// What the database says, or that the vault has another key.
pub async fn get(tx: &mut Tx, webhooks: &Webhooks, endpoint: &Endpoint) -> Result<Headers> {
    open(&webhooks.vault, queries::headers(tx, &endpoint.id).await?.as_deref())
}

/// Replaces the headers of an endpoint.
///
/// # Errors
/// `InvalidField` for a name or value that cannot be.
pub async fn set(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    headers: Headers,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    let sealed = seal(&webhooks.vault, &checked(headers)?);
    queries::set_headers(tx, &endpoint.id, sealed.as_deref(), webhooks.clock.now()).await?;
    applications::touch(tx, webhooks, &application.id).await
}

/// Sets some headers of an endpoint, and removes those without a value.
///
/// # Errors
/// Like [`set`].
pub async fn patch(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    changes: Vec<(String, Option<String>)>,
) -> Result<()> {
    check_count("deleteHeaders", changes.len(), 2 * ENDPOINT_HEADERS)?;
    let mut headers = get(tx, webhooks, endpoint).await?;
    for (name, value) in changes {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        headers.extend(value.map(|value| (name, value)));
    }
    set(tx, webhooks, caller, application, endpoint, headers).await
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

pub(super) fn seal(vault: &Vault, headers: &Headers) -> Option<String> {
    let object: Map<String, Value> = headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    (!headers.is_empty()).then(|| vault.seal(&Secret::new(Value::Object(object).to_string())))
}

pub(crate) fn open(vault: &Vault, sealed: Option<&str>) -> Result<Headers> {
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let object: Map<String, Value> = serde_json::from_str(vault.open(sealed)?.expose()).map_err(Error::internal)?;
    let headers = object.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()));
    // What was stored when it could still be set is not sent.
    Ok(headers.filter(|(name, value)| why_not(name, value).is_none()).collect())
}
