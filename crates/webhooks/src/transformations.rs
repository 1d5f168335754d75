//! Transformations: JavaScript of an endpoint's owner that may change a message and its address, or
//! cancel it.
//!
//! The script defines a function `handler`. Its argument has `method`, `url`, `payload`,
//! `eventType`, `env` (the endpoint's variables) and `transformationsParams` (the message's). It
//! returns the same object with its changes; it may add `headers` and `cancel`. The script runs
//! before each attempt, in a [separate process](crate::scripts). A script that fails or takes too
//! long is a failed attempt with the reason as its answer. The attempt is retried like any other,
//! so no message is lost while the script is being fixed.

use std::collections::BTreeMap;

use bytes::Bytes;
use campanile_accounts::activity::Action;
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result};
use campanile_db::{Tx, stored_json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::applications::Application;
use crate::model::endpoints::{Endpoint, checked_url, headers, queries};
use crate::model::messages::Message;
use crate::model::transformations::opened;
use crate::scripts::Owner;
use crate::{Webhooks, directory, trail};

pub use crate::model::transformations::Transformation;

/// The allowed length of a script, in characters.
const CODE: std::ops::RangeInclusive<usize> = 10..=51_200;
/// The maximum size of all variables together, in bytes.
const VARIABLES: usize = 16_384;

/// The content of a request to an endpoint, before it is signed.
#[derive(Debug, Clone)]
pub struct Content {
    /// `POST` or `PUT`.
    pub method: &'static str,
    /// The address.
    pub url: String,
    /// The body, byte for byte.
    pub body: Bytes,
    /// Headers that win over the endpoint's.
    pub headers: Vec<(String, String)>,
}

/// The result of a script.
#[derive(Debug, Clone)]
pub struct Transformed {
    /// The content to send.
    pub content: Content,
    /// True if the script has cancelled the message: nothing is sent.
    pub is_canceled: bool,
}

/// The input of a script.
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

/// The output of a script.
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

/// The transformation of an endpoint.
///
/// # Errors
/// The vault cannot open the stored transformation.
pub async fn get(tx: &mut Tx, webhooks: &Webhooks, endpoint: &Endpoint) -> Result<Transformation> {
    opened(&webhooks.vault, queries::transformation(tx, &endpoint.id).await?.as_deref())
}

/// Sets the transformation of an endpoint.
///
/// # Errors
/// `InvalidField` for a script that is too long or too short, and for an enabled transformation
/// without a script.
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
    directory::changed(tx, webhooks, &application.id).await?;
    let part = Some(("part", "transformation"));
    trail::endpoint(tx, webhooks, caller, (application, endpoint), Action::EndpointUpdated, part).await?;
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

/// Runs a script on a message for an address.
///
/// # Errors
/// A sentence for the attempt that says why there is nothing to send.
pub async fn apply(
    webhooks: &Webhooks,
    owner: Owner<'_>,
    message: &Message,
    url: &str,
    code: &str,
    env: Option<&BTreeMap<String, String>>,
) -> std::result::Result<Transformed, String> {
    let payload = message.payload.clone().unwrap_or_default();
    let params = message.transformations_params.as_deref();
    let params = params.map(|text| stored_json("message", message.id.as_str(), text)).transpose();
    let params = params.map_err(|error| error.chain())?;
    let input = Input {
        method: "POST",
        url,
        // A payload that is not JSON is passed as text.
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

/// Runs the script of an ordered endpoint on several messages. Returns the one body for all of
/// them.
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
            Some(url) if url != before => checked_url(&url, webhooks.settings.https_only)
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
