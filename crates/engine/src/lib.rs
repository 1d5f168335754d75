//! Durable execution: runs every job and workflow to its end, even if processes crash. Each end is
//! stored once.
//!
//! # Overview
//! Everything the engine executes is a *run*: either of a job (one call) or of a [`Workflow`]
//! (durable code made of steps). A run is one row. It commits together with the change that causes
//! it: [`Engine::enqueue`], [`Engine::start`] and [`Engine::send`] take the caller's transaction.
//! After the commit, the run goes directly to the [`machine`]. The machine keeps the ready runs in
//! memory and decides which run starts. The table is not polled, and **a claim is not written**. So
//! a job needs two transactions: one creates it and one ends it. A workflow needs one more for each
//! step except the last.
//!
//! The row of an active run is its own place in the queue. There is no second queue table. Finished
//! workflows stay as history. Finished jobs are deleted. A run that failed for good stays, with its
//! reason, until somebody retries it.
//!
//! # Many nodes
//! Work is divided into shards, and each node owns some of them. A new run gets a shard of the node
//! that receives the request, so usually no other node needs to know about it. Runs that share a
//! cluster-wide limit get the same shard. If a change concerns a run of another node (an event
//! arrived, or the run was cancelled), it also writes a *nudge*. One notification then wakes the
//! nodes that have nudges. If a node shows no sign of life for the lease time, another node
//! *buries* it: its shards become free. Every completion locks the row of its own node against
//! burial. So a write that a buried node tries later changes nothing.
//!
//! # The parts
//! * [`Engine`]: the handle for starting work.
//! * [`Registry`]: the handlers of jobs, and the workflows.
//! * [`workflow`]: durable code: the context, the journal, replay.
//! * [`flow`]: flow control: which requests become runs, and how runs are kept apart.
//! * `machine`: decides which run starts next. Pure, and tested by simulation.
//! * `node`: the loop around the machine, the lease, the commits.
//! * [`operate`]: lists, statistics, retry, replay.
//! * `duties`: the engine's own periodic jobs: cron, counters, retention.
//! * `store`: the SQL.
//!
//! # What happens on failure
//! * The process dies: the life of its node is over. The next owner of its shards loads their runs
//!   from the table. A late completion from the old life changes nothing.
//! * A handler fails or panics: the run is due again after its backoff. When its attempts are used
//!   up, it ends as failed, with its last error.
//! * A handler kills the whole process: after that, each run of the shard is marked in the table
//!   before it starts again. From the third mark on, the run waits and lets others start first.
//!   After the eighth it is given up.
//! * A completion cannot be committed: it is tried again until the database is back. If the job's
//!   own changes cause the error, the attempt counts as failed and none of its changes are kept.
//! * There is more work than fits in memory: the rest stays in the table until there is room.

mod backoff;
mod catalogue;
#[cfg(test)]
mod dice;
mod event;
mod failure;
pub mod flow;
mod lifecycle;
mod machine;
mod maintenance;
mod node;
pub mod operate;
mod registry;
mod run;
mod run_commit;
mod settings;
mod store;
mod trace;
mod trusted_time;
mod view;
mod workflow;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};

use campanile_base::{Clock, Error, Result, Thing, Timestamp};
use campanile_db::{Apply, Db, Lane, Migrations, Tx};
use serde::Serialize;
use tokio::sync::mpsc;

pub use backoff::Backoff;
pub use event::{Event, Matching, NewEvent, SentEvent};
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
use store::stats::{self, Count, Counter};
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
        include_str!("../migrations/6_queues.sql"),
    ],
};

/// The handle for starting work. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

/// The state that all handles of an engine share.
pub struct Parts {
    db: Db,
    clock: Clock,
    messages: mpsc::UnboundedSender<Message>,
    place: Arc<Place>,
    catalogue: OnceLock<Catalogue>,
    /// Stores the runs of [`Engine::submit`], which has no transaction of a caller.
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

/// The shards that this node owns, and a flag that other nodes have nudges to be woken for.
#[derive(Default)]
struct Place {
    owned: AtomicU64,
    turn: AtomicU64,
    rings: AtomicBool,
}

/// An engine that has not been started. It accepts jobs and runs them after [`Idle::start`].
pub struct Idle {
    engine: Engine,
    inbox: mpsc::UnboundedReceiver<Message>,
}

impl Engine {
    /// Creates an engine over `db`. Start it with [`Idle::start`] when all handlers are registered.
    pub fn new(db: Db, clock: Clock) -> (Self, Idle) {
        let (messages, inbox) = mpsc::unbounded_channel();
        let (place, catalogue, starts, tracing, trusted_time) = Default::default();
        let parts = Parts { db, clock, messages, place, catalogue, starts, tracing, trusted_time };
        let engine = Self(Arc::new(parts));
        (engine.clone(), Idle { engine, inbox })
    }

    /// Stores a job in the caller's transaction; it starts after the commit. Returns `false` if an
    /// active job already has the same `dedupe` key: then nothing is stored.
    pub async fn enqueue(&self, tx: &mut Tx, new: NewJob) -> campanile_db::Result<bool> {
        Ok(self.enqueue_all(tx, vec![new]).await?[0])
    }

    /// Stores several jobs at once, like [`Engine::enqueue`].
    pub async fn enqueue_all(&self, tx: &mut Tx, new: Vec<NewJob>) -> campanile_db::Result<Vec<bool>> {
        let now = self.clock.now();
        let all: Vec<Run> = new.into_iter().map(|new| new.into_run(self.near_shard(), now)).collect();
        let stored = runs::insert(tx, &all).await?;
        let fresh: Vec<Run> = all.into_iter().zip(&stored).filter(|(_, stored)| **stored).map(|(run, _)| run).collect();
        stats::count(tx, fresh.iter().filter_map(queued), now).await?;
        self.offer(tx, fresh, now).await?;
        Ok(stored)
    }

    /// Replaces the arguments of a job that is under way, for when it has to run again. Returns
    /// `false` when the job no longer exists. Call it only from the job's own handler: it does not
    /// check which node runs the job.
    pub async fn change_args(&self, tx: &mut Tx, job: &str, args: &(impl Serialize + Sync)) -> Result<bool> {
        let args = serde_json::to_string(args).map_err(Error::internal)?;
        Ok(runs::change_input(tx, job, &args).await?)
    }

    /// Starts a workflow, by its name, in the caller's transaction.
    ///
    /// # Errors
    /// `NotFound` when no workflow of this name is registered; `Invalid` when a key expression
    /// fails for the input.
    pub async fn start(
        &self,
        tx: &mut Tx,
        workflow: &str,
        tenant: &str,
        input: &(impl Serialize + Sync),
    ) -> Result<Admitted> {
        let now = self.clock.now();
        let data = serde_json::to_value(input).map_err(Error::internal)?;
        let workflow = self.catalogue().latest(workflow).ok_or(Error::NotFound(Thing::Workflow))?;
        let event = Event::call(data, now);
        let request = Request { tenant: tenant.into(), event, cause: "call", parent: None, due: None };
        lifecycle::admit(tx, self, workflow, request, now).await
    }

    /// Starts a workflow in a transaction of the engine. When this returns, the run is durable.
    /// Concurrent calls share a transaction.
    ///
    /// # Errors
    /// Like [`Engine::start`].
    pub async fn submit(&self, workflow: &str, tenant: &str, input: serde_json::Value) -> Result<Admitted> {
        let now = self.clock.now();
        let workflow = self.catalogue().latest(workflow).ok_or(Error::NotFound(Thing::Workflow))?;
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
            .write(move |tx| Box::pin(async move { lifecycle::admit(tx, &engine, &workflow, request, now).await }));
        admitted.await
    }

    /// Starts the lane that stores the runs of [`Engine::submit`].
    fn lane_of_starts(&self) -> Lane<Run, ()> {
        // A strong reference to the engine would keep the lane alive forever.
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

    /// Starts many workflow runs at once, like [`Engine::start`]. Runs that need only a row of
    /// their own are stored by the same statements.
    ///
    /// # Errors
    /// The error of the first request that cannot be started. The transaction must then be rolled
    /// back.
    pub async fn start_all(
        &self,
        tx: &mut Tx,
        requests: Vec<(String, String, serde_json::Value)>,
    ) -> Result<Vec<Admitted>> {
        let now = self.clock.now();
        let (mut admitted, mut plain) = (Vec::new(), Vec::new());
        for (name, tenant, data) in requests {
            let workflow = self.catalogue().latest(&name).ok_or(Error::NotFound(Thing::Workflow))?;
            let event = Event::call(data, now);
            let request = Request { tenant: tenant.into(), event, cause: "call", parent: None, due: None };
            if !admission::is_plain(&workflow.options) {
                admitted.push(lifecycle::admit(tx, self, workflow, request, now).await?);
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

    /// Sends an event in the caller's transaction. It starts the workflows that are triggered by
    /// it, and wakes or cancels the runs that wait for it.
    ///
    /// # Errors
    /// `Unavailable` before the engine is started; `Invalid` when a key expression fails for the
    /// event.
    pub async fn send(&self, tx: &mut Tx, new: NewEvent) -> Result<SentEvent> {
        if self.catalogue.get().is_none() {
            return Err(Error::Unavailable { what: "the engine", source: "it has not been started".into() });
        }
        let now = self.clock.now();
        let (event, tenant) = new.into_event(now);
        let json = event.json();
        let equalities = node::lock_to_tell(tx, &tenant, &event.name, &json).await?;
        if !events::insert(tx, &event.row(&tenant)).await? {
            return Ok(SentEvent { id: event.id, is_new: false });
        }
        for workflow in self.catalogue().triggered_by(&event.name) {
            if workflow.starts_with(&event, &json) {
                let tenant = tenant.as_str().into();
                let request = Request { tenant, event: event.clone(), cause: "event", parent: None, due: None };
                lifecycle::admit(tx, self, workflow, request, now).await?;
            }
        }
        node::tell(tx, self, (&tenant, &event.name), &equalities, &json, now).await?;
        Ok(SentEvent { id: event.id, is_new: true })
    }

    /// Cancels an active run of a tenant. Returns `true` if it was active.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run.
    pub async fn cancel(&self, tx: &mut Tx, tenant: &str, id: &RunId, why: &str) -> Result<bool> {
        let run = runs::any(tx, id).await?.filter(|run| &*run.tenant == tenant).ok_or(Error::NotFound(Thing::Run))?;
        lifecycle::cancel(tx, self, &run.id, why, self.clock.now()).await
    }

    /// Pauses a tenant's workflow or job kind on all nodes: no more runs of it start. A run that is
    /// under way continues until it has to wait. Returns `false` if it was paused already.
    pub async fn pause(&self, tx: &mut Tx, tenant: &str, name: &str, by: &str) -> Result<bool> {
        let changed = store::flow::pause(tx, tenant, name, by, self.clock.now()).await?;
        self.tell_pauses(tx);
        Ok(changed)
    }

    /// Ends a pause. Returns `true` if there was one.
    pub async fn resume(&self, tx: &mut Tx, tenant: &str, name: &str) -> Result<bool> {
        let changed = store::flow::resume(tx, tenant, name).await?;
        self.tell_pauses(tx);
        Ok(changed)
    }

    /// The registered names: of jobs, and of workflows with their latest versions.
    pub fn names(&self) -> (Vec<&'static str>, Vec<(&'static str, i64)>) {
        let catalogue = self.catalogue();
        let mut jobs: Vec<&'static str> =
            catalogue.jobs.keys().copied().filter(|kind| !kind.starts_with(run::DUTY_PREFIX)).collect();
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

    /// A shard of this node, by rotation; any shard while the node owns none.
    pub(crate) fn near_shard(&self) -> i64 {
        let owned = self.place.owned.load(Ordering::Relaxed);
        let turn = self.place.turn.fetch_add(1, Ordering::Relaxed);
        if owned == 0 {
            return (turn % u64::from(lease::SHARDS)) as i64;
        }
        // The index of the n-th set bit.
        let skip = turn % u64::from(owned.count_ones());
        let rest = (0..skip).fold(owned, |mask, _| mask & (mask - 1));
        i64::from(rest.trailing_zeros())
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        static EMPTY: LazyLock<Catalogue> = LazyLock::new(Catalogue::default);
        self.catalogue.get().unwrap_or(&EMPTY)
    }

    /// Hands stored runs to the owners of their shards after the commit.
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

    /// Makes the owner of a run read its row again after the commit.
    pub(crate) async fn touch(&self, tx: &mut Tx, shard: i64, id: &RunId, now: Timestamp) -> campanile_db::Result<()> {
        if !self.is_ours(shard) {
            return self.nudge(tx, &[(shard, id.clone())], now).await;
        }
        self.look_if_in_doubt(tx);
        let (messages, id) = (self.messages.clone(), id.clone());
        tx.after_commit(move || drop(messages.send(Message::Touched(id))));
        Ok(())
    }

    /// Makes the node scan the table if the outcome of the commit is unknown: the runs may be
    /// stored although nobody was told.
    fn look_if_in_doubt(&self, tx: &mut Tx) {
        let messages = self.messages.clone();
        tx.in_doubt(move || drop(messages.send(Message::Doubt)));
    }

    /// Puts a result from outside into an active run's inbox.
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

    /// True if this node owns the shard. On SQLite there is only one node, started or not.
    fn is_ours(&self, shard: i64) -> bool {
        self.db.engine() == campanile_db::Engine::Sqlite || self.place.owned.load(Ordering::Relaxed) >> shard & 1 == 1
    }
}

/// The count for a newly stored run; `None` for the engine's own jobs, which are not counted.
pub(crate) fn queued(run: &Run) -> Option<Count> {
    let count =
        Count { tenant: run.tenant.to_string(), name: run.name.to_string(), what: Counter::Queued, millis: None };
    (!run.is_duty()).then_some(count)
}

impl Idle {
    /// Reports runs as spans to this tracer.
    #[must_use]
    pub fn traced_by(self, tracer: Tracer) -> Self {
        self.engine.tracing.get_or_init(|| tracer);
        self
    }

    /// Joins the other nodes and starts the loop. `node` is the name of this process among its
    /// peers. After a restart under the same name, the process takes over its own work at once.
    pub async fn start(self, registry: Registry, node: &str) -> campanile_db::Result<Running> {
        self.start_with(registry, node, Settings::default()).await
    }

    /// Like [`Idle::start`], with settings other than the defaults.
    pub async fn start_with(
        self,
        mut registry: Registry,
        node: &str,
        settings: Settings,
    ) -> campanile_db::Result<Running> {
        maintenance::register(&mut registry, &self.engine, settings);
        operate::register(&mut registry, &self.engine);
        let catalogue = Catalogue::new(registry);
        assert!(self.engine.catalogue.set(catalogue).is_ok(), "an engine is started once");
        self.engine.starts.get_or_init(|| self.engine.lane_of_starts());
        maintenance::begin(&self.engine).await?;
        node::start(self.engine, self.inbox, node, settings.lease).await
    }
}
