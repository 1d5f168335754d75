//! Notion: pages as Markdown, and events about pages and comments.

mod documents;
mod events;
pub mod markdown;
pub mod properties;
pub(crate) mod remote;
pub mod rich_text;

use campanile_base::Result;
use serde_json::Value;

use crate::deliveries::Delivery;
use crate::envelope::{Envelope, Outline};
use crate::{IngestError, NormalForm};

/// The beginning of the address of a page or a block; its id follows, without hyphens.
const PAGES: &str = "https://www.notion.so/";

/// The address of a page, a database or a block.
pub(crate) fn address_of(id: &str) -> String {
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    format!("{PAGES}{id}")
}

pub(crate) fn envelope(outline: &Outline) -> std::result::Result<Envelope, IngestError> {
    outline.envelope()
}

pub(crate) fn normalise(event: &str, payload: &Value, delivery: &Delivery) -> Result<NormalForm> {
    events::normalise(event, payload, delivery)
}
