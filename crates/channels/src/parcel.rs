//! The parcel that a carrier is given: a rendered message, its address, and the settings of its channel.

use campanile_base::uuid_of;
use serde_json::{Map, Value};

use crate::Channel;

/// A message to hand to a provider.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'p> {
    /// The organisation that sends. Tokens of providers are kept for each separately.
    pub organisation: &'p str,
    /// The channel, with the settings of the tenant.
    pub channel: &'p Channel,
    /// The message's id. Providers recognise a repeated message by it.
    pub message: &'p str,
    /// The rendered message and its address.
    pub content: &'p Value,
    /// The data of the trigger.
    pub data: &'p Map<String, Value>,
    /// The token by which Slack is called.
    pub slack_token: Option<&'p str>,
    /// The address for reports of a provider that takes one with each message.
    pub status_address: &'p str,
    /// The address at which the recipient of a commercial mail unsubscribes.
    pub unsubscribe_address: Option<&'p str>,
}

impl Parcel<'_> {
    /// The key under which a provider's token is cached. It depends on all provider settings. So
    /// after a change of settings the token is not used again, and never goes to another address.
    pub(crate) fn place(&self) -> String {
        let settings = Value::Object(self.channel.settings.provider_settings.clone()).to_string();
        uuid_of(&["provider token", self.organisation, &self.channel.id, &settings])
    }

    /// A text field of the message's content; `None` if it is empty.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.content.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}
