//! Push to devices, by Google's FCM and Apple's APNs. A device whose token is no longer good bounces, and is forgotten.

pub(super) mod apns;
pub(super) mod fcm;

use campanile_base::Result;
use serde_json::{Map, Value, json};

use super::provider::{Parcel, Reply};
use super::{Said, Verdict};
use crate::channel_data;

/// Hands a push message over.
pub(super) async fn carry(parcel: Parcel<'_>) -> Said {
    match parcel.channel.provider.as_str() {
        "push_fcm" => fcm::carry(parcel).await,
        "push_apns" => apns::carry(parcel).await,
        other => Said::never(format!("this server has no carrier for {other}")),
    }
}

fn is_silent(parcel: &Parcel<'_>) -> bool {
    parcel.message.content.get("is_silent") == Some(&Value::Bool(true))
}

/// What a step wants said otherwise to the provider, over what would be said.
fn overridden(parcel: &Parcel<'_>, mut said: Value) -> Value {
    match parcel.message.content.get("overrides") {
        Some(Value::Object(told)) if told.get("__strategy__").is_some_and(|word| word == "replace") => {
            let told: Map<String, Value> = told.iter().filter(|(key, _)| *key != "__strategy__").map(owned).collect();
            Value::Object(told)
        }
        Some(Value::Object(told)) => {
            if let Value::Object(said) = &mut said {
                crate::recipients::merge(said, told.clone());
            }
            said
        }
        _ => said,
    }
}

fn owned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

/// The token is no longer good: the message has bounced, and the device is forgotten.
async fn bounced(parcel: &Parcel<'_>, reply: Reply, why: &str) -> Said {
    let token = parcel.word("token").unwrap_or_default().to_owned();
    if let Err(error) = forget(parcel, &token).await {
        tracing::warn!(%error, message_id = %parcel.message.id, "a device could not be forgotten");
    }
    let data = json!({ "failure_reason": "fatal_error", "failure_details": why, "token": token });
    Said { verdict: Verdict::Bounced { data }, log: vec![reply.log] }
}

async fn forget(parcel: &Parcel<'_>, token: &str) -> Result<()> {
    let (notify, organisation) = (parcel.notify.clone(), parcel.organisation.clone());
    let (owner, channel, token) = (parcel.message.recipient.clone(), parcel.channel.id.clone(), token.to_owned());
    let write = parcel.notify.db.write(move |tx| {
        Box::pin(async move {
            let Some(data) = channel_data::get(tx, &notify, &organisation, &owner, &channel).await? else {
                return Ok(());
            };
            let devices = data["devices"].as_array().cloned().unwrap_or_default();
            let kept: Vec<Value> = devices.into_iter().filter(|device| device["token"] != token.as_str()).collect();
            channel_data::set(tx, &notify, &organisation, &owner, &channel, json!({ "devices": kept })).await?;
            Ok::<_, campanile_base::Error>(())
        })
    });
    write.await
}
