//! The types of channels.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A type of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ChannelType {
    Email,
    InAppFeed,
    InAppGuide,
    Sms,
    Push,
    Chat,
    Http,
}

impl ChannelType {
    /// The name in the database and in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::InAppFeed => "in_app_feed",
            Self::InAppGuide => "in_app_guide",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Chat => "chat",
            Self::Http => "http",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(Value::String(name.to_owned())).ok()
    }
}
