//! Messages: what is sent, and to which endpoints.

pub(crate) mod queries;

use bytes::Bytes;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::NewJob;

use crate::Webhooks;
use crate::applications::Application;
use crate::delivery::{DELIVER, DeliverArgs};
use crate::endpoints::{self, Endpoint};
use crate::names::check_name;

campanile_base::id_type!(
    /// One message.
    pub MessageId, "msg"
);

/// A stored message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id, which receivers see.
    pub id: MessageId,
    /// What kind of event it tells of.
    pub event_type: String,
    /// The caller's own id for it.
    pub event_id: Option<String>,
    /// The channels that it goes to.
    pub channels: Option<Vec<String>>,
    /// What is sent, byte for byte.
    pub payload: Bytes,
    /// When it was accepted.
    pub created_at: Timestamp,
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// What kind of event it tells of.
    pub event_type: String,
    /// The caller's own id for it, once per application.
    pub event_id: Option<String>,
    /// The channels that it goes to; `None` for none in particular.
    pub channels: Option<Vec<String>>,
    /// What is sent, byte for byte.
    pub payload: Bytes,
}

/// Stores a message and a delivery to every endpoint that wants it, in the caller's transaction.
///
/// # Errors
/// `Invalid` for a name that cannot be, `Conflict` when the event id is taken.
pub async fn send(tx: &mut Tx, webhooks: &Webhooks, application: &Application, new: NewMessage) -> Result<Message> {
    check_name("eventType", &new.event_type)?;
    if let Some(event_id) = &new.event_id {
        check_name("eventId", event_id)?;
    }
    let now = webhooks.clock.now();
    let message = Message {
        id: MessageId::new(now),
        event_type: new.event_type,
        event_id: new.event_id,
        channels: new.channels,
        payload: new.payload,
        created_at: now,
    };
    if !queries::insert(tx, &application.id, &message).await? {
        return Err(Error::conflict("A message with that eventId already exists"));
    }
    let endpoints = endpoints::queries::list(tx, &application.id).await?;
    let jobs = endpoints.iter().filter(|endpoint| wants(endpoint, &message)).map(|endpoint| {
        let args = DeliverArgs { message: message.id.to_string(), endpoint: endpoint.id.to_string() };
        NewJob::new(DELIVER, application.organisation_id.as_str(), &args).key(endpoint.id.as_str())
    });
    webhooks.engine.enqueue_all(tx, jobs.collect()).await?;
    Ok(message)
}

/// Whether a message goes to an endpoint.
pub(crate) fn wants(endpoint: &Endpoint, message: &Message) -> bool {
    let type_fits = endpoint.filter_types.as_ref().is_none_or(|types| types.contains(&message.event_type));
    let channel_fits = endpoint.channels.as_ref().is_none_or(|wanted| {
        message.channels.as_ref().is_some_and(|channels| channels.iter().any(|channel| wanted.contains(channel)))
    });
    !endpoint.disabled && type_fits && channel_fits
}

/// A message by its id or event id.
///
/// # Errors
/// `NotFound` when the application has none.
pub async fn get(tx: &mut Tx, application: &Application, id: &str) -> Result<Message> {
    queries::by_id_or_event(tx, &application.id, id).await?.ok_or(Error::NotFound("message"))
}

/// Messages before an id, newest first, with one to spare.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, application: &Application, before: Option<&str>, limit: i64) -> Result<Vec<Message>> {
    Ok(queries::list(tx, &application.id, before, limit + 1).await?)
}
