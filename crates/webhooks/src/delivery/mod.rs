//! Delivers a message to its endpoints, until each has accepted it or is given up.
//!
//! # The jobs
//! A message is stored with one job. That job makes the first attempt at every endpoint that wants
//! the message, at all of them at the same time. Each retry is a job of its own, with the endpoint
//! as its key. So is each first attempt that would have to wait, because the endpoint has its
//! maximum of requests [under way](endpoint_limits) or is failing: such an endpoint holds up no others.
//!
//! An attempt uses the endpoint's current settings, so a new address or secret counts from the next
//! attempt on. A delivery to an endpoint that was disabled or deleted, or that no longer wants the
//! message, is dropped.
//!
//! # What is recorded
//! The attempts are recorded in the transaction that ends their job, together with those of other
//! jobs that end at the same time. If some endpoints are slow, the job does not wait for them:
//! after [`SETTLED_AFTER`], the outcomes known so far are recorded and removed from the job. So
//! every recorded attempt has really happened, and after a crash only unrecorded ones are sent
//! again.
//!
//! If an endpoint has a [line](crate::lines), due deliveries join the line. They are sent when the
//! line releases them.
//!
//! A manual attempt, which a user has asked for, is made once, whatever Retry-After the endpoint
//! sends. If it fails, the schedule continues as planned. If it succeeds, the next scheduled
//! attempt sees that and ends.

mod authorization;
mod endpoint_limits;
mod exchange;
mod failures;
mod record;
mod request;
mod retry;

use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::Result;
use campanile_db::Tx;
use campanile_engine::{JobOptions, NewJob, Outcome, Registry};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use crate::Webhooks;
use crate::directory::{Entry, Pace, Target};
use crate::lines::waiting::Waiting;
use crate::model::applications::ApplicationId;
use crate::model::attempts::{self, Attempt, MANUAL};
use crate::model::endpoints::{Endpoint, EndpointId};
use crate::model::messages::{self, Message, MessageId};
pub(crate) use endpoint_limits::EndpointLimits;
pub(crate) use exchange::{Exchange, exchange, exchange_body};
pub(crate) use failures::Failures;
pub(crate) use record::{DeliveryOutcome, MadeAttempt, follow_up_all};

pub use retry::{Plan, plan};

/// The kinds of jobs: the first attempts of a message, and another attempt at one endpoint.
pub const DELIVER: &str = "webhooks.deliver";
const DELIVER_AGAIN: &str = "webhooks.deliver_again";

/// The maximum number of messages under way at a time on a node, of other attempts, and of other
/// attempts at one endpoint.
const CONCURRENCY: usize = 4_096;
const AGAIN: usize = 4_096;
const AGAIN_PER_ENDPOINT: usize = 32;
/// The time that an attempt may wait for a script worker and a connection.
const TURN: Duration = Duration::from_secs(300);
/// The time after which known outcomes are recorded, although others are still open.
const SETTLED_AFTER: Duration = Duration::from_millis(250);

/// The arguments of the job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeliverArgs {
    pub(crate) application: String,
    pub(crate) message: String,
    pub(crate) endpoints: Vec<String>,
    /// The number of attempts that have failed so far.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) failures: u32,
    /// True if a user asked for this attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_manual: bool,
    /// True if the endpoint's line has released it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_released: bool,
}

fn is_none(failures: &u32) -> bool {
    *failures == 0
}

impl DeliverArgs {
    fn of(message: &Message, endpoints: Vec<String>) -> Self {
        let (application, message) = (message.application_id.to_string(), message.id.to_string());
        Self { application, message, endpoints, failures: 0, is_manual: false, is_released: false }
    }
}

/// The first attempts of a message.
pub(crate) fn first(organisation: &OrganisationId, message: &Message, endpoints: Vec<String>) -> NewJob {
    NewJob::new(DELIVER, organisation.as_str(), &DeliverArgs::of(message, endpoints))
}

/// The first attempt of a message at one endpoint, as a job that may wait for the endpoint.
pub(crate) fn single(organisation: &OrganisationId, message: &Message, endpoint: &EndpointId) -> NewJob {
    again(organisation, &DeliverArgs::of(message, vec![endpoint.to_string()]))
}

/// An attempt that a user asked for.
pub(crate) fn manual(organisation: &OrganisationId, message: &Message, endpoint: &EndpointId) -> NewJob {
    let args = DeliverArgs { is_manual: true, ..DeliverArgs::of(message, vec![endpoint.to_string()]) };
    again(organisation, &args)
}

/// A delivery that a line has released.
pub(crate) fn released(
    organisation: &OrganisationId,
    application: &ApplicationId,
    endpoint: &str,
    waiting: &Waiting,
) -> NewJob {
    let args = DeliverArgs {
        application: application.to_string(),
        message: waiting.message.clone(),
        endpoints: vec![endpoint.to_owned()],
        failures: waiting.failures,
        is_manual: waiting.is_manual,
        is_released: true,
    };
    NewJob::new(DELIVER, organisation.as_str(), &args)
}

fn again(organisation: &OrganisationId, args: &DeliverArgs) -> NewJob {
    NewJob::new(DELIVER_AGAIN, organisation.as_str(), args).key(args.endpoints.join(","))
}

/// Asks for another attempt of a message at an endpoint; `false` when its payload no longer exists.
/// A disabled endpoint is sent nothing.
///
/// # Errors
/// `Forbidden` without the permission to configure.
pub async fn resend(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    message: &Message,
    endpoint: &Endpoint,
) -> Result<bool> {
    caller.must(Permission::Configure)?;
    if message.payload.is_none() {
        return Ok(false);
    }
    webhooks.engine.enqueue(tx, manual(&caller.organisation, message, &endpoint.id)).await?;
    Ok(true)
}

/// Registers the jobs.
pub fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let options = JobOptions {
        // The retry schedule decides. This bounds only failures without an answer, such as a lost
        // database.
        max_attempts: 100,
        concurrency: CONCURRENCY,
        timeout: webhooks.settings.request_timeout + TURN,
        ..JobOptions::default()
    };
    let again = JobOptions { concurrency: AGAIN, per_key: AGAIN_PER_ENDPOINT, ..options.clone() };
    for (kind, options) in [(DELIVER, options), (DELIVER_AGAIN, again)] {
        let within = webhooks.clone();
        registry.register(kind, options, move |attempt| {
            let webhooks = within.clone();
            let turn = if kind == DELIVER { Turn::Now } else { Turn::InLine };
            async move { deliver(&webhooks, attempt.job.args()?, attempt.job.id.as_str(), turn).await }
        });
        let within = webhooks.clone();
        registry.settle(kind, move |tx, settled: Vec<Arc<DeliveryOutcome>>| {
            let webhooks = within.clone();
            Box::pin(async move { Ok(record::write_down(tx, &webhooks, &settled).await?) })
        });
    }
}

/// The treatment of an attempt that cannot be made now: `Now` leaves it to another job, `InLine`
/// waits for a failing endpoint's turn first.
#[derive(Clone, Copy)]
enum Turn {
    Now,
    InLine,
}

/// Makes the attempts of a job.
async fn deliver(webhooks: &Webhooks, args: DeliverArgs, job: &str, turn: Turn) -> Result<Outcome> {
    let Some((entry, message)) = load(webhooks, &args).await? else { return Ok(Outcome::done()) };
    let mut settled = DeliveryOutcome::of(&entry, &message);
    let mut underway = FuturesUnordered::new();
    for endpoint in &args.endpoints {
        let Some(target) = settled.entry.target(endpoint).filter(|target| !target.endpoint.disabled).cloned() else {
            continue;
        };
        if !args.is_manual && !target.wants(&settled.message) {
            continue;
        }
        if must_queue(&args, &target, &entry) {
            let (message, failures, is_manual) = (args.message.clone(), args.failures, args.is_manual);
            settled.queued.push((target, Waiting { message, failures, is_manual }));
            continue;
        }
        let permit = match turn {
            Turn::Now => webhooks.underway.take(&target.endpoint.id),
            Turn::InLine => webhooks.underway.take_in_turn(&target.endpoint.id).await,
        };
        match permit {
            Some(permit) => underway.push(attempt(webhooks, settled.message.clone(), target, &args, permit)),
            None => settled.postponed.push(DeliverArgs { endpoints: vec![endpoint.clone()], ..args.clone() }),
        }
    }
    let patience = tokio::time::sleep(SETTLED_AFTER);
    tokio::pin!(patience);
    let mut has_written = false;
    while !underway.is_empty() {
        tokio::select! {
            made = underway.next() => settled.made.extend(made.flatten()),
            () = &mut patience, if !has_written => {
                has_written = true;
                if !settled.is_empty() {
                    let rest = settled.rest_of(&args);
                    settled = record::strike_off(webhooks, settled, job, rest).await?;
                }
            }
        }
    }
    Ok(Outcome::done().noting(settled))
}

/// True if the delivery must join the endpoint's line. A manual attempt at an ordered endpoint does
/// not wait behind failed ones.
fn must_queue(args: &DeliverArgs, target: &Target, entry: &Entry) -> bool {
    match target.pace(&entry.application) {
        Pace::AsItComes => false,
        Pace::Throttled(_) => !args.is_released,
        Pace::InOrder { .. } => !args.is_manual,
        Pace::Polled => true,
    }
}

/// One attempt; `None` when the payload no longer exists.
async fn attempt(
    webhooks: &Webhooks,
    message: Arc<Message>,
    target: Arc<Target>,
    args: &DeliverArgs,
    permit: OwnedSemaphorePermit,
) -> Option<MadeAttempt> {
    let now = webhooks.clock.now();
    let exchange = exchange(webhooks, &message, &target, now).await?;
    drop(permit);
    // An empty schedule means no further attempt.
    let schedule: &[Duration] = if args.is_manual { &[] } else { &webhooks.settings.retry_schedule };
    let ended = webhooks.clock.now();
    let plan = exchange.plan(schedule, args.failures, ended);
    webhooks.underway.ended(&target.endpoint.id, plan == Plan::Delivered);
    let attempt = Attempt {
        number: if args.is_manual { MANUAL } else { i64::from(args.failures) },
        next_at: plan.wait().map(|wait| ended.plus(wait)),
        ..exchange.attempt(&message, &target, &plan, now)
    };
    if plan != Plan::Delivered {
        webhooks.failures.note(&target.endpoint.id, attempt.status_code);
    }
    Some(MadeAttempt { target, attempt, plan })
}

/// The application and the message of a delivery; `None` when the message is not to be delivered
/// any more.
async fn load(webhooks: &Webhooks, args: &DeliverArgs) -> Result<Option<(Arc<Entry>, Arc<Message>)>> {
    let is_first = !args.is_manual && args.failures == 0;
    let recent = is_first.then(|| webhooks.recent.take(&MessageId::from(args.message.clone()))).flatten();
    let application = ApplicationId::from(args.application.clone());
    let Some(entry) = webhooks.directory.for_delivery(webhooks, &application).await? else { return Ok(None) };
    let message = match recent {
        Some(message) => Some(message),
        None => stored(webhooks, args).await?.map(Arc::new),
    };
    Ok(message.map(|message| (entry, message)))
}

/// The message as stored; `None` if another attempt has delivered it in the meantime.
async fn stored(webhooks: &Webhooks, args: &DeliverArgs) -> Result<Option<Message>> {
    let args = args.clone();
    let message = webhooks.db.read(move |tx| {
        Box::pin(async move {
            if let (true, Some(endpoint)) = (args.failures > 0, args.endpoints.first())
                && attempts::queries::how_it_went(tx, &args.message, endpoint).await?.0
            {
                return Ok(None);
            }
            messages::queries::by_id(tx, &args.application, &args.message).await
        })
    });
    Ok(message.await?)
}
