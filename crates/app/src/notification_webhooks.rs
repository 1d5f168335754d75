//! Webhooks to an organisation's systems about its notifications: messages and runs, documents
//! written and committed.
//!
//! They are ordinary webhooks, to the endpoints of the application `campanile.notifications`.
//! Besides Campanile's headers they have the headers and the signature of the hosted service, so
//! receivers that were written for it need no change.

use std::sync::Arc;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use campanile_db::{BoxFuture, Tx};
use campanile_notify::signals::{Listener, SignalNotice};
use campanile_webhooks::messages::{self, NewMessage};
use campanile_webhooks::{Webhooks, applications};
use serde_json::{Value, json};

/// The event types and their meanings.
pub(crate) const EVENTS: [(&str, &str); 24] = [
    ("message.sent", "A message was handed to its provider."),
    ("message.delivered", "A message was delivered."),
    ("message.delivery_attempted", "A message was refused for now, and will be tried again."),
    ("message.undelivered", "A message could not be delivered."),
    ("message.bounced", "A message came back."),
    ("message.seen", "A message was seen."),
    ("message.unseen", "A message was marked as not seen."),
    ("message.read", "A message was read."),
    ("message.unread", "A message was marked as not read."),
    ("message.archived", "A message was archived."),
    ("message.unarchived", "A message was taken out of the archive."),
    ("message.interacted", "Somebody has done something with a message."),
    ("message.link_clicked", "A link in a message was followed."),
    ("workflow_recipient_run.started", "A workflow has begun for a recipient."),
    ("workflow_recipient_run.completed", "A workflow has ended for a recipient."),
    ("workflow_recipient_run.error", "A step of a workflow went wrong for a recipient."),
    ("workflow.updated", "A workflow was written."),
    ("workflow.committed", "A workflow was committed."),
    ("email_layout.updated", "A layout was written."),
    ("email_layout.committed", "A layout was committed."),
    ("translation.updated", "A translation was written."),
    ("translation.committed", "A translation was committed."),
    ("partial.updated", "A partial was written."),
    ("partial.committed", "A partial was committed."),
];
struct Systems(Webhooks);

/// The listener that sends the notification pillar's events to endpoints.
pub(crate) fn listener(webhooks: &Webhooks) -> Arc<dyn Listener> {
    Arc::new(Systems(webhooks.clone()))
}

impl Listener for Systems {
    fn listens<'t>(&'t self, tx: &'t mut Tx, organisation: &'t OrganisationId) -> BoxFuture<'t, Result<bool>> {
        Box::pin(async move { Ok(applications::notified(tx, &self.0, organisation).await?.is_some()) })
    }

    fn tell<'t>(
        &'t self,
        tx: &'t mut Tx,
        organisation: &'t OrganisationId,
        news: Vec<SignalNotice>,
    ) -> BoxFuture<'t, Result<()>> {
        Box::pin(async move {
            let Some(application) = applications::notified(tx, &self.0, organisation).await? else { return Ok(()) };
            let all: Result<Vec<NewMessage>> = news.into_iter().map(message).collect();
            messages::send_all(tx, &self.0, &application, all?).await
        })
    }
}

fn message(news: SignalNotice) -> Result<NewMessage> {
    let SignalNotice { event, at, data, event_data } = news;
    let event_data = event_data.map(|mut about| {
        if let Value::Object(about) = &mut about {
            about.insert("__typename".to_owned(), "EventData".into());
        }
        about
    });
    let body =
        json!({ "__typename": "Event", "type": event, "created_at": at, "data": data, "event_data": event_data });
    let payload = serde_json::to_vec(&body).map_err(Error::internal)?;
    Ok(NewMessage { event_type: event, payload: payload.into(), ..NewMessage::default() })
}
