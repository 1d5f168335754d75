//! Apple's push service, over HTTP/2, with tokens signed by the channel's key.
//!
//! Settings: `key` (the .p8 file), `key_id`, `team_id`, `bundle_id`; `environment`, `production` or
//! `sandbox`; `base_url`, unless it is Apple's own. Source: Apple's "Sending notification requests
//! to APNs".

use std::time::Duration;

use campanile_base::uuid_of;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::super::request::{Call, path_segment};
use super::super::{CarrierReply, Carriers, Parcel, Verdict};

const PRODUCTION: &str = "https://api.push.apple.com";
const SANDBOX: &str = "https://api.sandbox.push.apple.com";
/// The lifetime of a signed token. Apple wants tokens to be replaced after twenty minutes to an
/// hour.
const LIFETIME: Duration = Duration::from_secs(50 * 60);

pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    let token = match provider_token(carriers, &parcel) {
        Ok(token) => token,
        Err(why) => return CarrierReply::never(why),
    };
    let Some(topic) = parcel.channel.setting("bundle_id") else {
        return CarrierReply::never("the channel has no bundle_id".to_owned());
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
        // The same id for every attempt, so that a device shows the message once.
        .header("apns-id", uuid_of(&["apns", parcel.message]));
    let reply = match (Call { is_http2: true, ..call }).ask(carriers).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    if reply.is_good() {
        let id = uuid_of(&["apns", parcel.message]);
        return CarrierReply { verdict: Verdict::sent(Some(&id)), log: vec![reply.log], facts: Vec::new() };
    }
    let reason = reply.word("/reason").unwrap_or("it says no more").to_owned();
    match reason.as_str() {
        "Unregistered" | "BadDeviceToken" | "DeviceTokenNotForTopic" | "ExpiredToken" => {
            super::bounced(&parcel, reply, &reason)
        }
        "ExpiredProviderToken" => {
            carriers.tokens.remove(&parcel.place());
            CarrierReply {
                verdict: Verdict::Later { why: reason, after: None },
                log: vec![reply.log],
                facts: Vec::new(),
            }
        }
        _ => reply.refused(&reason),
    }
}

/// The signed provider token. It is reused for a while, since Apple refuses a new one for each
/// message.
fn provider_token(carriers: &Carriers, parcel: &Parcel<'_>) -> Result<String, String> {
    let (now, tokens) = (carriers.clock.now(), &carriers.tokens);
    if let Some(known) = tokens.get(&parcel.place(), now) {
        return Ok(known);
    }
    let setting = |name: &str| parcel.channel.setting(name).ok_or_else(|| format!("the channel has no {name}"));
    let header = Header { kid: Some(setting("key_id")?.to_owned()), ..Header::new(Algorithm::ES256) };
    let claims = json!({ "iss": setting("team_id")?, "iat": now.as_seconds() });
    let signed = EncodingKey::from_ec_pem(setting("key")?.as_bytes())
        .and_then(|key| jsonwebtoken::encode(&header, &claims, &key));
    let signed = signed.map_err(|error| format!("the channel's key cannot be used: {error}"))?;
    tokens.insert(parcel.place(), signed.clone(), now, LIFETIME);
    Ok(signed)
}

fn body(parcel: &Parcel<'_>) -> Value {
    let aps = match super::is_silent(parcel) {
        true => json!({ "content-available": 1 }),
        false => json!({ "alert": {
            "title": parcel.word("title").unwrap_or_default(), "body": parcel.word("body").unwrap_or_default() } }),
    };
    let mut payload: Map<String, Value> = parcel.data.clone();
    payload.insert("knock_message_id".to_owned(), json!(parcel.message));
    payload.insert("aps".to_owned(), aps);
    super::overridden(parcel, Value::Object(payload))
}
