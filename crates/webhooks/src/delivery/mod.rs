//! Delivery: one message to one endpoint, until it is answered or given up.
//!
//! A job per message and endpoint. It takes the endpoint as it is now, so a changed address or
//! secret counts from the next attempt on; an endpoint that was disabled, deleted or no longer
//! wants the message drops it. What came of an attempt is written down in the transaction that ends or postpones
//! the job, together with that of all others that end at the same time: an attempt that is written down
//! was made, and what it says happened.
//!
//! An attempt that somebody asked for is made once, whatever the endpoint asks for. When it fails, the
//! schedule goes on as planned; when it succeeds, the next attempt of the schedule sees that and ends.

mod request;
mod retry;

use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_accounts::live::NewsKind;
use campanile_accounts::{Caller, OrganisationId, Permission, WorkspaceId};
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::{JobOptions, NewJob, Outcome, Registry, Verdict};
use campanile_net::{Response, SendError};
use serde::{Deserialize, Serialize};

use crate::applications::{self, ApplicationId};
use crate::attempts::{self, Attempt, AttemptId, MANUAL, Status};
use crate::directory::{Entry, Target};
use crate::endpoints::{self, Endpoint, EndpointId};
use crate::messages::{self, Message, MessageId};
use crate::operational::{self, AttemptChange};
use crate::{Webhooks, endpoints::queries as endpoint_queries};

pub use retry::{Plan, plan};

/// The kind of job that delivers.
pub const DELIVER: &str = "webhooks.deliver";

/// How many deliveries are under way at a time on a node, and to one endpoint: many slow endpoints
/// together do not take what the others need.
const CONCURRENCY: usize = 2_048;
const PER_ENDPOINT: usize = 32;

/// What the job is stored with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeliverArgs {
    /// The application.
    pub application: String,
    /// The message.
    pub message: String,
    /// The endpoint.
    pub endpoint: String,
    /// Whether somebody asked for this attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_manual: bool,
}

/// A delivery that somebody asks for.
pub(crate) fn manual(organisation: &OrganisationId, message: &Message, endpoint: &EndpointId) -> NewJob {
    let args = DeliverArgs {
        application: message.application_id.to_string(),
        message: message.id.to_string(),
        endpoint: endpoint.to_string(),
        is_manual: true,
    };
    NewJob::new(DELIVER, organisation.as_str(), &args).key(endpoint.as_str())
}

/// Asks for another attempt of a message at an endpoint; `false` when its payload is there no more. A disabled
/// endpoint is sent nothing.
///
/// # Errors
/// `Forbidden` for who may not.
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

/// Registers the job.
pub fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let options = JobOptions {
        // Its own plan decides; this bounds only what is not an answer, such as a lost database.
        max_attempts: 100,
        concurrency: CONCURRENCY,
        per_key: PER_ENDPOINT,
        timeout: webhooks.settings.request_timeout + Duration::from_secs(30),
        ..JobOptions::default()
    };
    let within = webhooks.clone();
    registry.register(DELIVER, options, move |attempt| {
        let webhooks = within.clone();
        async move { deliver(&webhooks, attempt.job.args()?, attempt.job.attempt).await }
    });
    let within = webhooks.clone();
    registry.settle(DELIVER, move |tx, made: Vec<Arc<Made>>| {
        let webhooks = within.clone();
        Box::pin(async move {
            let written = write_down(tx, &webhooks, &made).await;
            written.map_err(|error| campanile_db::Error::Unavailable(error.chain()))
        })
    });
}

/// An attempt that was made.
struct Made {
    entry: Arc<Entry>,
    target: Arc<Target>,
    message: Arc<Message>,
    attempt: Attempt,
    plan: Plan,
}

async fn deliver(webhooks: &Webhooks, args: DeliverArgs, failures: u32) -> Result<Outcome> {
    let Some((entry, target, message)) = load(webhooks, &args, failures).await? else { return Ok(Outcome::done()) };
    let now = webhooks.clock.now();
    let Some(request) = request::signed(webhooks, &message, &target, now) else { return Ok(Outcome::done()) };
    let began = Instant::now();
    let answer = webhooks.client.send(request).await;
    let took = began.elapsed();
    metrics_of(&answer, took);
    // Without a schedule there is no other attempt.
    let schedule: &[Duration] = if args.is_manual { &[] } else { &webhooks.settings.retry_schedule };
    let plan = plan(schedule, failures, &answer, webhooks.clock.now());
    let attempt = Attempt {
        id: AttemptId::new(now),
        message_id: message.id.clone(),
        endpoint_id: target.endpoint.id.clone(),
        number: if args.is_manual { MANUAL } else { i64::from(failures) },
        url: target.endpoint.url.clone(),
        status: if plan == Plan::Delivered { Status::Success } else { Status::Fail },
        status_code: answer.as_ref().map_or(0, |answer| i64::from(answer.status)),
        response: response_text(&answer),
        duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        created_at: now,
        next_at: plan.wait().map(|wait| webhooks.clock.now().plus(wait)),
    };
    let verdict = match &plan {
        Plan::Again(wait) => Verdict::Retry { after: *wait, error: error_of(&attempt) },
        Plan::Delivered | Plan::GiveUp | Plan::Abort | Plan::Disable => Verdict::Done,
    };
    Ok(Outcome::of(verdict).noting(Made { entry, target, message, attempt, plan }))
}

type Loaded = Option<(Arc<Entry>, Arc<Target>, Arc<Message>)>;

/// What a delivery needs; nothing when the message is not to be delivered any more.
async fn load(webhooks: &Webhooks, args: &DeliverArgs, failures: u32) -> Result<Loaded> {
    let recent = match args.is_manual || failures > 0 {
        true => None,
        false => webhooks.recent.take(&MessageId::from(args.message.clone())),
    };
    let application = ApplicationId::from(args.application.clone());
    let Some(entry) = webhooks.directory.for_delivery(webhooks, &application).await? else { return Ok(None) };
    let Some(target) = entry.target(&args.endpoint).filter(|target| !target.endpoint.disabled).cloned() else {
        return Ok(None);
    };
    let message = match recent {
        Some(message) => message,
        None => match stored(webhooks, args, failures).await? {
            Some(message) => Arc::new(message),
            None => return Ok(None),
        },
    };
    let wants = args.is_manual || target.wants(&message);
    Ok(wants.then_some((entry, target, message)))
}

/// The message as it is stored; nothing where an attempt in between has delivered it.
async fn stored(webhooks: &Webhooks, args: &DeliverArgs, failures: u32) -> Result<Option<Message>> {
    let args = args.clone();
    let message = webhooks.db.read(move |tx| {
        Box::pin(async move {
            if failures > 0 && attempts::queries::how_it_went(tx, &args.message, &args.endpoint).await?.0 {
                return Ok(None);
            }
            messages::queries::by_id(tx, &args.application, &args.message).await
        })
    });
    Ok(message.await?)
}

fn response_text(answer: &std::result::Result<Response, SendError>) -> String {
    match answer {
        // PostgreSQL's text cannot hold the character NUL.
        Ok(answer) => match std::str::from_utf8(&answer.body) {
            Ok(text) => text.replace('\0', "\u{fffd}"),
            Err(error) if error.error_len().is_none() => {
                // Cut within a character.
                String::from_utf8_lossy(&answer.body[..error.valid_up_to()]).replace('\0', "\u{fffd}")
            }
            Err(_) => request::base64(&answer.body),
        },
        Err(error) => error.to_string(),
    }
}

fn error_of(attempt: &Attempt) -> String {
    let line: String = attempt.response.lines().next().unwrap_or_default().chars().take(200).collect();
    format!("{} answered {}: {line}", attempt.url, attempt.status_code)
}

async fn write_down(tx: &mut Tx, webhooks: &Webhooks, made: &[Arc<Made>]) -> Result<()> {
    let mut adjusted = Vec::new();
    for made in made.iter().filter(|made| made.attempt.number == MANUAL && made.plan != Plan::Delivered) {
        // The schedule goes on as planned.
        let next_at = attempts::queries::next_planned(tx, &made.attempt).await?;
        adjusted.push(Attempt { next_at, ..made.attempt.clone() });
    }
    let is_adjusted = |made: &&Arc<Made>| !adjusted.iter().any(|attempt| attempt.id == made.attempt.id);
    let attempts: Vec<&Attempt> = made.iter().filter(is_adjusted).map(|made| &made.attempt).chain(&adjusted).collect();
    attempts::queries::insert(tx, &attempts).await?;
    for made in made {
        follow_up(tx, webhooks, made).await?;
    }
    Ok(())
}

/// What an attempt leads to beside itself.
async fn follow_up(tx: &mut Tx, webhooks: &Webhooks, made: &Made) -> Result<()> {
    let (application, endpoint) = (&made.entry.application, &made.target.endpoint);
    match &made.plan {
        Plan::Delivered if made.target.is_failing => {
            if endpoint_queries::works_again(tx, &endpoint.id).await? {
                applications::touch(tx, webhooks, &application.id).await?;
            }
        }
        Plan::Delivered | Plan::Again(_) | Plan::Abort => {}
        Plan::Disable => {
            endpoints::disable(tx, webhooks, application, endpoint, None, "the endpoint asked for it").await?;
        }
        Plan::GiveUp if made.attempt.number == MANUAL => {}
        Plan::GiveUp => gave_up(tx, webhooks, made).await?,
    }
    let (is_success, is_last) = (made.plan == Plan::Delivered, made.plan.wait().is_none());
    if made.attempt.number != MANUAL
        && let Some(change) = AttemptChange::of(&made.attempt, is_success, is_last)
    {
        operational::attempted(tx, webhooks, application, &made.message, &made.attempt, change).await?;
    }
    // The workspace whose application this is, for those who watch it; others watch nothing.
    if let Some(uid) = application.uid.as_ref().filter(|uid| uid.starts_with("ws_")) {
        let (live, workspace, id) = (webhooks.live.clone(), WorkspaceId::from(uid.clone()), made.attempt.id.clone());
        tx.after_commit(move || live.tell(&workspace, NewsKind::Attempt, id.as_str()));
    }
    Ok(())
}

async fn gave_up(tx: &mut Tx, webhooks: &Webhooks, made: &Made) -> Result<()> {
    let (application, endpoint, now) = (&made.entry.application, &made.target.endpoint, webhooks.clock.now());
    let since: Option<Timestamp> = endpoint_queries::gave_up(tx, &endpoint.id, now).await?;
    if since == Some(now) {
        // Those who deliver to it are to know that a success is news.
        applications::touch(tx, webhooks, &application.id).await?;
    }
    match since.is_some_and(|since| now.since(since) > webhooks.settings.disable_after) {
        true => {
            let why = "the endpoint has taken nothing for too long";
            endpoints::disable(tx, webhooks, application, endpoint, since, why).await
        }
        false => Ok::<_, Error>(()),
    }
}

fn metrics_of(answer: &std::result::Result<Response, SendError>, took: Duration) {
    let end = match answer {
        Ok(answer) if (200..300).contains(&answer.status) => "delivered",
        Ok(_) => "refused",
        Err(_) => "unanswered",
    };
    metrics::counter!("campanile_webhook_attempts_total", "end" => end).increment(1);
    metrics::histogram!("campanile_webhook_seconds").record(took.as_secs_f64());
}
