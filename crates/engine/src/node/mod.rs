//! A node: the loop around the machine. It wakes it, loads for it, runs what it starts.
//!
//! One task owns the machine and the lease; runs are tasks of their own and report back through
//! the same channel that new runs come in by, so nothing here is locked.

pub(crate) mod commit;
mod job;
mod life;
pub(crate) mod listen;
mod load;

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
use crate::machine::{Bounds, Core, Limits, Settled, Turn};
use crate::registry::OnDeath;
use crate::run::{Run, RunId};
use crate::store::{flow, runs};
use crate::workflow::drive;
use crate::workflow::stored::{self, Loads};
use crate::{Engine, ending};
use commit::Commits;
use life::Life;

pub(crate) use listen::{lock_to_tell, tell};

/// How much is kept in memory.
const BOUNDS: Bounds = Bounds { ready: 40_000, lane: 1_000, timers: 20_000, horizon: Duration::from_secs(60) };
/// How long nothing is looked at without news, at most; on PostgreSQL word from other nodes may
/// have been missed.
const POLL: Duration = Duration::from_secs(1);
/// How often the table is gone through for what nobody told of. Nothing should be found.
const SWEEP: Duration = Duration::from_secs(60);
/// How often is measured, and written down what throttles have used up.
const CHORES: Duration = Duration::from_secs(1);
/// How often others are rung for at most.
const TICK: Duration = Duration::from_millis(20);
/// The bell that wakes the nodes on PostgreSQL.
const BELL: &str = "campanile_engine";
/// A run that was under way when its process died so often is given up.
const MOST_CRASHES: u32 = 8;
/// From so many on it lets others go first, and so much longer each time: processes are killed for
/// other reasons too, and what is innocent gets done in between.
const CRASHES_TO_WAIT: (u32, Duration) = (3, Duration::from_secs(5));

/// What the loop is told.
pub(crate) enum Message {
    /// These were stored just now.
    Offer(Vec<Run>),
    /// This one ended, or goes on later.
    Settled(RunId, Settled),
    /// Somebody changed this one's row.
    Touched(RunId),
    /// Something was paused, or goes on.
    Pauses,
    /// Something was perhaps stored that nobody tells of.
    Doubt,
}

/// A running engine; stop it before the database goes away.
pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts nothing more, waits up to `grace` for what is under way, and gives the shards back.
    pub async fn stop(self, grace: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(grace, self.task).await.is_err() {
            tracing::warn!(?grace, "work was still under way when the engine stopped; it will be done again");
        }
    }
}

/// What every run needs.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) commits: Commits,
    pub(crate) loads: Loads,
    /// The life that this node lives now.
    epoch: AtomicI64,
}

impl Shared {
    /// Comes back once the run is not this life's any more, as somebody may have said by `look`.
    async fn ended_elsewhere(&self, epoch: i64, run: &Run, look: &Notify) {
        loop {
            look.notified().await;
            if self.epoch.load(Ordering::Relaxed) != epoch {
                return;
            }
            let id = run.id.clone();
            let row = self.engine.db.read(move |tx| Box::pin(async move { runs::any(tx, &id).await })).await;
            if row.is_ok_and(|row| row.is_none_or(|row| row.generation != run.generation)) {
                return;
            }
        }
    }

    pub(crate) fn lives(&self, epoch: i64) -> bool {
        self.epoch.load(Ordering::Relaxed) == epoch
    }
}

pub(crate) async fn start(
    engine: Engine,
    inbox: mpsc::UnboundedReceiver<Message>,
    node: &str,
    lease: Duration,
) -> campanile_db::Result<Running> {
    let life = Life::begin(&engine, node, lease).await?;
    let bell = engine.db.bell(BELL);
    let core = Core::new(limits(engine.catalogue()), BOUNDS);
    let shared = Arc::new(Shared {
        commits: commit::lane(&engine),
        loads: stored::lane(&engine),
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
    };
    let stop = CancellationToken::new();
    let task = tokio::spawn(node.run(stop.clone()));
    Ok(Running { stop, task })
}

/// What the machine is to know of everything that can run.
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
    life: Life,
    shared: Arc<Shared>,
    inbox: mpsc::UnboundedReceiver<Message>,
    /// How to make a run that is under way look at its row.
    underway: HashMap<RunId, Arc<Notify>>,
    /// Runs whose rows are to be looked at.
    touched: Vec<RunId>,
    bell: Bell,
    /// Until when nothing is read: the database was away.
    blind_until: Option<Instant>,
    /// When to go through the table for what nobody told of.
    sweep_at: Option<Instant>,
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
        // A manual clock moves without telling; look at it often enough.
        due.min(sweep).clamp(Duration::from_millis(1), POLL)
    }

    fn take_in(&mut self, news: &mut Vec<Message>) {
        let now = self.now();
        for message in news.drain(..) {
            match message {
                Message::Offer(offered) => self.take_offer(offered, now),
                Message::Settled(id, settled) => {
                    self.underway.remove(&id);
                    if matches!(settled, Settled::Gone) {
                        self.life.marked.remove(&id);
                    }
                    if self.core.settle(&id, settled, now) {
                        self.touched.push(id);
                    }
                }
                Message::Touched(id) => self.touch(id),
                Message::Pauses => self.life.pauses_are_stale = true,
                // What a lost connection was committing is there by then, or never will be.
                Message::Doubt => drop(self.sweep_at.get_or_insert(Instant::now() + POLL)),
            }
        }
    }

    /// Runs of a shard that has changed hands meanwhile are left to its new owner, who is told.
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

    /// Runs that were there when the last owner of their shard died: one of them may have been
    /// the reason. What is about to start is written down first.
    async fn start_suspects(&mut self, suspects: Vec<Run>) {
        let now = self.now();
        let rests = |life: &Life, run: &Run| life.rests_until(run).filter(|until| *until > now);
        let (resting, suspects): (Vec<Run>, Vec<Run>) =
            suspects.into_iter().partition(|run| rests(&self.life, run).is_some());
        for run in resting {
            let until = rests(&self.life, &run).expect("it was asked just now");
            self.put_off(run, until).await;
        }
        let owned: Vec<runs::Owned> = suspects.iter().map(runs::Owned::of).collect();
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
        let (owned, now) = (runs::Owned::of(&run), self.now());
        let written =
            self.shared.engine.db.write(move |tx| Box::pin(async move { runs::put_off(tx, &owned, until).await }));
        let settled = match written.await {
            Ok(true) => Settled::Again(Box::new(Run { due: until, ..run.clone() })),
            _ => Settled::Unknown,
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
        // In boxes: a task's future is moved as a whole when it is spawned, and again when it ends.
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
                Box::pin(async move { ending::cancel(tx, &engine, &id, "it did not start in time", now).await })
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

    /// Measures, and writes down what throttles have used up: after a crash they know it within a second.
    async fn do_chores(&mut self) {
        let now = self.now();
        metrics::gauge!("campanile_runs_in_memory").set(self.core.known() as f64);
        metrics::gauge!("campanile_runs_underway").set(self.core.running() as f64);
        for (name, ready, oldest) in self.core.depths() {
            let age = oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
            metrics::gauge!("campanile_queue_depth", "name" => name.to_owned()).set(ready as f64);
            metrics::gauge!("campanile_queue_oldest_seconds", "name" => name.to_owned()).set(age);
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

    /// Rings for the other nodes, once for all that there is to tell them.
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
        self.shared.engine.place.owned.store(0, Ordering::Relaxed);
        if let Err(error) = self.life.leave(&self.shared.engine).await {
            tracing::warn!(%error, "the shards could not be given back; their lease will run out");
        }
    }

    fn now(&self) -> Timestamp {
        self.shared.engine.clock.now()
    }
}

/// Ends a run that has taken its process down time and again, even if what that leads to cannot be written.
async fn give_up(shared: &Arc<Shared>, epoch: i64, run: Run) -> Settled {
    let error = format!("the process died {MOST_CRASHES} times while this was under way");
    tracing::error!(run = %run.id, name = &*run.name, error, "a run is given up");
    let engine = &shared.engine;
    let on_death = engine.catalogue().jobs.get(&*run.name).and_then(|job| job.on_death.clone());
    let mut ended = bury(engine, epoch, &run, &error, on_death).await;
    if let Err(why) = ended.as_ref()
        && !is_away(why)
    {
        tracing::error!(run = %run.id, error = why.chain(), "what a run's end leads to could not be written");
        ended = bury(engine, epoch, &run, &error, None).await;
    }
    if let Err(error) = ended {
        tracing::warn!(run = %run.id, error = error.chain(), "a run could not be given up");
        tokio::time::sleep(POLL).await;
        return Settled::Unknown;
    }
    Settled::Gone
}

/// Buries a run, with what its end leads to.
pub(crate) async fn bury(
    engine: &Engine,
    epoch: i64,
    run: &Run,
    error: &str,
    on_death: Option<OnDeath>,
) -> campanile_base::Result<()> {
    let (engine, run, error) = (engine.clone(), run.clone(), error.to_owned());
    let db = engine.db.clone();
    db.write(move |tx| {
        Box::pin(async move {
            let now = engine.clock.now();
            let buried = job::bury(tx, &engine, epoch, &run, &error, now).await?;
            if let (true, Some(write)) = (buried, on_death) {
                write(tx, &run, &error).await?;
            }
            Ok(())
        })
    })
    .await
}
