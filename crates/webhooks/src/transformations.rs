//! Transformations: JavaScript of an endpoint's owner, which may change what is sent to it, and where, or call it off.
//!
//! The script has a function `handler`. It is given `method`, `url`, `payload`, `eventType`, `env` (the endpoint's variables) and
//! `transformationsParams` (the message's), and returns the same with what it has changed; `headers` may be added, and
//! `cancel`. It runs before each attempt, in a [process of its own](crate::scripts): a script that fails, or takes too long, is a
//! failed attempt that says why, and is tried again like any other, so nothing is lost while it is being mended.

use std::collections::BTreeMap;

use bytes::Bytes;
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Webhooks;
use crate::applications::{self, Application};
use crate::endpoints::{Endpoint, headers, queries};
use crate::messages::Message;
use crate::scripts::Owner;

/// How long a script may be, in characters.
const CODE: std::ops::RangeInclusive<usize> = 10..=51_200;
/// How long its variables may be together, in bytes.
const VARIABLES: usize = 16_384;

/// The transformation of an endpoint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transformation {
    /// The script.
    pub code: Option<String>,
    /// Whether it is run.
    pub enabled: bool,
    /// What it is given as `env`.
    pub variables: Option<BTreeMap<String, String>>,
    /// When it was changed.
    pub updated_at: Option<Timestamp>,
}

/// What is sent to an endpoint, before it is signed.
#[derive(Debug, Clone)]
pub struct Content {
    /// `POST` or `PUT`.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// The body, byte for byte.
    pub body: Bytes,
    /// Headers that win over the endpoint's.
    pub headers: Vec<(String, String)>,
}

/// What a script has made of a message.
#[derive(Debug, Clone)]
pub struct Transformed {
    /// What is to be sent.
    pub content: Content,
    /// Whether nothing is.
    pub is_canceled: bool,
}

/// What a script is given.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    method: &'static str,
    url: &'a str,
    payload: Value,
    event_type: &'a str,
    env: &'a BTreeMap<String, String>,
    transformations_params: Value,
}

/// What it returns.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    method: Option<String>,
    url: Option<String>,
    #[serde(default)]
    payload: Value,
    headers: Option<Map<String, Value>>,
    cancel: Option<bool>,
}

impl Transformation {
    /// Its script, if it is to be run.
    pub(crate) fn script(&self) -> Option<&str> {
        self.code.as_deref().filter(|_| self.enabled)
    }
}

/// The transformation of an endpoint.
///
/// # Errors
/// What the database says, or the vault.
pub async fn get(tx: &mut Tx, webhooks: &Webhooks, endpoint: &Endpoint) -> Result<Transformation> {
    opened(webhooks, queries::transformation(tx, &endpoint.id).await?.as_deref())
}

/// What is stored of a transformation, opened.
pub(crate) fn opened(webhooks: &Webhooks, sealed: Option<&str>) -> Result<Transformation> {
    let Some(sealed) = sealed else { return Ok(Transformation::default()) };
    serde_json::from_str(webhooks.vault.open(sealed)?.expose()).map_err(Error::internal)
}

/// Sets the transformation of an endpoint.
///
/// # Errors
/// `InvalidField` for a script that is too long or too short, or is missing though it is to be run.
pub async fn set(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    new: Transformation,
) -> Result<Transformation> {
    caller.must(Permission::Configure)?;
    match &new.code {
        Some(code) => check_code(code)?,
        None if new.enabled => return Err(Error::invalid_field("code", "is needed to enable the transformation")),
        None => {}
    }
    let size: usize = new.variables.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
    if size > VARIABLES {
        return Err(Error::invalid_field("variables", "must be at most 16384 bytes together"));
    }
    let new = Transformation { updated_at: Some(webhooks.clock.now()), ..new };
    let text = serde_json::to_string(&new).map_err(Error::internal)?;
    let sealed = webhooks.vault.seal(&campanile_base::Secret::new(text));
    queries::set_transformation(tx, &endpoint.id, &sealed).await?;
    applications::touch(tx, webhooks, &application.id).await?;
    Ok(new)
}

/// Checks the length of a script.
///
/// # Errors
/// `InvalidField`.
pub fn check_code(code: &str) -> Result<()> {
    match CODE.contains(&code.chars().count()) {
        true => Ok(()),
        false => Err(Error::invalid_field("code", "must be 10 to 51200 characters")),
    }
}

/// What a script makes of a message on its way to an address.
///
/// # Errors
/// A sentence for the attempt about why there is nothing to send.
pub async fn apply(
    webhooks: &Webhooks,
    owner: Owner<'_>,
    message: &Message,
    url: &str,
    code: &str,
    env: Option<&BTreeMap<String, String>>,
) -> std::result::Result<Transformed, String> {
    let payload = message.payload.clone().unwrap_or_default();
    let params = message.transformations_params.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let input = Input {
        method: "POST",
        url,
        // What is no JSON is given as the text that it is.
        payload: serde_json::from_slice(&payload).unwrap_or_else(|_| json!(String::from_utf8_lossy(&payload))),
        event_type: &message.event_type,
        env: env.unwrap_or(const { &BTreeMap::new() }),
        transformations_params: params.unwrap_or_else(|| json!({})),
    };
    let returned = called(webhooks, owner, code, &input).await?;
    let output: Output = serde_json::from_str(&returned)
        .map_err(|_| "the handler must return an object like the one that it was given".to_owned())?;
    output.checked(webhooks, url)
}

/// What the script of a line makes of several messages: the body that tells of them all.
///
/// # Errors
/// Like [`apply`].
pub(crate) async fn apply_to_all(
    webhooks: &Webhooks,
    owner: Owner<'_>,
    code: &str,
    events: &[Value],
) -> std::result::Result<Bytes, String> {
    let returned = called(webhooks, owner, code, &json!({ "events": events })).await?;
    let returned: Value = serde_json::from_str(&returned).unwrap_or_default();
    match returned.get("requestBody") {
        Some(Value::String(text)) => Ok(Bytes::from(text.clone())),
        Some(body) => Ok(Bytes::from(body.to_string())),
        None => Err("the handler must return an object with a requestBody".to_owned()),
    }
}

async fn called(
    webhooks: &Webhooks,
    owner: Owner<'_>,
    code: &str,
    input: &impl Serialize,
) -> std::result::Result<String, String> {
    let called = webhooks.scripts.call(owner, code, input).await;
    called.map_err(|why| format!("the transformation failed: {why}"))
}

impl Output {
    fn checked(self, webhooks: &Webhooks, before: &str) -> std::result::Result<Transformed, String> {
        let method = match self.method.as_deref() {
            None | Some("POST") => "POST",
            Some("PUT") => "PUT",
            Some(other) => {
                return Err(format!("the transformation asks for the method {other}; POST and PUT are known"));
            }
        };
        let url = match self.url {
            Some(url) if url != before => crate::endpoints::checked_url(&url, webhooks.settings.https_only)
                .map_err(|error| format!("the transformation's address: {error}"))?,
            _ => before.to_owned(),
        };
        let mut extra = Vec::new();
        for (name, value) in self.headers.unwrap_or_default() {
            let value = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            extra.push((name, value));
        }
        let headers = headers::checked(extra).map_err(|error| format!("the transformation's headers: {error}"))?;
        let body = match self.payload {
            Value::String(text) => Bytes::from(text),
            other => Bytes::from(other.to_string()),
        };
        let content = Content { method, url, body, headers };
        Ok(Transformed { content, is_canceled: self.cancel.unwrap_or_default() })
    }
}
