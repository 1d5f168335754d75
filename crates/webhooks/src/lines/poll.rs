//! Polling: a receiver without an address fetches its messages, in the order of their line numbers.
//!
//! Each answer has an iterator, which marks where the next request begins. A consumer is a named
//! position that the server stores. A request with an iterator stores it as the consumer's
//! position: all messages before it are done. A request without one begins at the stored position.

use campanile_accounts::Caller;
use campanile_base::{Error, Result, Thing, Timestamp, lowest_id};
use campanile_db::Tx;

use super::queries;
use crate::Webhooks;
use crate::model::applications::Application;
use crate::model::endpoints::{DeliveryMode, Endpoint};
use crate::model::messages::{self, Filter, Message};
use crate::tokens::{self, Token};

/// The maximum number of messages that are read for one answer.
const LOOKED_AT: usize = 5_000;
/// The maximum length of a consumer's name, in bytes.
const NAME: usize = 256;

/// A request for messages.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The maximum number of messages.
    pub limit: usize,
    /// Messages after this line number.
    pub from: Option<i64>,
    /// Messages since this time, if no number is given.
    pub since: Option<Timestamp>,
    /// The messages to include.
    pub filter: Filter,
}

/// The answer.
#[derive(Debug, Clone)]
pub struct Page {
    /// The messages.
    pub messages: Vec<Message>,
    /// The line number to continue from.
    pub next: i64,
    /// True if no further messages exist at present.
    pub is_done: bool,
}

/// The messages of a polled endpoint. Without a number or a time the answer has no messages, only
/// the number to begin from.
///
/// # Errors
/// `NotFound` for an endpoint that is not polled.
pub async fn poll(tx: &mut Tx, application: &Application, endpoint: &Endpoint, question: &Question) -> Result<Page> {
    must_be_polled(endpoint)?;
    let id = endpoint.id.as_str();
    let mut next = match (question.from, question.since) {
        (Some(number), _) => number,
        (None, Some(since)) => queries::number_before(tx, id, &lowest_id("msg", since)).await?,
        (None, None) => {
            let next = queries::head(tx, id).await?.last;
            return Ok(Page { messages: Vec::new(), next, is_done: true });
        }
    };
    let (mut messages, mut looked_at) = (Vec::new(), 0);
    while messages.len() < question.limit && looked_at < LOOKED_AT {
        let wanted = question.limit - messages.len();
        let waiting = queries::after(tx, id, next, wanted as i64).await?;
        let Some((last, _)) = waiting.last() else { return Ok(Page { messages, next, is_done: true }) };
        next = *last;
        looked_at += waiting.len();
        let ids: Vec<String> = waiting.into_iter().map(|(_, waiting)| waiting.message).collect();
        let found = messages::queries::these(tx, &application.id, &ids).await?;
        // In the order of the line numbers. Messages that no longer exist are skipped.
        let numbered = ids.iter().filter_map(|id| found.iter().find(|message| message.id.as_str() == id));
        messages.extend(numbered.filter(|message| question.filter.admits(message)).cloned());
    }
    let is_done = queries::after(tx, id, next, 1).await?.is_empty();
    Ok(Page { messages, next, is_done })
}

/// Like [`poll`], for a consumer whose position is stored.
///
/// # Errors
/// Like [`poll`]; `InvalidField` for a malformed name.
pub async fn consume(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    endpoint: &Endpoint,
    consumer: &str,
    mut question: Question,
) -> Result<Page> {
    must_be_polled(endpoint)?;
    check_consumer(consumer)?;
    let (id, now) = (endpoint.id.as_str(), webhooks.clock.now());
    match question.from {
        Some(from) => drop(queries::set_consumer(tx, id, consumer, from, now).await?),
        // A new consumer begins with the first message that still exists.
        None => question.from = Some(queries::consumer(tx, id, consumer).await?.unwrap_or(0)),
    }
    poll(tx, application, endpoint, &question).await
}

/// Moves a consumer to a time. Returns the line number.
///
/// # Errors
/// Like [`consume`].
pub async fn seek(
    tx: &mut Tx,
    webhooks: &Webhooks,
    endpoint: &Endpoint,
    consumer: &str,
    after: Timestamp,
) -> Result<i64> {
    must_be_polled(endpoint)?;
    check_consumer(consumer)?;
    let id = endpoint.id.as_str();
    let number = queries::number_before(tx, id, &lowest_id("msg", after)).await?;
    queries::set_consumer(tx, id, consumer, number, webhooks.clock.now()).await?;
    Ok(number)
}

/// The token of a polled endpoint. It gives access to the messages of that endpoint and nothing
/// else. It is created on the first call, or anew if `is_new`.
///
/// # Errors
/// `NotFound` for an endpoint that is not polled, `Forbidden`.
pub async fn token(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    is_new: bool,
) -> Result<(campanile_base::Secret, Token)> {
    must_be_polled(endpoint)?;
    tokens::of_endpoint(tx, webhooks, caller, application, &endpoint.id, is_new).await
}

fn must_be_polled(endpoint: &Endpoint) -> Result<()> {
    match endpoint.way {
        DeliveryMode::Polled => Ok(()),
        DeliveryMode::Push | DeliveryMode::InOrder { .. } => Err(Error::NotFound(Thing::PollingEndpoint)),
    }
}

fn check_consumer(name: &str) -> Result<()> {
    match (1..=NAME).contains(&name.len()) {
        true => Ok(()),
        false => Err(Error::invalid_field("consumer_id", "must be 1 to 256 bytes")),
    }
}
