//! Provider settings of a tenant, for its own messages.
//!
//! A tenant's channel data may have `provider_settings`, which override those of the channel. One
//! rule keeps the channel's keys from leaking that way: **an address travels with its
//! credentials**. A tenant may set a provider's address only if the same `provider_settings` have
//! the credentials that are sent there. Slack is authorised by tokens of tenants and recipients,
//! which are never in the settings. So its address can be set on the channel only.
//!
//! The rule is checked when settings are written, for a clear error. It is checked again when a
//! message is sent, since the channel's provider may have changed.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{Channel, Provider};

/// The field of channel data with the settings.
pub const PROVIDER_SETTINGS: &str = "provider_settings";
/// Settings that are addresses of a provider.
pub const ADDRESSES: [&str; 5] = ["base_url", "graph_url", "login_url", "token_uri", "url"];

/// Checks that settings with an address also have the credentials that are sent there.
///
/// # Errors
/// The rest of a sentence that begins with the settings.
pub fn check(provider: &str, settings: &Map<String, Value>) -> Result<(), String> {
    let Some(address) = ADDRESSES.into_iter().find(|name| settings.contains_key(*name)) else { return Ok(()) };
    let credentials = Provider::parse(provider).map_or(&[][..], Provider::credentials);
    if credentials.is_empty() {
        return Err(format!("cannot set {address} for the provider {provider}: it is the channel's alone"));
    }
    match credentials.iter().find(|name| !is_given(settings, name)) {
        Some(missing) => Err(format!(
            "can set {address} only together with {missing}: the channel's stays with the channel's address"
        )),
        None => Ok(()),
    }
}

fn is_given(settings: &Map<String, Value>, name: &str) -> bool {
    match settings.get(name) {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Object(map)) => !map.is_empty(),
        _ => false,
    }
}

impl Channel {
    /// The channel with a tenant's provider settings, taken from the tenant's channel data.
    ///
    /// # Errors
    /// A sentence, if the tenant's settings break the rule.
    pub fn for_tenant(&self, data: &Value) -> Result<Self, String> {
        let Some(own) = data.get(PROVIDER_SETTINGS).and_then(Value::as_object) else { return Ok(self.clone()) };
        check(&self.provider, own).map_err(|why| format!("the tenant's {PROVIDER_SETTINGS} {why}"))?;
        let mut settings = (*self.settings).clone();
        settings.provider_settings.extend(own.clone());
        Ok(Self { settings: Arc::new(settings), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(provider: &str, settings: Value) -> Result<(), String> {
        check(provider, settings.as_object().unwrap())
    }

    #[test]
    fn an_address_of_a_provider_is_set_only_with_its_credentials() {
        let providers = [
            ("email_resend", json!({ "api_key": "re_2" })),
            ("sms_twilio", json!({ "account_sid": "AC2", "auth_token": "x" })),
            ("push_fcm", json!({ "service_account": { "private_key": "x" } })),
            ("push_apns", json!({ "key": "x" })),
            ("chat_discord", json!({ "bot_token": "x" })),
            ("chat_ms_teams", json!({ "graph_client_secret": "x" })),
        ];
        for (provider, credentials) in providers {
            assert_eq!(checked(provider, credentials.clone()), Ok(()), "{provider}");
            for address in ADDRESSES {
                let alone = json!({ address: "https://attacker.example", "from_address": "a@b.example" });
                assert!(checked(provider, alone).is_err(), "{provider} {address}");
                let mut both = credentials.clone();
                both[address] = json!("https://gateway.example");
                assert_eq!(checked(provider, both.clone()), Ok(()), "{provider} {address}");
                for name in credentials.as_object().unwrap().keys() {
                    for nothing in [Value::Null, json!(""), json!({})] {
                        let mut without = both.clone();
                        without[name] = nothing;
                        assert!(checked(provider, without).is_err(), "{provider} {address} without {name}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_mail_servers_address_brings_its_own_password_and_slacks_is_never_a_tenants() {
        assert_eq!(checked("email_smtp", json!({ "url": "smtps://u:p@mail.example" })), Ok(()));
        assert!(checked("chat_slack", json!({ "base_url": "https://x.example", "client_secret": "x" })).is_err());
        assert!(checked("http_knock_webhook", json!({ "url": "https://x.example" })).is_err());
        assert_eq!(checked("email_resend", json!({ "from_address": "a@b.example" })), Ok(()));
    }

    #[test]
    fn settings_that_were_stored_before_are_checked_when_a_message_is_carried() {
        let now = campanile_base::Timestamp::from_seconds(0);
        let settings = json!({ "provider_settings": { "api_key": "re_ours", "base_url": "https://ours.example" } });
        let channel = Channel {
            id: "1".to_owned(),
            key: "email".to_owned(),
            name: "E-mail".to_owned(),
            kind: campanile_documents::ChannelType::Email,
            provider: "email_resend".to_owned(),
            settings: Arc::new(serde_json::from_value(settings).unwrap()),
            is_sandbox: false,
            created_at: now,
            updated_at: now,
        };
        let of = |own: Value| channel.for_tenant(&json!({ PROVIDER_SETTINGS: own }));
        assert!(of(json!({ "base_url": "https://attacker.example" })).unwrap_err().contains("api_key"));
        let own = of(json!({ "base_url": "https://theirs.example", "api_key": "re_theirs" })).unwrap();
        assert_eq!(
            (own.setting("base_url"), own.setting("api_key")),
            (Some("https://theirs.example"), Some("re_theirs"))
        );
        let own = of(json!({ "api_key": "re_theirs" })).unwrap();
        assert_eq!(
            (own.setting("base_url"), own.setting("api_key")),
            (Some("https://ours.example"), Some("re_theirs"))
        );
        assert_eq!(channel.for_tenant(&json!({})).unwrap().setting("api_key"), Some("re_ours"));
    }
}
