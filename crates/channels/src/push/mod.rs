//! Push to devices, through Google's FCM and Apple's APNs. If a device's token is no longer valid,
//! the message bounces, and the device can be
//! removed.

pub(super) mod apns;
pub(super) mod fcm;

use serde_json::{Map, Value, json};

use super::request::Reply;
use super::{CarrierReply, Carriers, Fact, Parcel, Verdict};
use crate::Provider;

/// Hands a push message to its provider.
pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    match parcel.channel.carrier() {
        Some(Provider::PushFcm) => fcm::carry(carriers, parcel).await,
        Some(Provider::PushApns) => apns::carry(carriers, parcel).await,
        Some(
            Provider::EmailResend
            | Provider::EmailSmtp
            | Provider::SmsTwilio
            | Provider::ChatSlack
            | Provider::ChatDiscord
            | Provider::ChatMsTeams,
        )
        | None => CarrierReply::not_served(&parcel.channel.provider),
    }
}

fn is_silent(parcel: &Parcel<'_>) -> bool {
    parcel.content.get("is_silent") == Some(&Value::Bool(true))
}

/// Merges the step's overrides into a payload. With `"__strategy__": "replace"` they replace it.
fn overridden(parcel: &Parcel<'_>, mut said: Value) -> Value {
    match parcel.content.get("overrides") {
        Some(Value::Object(told)) if told.get("__strategy__").is_some_and(|word| word == "replace") => {
            let told: Map<String, Value> = told.iter().filter(|(key, _)| *key != "__strategy__").map(owned).collect();
            Value::Object(told)
        }
        Some(Value::Object(told)) => {
            if let Value::Object(said) = &mut said {
                campanile_documents::merge(said, told.clone());
            }
            said
        }
        _ => said,
    }
}

fn owned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

/// The token is no longer valid: the message bounces, and the device is [gone](Fact::DeviceGone).
fn bounced(parcel: &Parcel<'_>, reply: Reply, why: &str) -> CarrierReply {
    let token = parcel.word("token").unwrap_or_default().to_owned();
    let data = json!({ "failure_reason": "fatal_error", "failure_details": why, "token": token });
    CarrierReply { verdict: Verdict::Bounced { data }, log: vec![reply.log], facts: vec![Fact::DeviceGone { token }] }
}
