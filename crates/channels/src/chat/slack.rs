//! Slack: as the app that a tenant has connected, or through a channel's webhook.
//!
//! The tenant's token is preferred to the connection's own. A recipient without a connection is
//! looked up by mail address, if the channel has `email_based_user_id_resolution`. The user's id is
//! then a [fact](Fact::SlackUser).

use campanile_documents::mrkdwn;
use serde_json::{Value, json};

use super::super::request::{Call, Reply};
use super::super::{CarrierReply, Carriers, Fact, Parcel, SlackRefusal, Verdict};
use super::{connection, own_json};
use crate::Channel;

/// Slack's API.
const SLACK: &str = "https://slack.com/api";

/// The address of a Slack method. The setting `base_url` can point at a stand-in.
pub fn address(channel: &Channel, method: &str) -> String {
    let base = channel.setting("base_url").unwrap_or(SLACK).trim_end_matches('/');
    format!("{base}/{method}")
}

/// The refusal in a reply. Slack also answers 200 when it refuses, and the body says so.
pub fn refusal(reply: &Reply) -> Option<SlackRefusal> {
    if reply.is_good() && reply.body["ok"] == true {
        return None;
    }
    let code = reply.word("/error").unwrap_or("unknown_error").to_owned();
    if reply.status == 429 || reply.status >= 500 {
        return Some(SlackRefusal::Later(code));
    }
    Some(match code.as_str() {
        "token_revoked"
        | "account_inactive"
        | "invalid_auth"
        | "token_expired"
        | "org_login_required"
        | "not_authed"
        | "invalid_refresh_token" => SlackRefusal::Disconnected(code),
        "missing_scope" | "no_permission" | "not_allowed_token_type" => SlackRefusal::Scope(code),
        "channel_not_found" | "not_in_channel" | "is_archived" | "restricted_action" | "user_not_found"
        | "users_not_found" => SlackRefusal::Channel(code),
        "ratelimited"
        | "rate_limited"
        | "internal_error"
        | "fatal_error"
        | "request_timeout"
        | "service_unavailable"
        | "team_added_to_org" => SlackRefusal::Later(code),
        _ => SlackRefusal::Message(code),
    })
}

pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    match connection(&parcel, "/incoming_webhook/url") {
        Some(url) => by_webhook(carriers, parcel, url).await,
        None => as_app(carriers, parcel).await,
    }
}

/// Sends through a webhook, which answers in plain text: `ok`, or the fault.
async fn by_webhook(carriers: &Carriers, parcel: Parcel<'_>, url: &str) -> CarrierReply {
    let reply = match Call::json("slack", url.to_owned(), &body(&parcel)).ask(carriers).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    match reply.is_good() {
        true => CarrierReply { verdict: Verdict::sent(None), log: vec![reply.log], facts: Vec::new() },
        false => {
            let why = reply.body.as_str().unwrap_or("it says no more").to_owned();
            reply.refused(&why)
        }
    }
}

async fn as_app(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    let Some(token) = parcel.slack_token else {
        return CarrierReply::never(
            "Slack is not connected: neither the tenant nor the connection has a token".to_owned(),
        );
    };
    let (to, found) = match to(carriers, &parcel, token).await {
        Ok(to) => to,
        Err(said) => return said,
    };
    let mut body = body(&parcel);
    body["channel"] = json!(to);
    let url = address(parcel.channel, "chat.postMessage");
    let reply = match Call::json("slack", url, &body).bearer(token).ask(carriers).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    let reply = match refusal(&reply) {
        None => CarrierReply { verdict: Verdict::sent(reply.word("/ts")), log: vec![reply.log], facts: Vec::new() }
            .with(Fact::SlackAccepted),
        Some(refusal) => refused(reply, refusal),
    };
    match found {
        Some(id) => reply.with(Fact::SlackUser { id }),
        None => reply,
    }
}

/// The reply to a refusal. If a person has to act, the refusal is a fact about the connection.
fn refused(reply: Reply, refusal: SlackRefusal) -> CarrierReply {
    let (verdict, facts) = match &refusal {
        SlackRefusal::Later(why) => (Verdict::Later { why: why.clone(), after: reply.retry_after }, Vec::new()),
        SlackRefusal::Message(why) => (Verdict::Never { why: why.clone() }, Vec::new()),
        SlackRefusal::Disconnected(why) | SlackRefusal::Scope(why) | SlackRefusal::Channel(why) => {
            (Verdict::Never { why: why.clone() }, vec![Fact::SlackRefused(refusal.clone())])
        }
    };
    CarrierReply { verdict, log: vec![reply.log], facts }
}

/// The id of the Slack channel or user. A user known by mail address alone is looked up; then the id
/// is also a fact.
async fn to(carriers: &Carriers, parcel: &Parcel<'_>, token: &str) -> Result<(String, Option<String>), CarrierReply> {
    if let Some(id) = connection(parcel, "/channel_id").or_else(|| connection(parcel, "/user_id")) {
        return Ok((id.to_owned(), None));
    }
    let email = connection(parcel, "/email");
    let email =
        email.ok_or_else(|| CarrierReply::never("the connection has no channel_id and no user_id".to_owned()))?;
    let url = address(parcel.channel, "users.lookupByEmail");
    let reply = Call::form("slack", url, [("email", email)]).bearer(token).ask(carriers).await?;
    if let Some(refusal) = refusal(&reply) {
        return Err(refused(reply, refusal));
    }
    let id = reply.word("/user/id").unwrap_or_default().to_owned();
    Ok((id.clone(), Some(id)))
}

fn body(parcel: &Parcel<'_>) -> Value {
    let text = parcel.word("summary").map(str::to_owned);
    let text = text.unwrap_or_else(|| mrkdwn::of_markdown(parcel.word("markdown").unwrap_or_default()));
    match own_json(parcel) {
        Some(mut own) if own.get("text").is_none() => {
            own["text"] = json!(text);
            own
        }
        Some(own) => own,
        None => json!({ "text": mrkdwn::of_markdown(parcel.word("markdown").unwrap_or_default()), "mrkdwn": true }),
    }
}
