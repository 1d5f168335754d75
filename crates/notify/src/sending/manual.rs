//! Messages outside of a workflow: a failed message that is sent again, and a test message for a
//! channel. Also the reports that a provider sends after it has accepted a message.

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, Timestamp, new_uuid};
use campanile_db::Tx;
use campanile_documents::markdown;
use serde_json::{Map, Value, json};

use super::{deliver, job};
use crate::channels::{self, ChannelType};
use crate::messages::{self, EventKind, Message, Source, Status};
use crate::signals::{self, Happening};
use crate::{Notify, Reference};

/// Sends a message again that was undelivered or bounced.
///
/// # Errors
/// `NotFound`; `Conflict` if the message has another status, or could not be rendered.
pub async fn retry(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, id: &str) -> Result<Message> {
    let message = messages::get(tx, organisation, id).await?.ok_or(Error::NotFound(Thing::Message))?;
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
    messages::get(tx, organisation, id).await?.ok_or(Error::NotFound(Thing::Message))
}

/// Stores a provider's report about a message that it has accepted. A message that has bounced,
/// failed or was not sent keeps its status.
pub(crate) async fn said_later(
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

/// A test message for a channel.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The recipient of the message.
    pub recipient: Reference,
    /// The tenant, if any.
    pub tenant: Option<String>,
    /// The text.
    pub text: String,
    /// The address, in the fields of the channel: `to`, `token`, `connection`, `url`.
    pub to: Map<String, Value>,
}

/// Sends a test message through a channel.
///
/// # Errors
/// `NotFound` if there is no such channel; `Invalid` for a channel that sends nothing;
/// `InvalidField` if the address is missing.
pub async fn test(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &str,
    trial: Trial,
) -> Result<Message> {
    let channel = channels::find(tx, notify, organisation, channel).await?.ok_or(Error::NotFound(Thing::Channel))?;
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
