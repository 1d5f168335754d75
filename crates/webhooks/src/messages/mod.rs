//! Sends messages to the endpoints of an application.
//!
//! [`accept()`](accept::accept) hands a message to the lane of messages. Messages that arrive at the same time are
//! stored in one transaction, each with its deliveries to the endpoints that it matches. [`send`]
//! does the same within the caller's transaction.

mod accept;

use campanile_base::Result;
use campanile_db::Tx;

use crate::Webhooks;
use crate::model::applications::Application;
use crate::model::messages::message_of;

pub use crate::model::messages::{Filter, Message, MessageId, NewMessage, To, expunge, get, list};
pub(crate) use accept::Accepts;
pub use accept::{Accepted, SendRefusal, accept, send, send_all};

/// A message as it would be stored, without storing it.
///
/// # Errors
/// `InvalidField` for a malformed name.
pub fn preview(webhooks: &Webhooks, application: &Application, new: NewMessage) -> Result<Message> {
    let now = webhooks.clock.now();
    Ok(message_of(&application.id, new.checked(now)?, now))
}

/// True if a message of this type and these channels would go to any endpoint.
///
/// # Errors
/// `InvalidField` for a malformed name.
pub async fn would_be_sent(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    event_type: String,
    channels: Option<Vec<String>>,
) -> Result<bool> {
    let now = webhooks.clock.now();
    let new = NewMessage { event_type, channels, ..NewMessage::default() }.checked(now)?;
    let message = message_of(&application.id, new, now);
    let entry = webhooks.directory.at_revision(tx, webhooks, &application.id, application.revision).await?;
    Ok(entry.is_some_and(|entry| entry.targets.iter().any(|target| target.wants(&message))))
}
