//! Runs jobs to the end, once, through crashes.
//!
//! # The story
//! A job is a row that commits together with the change that causes it ([`Engine::enqueue`] takes
//! the caller's transaction). After the commit it goes straight to the [`core`], which keeps what
//! is ready in memory and decides what starts: nothing is polled for, and **a claim is not
//! written**. A handler does its work outside of any transaction and returns an [`Outcome`]: a
//! verdict, and the changes that are to commit together with the job's completion. So a job has
//! two transactions, one that creates it and one that ends it, and its effects happen once.
//!
//! # The cast
//! * [`Engine`]: the handle that everyone holds to start work.
//! * [`Registry`]: which handler runs a kind of job, how often it is tried, how many at once.
//! * `core`: pure; state, command and the time in, jobs to start out. Simulated in tests.
//! * `driver`: the loop around the core: wakes, loads, starts, settles, keeps the lease.
//! * `store`: the SQL.
//!
//! # What happens on failure
//! * The process dies: its epoch is over. The next one takes the shards with a higher epoch and
//!   loads what is in the table. A completion of the old epoch that arrives late changes nothing:
//!   every completion is fenced by the epoch and by the job's generation.
//! * A handler fails or panics: the job is due again after its backoff, and is moved to the dead
//!   letters with its last error when its attempts are used up.
//! * The completion cannot be committed: the attempt counts as failed; nothing of it remains.
//! * More work than memory should hold: the rest stays in the table and is loaded when half of
//!   what is in memory is done.

mod backoff;
mod core;
mod driver;
mod job;
mod registry;
mod store;

use campanile_base::Clock;
use campanile_db::{Db, Migrations, Result, Tx};
use tokio::sync::mpsc;

pub use backoff::Backoff;
pub use driver::Running;
pub use job::{Commit, Job, JobId, NewJob, Outcome, Verdict};
pub use registry::{Attempt, JobOptions, Registry};
pub use store::{DeadJob, dead_jobs};

use crate::driver::Message;

/// The engine's tables.
pub const MIGRATIONS: Migrations =
    Migrations { component: "engine", files: &[include_str!("../migrations/1_jobs.sql")] };

/// The handle to start work with. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    db: Db,
    clock: Clock,
    messages: mpsc::UnboundedSender<Message>,
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
        let engine = Self { db, clock, messages };
        (engine.clone(), Idle { engine, inbox })
    }

    /// Stores a job in the caller's transaction; it starts once that is committed. Answers
    /// whether it is new: a job whose `dedupe` key is already waiting is not stored again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn enqueue(&self, tx: &mut Tx, new: NewJob) -> Result<bool> {
        Ok(self.enqueue_all(tx, vec![new]).await?[0])
    }

    /// Stores several jobs at once, like [`Engine::enqueue`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn enqueue_all(&self, tx: &mut Tx, new: Vec<NewJob>) -> Result<Vec<bool>> {
        let now = self.clock.now();
        let jobs: Vec<Job> = new.into_iter().map(|new| new.into_job(now)).collect();
        let stored: Vec<bool> = store::insert(tx, &jobs, now).await?.into_iter().map(|rows| rows == 1).collect();
        let fresh: Vec<Job> =
            jobs.into_iter().zip(&stored).filter(|(_, stored)| **stored).map(|(job, _)| job).collect();
        let messages = self.messages.clone();
        // The receiver is gone only when the engine has stopped; the table keeps the jobs.
        tx.after_commit(move || drop(messages.send(Message::Offer(fresh))));
        Ok(stored)
    }
}

impl Idle {
    /// Takes the lease and starts the loop. `node` names this process among its peers: a restart
    /// under the same name takes over its own work at once, another waits for the lease to end.
    ///
    /// # Errors
    /// What the database says.
    pub async fn start(self, registry: Registry, node: &str) -> Result<Running> {
        driver::start(self.engine, self.inbox, registry, node).await
    }
}
