//! Runs jobs and workflows to the end, once, through crashes.
//!
//! # The story
//! Everything the engine does is a *run*: of a job (one call) or of a [`Workflow`] (durable code made
//! of steps). A run is a row that commits together with the change that causes it: starting one
//! ([`Engine::enqueue`], [`Engine::start`], [`Engine::send`]) takes the caller's transaction. After the
//! commit it goes straight to the [`machine`], which keeps what is ready in memory and decides what
//! starts: nothing is polled for, and **a claim is not written**. So a job has two transactions, one
//! that creates it and one that ends it, and a workflow one more for each step but the last.
//!
//! The row of an active run is its own place in the queue: there is no second table of things to do.
//! Finished workflows stay as history, finished jobs leave, and what failed for good stays
//! with its reason until somebody retries it.
//!
//! # Many nodes
//! Work is cut into shards, and a node owns some of them. A run is born in a shard of the node
//! that it is asked for on, so mostly nobody else needs to know; where limits count on all nodes
//! together, runs that share one are born in the same shard. What another node's run is to know
//! (an event came, it was cancelled) is left as a *nudge* beside the change, and one notification
//! wakes whoever has some. A node that shows no sign of life for the lease's time is *buried* by another:
//! its shards are free, and since every completion locks the node's own row against burial, what it
//! tries to write afterwards changes nothing.
//!
//! # The cast
//! * [`Engine`]: the handle that everyone holds to start work.
//! * [`Registry`]: the handlers of jobs, and the workflows.
//! * [`workflow`]: durable code: the context, the journal, replay.
//! * [`flow`]: which runs there are at all, and what keeps them apart.
//! * `machine`: pure; which run starts next. Simulated in tests.
//! * `node`: the loop around the machine, the lease, the commits.
//! * [`operate`]: lists, statistics, retry, replay.
//! * `duties`: what the engine does for itself: cron, counters, retention.
//! * `store`: the SQL.
//!
//! # What happens on failure
//! * The process dies: its life is over. The next owner of its shards loads what is in the table.
//!   A completion of the old life that arrives late changes nothing.
//! * A handler fails or panics: the run is due again after its backoff, and ends as failed with its
//!   last error when its attempts are used up.
//! * A handler takes the whole process with it: what was under way is written down before it is
//!   tried again; from the third time on it lets others go first, and after the eighth it is given up.
//! * A completion cannot be committed: it is tried again until the database is back. Where the job's
//!   own changes are at fault, the attempt counts as failed, and nothing of it remains.
//! * More work than memory should hold: the rest stays in the table until there is room.

mod backoff;
mod catalogue;
#[cfg(test)]
mod dice;
mod duties;
mod ending;
mod event;
mod failure;
pub mod flow;
mod machine;
mod node;
pub mod operate;
mod registry;
mod run;
mod settings;
mod store;
mod trace;
mod trusted_time;
mod workflow;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};

use campanile_base::{Clock, Error, Result, Timestamp};
use campanile_db::{Apply, Db, Lane, Migrations, Tx};
use serde::Serialize;
use tokio::sync::mpsc;

pub use backoff::Backoff;
pub use event::{Event, Matching, NewEvent};
pub use failure::{Failure, StepError};
pub use flow::admission::Admitted;
pub use node::Running;
pub use registry::{Attempt, JobOptions, Registry};
pub use run::{Commit, NewJob, Outcome, Run, RunId, Status, Verdict};
pub use settings::Settings;
pub use trace::{Span, SpanId, Tracer};
pub use workflow::{Ctx, Workflow, all, race};

use catalogue::Catalogue;
use flow::admission::{self, Request};
use node::Message;
use store::stats::{self, Count, Counted};
use store::steps::StepState;
use store::{events, lease, runs};

/// The engine's tables.
pub const MIGRATIONS: Migrations = Migrations {
    component: "engine",
    files: &[
        include_str!("../migrations/1_jobs.sql"),
        include_str!("../migrations/2_runs.sql"),
        include_str!("../migrations/3_lists.sql"),
        include_str!("../migrations/4_clock.sql"),
        include_str!("../migrations/5_vacuum.sql"),
    ],
};

/// The handle to start work with. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

/// What all handles of an engine share.
pub struct Parts {
    db: Db,
    clock: Clock,
    messages: mpsc::UnboundedSender<Message>,
    place: Arc<Place>,
    catalogue: OnceLock<Catalogue>,
    /// What runs are stored by that nobody's transaction causes.
    starts: OnceLock<Lane<Run, ()>>,
    tracing: OnceLock<Tracer>,
    trusted_time: trusted_time::TrustedTime,
}

impl Deref for Engine {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Which shards are this node's, and whether others have been nudged.
#[derive(Default)]
struct Place {
    owned: AtomicU64,
    turn: AtomicU64,
    rings: AtomicBool,
}

/// An engine that has not been started: it accepts jobs, and will run them once it is.
pub struct Idle {
    engine: Engine,
    inbox: mpsc::UnboundedReceiver<Message>,
}

impl Engine {
    /// An engine over `db`; start it with [`Idle::start`] when the handlers are known.
    pub fn new(db: Db, clock: Clock) -> (Self, Idle) {
        let (messages, inbox) = mpsc::unbounded_channel();
        let (place, catalogue, starts, tracing, trusted_time) = Default::default();
        let parts = Parts { db, clock, messages, place, catalogue, starts, tracing, trusted_time };
        let engine = Self(Arc::new(parts));
        (engine.clone(), Idle { engine, inbox })
    }

    /// Stores a job in the caller's transaction; it starts once that is committed. Answers
    /// whether it is new: a job whose `dedupe` key is already waiting is not stored again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn enqueue(&self, tx: &mut Tx, new: NewJob) -> campanile_db::Result<bool> {
        Ok(self.enqueue_all(tx, vec![new]).await?[0])
    }

    /// Stores several jobs at once, like [`Engine::enqueue`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn enqueue_all(&self, tx: &mut Tx, new: Vec<NewJob>) -> campanile_db::Result<Vec<bool>> {
        let now = self.clock.now();
        let all: Vec<Run> = new.into_iter().map(|new| new.into_run(self.near_shard(), now)).collect();
        let stored = runs::insert(tx, &all).await?;
        let fresh: Vec<Run> = all.into_iter().zip(&stored).filter(|(_, stored)| **stored).map(|(run, _)| run).collect();
        stats::count(tx, fresh.iter().filter_map(queued), now).await?;
        self.offer(tx, fresh, now).await?;
        Ok(stored)
    }

    /// Gives a job that is under way other arguments, for when it has to be done again; `false` when it is no
    /// longer there. It does not ask which node runs the job: only its own handler may call it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn change_args(&self, tx: &mut Tx, job: &str, args: &(impl Serialize + Sync)) -> Result<bool> {
        let args = serde_json::to_string(args).map_err(Error::internal)?;
        Ok(runs::change_input(tx, job, &args).await?)
    }

    /// Starts a workflow in the caller's transaction, by its name.
    ///
    /// # Errors
    /// `NotFound` when no workflow of this name is registered; `Invalid` when a key cannot be made of
    /// the input.
    pub async fn start(
        &self,
        tx: &mut Tx,
        workflow: &str,
        tenant: &str,
        input: &(impl Serialize + Sync),
    ) -> Result<Admitted> {
        let now = self.clock.now();
        let data = serde_json::to_value(input).map_err(Error::internal)?;
        let workflow = self.catalogue().latest(workflow).ok_or(Error::NotFound("workflow"))?;
        let event = Event::call(data, now);
        let request = Request { tenant: tenant.into(), event, cause: "call", parent: None, due: None };
        admission::admit(tx, self, workflow, request, now).await
    }

    /// Starts a workflow by itself: it is durable once this answers. Those who do so at the same time
    /// share a transaction.
    ///
    /// # Errors
    /// Like [`Engine::start`].
    pub async fn submit(&self, workflow: &str, tenant: &str, input: serde_json::Value) -> Result<Admitted> {
        let now = self.clock.now();
        let workflow = self.catalogue().latest(workflow).ok_or(Error::NotFound("workflow"))?;
        let event = Event::call(input, now);
        let request = Request { tenant: tenant.into(), event, cause: "call", parent: None, due: None };
        if let (true, Some(starts)) = (admission::is_plain(&workflow.options), self.starts.get()) {
            let json = request.event.json();
            let run = admission::new_run(self, workflow, &request, &json, now)?;
            let id = run.id.clone();
            starts.submit(run).await?;
            return Ok(Admitted::Started(id));
        }
        let (engine, workflow) = (self.clone(), workflow.clone());
        let admitted = self
            .db
            .write(move |tx| Box::pin(async move { admission::admit(tx, &engine, &workflow, request, now).await }));
        admitted.await
    }

    /// The lane of [`Engine::submit`].
    fn lane_of_starts(&self) -> Lane<Run, ()> {
        // A lane that held the engine would keep itself alive.
        let within = Arc::downgrade(&self.0);
        let apply: Apply<Run, ()> = Arc::new(move |tx, started| {
            let engine = within.upgrade().map(Engine);
            Box::pin(async move {
                let stopped = || campanile_db::Error::Unavailable("the engine has stopped".into());
                let (engine, many) = (engine.ok_or_else(stopped)?, started.len());
                let now = engine.clock.now();
                engine.store_plain(tx, started, now).await?;
                Ok(vec![(); many])
            })
        });
        Lane::start(self.db.clone(), apply)
    }

    async fn store_plain(&self, tx: &mut Tx, started: Vec<Run>, now: Timestamp) -> campanile_db::Result<()> {
        runs::insert(tx, &started).await?;
        stats::count(tx, started.iter().filter_map(queued), now).await?;
        self.offer(tx, started, now).await
    }

    /// Starts many runs of workflows at once, like [`Engine::start`]: what asks for nothing but a row
    /// shares its statements.
    ///
    /// # Errors
    /// Of the first that cannot be started; then none is.
    pub async fn start_all(
        &self,
        tx: &mut Tx,
        requests: Vec<(String, String, serde_json::Value)>,
    ) -> Result<Vec<Admitted>> {
        let now = self.clock.now();
        let (mut admitted, mut plain) = (Vec::new(), Vec::new());
        for (name, tenant, data) in requests {
            let workflow = self.catalogue().latest(&name).ok_or(Error::NotFound("workflow"))?;
            let event = Event::call(data, now);
            let request = Request { tenant: tenant.into(), event, cause: "call", parent: None, due: None };
            if !admission::is_plain(&workflow.options) {
                admitted.push(admission::admit(tx, self, workflow, request, now).await?);
                continue;
            }
            let json = request.event.json();
            let run = admission::new_run(self, workflow, &request, &json, now)?;
            admitted.push(Admitted::Started(run.id.clone()));
            plain.push(run);
        }
        self.store_plain(tx, plain, now).await?;
        Ok(admitted)
    }

    /// Sends an event in the caller's transaction: it starts the workflows that listen for it, and
    /// wakes or cancels the runs that wait for it. Answers its id.
    ///
    /// # Errors
    /// `Unavailable` before the engine is started; `Invalid` when a key cannot be made of the event.
    pub async fn send(&self, tx: &mut Tx, new: NewEvent) -> Result<String> {
        if self.catalogue.get().is_none() {
            return Err(Error::Unavailable { what: "the engine", source: "it has not been started".into() });
        }
        let now = self.clock.now();
        let (event, tenant) = new.into_event(now);
        let json = event.json();
        let equalities = node::lock_to_tell(tx, &tenant, &event.name, &json).await?;
        if !events::insert(tx, &event.row(&tenant)).await? {
            return Ok(event.id);
        }
        for workflow in self.catalogue().triggered_by(&event.name) {
            if workflow.starts_with(&event, &json) {
                let tenant = tenant.as_str().into();
                let request = Request { tenant, event: event.clone(), cause: "event", parent: None, due: None };
                admission::admit(tx, self, workflow, request, now).await?;
            }
        }
        for equal in equalities {
            node::tell(tx, self, &tenant, &event.name, &equal, &json, now).await?;
        }
        Ok(event.id)
    }

    /// Calls off an active run of a tenant. Answers whether it was active.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run.
    pub async fn cancel(&self, tx: &mut Tx, tenant: &str, id: &RunId, why: &str) -> Result<bool> {
        let run = runs::any(tx, id).await?.filter(|run| &*run.tenant == tenant).ok_or(Error::NotFound("run"))?;
        ending::cancel(tx, self, &run.id, why, self.clock.now()).await
    }

    /// Starts nothing more of a tenant's workflow or kind of job, on any node; what is under way goes
    /// on until it waits for something. Answers whether it was not paused before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pause(&self, tx: &mut Tx, tenant: &str, name: &str, by: &str) -> Result<bool> {
        let changed = store::flow::pause(tx, tenant, name, by, self.clock.now()).await?;
        self.tell_pauses(tx);
        Ok(changed)
    }

    /// Goes on with it. Answers whether it was paused.
    ///
    /// # Errors
    /// What the database says.
    pub async fn resume(&self, tx: &mut Tx, tenant: &str, name: &str) -> Result<bool> {
        let changed = store::flow::resume(tx, tenant, name).await?;
        self.tell_pauses(tx);
        Ok(changed)
    }

    /// The names that can be run: of jobs, and of workflows with their versions.
    pub fn names(&self) -> (Vec<&'static str>, Vec<(&'static str, i64)>) {
        let catalogue = self.catalogue();
        let mut jobs: Vec<&'static str> =
            catalogue.jobs.keys().copied().filter(|kind| !kind.starts_with(duties::PREFIX)).collect();
        let mut workflows: Vec<(&'static str, i64)> = catalogue.workflows().map(|w| (w.name, w.version)).collect();
        jobs.sort_unstable();
        workflows.sort_unstable();
        (jobs, workflows)
    }

    fn tell_pauses(&self, tx: &mut Tx) {
        let (messages, place) = (self.messages.clone(), self.place.clone());
        tx.after_commit(move || {
            place.rings.store(true, Ordering::Relaxed);
            let _ = messages.send(Message::Pauses);
        });
    }

    /// A shard of this node's, by turns; any, while it has none.
    pub(crate) fn near_shard(&self) -> i64 {
        let owned = self.place.owned.load(Ordering::Relaxed);
        let turn = self.place.turn.fetch_add(1, Ordering::Relaxed);
        if owned == 0 {
            return (turn % u64::from(lease::SHARDS)) as i64;
        }
        // The n-th bit that is set.
        let skip = turn % u64::from(owned.count_ones());
        let rest = (0..skip).fold(owned, |mask, _| mask & (mask - 1));
        i64::from(rest.trailing_zeros())
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        static EMPTY: LazyLock<Catalogue> = LazyLock::new(Catalogue::default);
        self.catalogue.get().unwrap_or(&EMPTY)
    }

    /// Hands stored runs to their owners once this is committed.
    pub(crate) async fn offer(&self, tx: &mut Tx, mut offered: Vec<Run>, now: Timestamp) -> campanile_db::Result<()> {
        let others: Vec<Run> = offered.extract_if(.., |run| !self.is_ours(run.shard)).collect();
        let nudges: Vec<(i64, RunId)> = others.into_iter().map(|run| (run.shard, run.id)).collect();
        self.nudge(tx, &nudges, now).await?;
        if !offered.is_empty() {
            self.look_if_in_doubt(tx);
            let messages = self.messages.clone();
            // The receiver is gone only when the engine has stopped; the table keeps the runs.
            tx.after_commit(move || drop(messages.send(Message::Offer(offered))));
        }
        Ok(())
    }

    /// Lets the owner of a run look at its row once this is committed.
    pub(crate) async fn touch(&self, tx: &mut Tx, shard: i64, id: &RunId, now: Timestamp) -> campanile_db::Result<()> {
        if !self.is_ours(shard) {
            return self.nudge(tx, &[(shard, id.clone())], now).await;
        }
        self.look_if_in_doubt(tx);
        let (messages, id) = (self.messages.clone(), id.clone());
        tx.after_commit(move || drop(messages.send(Message::Touched(id))));
        Ok(())
    }

    /// Nobody is told of what was perhaps committed: it is looked for.
    fn look_if_in_doubt(&self, tx: &mut Tx) {
        let messages = self.messages.clone();
        tx.in_doubt(move || drop(messages.send(Message::Doubt)));
    }

    /// Gives an active run a result from outside.
    pub(crate) async fn poke(
        &self,
        tx: &mut Tx,
        id: &RunId,
        step: &str,
        state: StepState,
        result: Option<&str>,
        now: Timestamp,
    ) -> campanile_db::Result<()> {
        match runs::poke(tx, id, step, state.code(), result, now).await? {
            Some(shard) => self.touch(tx, shard, id, now).await,
            None => Ok(()),
        }
    }

    async fn nudge(&self, tx: &mut Tx, nudges: &[(i64, RunId)], now: Timestamp) -> campanile_db::Result<()> {
        if nudges.is_empty() {
            return Ok(());
        }
        lease::nudge(tx, nudges, now).await?;
        let place = self.place.clone();
        tx.after_commit(move || place.rings.store(true, Ordering::Relaxed));
        Ok(())
    }

    /// SQLite has one node only, whether it has started or not.
    fn is_ours(&self, shard: i64) -> bool {
        self.db.engine() == campanile_db::Engine::Sqlite || self.place.owned.load(Ordering::Relaxed) >> shard & 1 == 1
    }
}

/// What a stored run adds to the counters; the engine's own work is not counted.
pub(crate) fn queued(run: &Run) -> Option<Count> {
    let count =
        Count { tenant: run.tenant.to_string(), name: run.name.to_string(), what: Counted::Queued, millis: None };
    (!run.is_duty()).then_some(count)
}

impl Idle {
    /// Tells of what runs do as spans, from the start on.
    #[must_use]
    pub fn traced_by(self, tracer: Tracer) -> Self {
        self.engine.tracing.get_or_init(|| tracer);
        self
    }

    /// Takes part in the work: joins the other nodes and starts the loop. `node` names this process
    /// among its peers: a restart under the same name takes over its own work at once.
    ///
    /// # Errors
    /// What the database says.
    pub async fn start(self, registry: Registry, node: &str) -> campanile_db::Result<Running> {
        self.start_with(registry, node, Settings::default()).await
    }

    /// Like [`Idle::start`], with other settings than the defaults.
    ///
    /// # Errors
    /// What the database says.
    pub async fn start_with(
        self,
        mut registry: Registry,
        node: &str,
        settings: Settings,
    ) -> campanile_db::Result<Running> {
        duties::register(&mut registry, &self.engine, settings);
        operate::register(&mut registry, &self.engine);
        let catalogue = Catalogue::new(registry);
        assert!(self.engine.catalogue.set(catalogue).is_ok(), "an engine is started once");
        self.engine.starts.get_or_init(|| self.engine.lane_of_starts());
        duties::begin(&self.engine).await?;
        node::start(self.engine, self.inbox, node, settings.lease).await
    }
}
