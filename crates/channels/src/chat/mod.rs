//! Chat: Slack, Discord and Microsoft Teams. A step has Markdown, which is sent in the provider's
//! dialect, or the provider's own JSON.

mod discord;
pub mod slack;
mod teams;

use serde_json::Value;

use super::{CarrierReply, Carriers, Parcel};
use crate::Provider;

/// Hands a chat message to its provider.
pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    match parcel.channel.carrier() {
        Some(Provider::ChatSlack) => slack::carry(carriers, parcel).await,
        Some(Provider::ChatDiscord) => discord::carry(carriers, parcel).await,
        Some(Provider::ChatMsTeams) => teams::carry(carriers, parcel).await,
        Some(
            Provider::EmailResend | Provider::EmailSmtp | Provider::SmsTwilio | Provider::PushFcm | Provider::PushApns,
        )
        | None => CarrierReply::not_served(&parcel.channel.provider),
    }
}

/// A text field of the message's connection.
fn connection<'p>(parcel: &Parcel<'p>, pointer: &str) -> Option<&'p str> {
    let connection = parcel.content.get("connection")?;
    connection.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The provider's own JSON, if the step has some.
fn own_json(parcel: &Parcel<'_>) -> Option<Value> {
    parcel.content.get("json_content").filter(|json| json.is_object()).cloned()
}
