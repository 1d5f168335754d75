//! The job that hands a message to its channel's carrier, and stores the result.
//!
//! Results of many messages at the same time are written together. If a carrier is not available,
//! the job makes up to eight attempts, with waits of at most 11 minutes in all. If a carrier
//! refuses a message for good, the message is undelivered, with the reason.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::{Caller, OrganisationId};
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::{Attempt, Backoff, JobOptions, NewJob, Outcome, Registry, Verdict as Fate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::facts::Carried;
use super::{mail, sole_address};
use crate::channels::{self, Channel, ChannelType, Provider};
use crate::messages::{self, EventKind, Message, Status};
use crate::suppressions::{self, Reason};
use crate::{Notify, Reference, channel_data, slack, tracking};
use campanile_channels::{CarrierReply, Parcel, Verdict, sms};

/// The kind of job.
const DELIVER: &str = "notify.deliver";
/// The number of attempts.
const ATTEMPTS: u32 = 8;
/// The time for which a provider may postpone a message. After that, a postponement counts as a
/// failed attempt.
const LIMITED: Duration = Duration::from_secs(6 * 3600);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Args {
    organisation: OrganisationId,
    message: String,
}

/// A job that delivers a message.
pub(crate) fn job(organisation: &OrganisationId, message: &str) -> NewJob {
    let args = Args { organisation: organisation.clone(), message: message.to_owned() };
    NewJob::new(DELIVER, organisation.as_str(), &args)
}

/// The result of a delivery.
struct Note {
    organisation: OrganisationId,
    told: messages::StatusUpdate,
    /// The address of a mail that bounced for good.
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
    let message = &message;
    let said = match &channel {
        Some(channel) => carry(notify, &args.organisation, channel, message, of_tenant.as_ref()).await,
        None => CarrierReply::never("the channel is there no more".to_owned()),
    };
    let now = notify.clock.now();
    let is_mail = message.channel_type == ChannelType::Email;
    let came_back = matches!(said.verdict, Verdict::Bounced { .. }) && is_mail;
    let came_back = came_back.then(|| sole_address(message)).flatten();
    let (status, kind, metadata, data) = match said.verdict {
        Verdict::Taken { state, metadata, data } => {
            let (status, kind) = messages::of_state(state);
            (status, kind, metadata, data)
        }
        Verdict::Bounced { data } => (Status::Bounced, EventKind::Bounced, None, Some(data)),
        Verdict::Never { why } => {
            let why = json!({ "failure_reason": "fatal_error", "failure_details": why });
            (Status::Undelivered, EventKind::Undelivered, None, Some(why))
        }
        Verdict::Later { why, after } => {
            let error = attempted(notify, &args, attempt, &why, said.log).await?;
            return match after.filter(|_| now.since(message.inserted_at) < LIMITED) {
                // A provider that names a time for the next attempt is not failing, so this costs
                // no attempt.
                Some(after) => {
                    let after = after.clamp(Duration::from_secs(1), Duration::from_secs(3600));
                    Ok(Outcome::of(Fate::Retry { after, error: why }))
                }
                None => Err(error),
            };
        }
    };
    count(message.channel_type, status);
    let told =
        messages::StatusUpdate { metadata, delivery: said.log, ..told(&message.id, status, kind, data.as_ref(), now) };
    Ok(Outcome::done().noting(Note { organisation: args.organisation.clone(), told, came_back }))
}

/// Hands a message to its carrier, and stores what the carrier has learned.
async fn carry(
    notify: &Notify,
    organisation: &OrganisationId,
    channel: &Channel,
    message: &Message,
    of_tenant: Option<&Value>,
) -> CarrierReply {
    let of_its_tenant = match of_tenant.map(|data| channel.for_tenant(data)).transpose() {
        Ok(channel) => channel,
        Err(why) => return CarrierReply::never(why),
    };
    let channel = of_its_tenant.as_ref().unwrap_or(channel);
    let is_mail = channel.kind == ChannelType::Email;
    let prepared = match is_mail {
        true => mail::content(notify, organisation, channel, message).await.map(|content| content.map(Cow::Owned)),
        false => Ok(Ok(Cow::Borrowed(&message.content))),
    };
    let content = match prepared {
        Ok(Ok(content)) => content,
        Ok(Err(why)) => return CarrierReply::never(why),
        Err(error) => return CarrierReply::later(error.to_string()),
    };
    let slack_token = match needs_slack_token(channel, message) {
        true => slack::token_for(notify, organisation, channel, message, of_tenant).await,
        false => Ok(None),
    };
    let slack_token = match slack_token {
        Ok(token) => token,
        Err(error) => return CarrierReply::later(error.to_string()),
    };
    let is_commercial = message.content.get("is_commercial") == Some(&Value::Bool(true));
    let unsubscribe_address =
        (is_mail && is_commercial).then(|| tracking::unsubscribe_address(notify, organisation, &message.recipient));
    let status_path = sms::status_path(organisation.as_str(), &channel.id, &message.id);
    let parcel = Parcel {
        organisation: organisation.as_str(),
        channel,
        message: &message.id,
        content: &content,
        data: &message.data,
        slack_token: slack_token.as_deref(),
        status_address: &format!("{}{status_path}", notify.base_url),
        unsubscribe_address: unsubscribe_address.as_deref(),
    };
    let mut said = notify.carriers.carry(parcel).await;
    let facts = std::mem::take(&mut said.facts);
    Carried { notify, organisation, channel, message, of_tenant }.store(facts).await;
    said
}

/// True if the message goes to Slack as the app, not through a webhook.
fn needs_slack_token(channel: &Channel, message: &Message) -> bool {
    let webhook = message.content["connection"]["incoming_webhook"]["url"].as_str().unwrap_or_default();
    channel.carrier() == Some(Provider::ChatSlack) && webhook.is_empty()
}

/// Finds a message, its channel, and the tenant's data for the channel. A message without a tenant
/// that was stored just now is taken from memory.
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

/// A message, its channel, and its tenant's data for the channel.
type Parts = (Message, Option<Channel>, Option<Value>);

/// Reads a message, its channel, and its tenant's data for the channel. `None` if the message is no
/// longer due.
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

/// Stores a failed attempt that will be repeated, so that it can be seen meanwhile.
async fn attempted(notify: &Notify, args: &Args, attempt: &Attempt, why: &str, log: Vec<Value>) -> Result<Error> {
    let now = notify.clock.now();
    let data = json!({ "attempt": attempt.job.attempt + 1, "max_attempts": ATTEMPTS, "failure_details": why });
    let kind = EventKind::DeliveryAttempted;
    let told = messages::StatusUpdate {
        delivery: log,
        ..told(&args.message, Status::DeliveryAttempted, kind, Some(&data), now)
    };
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
) -> messages::StatusUpdate {
    messages::StatusUpdate {
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
        let told: Vec<messages::StatusUpdate> = of_it.map(|note| note.told.clone()).collect();
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
