//! Deliveries as stored, and their results.

mod job;
mod origin;
mod queries;

use std::borrow::Cow;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::bounds::DELIVERY_VALUES;
use campanile_base::{Cursor, Error, Page, PageSize, Result, Timestamp, ValueCount};
use campanile_db::Tx;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::Provider;
use crate::sources::SourceId;

pub(crate) use job::process_job;
pub use job::{PROCESS, PROCESS_PULLED, ProcessArgs};
pub use origin::Origin;
pub(crate) use queries::{DeliveryRow, insert_many, load, reopen};
pub use queries::{by_id, forget_of_source, history_page, number_of_source, settle, workspace_of};

/// Which deliveries are listed: those that match all that is given.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One of [`STATUSES`].
    pub status: Option<String>,
    /// The id of the source.
    pub source: Option<String>,
    /// The event, as the provider names it.
    pub event: Option<String>,
    /// The provider's id of the delivery.
    pub delivery: Option<String>,
    /// The way in which it reached us: one of [`Origin::ALL`].
    pub origin: Option<String>,
    /// Not before this time.
    pub after: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

impl Filter {
    fn is_empty(&self) -> bool {
        let Self { status, source, event, delivery, origin, after, before } = self;
        [status, source, event, delivery, origin].iter().all(|text| text.is_none()) && after.or(*before).is_none()
    }
}

/// A page of the deliveries of a workspace, newest first.
///
/// # Errors
/// `InvalidField` for an unknown status.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &Filter,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<DeliverySummary>> {
    if filter.status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(Error::invalid_field("status", format!("must be one of {}", STATUSES.join(", "))));
    }
    Ok(queries::page(tx, workspace, filter, from, size).await?)
}

campanile_base::id_type!(
    /// One delivery.
    pub DeliveryId, "dlv"
);

/// A stored delivery.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The owner.
    pub organisation_id: OrganisationId,
    /// The workspace that receives its observations.
    pub workspace_id: WorkspaceId,
    /// The source that it arrived at.
    pub source_id: SourceId,
    /// The provider that sent it.
    pub provider: Provider,
    /// The provider's id of the delivery.
    pub delivery_id: String,
    /// The type of event.
    pub event: String,
    /// Its headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// The time of arrival.
    pub received_at: Timestamp,
    /// The way in which it reached us.
    pub origin: Origin,
}

/// A delivery in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliverySummary {
    /// Its id.
    #[schema(value_type = String)]
    pub id: DeliveryId,
    /// The source that it arrived at.
    #[schema(value_type = String)]
    pub source_id: SourceId,
    /// The provider that sent it.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The provider's id of the delivery.
    pub delivery_id: String,
    /// The type of event.
    pub event: String,
    /// The way in which it reached us.
    pub origin: Origin,
    /// The time of arrival.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// `received`, `processed`, `skipped` or `failed`.
    pub status: String,
    /// The reason why it was skipped or failed.
    pub reason: Option<String>,
    /// The time at which it was processed, skipped or failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Timestamp>,
}

/// A delivery with its headers and body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryDetail {
    /// The fields that a list shows.
    #[serde(flatten)]
    pub summary: DeliverySummary,
    /// Its headers, with names in lower case. Credentials are removed.
    #[schema(value_type = Object)]
    pub headers: Value,
    /// Its body as text.
    pub body: String,
}

/// The statuses of a delivery.
pub const STATUSES: [&str; 4] = ["received", "processed", "skipped", "failed"];

/// The final result of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Its events are stored in memory.
    Processed,
    /// There was nothing to do; the value is the reason.
    Skipped(String),
    /// The last attempt failed; the value is its error.
    Failed(String),
}

impl Delivery {
    /// The body as JSON. GitHub's form-encoded variant is decoded first. The character U+0000 is
    /// replaced by U+FFFD, since no database stores it in a text. The stored body is unchanged.
    ///
    /// # Errors
    /// `Invalid` when it is not JSON.
    pub fn payload(&self) -> Result<Value> {
        let mut payload = parse_body(&self.headers, &self.body).map_err(Error::invalid)?;
        replace_nul(&mut payload);
        Ok(payload)
    }
}

/// Replaces U+0000 by U+FFFD in all texts.
fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = storable(text),
        Value::Array(items) => items.iter_mut().for_each(replace_nul),
        Value::Object(fields) => fields.values_mut().for_each(replace_nul),
        _ => {}
    }
}

/// A provider's text as it can be stored: U+0000 is replaced.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

const FORM: &str = "application/x-www-form-urlencoded";
/// Some senders put a byte order mark before their JSON.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Parses a body as JSON, or returns the reason why it cannot. `T` may ignore any part of it; the
/// whole body is checked either way.
pub(crate) fn parse_body<T: DeserializeOwned>(
    headers: &[(String, String)],
    body: &[u8],
) -> std::result::Result<T, String> {
    let is_form = |(name, value): &(String, String)| {
        // Media types are case-insensitive.
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

/// A JSON text with U+FFFD in place of invalid characters: bytes that are not UTF-8, and halves of
/// surrogate pairs. `None` if there are none.
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
