//! Ordered endpoints: one request at a time, and nothing overtakes a failed request.
//!
//! A request carries the first messages of the line. When it fails, the same messages are sent
//! again on the retry schedule, and after its end at intervals of its last wait. This ends when the
//! endpoint accepts them, a user skips them, or the endpoint has accepted nothing for so long that
//! it is disabled. Messages leave the line without delivery only if they were expunged, or if the
//! receiver answers `webhook-delivery: abort-message`.
//!
//! With a batch size of one, a message is sent as to any other endpoint. With more, the body is a
//! JSON array of objects with `eventType` and `payload`, or the output of the endpoint's script.
//! The signed id is that of the first message. A batch is smaller where its payloads together would
//! exceed [`BATCH_BYTES`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use campanile_accounts::{Caller, Permission};
use campanile_base::bounds::BATCH_BYTES;
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::Tx;
use serde_json::{Value, json};

use super::queries::{self, Head};
use super::queue::wake;
use super::{Next, sleep_if_empty};
use crate::delivery::{self, DeliveryOutcome, Exchange, MadeAttempt, Plan};
use crate::directory::{Entry, Target};
use crate::model::applications::Application;
use crate::model::attempts::{self, Attempt};
use crate::model::endpoints::{DeliveryMode, Endpoint};
use crate::model::messages::{self, Message};
use crate::{Webhooks, statistics, transformations};

/// The retry interval if the schedule is empty.
const WAIT: Duration = Duration::from_secs(60);

/// The messages of one request.
struct Batch {
    messages: Vec<Arc<Message>>,
    /// The line number of the last message.
    last: i64,
    head: Head,
}

/// The next step for a line.
enum Work {
    Send(Batch),
    Wait(Duration),
    Nothing,
}

/// One turn: sends the first messages of the line, if they are due.
pub(super) async fn turn(
    webhooks: &Webhooks,
    entry: &Arc<Entry>,
    target: &Arc<Target>,
    batch_size: i64,
    max_wait: i64,
) -> Result<Next> {
    match next(webhooks, entry, target, batch_size, max_wait).await? {
        Work::Nothing => sleep_if_empty(webhooks, target.endpoint.id.as_str()).await,
        Work::Wait(wait) => Ok(Next::Turn(wait)),
        Work::Send(batch) => send(webhooks, entry, target, batch).await,
    }
}

async fn next(
    webhooks: &Webhooks,
    entry: &Arc<Entry>,
    target: &Target,
    batch_size: i64,
    max_wait: i64,
) -> Result<Work> {
    let (now, endpoint, entry) = (webhooks.clock.now(), target.endpoint.id.to_string(), entry.clone());
    let work = webhooks.db.write(move |tx| {
        Box::pin(async move {
            let head = queries::head(tx, &endpoint).await?;
            if let Some(at) = head.retry_at.filter(|at| *at > now) {
                return Ok(Work::Wait(at.since(now)));
            }
            let first = queries::first(tx, &endpoint, batch_size).await?;
            if first.is_empty() {
                return Ok(Work::Nothing);
            }
            let ids: Vec<String> = first.iter().map(|(_, waiting)| waiting.message.clone()).collect();
            let found = messages::queries::these(tx, &entry.application.id, &ids).await?;
            let there = first.iter().map(|(number, waiting)| {
                let message = found.iter().find(|message| message.id.as_str() == waiting.message);
                (*number, message.filter(|message| message.is_readable(now)))
            });
            let (messages, last, is_full) = within_one_request(there);
            let Some(oldest) = messages.first() else {
                // All of them were expunged.
                queries::leave(tx, &endpoint, last).await?;
                queries::set_head(tx, &endpoint, 0, None).await?;
                return Ok(Work::Wait(Duration::ZERO));
            };
            let full_at = oldest.created_at.plus(Duration::from_secs(max_wait.unsigned_abs()));
            if !is_full && (ids.len() as i64) < batch_size && full_at > now {
                return Ok(Work::Wait(full_at.since(now)));
            }
            Ok::<_, Error>(Work::Send(Batch { messages, last, head }))
        })
    });
    work.await
}

/// The first messages of a line whose payloads fit into one request, the line number of the last of
/// them, and `true` if others did not fit. Expunged messages are skipped.
fn within_one_request<'m>(line: impl Iterator<Item = (i64, Option<&'m Message>)>) -> (Vec<Arc<Message>>, i64, bool) {
    let (mut messages, mut last, mut bytes) = (Vec::new(), 0, 0);
    for (number, message) in line {
        bytes += message.and_then(|message| message.payload.as_ref()).map_or(0, Bytes::len);
        if bytes > BATCH_BYTES && !messages.is_empty() {
            return (messages, last, true);
        }
        messages.extend(message.map(|message| Arc::new(message.clone())));
        last = number;
    }
    (messages, last, false)
}

async fn send(webhooks: &Webhooks, entry: &Arc<Entry>, target: &Arc<Target>, batch: Batch) -> Result<Next> {
    let now = webhooks.clock.now();
    let exchange = match (batch.messages.as_slice(), target.endpoint.way) {
        ([only], DeliveryMode::InOrder { batch_size: 1, .. }) => delivery::exchange(webhooks, only, target, now).await,
        _ => exchange_all(webhooks, &batch.messages, target, now).await,
    };
    // The message was expunged between two reads: the next turn skips it.
    let Some(exchange) = exchange else { return Ok(Next::Turn(Duration::ZERO)) };
    let plan = exchange.plan(&webhooks.settings.retry_schedule, batch.head.failures, now);
    let ended = webhooks.clock.now();
    let again = match &plan {
        Plan::Again(wait) => Some(*wait),
        Plan::GiveUp | Plan::Disable => Some(webhooks.settings.retry_schedule.last().copied().unwrap_or(WAIT)),
        Plan::Delivered | Plan::Abort => None,
    };
    let next_at = again.map(|wait| ended.plus(wait));
    let made = batch.messages.iter().map(|message| {
        let number = i64::from(batch.head.failures);
        let attempt = Attempt { number, next_at, ..exchange.attempt(message, target, &plan, now) };
        if plan != Plan::Delivered {
            webhooks.failures.note(&target.endpoint.id, attempt.status_code);
        }
        let made = MadeAttempt { target: target.clone(), attempt, plan: plan.clone() };
        DeliveryOutcome { made: vec![made], ..DeliveryOutcome::of(entry, message) }
    });
    write_down(webhooks, target, made.collect(), &batch, next_at).await?;
    Ok(Next::Turn(again.unwrap_or_default()))
}

/// Sends several messages in one request.
async fn exchange_all(
    webhooks: &Webhooks,
    messages: &[Arc<Message>],
    target: &Target,
    now: Timestamp,
) -> Option<Exchange> {
    let first = messages.first()?;
    let events: Vec<Value> = messages
        .iter()
        .map(|message| {
            let payload = message.payload.as_deref().unwrap_or_default();
            let payload = serde_json::from_slice(payload).unwrap_or_else(|_| json!(String::from_utf8_lossy(payload)));
            json!({ "eventType": message.event_type, "payload": payload })
        })
        .collect();
    let body = match target.transformation.script() {
        Some(code) => transformations::apply_to_all(webhooks, target.owner(), code, &events).await,
        None => Ok(Bytes::from(Value::Array(events).to_string())),
    };
    Some(delivery::exchange_body(webhooks, first, target, body, now).await)
}

/// Records the outcome, and moves the line or schedules the retry.
async fn write_down(
    webhooks: &Webhooks,
    target: &Target,
    settled: Vec<DeliveryOutcome>,
    batch: &Batch,
    retry_at: Option<Timestamp>,
) -> Result<()> {
    let (within, endpoint, last, failures) =
        (webhooks.clone(), target.endpoint.id.to_string(), batch.last, batch.head.failures);
    let written = webhooks.db.write(move |tx| {
        Box::pin(async move {
            let attempts: Vec<Attempt> =
                settled.iter().flat_map(|settled| &settled.made).map(|made| made.attempt.clone()).collect();
            attempts::queries::insert(tx, &attempts).await?;
            statistics::count(tx, &within, settled.iter().flat_map(DeliveryOutcome::attempts)).await?;
            for settled in &settled {
                delivery::follow_up_all(tx, &within, settled).await?;
            }
            match retry_at {
                Some(_) => drop(queries::set_head(tx, &endpoint, failures.saturating_add(1), retry_at).await?),
                None => {
                    queries::leave(tx, &endpoint, last).await?;
                    queries::set_head(tx, &endpoint, 0, None).await?;
                }
            }
            queries::stay_awake(tx, &endpoint, within.clock.now().plus(super::AWAKE)).await?;
            Ok::<_, Error>(())
        })
    });
    written.await
}

/// Tries the first messages of the line at once, without waiting for their retry time.
///
/// # Errors
/// `NotFound` for an endpoint that is not ordered, `Forbidden`.
pub async fn retry_now(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    must_be_in_order(endpoint)?;
    let head = queries::head(tx, endpoint.id.as_str()).await?;
    queries::set_head(tx, endpoint.id.as_str(), head.failures, None).await?;
    wake(tx, webhooks, application, &endpoint.id).await
}

/// Skips the first message of the line, or all up to a number. Skipped messages are never
/// delivered.
///
/// # Errors
/// `NotFound` for an endpoint that is not ordered.
pub async fn skip(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    up_to: Option<i64>,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    must_be_in_order(endpoint)?;
    let id = endpoint.id.as_str();
    let first = queries::first(tx, id, 1).await?;
    let Some(last) = up_to.or(first.first().map(|(number, _)| *number)) else { return Ok(()) };
    queries::leave(tx, id, last).await?;
    queries::set_head(tx, id, 0, None).await?;
    wake(tx, webhooks, application, &endpoint.id).await
}

/// The state of a line.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The number of failed requests for its first messages.
    pub failures: u32,
    /// The time of the next retry.
    pub retry_at: Option<Timestamp>,
    /// The highest line number whose message, and all before it, has left the line.
    pub done: i64,
}

/// The state of an endpoint's line.
pub async fn standing(tx: &mut Tx, endpoint: &Endpoint) -> Result<Standing> {
    let head = queries::head(tx, endpoint.id.as_str()).await?;
    let first = queries::first(tx, endpoint.id.as_str(), 1).await?;
    let done = match (endpoint.way, first.first()) {
        (DeliveryMode::InOrder { .. }, Some((number, _))) => number - 1,
        _ => head.last,
    };
    Ok(Standing { failures: head.failures, retry_at: head.retry_at, done })
}

/// The first message in line.
pub async fn next_message(tx: &mut Tx, application: &Application, endpoint: &Endpoint) -> Result<Option<Message>> {
    let first = queries::first(tx, endpoint.id.as_str(), 1).await?;
    let Some((_, waiting)) = first.into_iter().next() else { return Ok(None) };
    Ok(messages::queries::by_id(tx, application.id.as_str(), &waiting.message).await?)
}

fn must_be_in_order(endpoint: &Endpoint) -> Result<()> {
    match endpoint.way {
        DeliveryMode::InOrder { .. } => Ok(()),
        DeliveryMode::Push | DeliveryMode::Polled => Err(Error::NotFound(Thing::OrderedEndpoint)),
    }
}

#[cfg(test)]
mod tests;
