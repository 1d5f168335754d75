//! A node: the loop around the machine. It passes messages to the machine, loads runs for it, and
//! executes the runs that it starts.
//!
//! One task owns the machine and the lease. Each run is a task of its own. It reports through the
//! same channel that brings new runs, so no locks are needed.

pub(crate) mod commit;
pub(crate) mod dead_letter;
mod job;
pub(crate) mod listen;
mod load;
mod membership;
mod queues;
pub(crate) mod shared;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use campanile_base::Timestamp;
use campanile_db::{Bell, on_behalf_of};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::catalogue::Catalogue;
use crate::failure::is_away;
use crate::flow::Hold;
use crate::machine::{Bounds, Core, Limits, Settlement, Turn};
use crate::run::{Run, RunId};
use crate::store::{flow, runs};
use crate::workflow::drive;
use crate::workflow::stored_run;
use crate::{Engine, lifecycle};
use membership::Membership;
use queues::StoredQueues;
use shared::Shared;

pub(crate) use listen::{lock_to_tell, tell};

/// The limits on what is kept in memory.
const BOUNDS: Bounds = Bounds { ready: 40_000, lane: 1_000, timers: 20_000, horizon: Duration::from_secs(60) };
/// The longest time without a look at the table when no message comes. On PostgreSQL, a
/// notification from another node may have been missed.
const POLL: Duration = Duration::from_secs(1);
/// The interval of full scans for runs that no message announced. They should find nothing.
const SWEEP: Duration = Duration::from_secs(60);
/// The interval of metrics, and of storing the throttle usage.
const CHORES: Duration = Duration::from_secs(1);
/// The most queues that are stored for the readers of all nodes.
const MOST_QUEUES: usize = 1_000;
/// The minimum interval between notifications to other nodes.
const TICK: Duration = Duration::from_millis(20);
/// The bell that wakes the nodes on PostgreSQL.
const BELL: &str = "campanile_engine";
/// The number of crashes of its process after which a run is given up.
const MOST_CRASHES: u32 = 8;
/// From this many crashes on, a run waits before it starts, longer each time. Processes are also
/// killed for other reasons, so harmless runs can complete in between.
const CRASHES_TO_WAIT: (u32, Duration) = (3, Duration::from_secs(5));

/// The messages to the loop.
pub(crate) enum Message {
    /// These runs were just stored.
    Offer(Vec<Run>),
    /// This run ended, or continues later.
    Settled(RunId, Settlement),
    /// Another party changed the row of this run.
    Touched(RunId),
    /// A name was paused or resumed.
    Pauses,
    /// A commit had an unknown outcome: runs may be stored that no message announces.
    Doubt,
}

/// A running engine. Stop it before the database is closed.
pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts no more runs, waits up to `grace` for the running ones, and releases the shards.
    pub async fn stop(self, grace: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(grace, self.task).await.is_err() {
            tracing::warn!(?grace, "work was still under way when the engine stopped; it will be done again");
        }
    }
}

pub(crate) async fn start(
    engine: Engine,
    inbox: mpsc::UnboundedReceiver<Message>,
    node: &str,
    lease: Duration,
) -> campanile_db::Result<Running> {
    let life = Membership::begin(&engine, node, lease).await?;
    let bell = engine.db.bell(BELL);
    let core = Core::new(limits(engine.catalogue()), BOUNDS);
    let shared = Arc::new(Shared {
        commits: commit::lane(&engine),
        commits_apart: commit::lane(&engine),
        loads: stored_run::lane(&engine),
        epoch: AtomicI64::new(life.epoch()),
        engine,
    });
    let node = Node {
        core,
        life,
        shared,
        inbox,
        underway: HashMap::new(),
        touched: Vec::new(),
        bell,
        blind_until: None,
        sweep_at: None,
        queues: StoredQueues::default(),
    };
    let stop = CancellationToken::new();
    let task = tokio::spawn(node.run(stop.clone()));
    Ok(Running { stop, task })
}

/// The machine's limits for all registered names.
fn limits(catalogue: &Catalogue) -> HashMap<Arc<str>, Limits> {
    let jobs = catalogue.jobs.iter().map(|(kind, registered)| {
        let options = &registered.options;
        let keys = [(options.per_key != usize::MAX).then_some(options.per_key), None];
        let limits = Limits { concurrency: options.concurrency, keys, ..Limits::default() };
        (Arc::from(*kind), limits)
    });
    let workflows = catalogue.workflows().map(|workflow| {
        let options = &workflow.options;
        let limits = Limits {
            concurrency: options.per_node,
            keys: [0, 1].map(|index| options.limits.get(index).map(|limit| limit.limit)),
            holds: options.hold == Hold::Run,
            throttle: options.throttle.as_ref().map(|throttled| throttled.throttle),
        };
        (Arc::from(workflow.name), limits)
    });
    jobs.chain(workflows).collect()
}

struct Node {
    core: Core,
    life: Membership,
    shared: Arc<Shared>,
    inbox: mpsc::UnboundedReceiver<Message>,
    /// Signals for running runs: each makes its run read its row again.
    underway: HashMap<RunId, Arc<Notify>>,
    /// Runs whose rows must be read again.
    touched: Vec<RunId>,
    bell: Bell,
    /// No reads before this time: the database was not available.
    blind_until: Option<Instant>,
    /// The time of the next scan for runs that no message announced.
    sweep_at: Option<Instant>,
    queues: StoredQueues,
}

impl Node {
    async fn run(mut self, stop: CancellationToken) {
        let mut beat = tokio::time::interval(self.life.interval());
        let mut sweep = tokio::time::interval(SWEEP);
        let mut tick = tokio::time::interval(TICK);
        let mut chores = tokio::time::interval(CHORES);
        for interval in [&mut beat, &mut sweep, &mut tick, &mut chores] {
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        self.read_pauses().await;
        let has_peers = self.shared.engine.db.engine() == campanile_db::Engine::Postgres;
        let mut news = Vec::new();
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                _ = beat.tick() => self.keep_alive().await,
                _ = sweep.tick(), if has_peers => self.core.sweep(),
                _ = chores.tick() => self.do_chores().await,
                () = self.bell.rung(), if has_peers => self.look_around().await,
                _ = tick.tick(), if has_peers && self.rings() => self.ring().await,
                () = tokio::time::sleep(self.until_next_timer()) => self.look_around_if(has_peers).await,
                _ = self.inbox.recv_many(&mut news, 1_024) => {}
            }
            self.take_in(&mut news);
            if self.sweep_at.is_some_and(|at| at <= Instant::now()) {
                self.sweep_at = None;
                self.core.sweep();
            }
            self.load_what_is_wanted().await;
            if !stop.is_cancelled() {
                self.start_what_is_ready().await;
            }
        }
        self.drain().await;
    }

    fn until_next_timer(&self) -> Duration {
        if let Some(until) = self.blind_until {
            return until.saturating_duration_since(Instant::now());
        }
        if self.life.owned() == 0 {
            return POLL;
        }
        if self.core.is_behind(self.now()) {
            return Duration::ZERO;
        }
        let due = self.core.next_due().map_or(POLL, |due| due.since(self.now()));
        let sweep = self.sweep_at.map_or(POLL, |at| at.saturating_duration_since(Instant::now()));
        // A manual clock moves without a signal, so wake up often enough.
        due.min(sweep).clamp(Duration::from_millis(1), POLL)
    }

    fn take_in(&mut self, news: &mut Vec<Message>) {
        let now = self.now();
        for message in news.drain(..) {
            match message {
                Message::Offer(offered) => self.take_offer(offered, now),
                Message::Settled(id, settled) => {
                    self.underway.remove(&id);
                    if matches!(settled, Settlement::Gone) {
                        self.life.marked.remove(&id);
                    }
                    if self.core.settle(&id, settled, now) {
                        self.touched.push(id);
                    }
                }
                Message::Touched(id) => self.touch(id),
                Message::Pauses => self.life.pauses_are_stale = true,
                // By then, a commit on a lost connection is either visible or will never be.
                Message::Doubt => drop(self.sweep_at.get_or_insert(Instant::now() + POLL)),
            }
        }
    }

    /// Offers the runs to the machine. If a run's shard has changed owner meanwhile, the new owner
    /// is told.
    fn take_offer(&mut self, mut offered: Vec<Run>, now: Timestamp) {
        let owned = self.life.owned();
        let others: Vec<(i64, RunId)> =
            offered.extract_if(.., |run| owned >> run.shard & 1 == 0).map(|run| (run.shard, run.id)).collect();
        offered.into_iter().for_each(|run| self.core.offer(run, now));
        if others.is_empty() || self.shared.engine.db.engine() == campanile_db::Engine::Sqlite {
            return;
        }
        let engine = self.shared.engine.clone();
        tokio::spawn(async move {
            let within = engine.clone();
            let tell = || {
                let (engine, others) = (engine.clone(), others.clone());
                within.db.write(move |tx| Box::pin(async move { engine.nudge(tx, &others, now).await }))
            };
            while let Err(error) = tell().await {
                tracing::warn!(%error, "the new owner of a shard could not be told of a run yet");
                tokio::time::sleep(POLL).await;
            }
        });
    }

    fn touch(&mut self, id: RunId) {
        if self.core.touched(&id) {
            if let Some(look) = self.underway.get(&id) {
                look.notify_one();
            }
        } else {
            self.touched.push(id);
        }
    }

    async fn start_what_is_ready(&mut self) {
        let Turn { start, expired } = self.core.turn(self.now());
        let (suspects, start): (Vec<Run>, Vec<Run>) = start.into_iter().partition(|run| self.life.suspects(run));
        start.into_iter().for_each(|run| self.start_run(run));
        if !suspects.is_empty() {
            self.start_suspects(suspects).await;
        }
        expired.into_iter().for_each(|run| self.expire(run));
    }

    /// Starts runs that existed when the last owner of their shard died: one of them may have
    /// caused the crash. Each is marked in the table before it starts.
    async fn start_suspects(&mut self, suspects: Vec<Run>) {
        let now = self.now();
        let rests = |life: &Membership, run: &Run| life.rests_until(run).filter(|until| *until > now);
        let (resting, suspects): (Vec<Run>, Vec<Run>) =
            suspects.into_iter().partition(|run| rests(&self.life, run).is_some());
        for run in resting {
            let until = rests(&self.life, &run).expect("it was asked just now");
            self.put_off(run, until).await;
        }
        let owned: Vec<runs::OwnedRun> = suspects.iter().map(runs::OwnedRun::of).collect();
        let written = self.shared.engine.db.write(move |tx| Box::pin(async move { runs::suspect(tx, &owned).await }));
        if let Err(error) = written.await {
            tracing::warn!(%error, "what is about to start could not be written down");
        }
        for run in suspects {
            self.life.marked.insert(run.id.clone());
            self.start_run(Run { crashes: run.crashes + 1, ..run });
        }
    }

    async fn put_off(&mut self, run: Run, until: Timestamp) {
        let (owned, now) = (runs::OwnedRun::of(&run), self.now());
        let written =
            self.shared.engine.db.write(move |tx| Box::pin(async move { runs::put_off(tx, &owned, until).await }));
        let settled = match written.await {
            Ok(true) => Settlement::Again(Box::new(Run { due: until, ..run.clone() })),
            _ => Settlement::Unknown,
        };
        if self.core.settle(&run.id, settled, now) {
            self.touched.push(run.id);
        }
    }

    fn start_run(&mut self, run: Run) {
        metrics::counter!("campanile_runs_started_total", "name" => run.name.to_string()).increment(1);
        let look = Arc::new(Notify::new());
        self.underway.insert(run.id.clone(), look.clone());
        let (shared, epoch) = (self.shared.clone(), self.life.epoch());
        // Boxed, because a future is moved as a whole when its task is spawned, and again when it
        // ends.
        tokio::spawn(on_behalf_of(run.tenant.clone(), async move {
            let id = run.id.clone();
            let messages = shared.engine.messages.clone();
            let settled = match run.crashes > MOST_CRASHES {
                true => Box::pin(give_up(&shared, epoch, run)).await,
                false if run.is_job() => Box::pin(job::run(&shared, epoch, run, &look)).await,
                false => Box::pin(drive::run(&shared, epoch, run, &look)).await,
            };
            let _ = messages.send(Message::Settled(id, settled));
        }));
    }

    /// Cancels a run that was not started in time.
    fn expire(&mut self, run: Run) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            let (engine, now) = (shared.engine.clone(), shared.engine.clock.now());
            let id = run.id.clone();
            let cancelled = shared.engine.db.write(move |tx| {
                Box::pin(async move { lifecycle::cancel(tx, &engine, &id, "it did not start in time", now).await })
            });
            if let Err(error) = cancelled.await {
                tracing::warn!(run = %run.id, error = error.chain(), "a run that is too late could not be cancelled");
                tokio::time::sleep(POLL).await;
                let _ = shared.engine.messages.send(Message::Touched(run.id));
            }
        });
    }

    async fn read_pauses(&mut self) {
        let paused = self.shared.engine.db.read(|tx| Box::pin(async move { flow::paused(tx).await })).await;
        match paused {
            Ok(paused) => {
                self.life.pauses_are_stale = false;
                let before = std::mem::replace(&mut self.life.paused, paused);
                before.iter().for_each(|(tenant, name)| self.core.pause(tenant, name, false));
                self.life.paused.iter().for_each(|(tenant, name)| self.core.pause(tenant, name, true));
            }
            Err(error) => tracing::warn!(%error, "what is paused could not be read"),
        }
    }

    /// Records metrics, and stores the throttle usage. So after a crash, at most a second of usage
    /// is lost.
    async fn do_chores(&mut self) {
        let now = self.now();
        metrics::gauge!("campanile_runs_in_memory").set(self.core.known() as f64);
        metrics::gauge!("campanile_runs_underway").set(self.core.running() as f64);
        for (name, ready, oldest) in self.core.depths() {
            let age = oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
            metrics::gauge!("campanile_queue_depth", "name" => name.to_owned()).set(ready as f64);
            metrics::gauge!("campanile_queue_oldest_seconds", "name" => name.to_owned()).set(age);
        }
        if self.queues.is_due() {
            self.queues.store(&self.shared.engine.db, self.life.epoch(), self.core.queues(MOST_QUEUES)).await;
        }
        let used = self.core.take_used_throttles(now);
        if used.is_empty() {
            return;
        }
        let db = &self.shared.engine.db;
        let saved = db.write(move |tx| Box::pin(async move { flow::save_throttles(tx, &used).await }));
        if let Err(error) = saved.await {
            tracing::warn!(%error, "what throttles have used up could not be written down");
        }
    }

    fn rings(&self) -> bool {
        self.shared.engine.place.rings.load(Ordering::Relaxed)
    }

    /// Notifies the other nodes, once for all pending nudges.
    async fn ring(&mut self) {
        self.shared.engine.place.rings.store(false, Ordering::Relaxed);
        if let Err(error) = self.shared.engine.db.ring(BELL).await {
            tracing::warn!(%error, "the other nodes could not be rung for; they will look by themselves");
        }
    }

    async fn drain(mut self) {
        let mut news = Vec::new();
        while self.core.running() > 0 && self.inbox.recv_many(&mut news, 1_024).await > 0 {
            self.take_in(&mut news);
        }
        self.queues.finish().await;
        self.shared.engine.place.owned.store(0, Ordering::Relaxed);
        if let Err(error) = self.life.leave(&self.shared.engine).await {
            tracing::warn!(%error, "the shards could not be given back; their lease will run out");
        }
    }

    fn now(&self) -> Timestamp {
        self.shared.engine.clock.now()
    }
}

/// Ends a run whose process crashed too often, even if the effects of its end cannot be stored.
async fn give_up(shared: &Arc<Shared>, epoch: i64, run: Run) -> Settlement {
    let error = format!("the process died {MOST_CRASHES} times while this was under way");
    tracing::error!(run = %run.id, name = &*run.name, error, "a run is given up");
    let engine = &shared.engine;
    let on_death = engine.catalogue().jobs.get(&*run.name).and_then(|job| job.on_death.clone());
    let mut ended = dead_letter::give_up(engine, epoch, &run, &error, on_death).await;
    if let Err(why) = ended.as_ref()
        && !is_away(why)
    {
        tracing::error!(run = %run.id, error = why.chain(), "what a run's end leads to could not be written");
        ended = dead_letter::give_up(engine, epoch, &run, &error, None).await;
    }
    if let Err(error) = ended {
        tracing::warn!(run = %run.id, error = error.chain(), "a run could not be given up");
        tokio::time::sleep(POLL).await;
        return Settlement::Unknown;
    }
    Settlement::Gone
}
