//! Microsoft Teams, through a channel's webhook: an adaptive card, or the step's own JSON.
//!
//! Source: Microsoft's documentation of posting cards through webhooks.

use serde_json::{Value, json};

use super::super::request::Call;
use super::super::{CarrierReply, Carriers, Parcel, Verdict};
use super::{connection, own_json};

pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    let Some(url) = connection(&parcel, "/incoming_webhook/url") else {
        return CarrierReply::never(
            "the connection has no incoming_webhook: Teams is reached by webhooks only".to_owned(),
        );
    };
    let reply = match Call::json("ms_teams", url.to_owned(), &body(&parcel)).ask(carriers).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    match reply.is_good() {
        true => CarrierReply { verdict: Verdict::sent(None), log: vec![reply.log], facts: Vec::new() },
        false => reply.refused("the webhook did not take the card"),
    }
}

fn body(parcel: &Parcel<'_>) -> Value {
    own_json(parcel).unwrap_or_else(|| {
        let text = parcel.word("markdown").unwrap_or_default();
        json!({ "type": "message", "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
                "version": "1.4", "body": [{ "type": "TextBlock", "text": text, "wrap": true }],
            },
        }] })
    })
}
