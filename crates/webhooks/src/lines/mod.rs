//! Lines: queues for endpoints whose messages must wait their turn.
//!
//! Most endpoints are sent each message at once. Three kinds of endpoints have a line instead. Its
//! messages are numbered in the transaction that accepts them.
//!
//! - A *throttled* endpoint, or one of a throttled application, releases a limited number a second.
//!   Released messages are delivered like any others. A failed one joins the line again when its
//!   retry is due.
//! - An *ordered* endpoint is sent to [by the line itself](order): one request at a time, with a
//!   batch of messages in it. When a request fails, nothing overtakes it.
//! - A *polled* endpoint is never sent anything: its receiver [asks](poll).
//!
//! # How a line moves
//! A line with messages has a job. The job works for a while, then enqueues its successor. A
//! message that joins a sleeping line wakes it, in the same transaction. A job that finds its line
//! empty puts it to sleep while it holds a lock on the line's row, so no message can join unseen.
//! Each line stores the time until which it is surely awake. If its job is lost (say, a user
//! cancelled it), the next message after that time wakes the line again. So does a [periodic
//! check](queue::wake_all).
//!
//! A line may have several jobs, on several nodes. One of them *keeps* it from start to end; the
//! others wait until it is released. A keeper that dies with its node is run again under the same
//! id, and still keeps the line.

pub mod order;
pub mod poll;
pub(crate) mod queries;
pub(crate) mod queue;
pub(crate) mod waiting;

use std::time::Duration;

use campanile_base::{Result, Timestamp};
use campanile_engine::{Backoff, JobOptions, Outcome, Registry};
use tokio::time::Instant;

use crate::directory::{Entry, Pace, Target};
use crate::{Webhooks, delivery};
use queue::{AWAKE, LINE, LineArgs};

/// The time that a job works before a successor follows, and the longest wait that it sleeps
/// through itself.
const STRETCH: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_secs(2);
/// The extra time that a job keeps its line, in case its node dies and the job is never run again.
const KEPT: Duration = Duration::from_secs(60);
/// The interval at which a waiting job checks if the line was released.
const LOOKED: Duration = Duration::from_millis(500);
/// The number of messages released at a time from a line that has no limit any more.
const AT_ONCE: i64 = 500;
/// The maximum number of releases a second of a throttled line.
const TICKS: i64 = 10;

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let options = JobOptions {
        max_attempts: 100,
        concurrency: 256,
        per_key: 1,
        timeout: STRETCH + webhooks.settings.request_timeout + Duration::from_secs(30),
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(60) },
        ..JobOptions::default()
    };
    let within = webhooks.clone();
    registry.register(LINE, options, move |attempt| {
        let webhooks = within.clone();
        async move { look_after(&webhooks, attempt.job.args()?, attempt.job.id.to_string()).await }
    });
    // A job is given up when its node dies with it again and again. The periodic check then starts
    // another.
    registry.on_death(LINE, |tx, job, _| {
        Box::pin(async move {
            let Ok(LineArgs { endpoint, .. }) = job.args() else { return Ok(()) };
            queries::stay_awake(tx, &endpoint, Timestamp::from_micros(0)).await?;
            queries::let_go(tx, &endpoint, job.id.as_str()).await.map(drop)
        })
    });
}

/// The next step after a turn of a line.
pub(crate) enum Next {
    /// Another turn, after this wait.
    Turn(Duration),
    /// Nothing, until the line is woken.
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

/// Keeps a line for the longest time that a job can run; `false` while another job keeps it.
async fn keep(webhooks: &Webhooks, endpoint: &str, job: &str) -> Result<bool> {
    let (now, endpoint, job) = (webhooks.clock.now(), endpoint.to_owned(), job.to_owned());
    let until = now.plus(STRETCH + webhooks.settings.request_timeout + KEPT);
    let kept = webhooks.db.write(move |tx| {
        Box::pin(async move { Ok::<_, campanile_base::Error>(queries::keep(tx, &endpoint, &job, until, now).await?) })
    });
    kept.await
}

/// Ends a job and releases its line.
fn let_go(endpoint: String, job: String) -> Outcome {
    Outcome::done().with(move |tx| Box::pin(async move { Ok(queries::let_go(tx, &endpoint, &job).await.map(drop)?) }))
}

/// Ends a job with a successor. Successors for the same second are one job.
async fn followed(webhooks: &Webhooks, args: LineArgs, job: String, wait: Duration) -> Result<Outcome> {
    let now = webhooks.clock.now();
    let (application, within) = (args.application.clone().into(), webhooks.clone());
    let Some(entry) = webhooks.directory.for_delivery(webhooks, &application).await? else {
        return Ok(let_go(args.endpoint, job));
    };
    let at = now.plus(wait);
    let next = queue::job(&entry.application.organisation_id, &application, &args.endpoint).after(wait);
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

/// Puts a line to sleep although messages wait in it: nothing can be sent at present.
async fn close(webhooks: &Webhooks, endpoint: &str) -> Result<Next> {
    let endpoint = endpoint.to_owned();
    let asleep = Timestamp::from_micros(0);
    webhooks.db.write(move |tx| Box::pin(async move { queries::stay_awake(tx, &endpoint, asleep).await })).await?;
    Ok(Next::Sleep)
}

/// Puts a line to sleep, unless messages wait in it.
async fn sleep_if_empty(webhooks: &Webhooks, endpoint: &str) -> Result<Next> {
    let endpoint = endpoint.to_owned();
    let slept = webhooks.db.write(move |tx| {
        Box::pin(async move {
            // Joining locks this row, too. Once it is locked here, all that have joined are
            // visible.
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

/// Releases the first messages, at most `many`: each becomes a delivery. Returns their number.
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
            // The line's row last, as in all other writers.
            queries::stay_awake(tx, &endpoint, within.clock.now().plus(AWAKE)).await?;
            Ok::<_, campanile_base::Error>(first.len())
        })
    });
    released.await
}
