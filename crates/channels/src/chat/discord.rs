//! Discord: through a channel's webhook, or as a bot (setting `bot_token`). By default a message
//! mentions nobody, so that quoted text cannot mention anybody.
//!
//! Source: Discord's documentation of Execute Webhook and Create Message.

use serde_json::{Value, json};

use super::super::request::{Call, path_segment};
use super::super::{CarrierReply, Carriers, Parcel, Verdict};
use super::{connection, own_json};

/// Discord's API.
const DISCORD: &str = "https://discord.com/api/v10";
/// The longest message, in characters.
const LONGEST: usize = 2_000;

pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    let body = body(&parcel);
    let call = match (connection(&parcel, "/incoming_webhook/url"), connection(&parcel, "/channel_id")) {
        (Some(url), _) => Call::json("discord", waited(url), &body),
        (None, Some(id)) => {
            let Some(token) = parcel.channel.setting("bot_token") else {
                return CarrierReply::never("the channel has no bot_token".to_owned());
            };
            let base = parcel.channel.setting("base_url").unwrap_or(DISCORD).trim_end_matches('/');
            let call = Call::json("discord", format!("{base}/channels/{}/messages", path_segment(id)), &body);
            call.header("authorization", format!("Bot {token}"))
        }
        (None, None) => {
            return CarrierReply::never("the connection has no channel_id and no incoming_webhook".to_owned());
        }
    };
    let reply = match call.ask(carriers).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    if reply.is_good() {
        return CarrierReply { verdict: Verdict::sent(reply.word("/id")), log: vec![reply.log], facts: Vec::new() };
    }
    let why = reply.word("/message").unwrap_or("it says no more").to_owned();
    reply.refused(&why)
}

/// Adds `wait=true`: without it, Discord does not report the result.
fn waited(url: &str) -> String {
    format!("{url}{}wait=true", if url.contains('?') { '&' } else { '?' })
}

fn body(parcel: &Parcel<'_>) -> Value {
    let mut body = own_json(parcel).unwrap_or_else(|| {
        let text: String = parcel.word("markdown").unwrap_or_default().chars().take(LONGEST).collect();
        json!({ "content": text })
    });
    if body.get("allowed_mentions").is_none() {
        body["allowed_mentions"] = json!({ "parse": [] });
    }
    body
}
