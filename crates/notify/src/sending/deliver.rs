//! The job that hands a message to its channel's carrier, and writes down what the carrier said.
//!
//! What carriers say of many messages at the same time is written together. A carrier that is away is tried again, eight times within
//! half an hour; what it refuses for good is undelivered, and says why.

use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::{Caller, OrganisationId};
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::{Attempt, Backoff, JobOptions, NewJob, Outcome, Registry, Verdict as Fate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::channels::{self, Channel, ChannelType, Parcel, Said, Verdict};
use crate::messages::{self, EventKind, Message, Status};
use crate::suppressions::{self, Reason};
use crate::{Notify, Reference, channel_data};

/// The kind of job.
const DELIVER: &str = "notify.deliver";
/// How often a carrier is tried.
const ATTEMPTS: u32 = 8;
/// For how long a provider may put a message off before that counts as failing.
const LIMITED: Duration = Duration::from_secs(6 * 3600);

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
    /// The address that a mail came back from for good.
    came_back: Option<String>,
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
        let notify = within.clone();
        Box::pin(async move { Ok(write_down(tx, &notify, &notes).await?) })
    });
    let within = notify.clone();
    registry.on_death(DELIVER, move |tx, job, error| {
        let (notify, error, args) = (within.clone(), error.to_owned(), job.args::<Args>().ok());
        Box::pin(async move {
            let Some(args) = args else { return Ok(()) };
            let why = json!({ "failure_reason": "retries_exhausted", "failure_details": error });
            let now = notify.clock.now();
            let told = told(&args.message, Status::Undelivered, EventKind::Undelivered, Some(&why), now);
            Ok(messages::append(tx, &notify, &args.organisation, &[told], now).await?)
        })
    });
}

async fn deliver(notify: &Notify, attempt: &Attempt) -> Result<Outcome> {
    let args: Args = attempt.job.args()?;
    let Some((message, channel, of_tenant)) = to_carry(notify, &args, attempt).await? else {
        return Ok(Outcome::done());
    };
    let (organisation, message) = (&args.organisation, &message);
    let said = match &channel {
        Some(channel) => {
            let of_tenant = of_tenant.as_ref();
            channels::carry(Parcel { notify, organisation, channel, message, of_tenant }).await
        }
        None => Said { verdict: Verdict::Never { why: "the channel is there no more".to_owned() }, log: Vec::new() },
    };
    let now = notify.clock.now();
    let is_mail = message.channel_type == ChannelType::Email;
    let came_back = matches!(said.verdict, Verdict::Bounced { .. }) && is_mail;
    let came_back = came_back.then(|| channels::email::sole_address(message)).flatten();
    let (status, kind, metadata, data) = match said.verdict {
        Verdict::Taken { status: Status::Delivered, metadata, data } => {
            (Status::Delivered, EventKind::Delivered, metadata, data)
        }
        Verdict::Taken { status, metadata, data } => (status, EventKind::Sent, metadata, data),
        Verdict::Bounced { data } => (Status::Bounced, EventKind::Bounced, None, Some(data)),
        Verdict::Never { why } => {
            let why = json!({ "failure_reason": "fatal_error", "failure_details": why });
            (Status::Undelivered, EventKind::Undelivered, None, Some(why))
        }
        Verdict::Later { why, after } => {
            let error = attempted(notify, &args, attempt, &why, said.log).await?;
            return match after.filter(|_| now.since(message.inserted_at) < LIMITED) {
                // A provider that names a time is not failing: it costs no attempt.
                Some(after) => {
                    let after = after.clamp(Duration::from_secs(1), Duration::from_secs(3600));
                    Ok(Outcome::of(Fate::Retry { after, error: why }))
                }
                None => Err(error),
            };
        }
    };
    count(message.channel_type, status);
    let told = messages::Told { metadata, delivery: said.log, ..told(&message.id, status, kind, data.as_ref(), now) };
    Ok(Outcome::done().noting(Note { organisation: args.organisation.clone(), told, came_back }))
}

/// What a message is carried with; of one that was written just now nothing is read.
async fn to_carry(notify: &Notify, args: &Args, attempt: &Attempt) -> Result<Option<Parts>> {
    let recent = (attempt.job.attempt == 0).then(|| notify.recent.take(&args.message)).flatten();
    let recent = recent.filter(|message| message.tenant.is_none());
    if let (Some(message), Some(channels)) = (recent, channels::fresh(notify, &args.organisation)) {
        let channel = channels.iter().find(|channel| channel.id == message.channel_id).cloned();
        return Ok(Some((message, channel, None)));
    }
    let (within, organisation, id) = (notify.clone(), args.organisation.clone(), args.message.clone());
    notify.db.read(move |tx| Box::pin(async move { parts(tx, &within, &organisation, &id).await })).await
}

/// A message, its channel, and what its tenant has for that.
type Parts = (Message, Option<Channel>, Option<Value>);

/// What a message is carried with: it, its channel, and what its tenant has for that; nothing where it is no longer due.
async fn parts(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, id: &str) -> Result<Option<Parts>> {
    let is_due = |message: &Message| matches!(message.status, Status::Queued | Status::DeliveryAttempted);
    let Some(message) = messages::get(tx, organisation, id).await?.filter(is_due) else { return Ok(None) };
    let channels = channels::known(tx, notify, organisation).await?;
    let channel = channels.iter().find(|channel| channel.id == message.channel_id).cloned();
    let of_tenant = match &message.tenant {
        Some(tenant) => {
            channel_data::get(tx, notify, organisation, &Reference::tenant(tenant), &message.channel_id).await?
        }
        None => None,
    };
    Ok(Some((message, channel, of_tenant)))
}

/// Writes down an attempt that is made again, so that it can be looked at meanwhile.
async fn attempted(notify: &Notify, args: &Args, attempt: &Attempt, why: &str, log: Vec<Value>) -> Result<Error> {
    let now = notify.clock.now();
    let data = json!({ "attempt": attempt.job.attempt + 1, "max_attempts": ATTEMPTS, "failure_details": why });
    let kind = EventKind::DeliveryAttempted;
    let told =
        messages::Told { delivery: log, ..told(&args.message, Status::DeliveryAttempted, kind, Some(&data), now) };
    let (within, organisation) = (notify.clone(), args.organisation.clone());
    let written = notify
        .db
        .write(move |tx| Box::pin(async move { messages::append(tx, &within, &organisation, &[told], now).await }));
    written.await?;
    Ok(Error::internal(why.to_owned()))
}

pub(super) fn told(
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
        delivery: Vec::new(),
    }
}

async fn write_down(tx: &mut Tx, notify: &Notify, notes: &[Arc<Note>]) -> Result<()> {
    let now = notify.clock.now();
    let mut organisations: Vec<&OrganisationId> = notes.iter().map(|note| &note.organisation).collect();
    organisations.sort_unstable();
    organisations.dedup();
    for organisation in organisations {
        let of_it = notes.iter().filter(|note| note.organisation == *organisation);
        let told: Vec<messages::Told> = of_it.map(|note| note.told.clone()).collect();
        messages::append(tx, notify, organisation, &told, now).await?;
    }
    for note in notes {
        let Some(address) = &note.came_back else { continue };
        let why = (Reason::Bounced, Some("the mail server knows no such mailbox"), Some(note.told.id.as_str()));
        let caller = Caller::system(note.organisation.clone());
        suppressions::add(tx, &notify.clock, &caller, address, why).await?;
    }
    Ok(())
}

fn count(channel: ChannelType, status: Status) {
    metrics::counter!("campanile_messages_total", "channel" => channel.as_str(), "status" => status.as_str())
        .increment(1);
}
