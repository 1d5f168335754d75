//! Checks of documents before they are stored. Workflows have [checks of their
//! own](fn@crate::workflows::check).

use campanile_documents::ChannelGroup;
use campanile_documents::template::{self, Template};
use serde_json::Value;

use super::Kind;

/// Checks a document of a kind.
///
/// # Errors
/// The invalid field, and a sentence.
pub fn check(kind: Kind, document: &Value) -> Result<(), (&'static str, String)> {
    let text = |name: &'static str| {
        document[name].as_str().filter(|text| !text.is_empty()).ok_or((name, "is required".to_owned()))
    };
    let template = |name: &'static str| match Template::parse(text(name)?) {
        Ok(_) => Ok(()),
        Err(error) => Err((name, error.to_string())),
    };
    match kind {
        Kind::EmailLayout => template("html_layout"),
        Kind::Partial => template("content"),
        Kind::Translation => {
            let format = document["format"].as_str().unwrap_or("json");
            template::texts(text("content")?, format).map(drop).map_err(|error| ("content", error))
        }
        Kind::ChannelGroup => ChannelGroup::parse(document).map(drop).map_err(|error| ("channel_rules", error)),
        Kind::Workflow | Kind::Guide | Kind::Audience => Ok(()),
    }
}
