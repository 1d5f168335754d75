//! Deliveries as they were stored, and what became of them.

mod queries;

use std::borrow::Cow;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::bounds::DELIVERY_VALUES;
use campanile_base::{Error, Result, Timestamp, ValueCount};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::Provider;
use crate::sources::SourceId;

pub(crate) use queries::{Loaded, insert_many, load, reopen};
pub use queries::{by_id, page, settle, workspace_of};

campanile_base::id_type!(
    /// One delivery.
    pub DeliveryId, "dlv"
);

/// A delivery as it was stored.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Whose it is.
    pub organisation_id: OrganisationId,
    /// Where its observations go.
    pub workspace_id: WorkspaceId,
    /// What it arrived at.
    pub source_id: SourceId,
    /// Who sent it.
    pub provider: Provider,
    /// The provider's id of it.
    pub delivery_id: String,
    /// What kind of event it carries.
    pub event: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

/// A delivery as it is listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliverySummary {
    /// Its id.
    #[schema(value_type = String)]
    pub id: DeliveryId,
    /// What it arrived at.
    #[schema(value_type = String)]
    pub source_id: SourceId,
    /// Who sent it.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The provider's id of it.
    pub delivery_id: String,
    /// What kind of event it carries.
    pub event: String,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// `received`, `processed`, `skipped` or `failed`.
    pub status: String,
    /// Why it was skipped or failed.
    pub reason: Option<String>,
    /// When that was known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Timestamp>,
}

/// A delivery, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryDetail {
    /// What is listed.
    #[serde(flatten)]
    pub summary: DeliverySummary,
    /// Its headers, names in lower case; credentials are left out.
    #[schema(value_type = Object)]
    pub headers: Value,
    /// Its body as text.
    pub body: String,
}

/// The states of a delivery, in one word each.
pub const STATUSES: [&str; 4] = ["received", "processed", "skipped", "failed"];

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Its events were remembered.
    Processed,
    /// There was nothing to do.
    Skipped(String),
    /// The last attempt died of this.
    Failed(String),
}

impl Delivery {
    /// The body as JSON; the form-encoded variant that GitHub can be told to send is unpacked. The character U+0000,
    /// which no database keeps in a text, has become U+FFFD; the body itself is stored as it came.
    ///
    /// # Errors
    /// `Invalid` when it is not JSON.
    pub fn payload(&self) -> Result<Value> {
        let mut payload = parse_body(&self.headers, &self.body).map_err(Error::invalid)?;
        replace_nul(&mut payload);
        Ok(payload)
    }
}

/// Puts U+FFFD for U+0000 in every text.
fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = storable(text),
        Value::Array(items) => items.iter_mut().for_each(replace_nul),
        Value::Object(fields) => fields.values_mut().for_each(replace_nul),
        _ => {}
    }
}

/// A text of a provider's as it can be stored.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

const FORM: &str = "application/x-www-form-urlencoded";
/// Some senders put it before their JSON.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads a body as JSON, or says what is wrong with it. `T` may take as little of it as it wants;
/// that all of it is JSON is checked either way.
pub(crate) fn parse_body<T: DeserializeOwned>(
    headers: &[(String, String)],
    body: &[u8],
) -> std::result::Result<T, String> {
    let is_form = |(name, value): &(String, String)| {
        // Media types have no case.
        name == "content-type" && value.get(..FORM.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(FORM))
    };
    let unpacked =
        headers.iter().any(is_form).then(|| url::form_urlencoded::parse(body).find(|(name, _)| name == "payload"));
    let payload = match &unpacked {
        Some(Some((_, payload))) => payload.as_bytes(),
        Some(None) => return Err("the form has no field named payload".into()),
        None => body,
    };
    let payload = payload.strip_prefix(BYTE_ORDER_MARK).unwrap_or(payload);
    if payload.trim_ascii_start().first() != Some(&b'{') {
        return Err("the body is not a JSON object".into());
    }
    if payload.len() > DELIVERY_VALUES && ValueCount::of(payload) > DELIVERY_VALUES {
        return Err(format!("the body has more than {DELIVERY_VALUES} values"));
    }
    let read = serde_json::from_slice(payload);
    let read = read.or_else(|error| mended(payload).map_or(Err(error), |mended| serde_json::from_str(&mended)));
    read.map_err(|e| format!("the body is not JSON: {e}"))
}

/// A JSON text with U+FFFD for what is no character: bytes that are not UTF-8, and halves of surrogate pairs. Nothing where
/// there is none.
fn mended(json: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(json);
    let escape_at = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut mended, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let unit = escape_at(at);
        at += match unit {
            Some(0xd800..0xdc00) if escape_at(at + 6).is_some_and(|low| (0xdc00..0xe000).contains(&low)) => 12,
            Some(0xd800..0xe000) => {
                mended.push_str(&text[kept..at]);
                mended.push_str("\\ufffd");
                kept = at + 6;
                6
            }
            Some(_) => 6,
            None => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    let is_whole = kept == 0 && matches!(text, Cow::Borrowed(_));
    mended.push_str(&text[kept..]);
    (!is_whole).then_some(mended)
}

#[cfg(test)]
mod tests;
