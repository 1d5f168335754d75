//! Apple's push service, over HTTP/2, with a key that signs tokens.
//!
//! Settings: `key` (the .p8 file), `key_id`, `team_id`, `bundle_id`; `environment`, `production` or `sandbox`; `base_url`, where it is
//! not Apple's own. Source: Apple's "Sending notification requests to APNs".

use std::time::Duration;

use campanile_base::uuid_of;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::super::provider::{Call, Parcel, path_segment};
use super::super::{Said, Verdict};

const PRODUCTION: &str = "https://api.push.apple.com";
const SANDBOX: &str = "https://api.sandbox.push.apple.com";
/// Apple wants tokens that are between twenty minutes and an hour old.
const LIFETIME: Duration = Duration::from_secs(50 * 60);

pub(super) async fn carry(parcel: Parcel<'_>) -> Said {
    let token = match provider_token(&parcel) {
        Ok(token) => token,
        Err(why) => return Said::never(why),
    };
    let Some(topic) = parcel.channel.setting("bundle_id") else {
        return Said::never("the channel has no bundle_id".to_owned());
    };
    let usual = if parcel.channel.setting("environment") == Some("sandbox") { SANDBOX } else { PRODUCTION };
    let base = parcel.channel.setting("base_url").unwrap_or(usual).trim_end_matches('/');
    let device = path_segment(parcel.word("token").unwrap_or_default());
    let (kind, priority) = if super::is_silent(&parcel) { ("background", "5") } else { ("alert", "10") };
    let call = Call::json("apns", format!("{base}/3/device/{device}"), &body(&parcel))
        .header("authorization", format!("bearer {token}"))
        .header("apns-topic", topic)
        .header("apns-push-type", kind)
        .header("apns-priority", priority)
        // The same for every attempt, so that a device shows the message once.
        .header("apns-id", uuid_of(&["apns", &parcel.message.id]));
    let reply = match (Call { is_http2: true, ..call }).ask(parcel.notify).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    if reply.is_good() {
        let id = uuid_of(&["apns", &parcel.message.id]);
        return Said { verdict: Verdict::sent(Some(&id)), log: vec![reply.log] };
    }
    let reason = reply.word("/reason").unwrap_or("it says no more").to_owned();
    match reason.as_str() {
        "Unregistered" | "BadDeviceToken" | "DeviceTokenNotForTopic" | "ExpiredToken" => {
            super::bounced(&parcel, reply, &reason).await
        }
        "ExpiredProviderToken" => {
            parcel.notify.provider_tokens.forget(&parcel.place());
            Said { verdict: Verdict::Later { why: reason, after: None }, log: vec![reply.log] }
        }
        _ => reply.refused(&reason),
    }
}

/// The token that says who we are; the same one for a while, since Apple refuses those who make one for each message.
fn provider_token(parcel: &Parcel<'_>) -> Result<String, String> {
    let (now, tokens) = (parcel.notify.clock.now(), &parcel.notify.provider_tokens);
    if let Some(known) = tokens.get(&parcel.place(), now) {
        return Ok(known);
    }
    let setting = |name: &str| parcel.channel.setting(name).ok_or_else(|| format!("the channel has no {name}"));
    let header = Header { kid: Some(setting("key_id")?.to_owned()), ..Header::new(Algorithm::ES256) };
    let claims = json!({ "iss": setting("team_id")?, "iat": now.as_seconds() });
    let signed = EncodingKey::from_ec_pem(setting("key")?.as_bytes())
        .and_then(|key| jsonwebtoken::encode(&header, &claims, &key));
    let signed = signed.map_err(|error| format!("the channel's key cannot be used: {error}"))?;
    tokens.put(&parcel.place(), signed.clone(), now.plus(LIFETIME));
    Ok(signed)
}

fn body(parcel: &Parcel<'_>) -> Value {
    let aps = match super::is_silent(parcel) {
        true => json!({ "content-available": 1 }),
        false => json!({ "alert": {
            "title": parcel.word("title").unwrap_or_default(), "body": parcel.word("body").unwrap_or_default() } }),
    };
    let mut payload: Map<String, Value> = parcel.message.data.clone();
    payload.insert("knock_message_id".to_owned(), json!(parcel.message.id));
    payload.insert("aps".to_owned(), aps);
    super::overridden(parcel, Value::Object(payload))
}
