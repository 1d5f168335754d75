//! Lines: endpoints whose messages wait for their turn.
//!
//! Most endpoints are sent each message as it comes. Before three kinds there is a line, in which messages are numbered in the
//! transaction that accepts them:
//!
//! - A *throttled* endpoint, or one of a throttled application, lets so many a second pass. They are delivered like any
//!   others from then on, and who has failed stands in line again when its time has come.
//! - An endpoint *in order* is sent to [by the line itself](order): one request at a time, with so many messages in it. When
//!   one fails, nothing overtakes it.
//! - A *polled* endpoint is never sent anything: its receiver [asks](poll).
//!
//! # How a line moves
//! A line with messages has a job, which works for a while and has itself followed. Whoever joins a line that is asleep wakes it, in the
//! same transaction; the job that finds its line empty puts it to sleep while it holds the line's row, so nobody joins
//! unseen. A line says until when it is surely awake: if its job is lost (somebody has cancelled it), the next message after
//! that wakes it again, and so does a [look from time to time](wake_all).
//!
//! Several jobs may be there for one line, on several nodes. One of them *keeps* it, from its beginning to its end; the others wait
//! until it lets go. A keeper that dies with its node is run again under the same id, and keeps what it had.

pub mod order;
pub mod poll;
pub(crate) mod queries;

use std::collections::BTreeMap;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::{Backoff, JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::Webhooks;
use crate::applications::{Application, ApplicationId};
use crate::delivery;
use crate::directory::{Entry, Pace, Target};
use crate::endpoints::EndpointId;
use crate::messages::Message;

/// The kind of job that moves a line.
const LINE: &str = "webhooks.line";
/// How long a job works before another follows it, and what it waits for within that time.
const STRETCH: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_secs(2);
/// For how long a line that a job has looked after is taken to be awake.
const AWAKE: Duration = Duration::from_secs(300);
/// For how long a job keeps its line beyond what it needs, in case its node has died and nobody runs it again.
const KEPT: Duration = Duration::from_secs(60);
/// How often a job looks whether another has let go.
const LOOKED: Duration = Duration::from_millis(500);
/// How many pass at a time where nothing limits them any more.
const AT_ONCE: i64 = 500;
/// A throttled line moves so many times a second at most.
const TICKS: i64 = 10;

/// A message that is to stand in line.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) message: String,
    /// How many attempts have failed.
    pub(crate) failures: u32,
    /// Whether somebody asked for this attempt.
    pub(crate) is_manual: bool,
}

impl Waiting {
    /// One that has yet to be tried.
    pub(crate) fn first(message: &Message) -> Self {
        Self { message: message.id.to_string(), failures: 0, is_manual: false }
    }
}

/// Those who join lines in one transaction: by endpoint, so that all transactions take the lines in the same order.
#[derive(Default)]
pub(crate) struct Joining(BTreeMap<String, Joiners>);

struct Joiners {
    organisation: OrganisationId,
    application: ApplicationId,
    is_polled: bool,
    waiting: Vec<Waiting>,
}

impl Joining {
    /// Has a message stand in the line of an endpoint.
    pub(crate) fn add(&mut self, application: &Application, target: &Target, waiting: Waiting) {
        let joiners = self.0.entry(target.endpoint.id.to_string()).or_insert_with(|| Joiners {
            organisation: application.organisation_id.clone(),
            application: application.id.clone(),
            is_polled: target.pace(application) == Pace::Polled,
            waiting: Vec::new(),
        });
        joiners.waiting.push(waiting);
    }

    /// Numbers them and stores them; what wakes the lines that were asleep is added to `jobs`.
    pub(crate) async fn store(self, tx: &mut Tx, now: Timestamp, jobs: &mut Vec<NewJob>) -> Result<()> {
        for (endpoint, joiners) in self.0 {
            let many = joiners.waiting.len() as i64;
            let (last, awake_until) = queries::take_numbers(tx, &endpoint, &joiners.application, many).await?;
            queries::insert(tx, &endpoint, last - many + 1, &joiners.waiting).await?;
            if !joiners.is_polled && awake_until < now {
                queries::stay_awake(tx, &endpoint, now.plus(AWAKE)).await?;
                jobs.push(job(&joiners.organisation, &joiners.application, &endpoint));
            }
        }
        Ok(())
    }
}

/// What a job is stored with.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LineArgs {
    application: String,
    endpoint: String,
}

fn job(organisation: &OrganisationId, application: &ApplicationId, endpoint: &str) -> NewJob {
    let args = LineArgs { application: application.to_string(), endpoint: endpoint.to_owned() };
    NewJob::new(LINE, organisation.as_str(), &args).key(endpoint)
}

/// Has a line looked after, if anybody stands in it: something has changed that may let it move.
pub(crate) async fn wake(tx: &mut Tx, webhooks: &Webhooks, application: &Application, id: &EndpointId) -> Result<()> {
    if queries::first(tx, id.as_str(), 1).await?.is_empty() {
        return Ok(());
    }
    queries::stay_awake(tx, id.as_str(), webhooks.clock.now().plus(AWAKE)).await?;
    webhooks.engine.enqueue(tx, job(&application.organisation_id, &application.id, id.as_str())).await?;
    Ok(())
}

/// Wakes lines in which somebody stands though nobody looks after them.
pub(crate) async fn wake_all(tx: &mut Tx, webhooks: &Webhooks) -> Result<()> {
    let now = webhooks.clock.now();
    for forgotten in queries::forgotten(tx, now, AT_ONCE).await? {
        queries::stay_awake(tx, &forgotten.endpoint, now.plus(AWAKE)).await?;
        let job = job(&forgotten.organisation.into(), &forgotten.application.into(), &forgotten.endpoint);
        webhooks.engine.enqueue(tx, job).await?;
    }
    Ok(())
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let options = JobOptions {
        max_attempts: 100,
        concurrency: 256,
        per_key: 1,
        timeout: STRETCH + webhooks.settings.request_timeout + Duration::from_secs(30),
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(60) },
    };
    let within = webhooks.clone();
    registry.register(LINE, options, move |attempt| {
        let webhooks = within.clone();
        async move { look_after(&webhooks, attempt.job.args()?, attempt.job.id.to_string()).await }
    });
    // One that was given up, since its node died with it again and again, is followed by another in a while.
    registry.on_death(LINE, |tx, job, _| {
        Box::pin(async move {
            let Ok(LineArgs { endpoint, .. }) = job.args() else { return Ok(()) };
            queries::stay_awake(tx, &endpoint, Timestamp::from_micros(0)).await?;
            queries::let_go(tx, &endpoint, job.id.as_str()).await.map(drop)
        })
    });
}

/// What comes after a turn of a line.
pub(crate) enum Next {
    /// Another, after this time.
    Turn(Duration),
    /// Nothing, until somebody wakes it.
    Sleep,
}

/// Moves a line for a while.
async fn look_after(webhooks: &Webhooks, args: LineArgs, job: String) -> Result<Outcome> {
    let began = Instant::now();
    while !keep(webhooks, &args.endpoint, &job).await? {
        if began.elapsed() > STRETCH {
            return followed(webhooks, args, job, SHORT).await;
        }
        tokio::time::sleep(LOOKED).await;
    }
    let began = Instant::now();
    loop {
        match turn(webhooks, &args).await? {
            Next::Sleep => return Ok(let_go(args.endpoint, job)),
            Next::Turn(wait) if wait <= SHORT && began.elapsed() < STRETCH => tokio::time::sleep(wait).await,
            Next::Turn(wait) => return followed(webhooks, args, job, wait).await,
        }
    }
}

/// Keeps a line for as long as a job can last.
async fn keep(webhooks: &Webhooks, endpoint: &str, job: &str) -> Result<bool> {
    let (now, endpoint, job) = (webhooks.clock.now(), endpoint.to_owned(), job.to_owned());
    let until = now.plus(STRETCH + webhooks.settings.request_timeout + KEPT);
    let kept = webhooks.db.write(move |tx| {
        Box::pin(async move { Ok::<_, campanile_base::Error>(queries::keep(tx, &endpoint, &job, until, now).await?) })
    });
    kept.await
}

/// Ends a job, and lets others keep its line.
fn let_go(endpoint: String, job: String) -> Outcome {
    Outcome::done().with(move |tx| Box::pin(async move { Ok(queries::let_go(tx, &endpoint, &job).await.map(drop)?) }))
}

/// Ends a job with another after it. All that wait for the same moment are one.
async fn followed(webhooks: &Webhooks, args: LineArgs, job: String, wait: Duration) -> Result<Outcome> {
    let now = webhooks.clock.now();
    let (application, within) = (args.application.clone().into(), webhooks.clone());
    let Some(entry) = webhooks.directory.for_delivery(webhooks, &application).await? else {
        return Ok(let_go(args.endpoint, job));
    };
    let at = now.plus(wait);
    let next = self::job(&entry.application.organisation_id, &application, &args.endpoint).after(wait);
    let next = next.dedupe(format!("{LINE} {} {}", args.endpoint, at.as_micros() / 1_000_000));
    Ok(Outcome::done().with(move |tx| {
        Box::pin(async move {
            queries::stay_awake(tx, &args.endpoint, at.plus(AWAKE)).await?;
            queries::let_go(tx, &args.endpoint, &job).await?;
            within.engine.enqueue(tx, next).await?;
            Ok(())
        })
    }))
}

async fn turn(webhooks: &Webhooks, args: &LineArgs) -> Result<Next> {
    let application = args.application.clone().into();
    let Some(entry) = webhooks.directory.for_delivery(webhooks, &application).await? else { return Ok(Next::Sleep) };
    let target = entry.target(&args.endpoint).filter(|target| !target.endpoint.disabled);
    let Some(target) = target.cloned() else { return close(webhooks, &args.endpoint).await };
    match target.pace(&entry.application) {
        Pace::Polled => Ok(Next::Sleep),
        Pace::InOrder { batch_size, max_wait } => order::turn(webhooks, &entry, &target, batch_size, max_wait).await,
        Pace::AsItComes => match release(webhooks, &entry, &target, AT_ONCE).await? {
            0 => sleep_if_empty(webhooks, &args.endpoint).await,
            _ => Ok(Next::Turn(Duration::ZERO)),
        },
        Pace::Throttled(rate) => match release(webhooks, &entry, &target, (rate / TICKS).max(1)).await? {
            0 => sleep_if_empty(webhooks, &args.endpoint).await,
            passed => Ok(Next::Turn(Duration::from_secs_f64(passed as f64 / rate as f64))),
        },
    }
}

/// Puts a line to sleep, whoever stands in it: nothing can be sent at present.
async fn close(webhooks: &Webhooks, endpoint: &str) -> Result<Next> {
    let endpoint = endpoint.to_owned();
    let asleep = Timestamp::from_micros(0);
    webhooks.db.write(move |tx| Box::pin(async move { queries::stay_awake(tx, &endpoint, asleep).await })).await?;
    Ok(Next::Sleep)
}

/// Puts a line to sleep, unless somebody stands in it.
async fn sleep_if_empty(webhooks: &Webhooks, endpoint: &str) -> Result<Next> {
    let endpoint = endpoint.to_owned();
    let slept = webhooks.db.write(move |tx| {
        Box::pin(async move {
            // Who joins holds the row, too: afterwards, all who have joined are seen.
            queries::lock(tx, &endpoint).await?;
            let is_empty = queries::first(tx, &endpoint, 1).await?.is_empty();
            if is_empty {
                queries::stay_awake(tx, &endpoint, Timestamp::from_micros(0)).await?;
            }
            Ok::<_, campanile_base::Error>(is_empty)
        })
    });
    Ok(if slept.await? { Next::Sleep } else { Next::Turn(Duration::ZERO) })
}

/// Lets the first so many pass: each becomes a delivery. Answers how many there were.
async fn release(webhooks: &Webhooks, entry: &Entry, target: &Target, many: i64) -> Result<usize> {
    let (within, organisation) = (webhooks.clone(), entry.application.organisation_id.clone());
    let (application, endpoint) = (entry.application.id.clone(), target.endpoint.id.to_string());
    let released = webhooks.db.write(move |tx| {
        Box::pin(async move {
            let first = queries::first(tx, &endpoint, many).await?;
            let Some(last) = first.last().map(|(number, _)| *number) else { return Ok(0) };
            queries::leave(tx, &endpoint, last).await?;
            let jobs = first
                .iter()
                .map(|(_, waiting)| delivery::released(&organisation, &application, &endpoint, waiting))
                .collect();
            within.engine.enqueue_all(tx, jobs).await?;
            // The line's row last, as all who write to it do.
            queries::stay_awake(tx, &endpoint, within.clock.now().plus(AWAKE)).await?;
            Ok::<_, campanile_base::Error>(first.len())
        })
    });
    released.await
}
