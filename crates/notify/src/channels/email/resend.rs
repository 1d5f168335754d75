//! Mail by Resend's API, and what Resend says later of a mail.
//!
//! Settings: `api_key`, `from_address`, `from_name`; `webhook_secret` (`whsec_…`) of the webhook that points at
//! `/providers/resend/{organisation}/{channel}`; `base_url`, where it is not Resend's own. Source: Resend's API reference and its
//! documentation of webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_base::{Clock, Timestamp};
use campanile_net::{SigningSecret, verify};
use serde_json::{Value, json};

use super::super::provider::{Call, Parcel};
use super::super::{Channel, Said, Verdict};
use super::{Attachment, Letter, at, sender};
use crate::messages::{EventKind, Mark, Status};
use crate::suppressions::Reason;

/// Where Resend listens.
const RESEND: &str = "https://api.resend.com";
/// The tag that a mail is recognised by when Resend tells of it.
const TAG: &str = "message_id";

pub(super) async fn carry(parcel: Parcel<'_>, letter: &Letter) -> Said {
    let Some(key) = parcel.channel.setting("api_key") else {
        return Said::never("the channel has no api_key".to_owned());
    };
    let Some(from) = letter.from.clone().or_else(|| sender(parcel.channel)) else {
        return Said::never("nobody is set whom the mail is from".to_owned());
    };
    let base = parcel.channel.setting("base_url").unwrap_or(RESEND).trim_end_matches('/');
    let call = Call::json("resend", format!("{base}/emails"), &body(letter, &from))
        .bearer(key)
        // Resend refuses those who do not say who they are, and sends what has the same key once.
        .header("user-agent", concat!("campanile/", env!("CARGO_PKG_VERSION")))
        .header("idempotency-key", letter.id.as_str());
    let reply = match call.ask(parcel.notify).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    if reply.is_good() {
        return Said { verdict: Verdict::sent(reply.word("/id")), log: vec![reply.log] };
    }
    let why = reply.word("/message").unwrap_or("it says no more").to_owned();
    match reply.word("/name") {
        Some("concurrent_idempotent_requests") => {
            Said { verdict: Verdict::Later { why, after: reply.retry_after }, log: vec![reply.log] }
        }
        _ => reply.refused(&why),
    }
}

fn body(letter: &Letter, from: &str) -> Value {
    let mut body = json!({
        "from": from, "to": letter.to, "subject": letter.subject, "html": letter.html, "text": letter.text,
        "tags": [{ "name": TAG, "value": letter.id }],
    });
    let lists = [("cc", &letter.cc), ("bcc", &letter.bcc), ("reply_to", &letter.reply_to)];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        body[name] = json!(list);
    }
    if !letter.headers.is_empty() {
        body["headers"] = letter.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    }
    if !letter.attachments.is_empty() {
        body["attachments"] = letter.attachments.iter().map(file).collect();
    }
    body
}

fn file(file: &Attachment) -> Value {
    let mut told = json!({
        "filename": file.name, "content": STANDARD.encode(&file.content), "content_type": file.content_type,
    });
    if let Some(id) = &file.content_id {
        told["content_id"] = json!(id);
    }
    told
}

/// What Resend tells of a mail.
#[derive(Debug)]
pub struct Intake {
    /// The message.
    pub message: String,
    /// When it happened.
    pub at: Timestamp,
    /// How far the message got, where that is what is told.
    pub status: Option<(Status, EventKind)>,
    /// What its recipient did, where that is.
    pub mark: Option<Mark>,
    /// Whether the recipient wants no more.
    pub complains: bool,
    /// Why no more mail is to go to the address.
    pub suppresses: Option<Reason>,
    /// What else there is to say.
    pub data: Option<Value>,
}

/// A webhook that nobody we know has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the webhook is not signed with the channel's webhook_secret")]
pub struct BadSignature;

/// Reads one of Resend's webhooks; `None` where it tells of nothing that matters here.
///
/// # Errors
/// When its signature is not good.
pub fn intake(
    channel: &Channel,
    clock: &Clock,
    header: impl Fn(&str) -> Option<String>,
    body: &[u8],
) -> Result<Option<Intake>, BadSignature> {
    let secret = channel.setting("webhook_secret").and_then(|secret| SigningSecret::parse(secret).ok());
    let told = |name: &str| header(&format!("svix-{name}")).or_else(|| header(&format!("webhook-{name}")));
    let (secret, id) = (secret.ok_or(BadSignature)?, told("id").ok_or(BadSignature)?);
    let (stamp, signature) = (told("timestamp").ok_or(BadSignature)?, told("signature").ok_or(BadSignature)?);
    verify(&secret, &id, &stamp, body, &signature, clock.now()).map_err(|_| BadSignature)?;
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    Ok(read(clock, &body))
}

fn read(clock: &Clock, told: &Value) -> Option<Intake> {
    let message = tag(&told["data"]["tags"])?;
    let kind = told["type"].as_str()?.strip_prefix("email.")?;
    let at = at(clock, told["created_at"].as_str());
    let because = |pointer: &str| {
        let why = told.pointer(pointer).and_then(Value::as_str).unwrap_or(kind);
        Some(json!({ "failure_reason": "fatal_error", "failure_details": why }))
    };
    let nothing = Intake { message, at, status: None, mark: None, complains: false, suppresses: None, data: None };
    Some(match kind {
        "delivered" => Intake { status: Some((Status::Delivered, EventKind::Delivered)), ..nothing },
        "bounced" | "suppressed" => {
            let data = because("/data/bounce/message");
            let may_pass = matches!(told["data"]["bounce"]["type"].as_str(), Some("Transient" | "Undetermined"));
            let suppresses = (!may_pass).then_some(Reason::Bounced);
            Intake { status: Some((Status::Bounced, EventKind::Bounced)), suppresses, data, ..nothing }
        }
        "failed" => {
            let data = because("/data/failed/reason");
            Intake { status: Some((Status::Undelivered, EventKind::Undelivered)), data, ..nothing }
        }
        "complained" => Intake { complains: true, suppresses: Some(Reason::Complained), ..nothing },
        "opened" => Intake { mark: Some(Mark::Read), ..nothing },
        "clicked" => {
            let data = Some(json!({ "url": told["data"]["click"]["link"] }));
            Intake { mark: Some(Mark::LinkClicked), data, ..nothing }
        }
        _ => return None,
    })
}

/// Tags are a map, or a list of names and values.
fn tag(tags: &Value) -> Option<String> {
    let of_list = || tags.as_array()?.iter().find(|tag| tag["name"] == TAG)?["value"].as_str();
    tags.get(TAG).and_then(Value::as_str).or_else(of_list).map(str::to_owned)
}
