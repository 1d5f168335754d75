//! Updates of a channel: a request replaces the stored settings, or is merged into them.
//!
//! Merging keeps secrets that a request leaves out. One rule protects them: an address can be
//! changed only together with the credentials that are sent there, as for
//! [tenants](campanile_channels::tenant_settings).

use campanile_base::{Error, Result};
use campanile_channels::{FALLBACK, tenant_settings};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Channel, ChannelSpec};

/// The treatment of stored settings that a request leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// They are removed.
    #[default]
    Replace,
    /// They stay, so that secrets need not be sent again to change something else. `null` removes a
    /// setting. Provider settings are kept only if the provider stays the same. An address can be
    /// changed only together with the credentials that are sent there, because a person who may
    /// configure a channel need not see its keys.
    Merge,
}

impl ChannelSpec {
    /// Merges this into the stored channel, if there is one.
    pub(super) fn merged(mut self, known: Option<&Channel>) -> Result<Self> {
        let told = std::mem::take(&mut self.settings.provider_settings);
        let of_provider = known.filter(|known| known.provider == self.provider);
        let before = of_provider.map(|known| known.settings.provider_settings.clone()).unwrap_or_default();
        self.settings.provider_settings = merged_settings(&self.provider, before, told)?;
        let told = std::mem::take(&mut self.settings.channel_settings);
        let before = known.map(|known| known.settings.channel_settings.clone()).unwrap_or_default();
        self.settings.channel_settings = above(before, told);
        if let Some(known) = known {
            let kept = known.settings.conditions.clone().filter(|_| !self.clears_conditions);
            self.settings.conditions = self.settings.conditions.or(kept);
            self.name = self.name.or_else(|| Some(known.name.clone()));
            self.is_sandbox = self.is_sandbox.or(Some(known.is_sandbox));
        }
        Ok(self)
    }
}

/// Merges a provider's settings into the stored ones, and the fallback's likewise.
fn merged_settings(provider: &str, known: Map<String, Value>, told: Map<String, Value>) -> Result<Map<String, Value>> {
    let stays = |name: &str, value: &Value| {
        tenant_settings::ADDRESSES.contains(&name) && (value.is_null() || known.get(name) == Some(value))
    };
    let moved = told.iter().filter(|(name, value)| !stays(name, value));
    let moved: Map<String, Value> = moved.map(|(name, value)| (name.clone(), value.clone())).collect();
    if !known.is_empty()
        && let Err(why) = tenant_settings::check(provider, &moved)
    {
        return Err(Error::invalid_field("provider_settings", format!("{why}; or is set without merging")));
    }
    let before = known.get(FALLBACK).cloned();
    let mut all = above(known, told);
    if let Some(Value::Object(fallback)) = all.get_mut(FALLBACK) {
        let provider = fallback.get("provider").and_then(Value::as_str).unwrap_or_default().to_owned();
        let of_provider = before.filter(|before| before["provider"] == provider.as_str());
        let known = of_provider.and_then(|before| before["provider_settings"].as_object().cloned()).unwrap_or_default();
        if let Some(Value::Object(told)) = fallback.get_mut("provider_settings") {
            *told = merged_settings(&provider, known, std::mem::take(told))?;
        }
    }
    Ok(all)
}

/// Merges settings; `null` removes one.
fn above(mut known: Map<String, Value>, told: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in told {
        match value {
            Value::Null => drop(known.remove(&name)),
            value => drop(known.insert(name, value)),
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use campanile_base::Timestamp;
    use serde_json::json;

    use super::super::ChannelType;
    use super::*;

    fn channel(provider: &str, settings: Value) -> Channel {
        Channel {
            id: "c".into(),
            key: "email".into(),
            name: "Mail".into(),
            kind: ChannelType::Email,
            provider: provider.into(),
            settings: Arc::new(serde_json::from_value(settings).unwrap()),
            is_sandbox: true,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        }
    }

    fn merged(known: &Channel, told: Value) -> Result<ChannelSpec> {
        serde_json::from_value::<ChannelSpec>(told).unwrap().merged(Some(known))
    }

    fn smtp() -> Channel {
        let fallback = json!({ "provider": "email_resend",
            "provider_settings": { "api_key": "re_1", "from_address": "b@c.d" } });
        let settings = json!({ "url": "smtp://secret", "from_address": "a@b.c", "fallback": fallback });
        channel("email_smtp", json!({ "provider_settings": settings, "channel_settings": { "track_opens": true } }))
    }

    #[test]
    fn what_is_not_told_of_a_channel_stays_where_it_is_merged() {
        let told = json!({ "type": "email", "provider": "email_smtp", "channel_settings": { "track_links": true },
            "provider_settings": { "from_address": null,
                "fallback": { "provider": "email_resend", "provider_settings": { "from_address": "x@y.z" } } } });
        let merged = merged(&smtp(), told).unwrap();
        let wanted = json!({ "url": "smtp://secret", "fallback": { "provider": "email_resend",
            "provider_settings": { "api_key": "re_1", "from_address": "x@y.z" } } });
        assert_eq!(Value::Object(merged.settings.provider_settings), wanted);
        assert_eq!(
            Value::Object(merged.settings.channel_settings),
            json!({ "track_opens": true, "track_links": true })
        );
        assert_eq!((merged.name.as_deref(), merged.is_sandbox), (Some("Mail"), Some(true)));
    }

    #[test]
    fn the_settings_of_one_provider_are_never_anothers() {
        let other = json!({ "type": "email", "provider": "email_resend",
            "provider_settings": { "api_key": "re_2", "fallback": null } });
        let merged = merged(&smtp(), other.clone()).unwrap();
        assert_eq!(Value::Object(merged.settings.provider_settings), json!({ "api_key": "re_2" }));
        let first = serde_json::from_value::<ChannelSpec>(other).unwrap().merged(None).unwrap();
        assert_eq!(Value::Object(first.settings.provider_settings), json!({ "api_key": "re_2" }), "null is no setting");
        let swapped = json!({ "type": "email", "provider": "email_smtp", "provider_settings": {
            "fallback": { "provider": "email_ses", "provider_settings": { "from_address": null } } } });
        let merged = self::merged(&smtp(), swapped).unwrap().settings.provider_settings;
        assert_eq!(merged["fallback"]["provider_settings"], json!({}), "nothing of Resend's");
    }

    #[test]
    fn an_address_is_changed_only_together_with_what_is_sent_there() {
        let resend = channel("email_resend", json!({ "provider_settings": { "api_key": "re_1" } }));
        let told =
            |settings: Value| json!({ "type": "email", "provider": "email_resend", "provider_settings": settings });
        let elsewhere = json!({ "base_url": "https://elsewhere.example" });
        assert!(merged(&resend, told(elsewhere.clone())).is_err(), "the key would go there");
        let both = json!({ "base_url": "https://elsewhere.example", "api_key": "re_2" });
        assert!(merged(&resend, told(both)).is_ok());
        let of_fallback = json!({ "type": "email", "provider": "email_smtp", "provider_settings": {
            "fallback": { "provider": "email_resend", "provider_settings": elsewhere } } });
        assert!(merged(&smtp(), of_fallback).is_err(), "nor the fallback's");
        let slack = channel("chat_slack", json!({ "provider_settings": { "client_secret": "x" } }));
        let moved = json!({ "type": "chat", "provider": "chat_slack", "provider_settings": { "base_url": "https://x.example" } });
        assert!(merged(&slack, moved).is_err());
        let again = json!({ "base_url": "https://elsewhere.example", "api_key": "re_1" });
        assert!(merged(&resend, told(again)).is_ok(), "who tells the key knows it");
        // A value equal to the stored one is no change.
        let known = channel(
            "email_resend",
            json!({ "provider_settings": { "api_key": "k", "base_url": "https://a.example" } }),
        );
        assert!(merged(&known, told(json!({ "base_url": "https://a.example", "from_address": "a@b.c" }))).is_ok());
    }
}
