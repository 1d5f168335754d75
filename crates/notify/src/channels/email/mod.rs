//! Mail, by SMTP or by Resend, and by a second carrier where the first one fails.
//!
//! # Primary, then fallback
//! A channel's settings may have a `fallback`: `{"provider": "email_resend", "provider_settings": {…}}`. The first that takes the mail
//! wins; that it was the second is kept with the message, with the first one's reason. Where neither takes it now, it is tried
//! again; where neither ever will, the message is undelivered, and can be [retried](crate::sending::retry) by hand.
//!
//! # What a mail has beside its text
//! Attachments, from the trigger's data. Of a commercial workflow, a way to unsubscribe with one click. Where the channel tracks,
//! links and an image that tell when they are opened ([`tracking`](crate::tracking)).

mod notice;
mod resend;
mod server;
pub mod smtp;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_accounts::{Caller, OrganisationId};
use campanile_base::source_event::cut;
use campanile_base::{Clock, Result, Timestamp};
use campanile_db::Tx;
use lettre::message::Mailbox;
use serde_json::{Value, json};

use super::provider::Parcel;
use super::{Channel, Said, Settings, Verdict};
use crate::messages::{self, Message, Status};
use crate::{Notify, sending, suppressions, tracking};

pub use notice::{NotTaken, Notice};
pub use resend::{BadSignature, Intake, intake};
pub(crate) use server::MailConnections;

/// How long the name of a sender is at most, in characters.
const NAME: usize = 200;

/// A mail, ready for any carrier.
#[derive(Debug)]
struct Letter {
    id: String,
    /// As `Name <address>`; the carrier's own, where none is said.
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

/// A file that goes with a mail.
#[derive(Debug)]
struct Attachment {
    name: String,
    content_type: String,
    content: Vec<u8>,
    /// Its name within the mail's HTML.
    content_id: Option<String>,
}

/// Hands a mail over.
pub(super) async fn carry(parcel: Parcel<'_>) -> Said {
    let mut letter = match letter(&parcel) {
        Ok(letter) => letter,
        Err(why) => return Said::never(why),
    };
    match leave_out(&parcel, &mut letter).await {
        Ok(None) => {}
        Ok(Some(why)) => return Said::never(why),
        Err(error) => return Said::later(error.to_string()),
    }
    let first = by(parcel, &letter).await;
    let why = match &first.verdict {
        Verdict::Later { why, .. } | Verdict::Never { why } => why.clone(),
        _ => return first,
    };
    let Some(fallback) = fallback(parcel.channel) else { return first };
    let second = by(Parcel { channel: &fallback, ..parcel }, &letter).await;
    either(&parcel, &fallback.provider, first, second, &why)
}

/// Leaves out whom no mail [goes to](suppressions); why nobody is left, where that is so.
async fn leave_out(parcel: &Parcel<'_>, letter: &mut Letter) -> Result<Option<String>> {
    let all = [&letter.to, &letter.cc, &letter.bcc].into_iter().flatten();
    let all: Vec<String> = all.map(|address| suppressions::plain(address)).collect();
    let organisation = parcel.organisation.clone();
    let found = parcel
        .notify
        .db
        .read(move |tx| Box::pin(async move { suppressions::among(tx, &organisation, &all).await }))
        .await?;
    let Some(first) = found.first() else { return Ok(None) };
    let goes = |address: &String| !found.iter().any(|one| one.address == suppressions::plain(address));
    for list in [&mut letter.to, &mut letter.cc, &mut letter.bcc] {
        list.retain(goes);
    }
    let why = format!("no mail goes to {}: {}", first.address, first.reason);
    Ok(letter.to.is_empty().then_some(why))
}

/// The one address that a mail goes to, where it is one.
pub(crate) fn sole_address(message: &Message) -> Option<String> {
    let mut all = ["to", "cc", "bcc"].into_iter().flat_map(|list| addresses(message, list));
    let first = all.next()?;
    all.next().is_none().then(|| suppressions::plain(&first))
}

/// The addresses of one of a mail's lists, which are parted by commas.
fn addresses(message: &Message, list: &str) -> Vec<String> {
    let text = message.content.get(list).and_then(Value::as_str).unwrap_or_default();
    text.split(',').map(|address| address.trim().to_owned()).filter(|address| !address.is_empty()).collect()
}

async fn by(parcel: Parcel<'_>, letter: &Letter) -> Said {
    match parcel.channel.provider.as_str() {
        "email_resend" => resend::carry(parcel, letter).await,
        _ => smtp::carry(parcel, letter).await,
    }
}

/// The channel as it is where its first carrier fails.
fn fallback(channel: &Channel) -> Option<Channel> {
    let told = channel.settings.provider_settings.get("fallback")?;
    let provider = told.get("provider")?.as_str()?.to_owned();
    let provider_settings = told.get("provider_settings").and_then(Value::as_object).cloned().unwrap_or_default();
    let settings = Settings { provider_settings, ..(*channel.settings).clone() };
    Some(Channel { provider, settings: settings.into(), ..channel.clone() })
}

/// What two carriers come to: what the second took is sent; what one of them may take later is tried again.
fn either(parcel: &Parcel<'_>, by: &str, first: Said, second: Said, why: &str) -> Said {
    let log = first.log.into_iter().chain(second.log).collect();
    let verdict = match (first.verdict, second.verdict) {
        (_, Verdict::Taken { status, metadata, .. }) => {
            tracing::warn!(message_id = %parcel.message.id, provider = by, reason = why, "notification.fallback_used");
            metrics::counter!("campanile_fallbacks_total", "provider" => by.to_owned()).increment(1);
            let told = json!({ "provider": by, "fallback_used": true, "fallback_reason": why });
            let mut metadata = metadata.unwrap_or_else(|| json!({}));
            if let (Value::Object(metadata), Value::Object(told)) = (&mut metadata, told.clone()) {
                metadata.extend(told);
            }
            Verdict::Taken { status, metadata: Some(metadata), data: Some(told) }
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
    Said { verdict, log }
}

fn letter(parcel: &Parcel<'_>) -> std::result::Result<Letter, String> {
    let word = |name: &str| parcel.word(name).unwrap_or_default().to_owned();
    let list = |name: &str| addresses(parcel.message, name);
    let mut headers = Vec::new();
    if parcel.message.content.get("is_commercial") == Some(&Value::Bool(true)) {
        let address = tracking::unsubscribe_address(parcel.notify, parcel.organisation, &parcel.message.recipient);
        headers.push(("List-Unsubscribe".to_owned(), format!("<{address}>")));
        headers.push(("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()));
    }
    let tracks = |name: &str| parcel.channel.settings.channel_settings.get(name) == Some(&Value::Bool(true));
    let mut html = word("html_body");
    if tracks("track_links") {
        html = tracking::links(parcel.notify, parcel.organisation, parcel.message, &html);
    }
    if tracks("track_opens") {
        html.push_str(&tracking::pixel(parcel.notify, parcel.organisation, parcel.message));
    }
    Ok(Letter {
        id: parcel.message.id.clone(),
        from: parcel.word("from").map(str::to_owned),
        to: list("to"),
        cc: list("cc"),
        bcc: list("bcc"),
        reply_to: list("reply_to"),
        subject: word("subject_line"),
        html,
        text: word("text_body"),
        headers,
        attachments: attachments(parcel)?,
    })
}

fn attachments(parcel: &Parcel<'_>) -> std::result::Result<Vec<Attachment>, String> {
    let key = parcel.word("attachment_key").unwrap_or("attachments");
    let Some(Value::Array(list)) = parcel.message.data.get(key) else { return Ok(Vec::new()) };
    list.iter().map(attachment).collect()
}

fn attachment(told: &Value) -> std::result::Result<Attachment, String> {
    let word = |name: &str| told.get(name).and_then(Value::as_str);
    let name = word("name").ok_or("an attachment has no name")?.to_owned();
    let content = STANDARD.decode(word("content").unwrap_or_default());
    let content = content.map_err(|error| format!("the content of the attachment {name:?} is not base64: {error}"))?;
    let content_type = word("content_type").unwrap_or("application/octet-stream").to_owned();
    Ok(Attachment { name, content_type, content, content_id: word("content_id").map(str::to_owned) })
}

/// Whether a channel's provider tells what becomes of mails, by webhooks.
pub fn takes_in(channel: &Channel) -> bool {
    channel.provider == "email_resend" || fallback(channel).is_some_and(|fallback| fallback.provider == "email_resend")
}

/// Takes in what a provider tells of a mail. Who complains is no longer subscribed to anything commercial.
///
/// # Errors
/// What the database says.
pub async fn take_in(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    told: Intake,
) -> Result<()> {
    let Intake { message, at, status, mark, complains, suppresses, data } = told;
    if let Some(reason) = suppresses {
        let of_channel =
            messages::get(tx, organisation, &message).await?.filter(|known| known.channel_id == channel.id);
        if let Some(address) = of_channel.as_ref().and_then(sole_address) {
            let details = data.as_ref().and_then(|data| data["failure_details"].as_str());
            let caller = Caller::system(organisation.clone());
            suppressions::add(tx, &notify.clock, &caller, &address, (reason, details, Some(&message))).await?;
        }
    }
    if let Some((status, kind)) = status {
        return sending::said_later(tx, notify, organisation, &channel.id, &message, (status, kind, data.as_ref()), at)
            .await;
    }
    let message = messages::get(tx, organisation, &message).await?;
    let Some(message) = message.filter(|message| message.channel_id == channel.id) else { return Ok(()) };
    if complains {
        tracking::unsubscribe(tx, notify, organisation, &message.recipient).await?;
    }
    if let Some(mark) = mark {
        messages::mark(tx, notify, organisation, None, &[message.id], (mark, data.as_ref()), at).await?;
    }
    Ok(())
}

/// Who a mail is from, where the message does not say.
fn sender(channel: &Channel) -> Option<String> {
    Some(sender_of(channel.setting("from_name"), channel.setting("from_address")?))
}

/// A sender as mails write it: a name may hold any character, and is put between quotes where it has to be. What is no address
/// is left as it is, and refused when the mail is made.
pub(crate) fn sender_of(name: Option<&str>, address: &str) -> String {
    let spoken = |name: &str| name.replace(char::is_control, " ").trim().to_owned();
    match (name.map(spoken), address.trim().parse()) {
        (Some(name), Ok(email)) if !name.is_empty() => Mailbox::new(Some(cut(&name, NAME)), email).to_string(),
        _ => address.trim().to_owned(),
    }
}

/// When something that a provider tells of has happened: now, where it does not say.
fn at(clock: &Clock, told: Option<&str>) -> Timestamp {
    told.and_then(Timestamp::parse).unwrap_or_else(|| clock.now())
}

/// Sent, and no more is known.
fn sent() -> Said {
    Said { verdict: Verdict::Taken { status: Status::Sent, metadata: None, data: None }, log: Vec::new() }
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
