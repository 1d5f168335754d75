//! The loop around the core: wakes it, loads for it, runs what it starts, settles what ends.
//!
//! One task owns the core and the lease; handlers run in tasks of their own and report back
//! through the same channel that new jobs come in by, so nothing here is locked.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_base::{Error, Timestamp};
use campanile_db::{Apply, Lane, Result};
use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::core::{Core, Limits, Settled};
use crate::job::{Commit, Job, JobId, Outcome, Verdict};
use crate::registry::{Attempt, Registered, Registry};
use crate::{Engine, store};

/// How many jobs are kept in memory.
const CAPACITY: usize = 100_000;
/// Jobs that are due later than this stay in the table until their time comes nearer.
const HORIZON: Duration = Duration::from_secs(60);
/// How often the jobs that come due within the horizon are loaded.
const RELOAD: Duration = Duration::from_secs(20);
/// How often PostgreSQL is asked for jobs that another node stored: nobody announces those here.
const POLL: Duration = Duration::from_secs(1);
/// With so many jobs at hand there is no hurry to look for those of other nodes.
const BUSY: usize = 1_000;
/// How long a node that does not renew keeps its shards.
const LEASE: Duration = Duration::from_secs(15);
/// How often the lease is renewed.
const HEARTBEAT: Duration = Duration::from_secs(4);

/// What the loop is told.
pub(crate) enum Message {
    /// These were stored just now.
    Offer(Vec<Job>),
    /// This one ended.
    Settled(JobId, Settled),
}

/// A running engine; stop it before the database goes away.
pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts nothing more, waits up to `grace` for what is under way, and gives the lease back.
    pub async fn stop(self, grace: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(grace, self.task).await.is_err() {
            tracing::warn!(?grace, "jobs were still running when the engine stopped; they will run again");
        }
    }
}

pub(crate) async fn start(
    engine: Engine,
    inbox: mpsc::UnboundedReceiver<Message>,
    registry: Registry,
    node: &str,
) -> Result<Running> {
    let epoch = engine.db.write(|tx| Box::pin(store::new_epoch(tx))).await?;
    let limits = registry.kinds.iter().map(|(kind, registered)| {
        let options = &registered.options;
        ((*kind).to_owned(), Limits { concurrency: options.concurrency, per_key: options.per_key })
    });
    let core = Core::new(limits.collect(), CAPACITY, HORIZON);
    let shared = Arc::new(Shared { finish: finish_lane(&engine, epoch), engine, epoch, kinds: registry.kinds });
    let driver = Driver { core, node: node.to_owned(), holds_lease: false, shared, inbox };
    let stop = CancellationToken::new();
    let task = tokio::spawn(driver.run(stop.clone()));
    Ok(Running { stop, task })
}

/// What every running job needs.
struct Shared {
    engine: Engine,
    epoch: i64,
    kinds: HashMap<&'static str, Registered>,
    finish: Lane<(JobId, i64), bool>,
}

/// Plain completions share their transactions.
fn finish_lane(engine: &Engine, epoch: i64) -> Lane<(JobId, i64), bool> {
    let apply: Apply<(JobId, i64), bool> = Arc::new(move |tx, jobs| {
        Box::pin(async move { Ok(store::remove(tx, &jobs, epoch).await?.into_iter().map(|rows| rows == 1).collect()) })
    });
    Lane::start(engine.db.clone(), apply)
}

struct Driver {
    core: Core,
    node: String,
    holds_lease: bool,
    shared: Arc<Shared>,
    inbox: mpsc::UnboundedReceiver<Message>,
}

impl Driver {
    async fn run(mut self, stop: CancellationToken) {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let mut reload = tokio::time::interval(RELOAD);
        let mut poll = tokio::time::interval(POLL);
        let has_peers = self.shared.engine.db.engine() == campanile_db::Engine::Postgres;
        let mut news = Vec::new();
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                _ = heartbeat.tick() => self.keep_lease().await,
                _ = reload.tick() => self.load().await,
                _ = poll.tick(), if has_peers && self.core.known() < BUSY => self.load().await,
                () = tokio::time::sleep(self.until_next_timer()) => {}
                _ = self.inbox.recv_many(&mut news, 1_024) => {}
            }
            self.take_in(&mut news);
            if self.core.wants_more() {
                self.load().await;
            }
            if self.holds_lease && !stop.is_cancelled() {
                self.start_what_is_ready();
            }
        }
        self.drain().await;
    }

    fn until_next_timer(&self) -> Duration {
        let due = self.core.next_due();
        // A manual clock moves without telling; look at it often enough.
        due.map_or(POLL, |due| due.since(self.now())).clamp(Duration::from_millis(1), POLL)
    }

    fn take_in(&mut self, news: &mut Vec<Message>) {
        let now = self.now();
        for message in news.drain(..) {
            match message {
                Message::Offer(jobs) => jobs.into_iter().for_each(|job| self.offer(job, now)),
                Message::Settled(id, settled) => self.core.settle(&id, settled, now),
            }
        }
        metrics::gauge!("campanile_jobs_in_memory").set(self.core.known() as f64);
        metrics::gauge!("campanile_jobs_running").set(self.core.running() as f64);
    }

    /// Without the lease nothing is kept: whoever gets it will load the table.
    fn offer(&mut self, job: Job, now: Timestamp) {
        if self.holds_lease {
            self.core.offer(job, now);
        }
    }

    fn start_what_is_ready(&mut self) {
        for job in self.core.start(self.now()) {
            let shared = self.shared.clone();
            tokio::spawn(async move {
                let id = job.id.clone();
                let messages = shared.engine.messages.clone();
                let settled = run(shared, job).await;
                let _ = messages.send(Message::Settled(id, settled));
            });
        }
    }

    async fn keep_lease(&mut self) {
        let (node, epoch, now) = (self.node.clone(), self.shared.epoch, self.now());
        let held = self.shared.engine.db.write(move |tx| {
            Box::pin(async move {
                let kept = store::renew_shards(tx, epoch, now, LEASE).await?;
                let taken = store::take_shards(tx, &node, epoch, now, LEASE).await?;
                Ok::<_, campanile_db::Error>((kept, taken))
            })
        });
        match held.await {
            Ok((kept, taken)) => self.lease_is(kept + taken == store::SHARDS, taken > 0).await,
            // Completions are fenced; without news from the database there is nothing better to do.
            Err(error) => tracing::warn!(%error, "the lease could not be renewed"),
        }
    }

    async fn lease_is(&mut self, held: bool, grew: bool) {
        if self.holds_lease && !held {
            tracing::warn!(node = self.node, "another node has taken over the work");
            self.core.forget();
        }
        self.holds_lease = held;
        if held && grew {
            tracing::info!(node = self.node, epoch = self.shared.epoch, "this node runs the jobs");
            self.load().await;
        }
    }

    /// Loads what is due soon; what is known already is not taken twice.
    async fn load(&mut self) {
        if !self.holds_lease {
            return;
        }
        let until = self.now().plus(HORIZON);
        let due = self.shared.engine.db.read(move |tx| Box::pin(store::due(tx, until, CAPACITY as i64))).await;
        match due {
            Ok(jobs) => {
                let now = self.now();
                jobs.into_iter().for_each(|job| self.core.offer(job, now));
            }
            Err(error) => tracing::warn!(%error, "the jobs that are due could not be loaded"),
        }
    }

    async fn drain(mut self) {
        let mut news = Vec::new();
        while self.core.running() > 0 && self.inbox.recv_many(&mut news, 1_024).await > 0 {
            self.take_in(&mut news);
        }
        let epoch = self.shared.epoch;
        let released = self.shared.engine.db.write(move |tx| Box::pin(store::release_shards(tx, epoch))).await;
        if let Err(error) = released {
            tracing::warn!(%error, "the lease could not be given back; it will run out");
        }
    }

    fn now(&self) -> Timestamp {
        self.shared.engine.clock.now()
    }
}

/// One attempt, from the handler to the committed verdict.
async fn run(shared: Arc<Shared>, job: Job) -> Settled {
    let Some(registered) = shared.kinds.get(job.kind.as_str()) else { return Settled::Gone };
    let began = Instant::now();
    let is_last = job.attempt + 1 >= registered.options.max_attempts;
    // Called within the guard: a handler may panic before it has made its future, too.
    let attempt = async { (registered.handler)(Attempt { job: job.clone(), is_last }).await };
    let guarded = tokio::time::timeout(registered.options.timeout, AssertUnwindSafe(attempt).catch_unwind());
    let outcome = match guarded.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Error::internal("the handler panicked")),
        Err(_) => Err(Error::internal(format!("the attempt took longer than {:?}", registered.options.timeout))),
    };
    let outcome = outcome.unwrap_or_else(|error| judge_failure(registered, &job, &error));
    metrics::histogram!("campanile_job_seconds", "kind" => job.kind.clone()).record(began.elapsed().as_secs_f64());
    settle(&shared, registered, &job, outcome).await
}

/// What a failure means for the job, by its options.
fn judge_failure(registered: &Registered, job: &Job, error: &Error) -> Outcome {
    let failures = job.attempt + 1;
    let error = error.chain();
    tracing::warn!(job = %job.id, kind = job.kind, failures, error, "a job failed");
    if failures >= registered.options.max_attempts {
        return Outcome::of(Verdict::Dead { error });
    }
    Outcome::of(Verdict::Retry { after: registered.options.backoff.wait(failures), error })
}

/// Commits the verdict; while the database is away, again and again with growing patience.
async fn settle(shared: &Arc<Shared>, registered: &Registered, job: &Job, outcome: Outcome) -> Settled {
    let Outcome { mut verdict, mut commit } = outcome;
    for tries in 1.. {
        match commit_verdict(shared, registered, job, verdict.clone(), commit.take()).await {
            Ok(settled) => {
                count(job, &verdict);
                return settled;
            }
            // What the handler wanted to write is used up: the attempt has failed.
            Err(error) if tries == 1 => {
                let failed = judge_failure(registered, job, &error);
                (verdict, commit) = (failed.verdict, failed.commit);
            }
            Err(error) => {
                tracing::warn!(job = %job.id, error = error.chain(), "a verdict could not be committed");
                tokio::time::sleep(Duration::from_millis(200 * tries.min(25))).await;
            }
        }
    }
    Settled::Gone
}

async fn commit_verdict(
    shared: &Arc<Shared>,
    registered: &Registered,
    job: &Job,
    verdict: Verdict,
    commit: Option<Commit>,
) -> campanile_base::Result<Settled> {
    if verdict == Verdict::Done && commit.is_none() {
        shared.finish.submit((job.id.clone(), job.generation)).await?;
        return Ok(Settled::Gone);
    }
    let (job, epoch, now, on_death) =
        (job.clone(), shared.epoch, shared.engine.clock.now(), registered.on_death.clone());
    shared
        .engine
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (ours, settled) = match &verdict {
                    Verdict::Done => (take(tx, &job, epoch).await?, Settled::Gone),
                    Verdict::Retry { after, error } => {
                        let due = now.plus(*after);
                        (store::postpone(tx, &job, epoch, due, error).await?, Settled::Again { due })
                    }
                    Verdict::Dead { error } => {
                        let created = store::created_at(tx, &job.id).await?;
                        let ours = take(tx, &job, epoch).await?;
                        if ours {
                            store::bury(tx, &job, now, created.unwrap_or(now), error).await?;
                            if let Some(write) = on_death {
                                write(tx, &job, error).await?;
                            }
                        }
                        (ours, Settled::Gone)
                    }
                };
                if !ours {
                    tracing::info!(job = %job.id, "a completion came too late and changed nothing");
                    return Ok(Settled::Gone);
                }
                if let Some(commit) = commit {
                    commit(tx).await?;
                }
                Ok(settled)
            })
        })
        .await
}

async fn take(tx: &mut campanile_db::Tx, job: &Job, epoch: i64) -> Result<bool> {
    Ok(store::remove(tx, &[(job.id.clone(), job.generation)], epoch).await? == [1])
}

fn count(job: &Job, verdict: &Verdict) {
    let end = match verdict {
        Verdict::Done => "done",
        Verdict::Retry { .. } => "retried",
        Verdict::Dead { .. } => "dead",
    };
    metrics::counter!("campanile_jobs_total", "kind" => job.kind.clone(), "end" => end).increment(1);
}
