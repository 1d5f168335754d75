//! Chat: Slack, Discord and Microsoft Teams. A step says Markdown, which each of them has a dialect of, or the provider's own JSON.

mod discord;
mod mrkdwn;
mod slack;
mod teams;

use serde_json::Value;

use super::Said;
use super::provider::Parcel;

pub(crate) use mrkdwn::escaped as escape_mrkdwn;

/// Hands a chat message over.
pub(super) async fn carry(parcel: Parcel<'_>) -> Said {
    match parcel.channel.provider.as_str() {
        "chat_slack" => slack::carry(parcel).await,
        "chat_discord" => discord::carry(parcel).await,
        "chat_ms_teams" => teams::carry(parcel).await,
        other => Said::never(format!("this server has no carrier for {other}")),
    }
}

/// A word of the connection that the message goes through.
fn connection<'p>(parcel: &Parcel<'p>, pointer: &str) -> Option<&'p str> {
    let connection = parcel.message.content.get("connection")?;
    connection.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The provider's own JSON, where the step says that.
fn own_json(parcel: &Parcel<'_>) -> Option<Value> {
    parcel.message.content.get("json_content").filter(|json| json.is_object()).cloned()
}
