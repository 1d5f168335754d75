//! The job that hands a message to its channel's carrier, and writes down what the carrier said.
//!
//! What carriers say of many messages at the same time is written together. A carrier that is away is tried again, eight times within
//! half an hour; what it refuses for good is undelivered, and says why.

use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::{Attempt, Backoff, JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Notify;
use crate::channels::{self, ChannelType, Said};
use crate::messages::{self, EventKind, Message, Status};

/// The kind of job.
const DELIVER: &str = "notify.deliver";
/// How often a carrier is tried.
const ATTEMPTS: u32 = 8;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Args {
    organisation: OrganisationId,
    message: String,
}

/// A job that hands over a message.
pub(crate) fn job(organisation: &OrganisationId, message: &str) -> NewJob {
    let args = Args { organisation: organisation.clone(), message: message.to_owned() };
    NewJob::new(DELIVER, organisation.as_str(), &args)
}

/// What a carrier said of a message.
struct Note {
    organisation: OrganisationId,
    told: messages::Told,
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    let options = JobOptions {
        max_attempts: ATTEMPTS,
        backoff: Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(600) },
        concurrency: 256,
        ..JobOptions::default()
    };
    let within = notify.clone();
    registry.register(DELIVER, options, move |attempt| {
        let notify = within.clone();
        async move { deliver(&notify, &attempt).await }
    });
    let within = notify.clone();
    registry.settle(DELIVER, move |tx, notes: Vec<Arc<Note>>| {
        let now = within.clock.now();
        Box::pin(async move { write_down(tx, &notes, now).await })
    });
    let clock = notify.clock.clone();
    registry.on_death(DELIVER, move |tx, job, error| {
        let (now, error, args) = (clock.now(), error.to_owned(), job.args::<Args>().ok());
        Box::pin(async move {
            let Some(args) = args else { return Ok(()) };
            let why = json!({ "failure_reason": "retries_exhausted", "failure_details": error });
            let told = told(&args.message, Status::Undelivered, EventKind::Undelivered, Some(&why), now);
            messages::append(tx, &args.organisation, &[told], now).await
        })
    });
}

async fn deliver(notify: &Notify, attempt: &Attempt) -> Result<Outcome> {
    let args: Args = attempt.job.args()?;
    let (within, organisation, id) = (notify.clone(), args.organisation.clone(), args.message.clone());
    let read = notify.db.read(move |tx| {
        Box::pin(async move {
            let message = messages::get(tx, &organisation, &id).await?;
            let channels = channels::known(tx, &within, &organisation).await?;
            Ok::<_, Error>((message, channels))
        })
    });
    let (message, channels) = read.await?;
    let is_due = |message: &Message| matches!(message.status, Status::Queued | Status::DeliveryAttempted);
    let Some(message) = message.filter(is_due) else { return Ok(Outcome::done()) };
    let channel = channels.iter().find(|channel| channel.id == message.channel_id);
    let said = match channel {
        Some(channel) => channels::carry(notify, channel, &message).await,
        None => Said::Never("the channel is there no more".to_owned(), None),
    };
    let now = notify.clock.now();
    let told = match said {
        Said::Taken { status, metadata, log } => {
            let kind = if status == Status::Delivered { EventKind::Delivered } else { EventKind::Sent };
            count(message.channel_type, status);
            messages::Told { metadata, delivery: log, ..told(&message.id, status, kind, None, now) }
        }
        Said::Never(why, log) => {
            count(message.channel_type, Status::Undelivered);
            let why = json!({ "failure_reason": "fatal_error", "failure_details": why });
            let told = told(&message.id, Status::Undelivered, EventKind::Undelivered, Some(&why), now);
            messages::Told { delivery: log, ..told }
        }
        Said::Later(why, log) => return Err(attempted(notify, &args, attempt, (why, log)).await),
    };
    Ok(Outcome::done().noting(Note { organisation: args.organisation, told }))
}

/// Writes down an attempt that is made again, so that it can be looked at meanwhile.
async fn attempted(notify: &Notify, args: &Args, attempt: &Attempt, (why, log): (String, Option<Value>)) -> Error {
    let now = notify.clock.now();
    let data = json!({ "attempt": attempt.job.attempt + 1, "max_attempts": ATTEMPTS, "failure_details": why });
    let kind = EventKind::DeliveryAttempted;
    let told =
        messages::Told { delivery: log, ..told(&args.message, Status::DeliveryAttempted, kind, Some(&data), now) };
    let organisation = args.organisation.clone();
    let written =
        notify.db.write(move |tx| Box::pin(async move { messages::append(tx, &organisation, &[told], now).await }));
    match written.await {
        Ok(()) => Error::internal(why),
        Err(error) => error.into(),
    }
}

fn told(
    message: &str,
    status: Status,
    kind: EventKind,
    data: Option<&Value>,
    now: campanile_base::Timestamp,
) -> messages::Told {
    messages::Told {
        id: message.to_owned(),
        status,
        metadata: None,
        snapshot: None,
        log: messages::log_line(now, kind, data),
        delivery: None,
    }
}

async fn write_down(tx: &mut Tx, notes: &[Arc<Note>], now: campanile_base::Timestamp) -> campanile_db::Result<()> {
    let mut organisations: Vec<&OrganisationId> = notes.iter().map(|note| &note.organisation).collect();
    organisations.sort_unstable();
    organisations.dedup();
    for organisation in organisations {
        let of_it = notes.iter().filter(|note| note.organisation == *organisation);
        let told: Vec<messages::Told> = of_it.map(|note| note.told.clone()).collect();
        messages::append(tx, organisation, &told, now).await?;
    }
    Ok(())
}

fn count(channel: ChannelType, status: Status) {
    metrics::counter!("campanile_messages_total", "channel" => channel.as_str(), "status" => status.as_str())
        .increment(1);
}
