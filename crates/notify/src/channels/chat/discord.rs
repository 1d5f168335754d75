//! Discord: by a channel's webhook, or as a bot (setting `bot_token`). Nobody is mentioned by what was only quoted.
//!
//! Source: Discord's documentation of Execute Webhook and Create Message.

use serde_json::{Value, json};

use super::super::provider::{Call, Parcel, path_segment};
use super::super::{Said, Verdict};
use super::{connection, own_json};

/// Where Discord listens.
const DISCORD: &str = "https://discord.com/api/v10";
/// How much a message may say.
const LONGEST: usize = 2_000;

pub(super) async fn carry(parcel: Parcel<'_>) -> Said {
    let body = body(&parcel);
    let call = match (connection(&parcel, "/incoming_webhook/url"), connection(&parcel, "/channel_id")) {
        (Some(url), _) => Call::json("discord", waited(url), &body),
        (None, Some(id)) => {
            let Some(token) = parcel.channel.setting("bot_token") else {
                return Said::never("the channel has no bot_token".to_owned());
            };
            let base = parcel.channel.setting("base_url").unwrap_or(DISCORD).trim_end_matches('/');
            let call = Call::json("discord", format!("{base}/channels/{}/messages", path_segment(id)), &body);
            call.header("authorization", format!("Bot {token}"))
        }
        (None, None) => return Said::never("the connection has no channel_id and no incoming_webhook".to_owned()),
    };
    let reply = match call.ask(parcel.notify).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    if reply.is_good() {
        return Said { verdict: Verdict::sent(reply.word("/id")), log: vec![reply.log] };
    }
    let why = reply.word("/message").unwrap_or("it says no more").to_owned();
    reply.refused(&why)
}

/// Discord says what became of a message only to those who wait for it.
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
