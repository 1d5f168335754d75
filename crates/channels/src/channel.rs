//! A channel: its type, its provider, and their settings.

use std::sync::Arc;

use campanile_base::Timestamp;
use campanile_documents::ChannelType;
use campanile_documents::conditions::Group;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Provider;

/// The provider setting that holds the fallback provider.
pub const FALLBACK: &str = "fallback";

/// A channel.
#[derive(Debug, Clone)]
pub struct Channel {
    /// A UUID.
    pub id: String,
    /// The key by which workflows refer to it.
    pub key: String,
    /// A name for people to read.
    pub name: String,
    /// The type.
    pub kind: ChannelType,
    /// The provider, as `chat_slack`.
    pub provider: String,
    /// The settings.
    pub settings: Arc<Settings>,
    /// True if messages are not really sent.
    pub is_sandbox: bool,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time of its last change.
    pub updated_at: Timestamp,
}

/// The settings of a channel.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Settings {
    /// Settings of the provider, such as keys and addresses.
    #[serde(default)]
    pub provider_settings: Map<String, Value>,
    /// Settings that every provider has, such as tracking and overrides.
    #[serde(default)]
    pub channel_settings: Map<String, Value>,
    /// The conditions of the channel: it is used only if they hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Group>,
}

impl Channel {
    /// The channel in the shape of the API.
    pub fn view(&self) -> Value {
        json!({
            "id": self.id, "key": self.key, "name": self.name, "type": self.kind, "provider": self.provider,
            "created_at": self.created_at, "updated_at": self.updated_at,
        })
    }

    /// True if the channel can send. Mail needs a server or a key, of the channel or of its
    /// fallback; `has_server` says that the operator has set one for all.
    pub fn can_carry(&self, has_server: bool) -> bool {
        let settings = &self.settings.provider_settings;
        let fallback = settings.get(FALLBACK);
        let other = fallback.and_then(|fallback| fallback["provider"].as_str()).unwrap_or_default();
        let others = fallback.and_then(|fallback| fallback["provider_settings"].as_object());
        carries(&self.provider, settings, has_server) || others.is_some_and(|others| carries(other, others, has_server))
    }

    /// The provider; `None` if no carrier of this server knows it.
    pub fn carrier(&self) -> Option<Provider> {
        Provider::parse(&self.provider)
    }

    /// A text setting of the provider; `None` if it is empty.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.provider_settings.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

fn carries(provider: &str, settings: &Map<String, Value>, has_server: bool) -> bool {
    let is_set = |name: &str| settings.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    match Provider::parse(provider) {
        Some(Provider::EmailSmtp) => is_set("url") || has_server,
        Some(Provider::EmailResend) => is_set("api_key"),
        Some(
            Provider::SmsTwilio
            | Provider::PushFcm
            | Provider::PushApns
            | Provider::ChatSlack
            | Provider::ChatDiscord
            | Provider::ChatMsTeams,
        )
        | None => true,
    }
}
