//! Mail through Resend's API, and Resend's later reports about it.
//!
//! Settings: `api_key`, `from_address`, `from_name`; `webhook_secret` (`whsec_…`) of the webhook
//! that points at `/providers/resend/{organisation}/{channel}`; `base_url`, unless it is Resend's
//! own. Source: Resend's API reference and its documentation of webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_base::{Clock, Timestamp};
use campanile_net::{SigningSecret, verify};
use serde_json::{Value, json};

use super::super::request::Call;
use super::super::{CarrierReply, Carriers, DeliveryState, Parcel, Verdict};
use super::{Attachment, Letter, at, sender};
use crate::Channel;

/// Resend's API.
const RESEND: &str = "https://api.resend.com";
/// The tag that identifies a mail in Resend's reports.
const TAG: &str = "message_id";

pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>, letter: &Letter) -> CarrierReply {
    let Some(key) = parcel.channel.setting("api_key") else {
        return CarrierReply::never("the channel has no api_key".to_owned());
    };
    let Some(from) = letter.from.clone().or_else(|| sender(parcel.channel)) else {
        return CarrierReply::never(
            "no sender address is set: set from_address of the channel, or an overriding one of the tenant".to_owned(),
        );
    };
    let base = parcel.channel.setting("base_url").unwrap_or(RESEND).trim_end_matches('/');
    let call = Call::json("resend", format!("{base}/emails"), &body(letter, &from))
        .bearer(key)
        // Resend refuses requests without a user agent. It sends requests with the same idempotency
        // key only once.
        .header("user-agent", concat!("campanile/", env!("CARGO_PKG_VERSION")))
        .header("idempotency-key", letter.id.as_str());
    let reply = match call.ask(carriers).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    if reply.is_good() {
        return CarrierReply { verdict: Verdict::sent(reply.word("/id")), log: vec![reply.log], facts: Vec::new() };
    }
    let why = reply.word("/message").unwrap_or("it says no more").to_owned();
    match reply.word("/name") {
        Some("concurrent_idempotent_requests") => CarrierReply {
            verdict: Verdict::Later { why, after: reply.retry_after },
            log: vec![reply.log],
            facts: Vec::new(),
        },
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

/// A report of Resend about a mail.
#[derive(Debug)]
pub struct Intake {
    /// The message's id.
    pub message: String,
    /// The time of the event.
    pub at: Timestamp,
    /// The new state of the message, if the report changes it.
    pub state: Option<DeliveryState>,
    /// The engagement of the recipient, if the report is about one.
    pub engagement: Option<Engagement>,
    /// The reason to suppress the address, if it should get no more mail.
    pub suppression: Option<Suppression>,
    /// More details.
    pub data: Option<Value>,
}

/// The engagement of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engagement {
    /// The mail was opened.
    Opened,
    /// A link was clicked.
    Clicked,
}

/// The reason to send an address no more mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppression {
    /// The address does not exist.
    Bounced,
    /// The recipient has complained.
    Complained,
}

/// The signature of a webhook is missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the webhook is not signed with the channel's webhook_secret")]
pub struct BadSignature;

/// Reads a webhook of Resend; `None` if its event has no effect here.
///
/// # Errors
/// The signature is missing or wrong.
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
    let nothing = Intake { message, at, state: None, engagement: None, suppression: None, data: None };
    Some(match kind {
        "delivered" => Intake { state: Some(DeliveryState::Delivered), ..nothing },
        "bounced" | "suppressed" => {
            let data = because("/data/bounce/message");
            let may_pass = matches!(told["data"]["bounce"]["type"].as_str(), Some("Transient" | "Undetermined"));
            let suppression = (!may_pass).then_some(Suppression::Bounced);
            Intake { state: Some(DeliveryState::Bounced), suppression, data, ..nothing }
        }
        "failed" => {
            let data = because("/data/failed/reason");
            Intake { state: Some(DeliveryState::Undelivered), data, ..nothing }
        }
        "complained" => Intake { suppression: Some(Suppression::Complained), ..nothing },
        "opened" => Intake { engagement: Some(Engagement::Opened), ..nothing },
        "clicked" => {
            let data = Some(json!({ "url": told["data"]["click"]["link"] }));
            Intake { engagement: Some(Engagement::Clicked), data, ..nothing }
        }
        _ => return None,
    })
}

/// The message's id in the tags, which are a map or a list of names and values.
fn tag(tags: &Value) -> Option<String> {
    let of_list = || tags.as_array()?.iter().find(|tag| tag["name"] == TAG)?["value"].as_str();
    tags.get(TAG).and_then(Value::as_str).or_else(of_list).map(str::to_owned)
}
