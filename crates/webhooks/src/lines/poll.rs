//! Polling: a receiver without an address of its own asks for its messages, in the order of their numbers.
//!
//! An answer's iterator is where the next question begins. A consumer has a name, and need not keep its iterator: asking
//! with it says that what came before is done with, and a question without one begins where the last one did.

use campanile_accounts::Caller;
use campanile_base::{Error, Result, Timestamp, lowest_id};
use campanile_db::Tx;

use super::queries;
use crate::Webhooks;
use crate::applications::Application;
use crate::endpoints::{Endpoint, Way};
use crate::messages::{self, Filter, Message};
use crate::tokens::{self, Token};

/// How many messages are looked at for one answer.
const LOOKED_AT: usize = 5_000;
/// How long a consumer's name may be.
const NAME: usize = 256;

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// At most so many messages.
    pub limit: usize,
    /// Those after this number.
    pub from: Option<i64>,
    /// Those since this time, where there is no number.
    pub since: Option<Timestamp>,
    /// Only such.
    pub filter: Filter,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Page {
    /// The messages.
    pub messages: Vec<Message>,
    /// The number to go on from.
    pub next: i64,
    /// Whether there are no more at present.
    pub is_done: bool,
}

/// The messages of a polled endpoint. Without a number or a time, none: the answer says where to begin.
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
        // In the order of the numbers; what was expunged is passed over.
        let numbered = ids.iter().filter_map(|id| found.iter().find(|message| message.id.as_str() == id));
        messages.extend(numbered.filter(|message| question.filter.admits(message)).cloned());
    }
    let is_done = queries::after(tx, id, next, 1).await?.is_empty();
    Ok(Page { messages, next, is_done })
}

/// Like [`poll`], by a consumer who is remembered.
///
/// # Errors
/// Like [`poll`]; `InvalidField` for a name that cannot be.
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
        // A new consumer begins with the first message that there is.
        None => question.from = Some(queries::consumer(tx, id, consumer).await?.unwrap_or(0)),
    }
    poll(tx, application, endpoint, &question).await
}

/// Has a consumer go on from a time; answers the number.
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

/// The token of a polled endpoint, by which its messages can be asked for and nothing else; it is made when it is first asked
/// for, or anew.
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
        Way::Polled => Ok(()),
        Way::Push | Way::InOrder { .. } => Err(Error::NotFound("polling endpoint")),
    }
}

fn check_consumer(name: &str) -> Result<()> {
    match (1..=NAME).contains(&name.len()) {
        true => Ok(()),
        false => Err(Error::invalid_field("consumer_id", "must be 1 to 256 characters")),
    }
}
