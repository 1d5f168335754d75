//! Messages that come about otherwise than by a workflow: one that did not get through, handed over once more; a word to try a channel.
//! And what a provider says of a message after it has taken it.

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp, new_uuid};
use campanile_db::Tx;
use serde_json::{Map, Value, json};

use super::{deliver, job};
use crate::channels::{self, ChannelType};
use crate::messages::{self, EventKind, Message, Source, Status};
use crate::signals::{self, Happening};
use crate::{Notify, Reference, markdown};

/// Hands a message over once more that did not get through.
///
/// # Errors
/// `NotFound`; `Conflict` where it did get through, or is still on its way.
pub async fn retry(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, id: &str) -> Result<Message> {
    let message = messages::get(tx, organisation, id).await?.ok_or(Error::NotFound("message"))?;
    if !matches!(message.status, Status::Undelivered | Status::Bounced) {
        return Err(Error::conflict("only a message that did not get through can be handed over again"));
    }
    if message.content.as_object().is_none_or(Map::is_empty) {
        return Err(Error::conflict("the message could not be rendered: there is nothing to hand over"));
    }
    let now = notify.clock.now();
    let told = deliver::told(id, Status::Queued, EventKind::Queued, Some(&json!({ "manual_retry": true })), now);
    messages::append(tx, notify, organisation, &[told], now).await?;
    notify.engine.enqueue(tx, job(organisation, id)).await?;
    messages::get(tx, organisation, id).await?.ok_or(Error::NotFound("message"))
}

/// Writes down what a provider says of a message that it has taken. A message that has bounced stays so.
///
/// # Errors
/// What the database says.
pub async fn said_later(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &str,
    message: &str,
    (status, kind, data): (Status, EventKind, Option<&Value>),
    at: Timestamp,
) -> Result<()> {
    let Some(message) = messages::get(tx, organisation, message).await? else { return Ok(()) };
    let is_open = !matches!(message.status, Status::Bounced | Status::Undelivered | Status::NotSent);
    if message.channel_id != channel || !is_open || message.status == status {
        return Ok(());
    }
    let told = deliver::told(&message.id, status, kind, data, at);
    messages::append(tx, notify, organisation, &[told], at).await
}

/// A word to try a channel with.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Whose message it is.
    pub recipient: Reference,
    /// Within which tenant.
    pub tenant: Option<String>,
    /// What it says.
    pub text: String,
    /// Where it goes, in the words of the channel: `to`, `token`, `connection`, `url`.
    pub to: Map<String, Value>,
}

/// Sends a word through a channel, to see whether it works.
///
/// # Errors
/// `NotFound` of the channel; `Invalid` where it carries nothing; `InvalidField` where it is not said where to.
pub async fn test(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &str,
    trial: Trial,
) -> Result<Message> {
    let channel = channels::find(tx, notify, organisation, channel).await?.ok_or(Error::NotFound("channel"))?;
    let (now, text) = (notify.clock.now(), trial.text.as_str());
    let (needed, mut content) = match channel.kind {
        ChannelType::Email => (
            "to",
            json!({ "subject_line": "A test of Campanile", "html_body": markdown::html(text), "text_body": text }),
        ),
        ChannelType::Sms => ("to", json!({ "body": text })),
        ChannelType::Push => ("token", json!({ "title": "Campanile", "body": text })),
        ChannelType::Chat => ("connection", json!({ "markdown": text })),
        ChannelType::Http => ("url", json!({ "method": "post", "body": json!({ "text": text }).to_string() })),
        ChannelType::InAppFeed | ChannelType::InAppGuide => {
            return Err(Error::invalid("a channel of this type carries nothing"));
        }
    };
    if !trial.to.contains_key(needed) {
        return Err(Error::invalid_field("to", format!("needs a {needed}")));
    }
    if let Value::Object(content) = &mut content {
        content.extend(trial.to);
    }
    let source = Source {
        kind: "workflow".to_owned(),
        key: "test".to_owned(),
        version_id: new_uuid(),
        categories: Vec::new(),
        step: None,
        workflow_run_id: None,
        recipient_run_id: None,
    };
    let mut message = Message { tenant: trial.tenant, content, ..Message::new(&channel, trial.recipient, source, now) };
    message.note(now, EventKind::Queued, None);
    messages::insert(tx, organisation, &[&message]).await?;
    signals::raise(tx, notify, organisation, vec![Happening::message(&message)]).await?;
    notify.engine.enqueue(tx, job(organisation, &message.id)).await?;
    Ok(message)
}
