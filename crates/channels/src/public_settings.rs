//! The settings of a provider that may be shown to those who set its channel up.
//!
//! Every setting is a secret unless its provider says otherwise: a new one is not shown by mistake.

use serde_json::{Map, Value};

use crate::Provider;

/// The settings that are no secrets, with their values. Of an address with a password nothing is
/// shown, and of values that are not plain neither.
pub fn public_settings(provider: &str, settings: &Map<String, Value>) -> Map<String, Value> {
    let names = Provider::parse(provider).map_or(&[][..], Provider::public_settings);
    let shown = settings.iter().filter(|(name, value)| names.contains(&name.as_str()) && is_shown(name, value));
    shown.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn is_shown(name: &str, value: &Value) -> bool {
    let is_address = name.ends_with("_url") || name.ends_with("_uri");
    match value {
        Value::String(text) => !(is_address && text.contains(['@', '?'])),
        Value::Bool(_) | Value::Number(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(provider: &str, settings: Value) -> Value {
        Value::Object(public_settings(provider, settings.as_object().unwrap()))
    }

    #[test]
    fn secrets_and_addresses_with_passwords_are_not_shown() {
        let twilio = json!({ "account_sid": "AC1", "auth_token": "x", "from": "+1", "base_url": "https://a.example" });
        assert_eq!(
            shown("sms_twilio", twilio),
            json!({ "account_sid": "AC1", "from": "+1", "base_url": "https://a.example" })
        );
        let smtp = json!({ "url": "smtps://u:p@mail.example", "from_address": "a@b.example", "other": "x" });
        assert_eq!(shown("email_smtp", smtp), json!({ "from_address": "a@b.example" }));
        for address in ["https://u:p@a.example", "https://a.example/?key=1"] {
            assert_eq!(shown("email_resend", json!({ "base_url": address, "api_key": "re_1" })), json!({}));
        }
        assert_eq!(shown("push_apns", json!({ "key": "x", "key_id": { "a": 1 } })), json!({}));
        assert_eq!(shown("nobody", json!({ "from": "x" })), json!({}));
    }

    #[test]
    fn no_credential_but_twilios_account_is_shown() {
        for provider in Provider::ALL {
            let both = provider.credentials().iter().filter(|name| provider.public_settings().contains(name));
            assert!(both.clone().all(|name| *name == "account_sid"), "{provider:?}: {:?}", both.collect::<Vec<_>>());
        }
    }
}
