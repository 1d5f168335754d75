//! Mail, through SMTP or Resend, and through a second provider if the first one fails.
//!
//! # Primary, then fallback
//! A channel's settings may have a `fallback`:
//! `{"provider": "email_resend", "provider_settings": {…}}`. It is tried if the first provider does
//! not take the mail, except after a bounce. If the fallback takes it, the message keeps that fact
//! and the first one's reason. If one of the two may take the mail later, it is tried again. If
//! neither ever will, the message is undelivered.
//!
//! # Beside the text
//! Attachments come from the trigger's data. A mail with an
//! [address to unsubscribe](Parcel::unsubscribe_address) can be unsubscribed from with one click.

mod failure;
mod notice;
mod resend;
mod server;
pub mod smtp;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_base::source_event::cut;
use campanile_base::{Clock, Timestamp};
use lettre::message::Mailbox;
use serde_json::{Value, json};

use super::{CarrierReply, Carriers, Parcel, Verdict};
use crate::{Channel, FALLBACK, Provider, Settings};

pub use notice::{NotTaken, Notice};
pub use resend::{BadSignature, Engagement, Intake, Suppression, intake};
pub(crate) use server::MailConnections;

/// The longest name of a sender, in characters.
const NAME: usize = 200;

/// A mail, ready for any provider.
#[derive(Debug)]
struct Letter {
    id: String,
    /// The sender, as `Name <address>`. `None` means the provider's own.
    from: Option<String>,
    to: Vec<String>,
    cc: Vec<String>,
    bcc: Vec<String>,
    reply_to: Vec<String>,
    subject: String,
    html: String,
    text: String,
    headers: Vec<(String, String)>,
    attachments: Vec<Attachment>,
}

/// An attached file.
#[derive(Debug)]
struct Attachment {
    name: String,
    content_type: String,
    content: Vec<u8>,
    /// Its name within the mail's HTML.
    content_id: Option<String>,
}

/// Hands a mail to its provider, or to the fallback.
pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    let letter = match letter(&parcel) {
        Ok(letter) => letter,
        Err(why) => return CarrierReply::never(why),
    };
    let first = by(carriers, parcel, &letter).await;
    let why = match &first.verdict {
        Verdict::Later { why, .. } | Verdict::Never { why } => why.clone(),
        _ => return first,
    };
    let Some(fallback) = fallback(parcel.channel) else { return first };
    let second = by(carriers, Parcel { channel: &fallback, ..parcel }, &letter).await;
    either(&parcel, &fallback.provider, first, second, &why)
}

/// The addresses of one list of a mail (`to`, `cc`, `bcc`), which are separated by commas.
pub fn addresses(content: &Value, list: &str) -> Vec<String> {
    let text = content.get(list).and_then(Value::as_str).unwrap_or_default();
    text.split(',').map(|address| address.trim().to_owned()).filter(|address| !address.is_empty()).collect()
}

async fn by(carriers: &Carriers, parcel: Parcel<'_>, letter: &Letter) -> CarrierReply {
    match parcel.channel.carrier() {
        Some(Provider::EmailResend) => resend::carry(carriers, parcel, letter).await,
        Some(Provider::EmailSmtp) => smtp::carry(carriers, parcel, letter).await,
        Some(
            Provider::SmsTwilio
            | Provider::PushFcm
            | Provider::PushApns
            | Provider::ChatSlack
            | Provider::ChatDiscord
            | Provider::ChatMsTeams,
        )
        | None => CarrierReply::not_served(&parcel.channel.provider),
    }
}

/// The channel with the provider and the settings of its fallback.
fn fallback(channel: &Channel) -> Option<Channel> {
    let told = channel.settings.provider_settings.get(FALLBACK)?;
    let provider = told.get("provider")?.as_str()?.to_owned();
    let provider_settings = told.get("provider_settings").and_then(Value::as_object).cloned().unwrap_or_default();
    let settings = Settings { provider_settings, ..(*channel.settings).clone() };
    Some(Channel { provider, settings: settings.into(), ..channel.clone() })
}

/// The reply of two providers together. The mail is sent if the second took it. It is tried again
/// if one of them may take it later.
fn either(parcel: &Parcel<'_>, by: &str, first: CarrierReply, second: CarrierReply, why: &str) -> CarrierReply {
    let log = first.log.into_iter().chain(second.log).collect();
    let verdict = match (first.verdict, second.verdict) {
        (_, Verdict::Taken { state, metadata, .. }) => {
            tracing::warn!(message_id = %parcel.message, provider = by, reason = why, "notification.fallback_used");
            metrics::counter!("campanile_fallbacks_total", "provider" => by.to_owned()).increment(1);
            let told = json!({ "provider": by, "fallback_used": true, "fallback_reason": why });
            let mut metadata = metadata.unwrap_or_else(|| json!({}));
            if let (Value::Object(metadata), Value::Object(told)) = (&mut metadata, told.clone()) {
                metadata.extend(told);
            }
            Verdict::Taken { state, metadata: Some(metadata), data: Some(told) }
        }
        (Verdict::Later { why: one, after }, Verdict::Later { why: other, .. } | Verdict::Never { why: other })
        | (Verdict::Never { why: one }, Verdict::Later { why: other, after }) => {
            Verdict::Later { why: format!("{one}; the fallback: {other}"), after }
        }
        (Verdict::Never { why: one }, Verdict::Never { why: other }) => {
            Verdict::Never { why: format!("{one}; the fallback: {other}") }
        }
        (_, other) => other,
    };
    CarrierReply { verdict, log, facts: Vec::new() }
}

fn letter(parcel: &Parcel<'_>) -> Result<Letter, String> {
    let word = |name: &str| parcel.word(name).unwrap_or_default().to_owned();
    let list = |name: &str| addresses(parcel.content, name);
    let mut headers = Vec::new();
    if let Some(address) = parcel.unsubscribe_address {
        headers.push(("List-Unsubscribe".to_owned(), format!("<{address}>")));
        headers.push(("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()));
    }
    Ok(Letter {
        id: parcel.message.to_owned(),
        from: parcel.word("from").map(str::to_owned),
        to: list("to"),
        cc: list("cc"),
        bcc: list("bcc"),
        reply_to: list("reply_to"),
        subject: word("subject_line"),
        html: word("html_body"),
        text: word("text_body"),
        headers,
        attachments: attachments(parcel)?,
    })
}

fn attachments(parcel: &Parcel<'_>) -> Result<Vec<Attachment>, String> {
    let key = parcel.word("attachment_key").unwrap_or("attachments");
    let Some(Value::Array(list)) = parcel.data.get(key) else { return Ok(Vec::new()) };
    list.iter().map(attachment).collect()
}

fn attachment(told: &Value) -> Result<Attachment, String> {
    let word = |name: &str| told.get(name).and_then(Value::as_str);
    let name = word("name").ok_or("an attachment has no name")?.to_owned();
    let content = STANDARD.decode(word("content").unwrap_or_default());
    let content = content.map_err(|error| format!("the content of the attachment {name:?} is not base64: {error}"))?;
    let content_type = word("content_type").unwrap_or("application/octet-stream").to_owned();
    Ok(Attachment { name, content_type, content, content_id: word("content_id").map(str::to_owned) })
}

/// True if a channel's provider, or its fallback, reports the fate of mails through webhooks.
pub fn takes_in(channel: &Channel) -> bool {
    let is_resend = |channel: &Channel| channel.carrier() == Some(Provider::EmailResend);
    is_resend(channel) || fallback(channel).is_some_and(|fallback| is_resend(&fallback))
}

/// The channel's sender, for mails that name none.
fn sender(channel: &Channel) -> Option<String> {
    Some(sender_of(channel.setting("from_name"), channel.setting("from_address")?))
}

/// Formats a sender. A name may hold any character, and is quoted if necessary. An invalid address
/// is kept as it is, and refused when the mail is built.
pub fn sender_of(name: Option<&str>, address: &str) -> String {
    let spoken = |name: &str| name.replace(char::is_control, " ").trim().to_owned();
    match (name.map(spoken), address.trim().parse()) {
        (Some(name), Ok(email)) if !name.is_empty() => Mailbox::new(Some(cut(&name, NAME)), email).to_string(),
        _ => address.trim().to_owned(),
    }
}

/// The time of a provider's event; now, if it has none.
fn at(clock: &Clock, told: Option<&str>) -> Timestamp {
    told.and_then(Timestamp::parse).unwrap_or_else(|| clock.now())
}

/// The reply for a mail that was sent, without an id.
fn sent() -> CarrierReply {
    CarrierReply { verdict: Verdict::sent(None), log: Vec::new(), facts: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_senders_name_may_hold_any_character() {
        for name in
            ["Acme, Inc.", "[Acme] Alerts", "Team: Ops", "Acme (EU)", "ops@acme", "a \"b\" \\ c", "Zoë <x>", "9"]
        {
            let written = sender_of(Some(name), "bell@example.com");
            let read: Mailbox = written.parse().unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!((read.name.as_deref(), read.email.to_string().as_str()), (Some(name), "bell@example.com"));
        }
        assert_eq!(sender_of(Some("a\r\nBcc: x@y.z"), "b@c.de"), "\"a  Bcc: x@y.z\" <b@c.de>");
        assert_eq!(sender_of(None, " b@c.de "), "b@c.de");
    }
}
