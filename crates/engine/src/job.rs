//! A job, before, during and after its run.

use std::time::Duration;

use campanile_base::Timestamp;
use campanile_db::{BoxFuture, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::SHARDS;

campanile_base::id_type!(
    /// One job.
    pub JobId, "job"
);

/// Work to be stored: made with [`NewJob::new`] and refined with the methods.
#[derive(Debug, Clone)]
pub struct NewJob {
    kind: &'static str,
    tenant: String,
    args: String,
    key: Option<String>,
    dedupe: Option<String>,
    priority: i64,
    delay: Duration,
}

impl NewJob {
    /// A job of `kind` for `tenant` (an organisation: work is shared out fairly between tenants).
    ///
    /// # Panics
    /// When `args` cannot be written as JSON, which plain structs always can.
    pub fn new(kind: &'static str, tenant: impl Into<String>, args: &impl Serialize) -> Self {
        let args = serde_json::to_string(args).expect("a job's arguments are plain data");
        Self { kind, tenant: tenant.into(), args, key: None, dedupe: None, priority: 0, delay: Duration::ZERO }
    }

    /// Jobs of one kind with the same key run at most [`crate::JobOptions::per_key`] at a time.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// While a job with this word is waiting or running, another is not stored.
    #[must_use]
    pub fn dedupe(mut self, word: impl Into<String>) -> Self {
        self.dedupe = Some(word.into());
        self
    }

    /// Lower goes first among the jobs of a tenant; 0 unless said otherwise.
    #[must_use]
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// Not before this time has passed.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn into_job(self, now: Timestamp) -> Job {
        let id = JobId::new(now);
        Job {
            shard: shard_of(&id),
            id,
            kind: self.kind.to_owned(),
            tenant: self.tenant,
            key: self.key,
            priority: self.priority,
            due: now.plus(self.delay),
            attempt: 0,
            generation: 0,
            dedupe: self.dedupe,
            args: self.args,
        }
    }
}

/// A stored job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    pub(crate) shard: i64,
    /// Which handler runs it.
    pub kind: String,
    /// Whose work it is.
    pub tenant: String,
    /// What it shares a concurrency limit by.
    pub key: Option<String>,
    pub(crate) priority: i64,
    pub(crate) due: Timestamp,
    /// How many attempts have failed so far.
    pub attempt: u32,
    pub(crate) generation: i64,
    pub(crate) dedupe: Option<String>,
    pub(crate) args: String,
}

impl Job {
    /// The arguments it was stored with.
    ///
    /// # Errors
    /// `Internal` when they do not have this shape: an older program may have stored them.
    pub fn args<A: DeserializeOwned>(&self) -> campanile_base::Result<A> {
        serde_json::from_str(&self.args).map_err(campanile_base::Error::internal)
    }
}

/// Changes that commit together with a job's completion, or not at all.
pub type Commit = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, campanile_base::Result<()>> + Send>;

/// How an attempt ended, by the handler's own judgement.
pub struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) commit: Option<Commit>,
}

/// What becomes of the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Done,
    /// It is to be tried again after this time, whatever its options say about attempts.
    Retry {
        /// How long from now.
        after: Duration,
        /// Why.
        error: String,
    },
    /// It cannot succeed: to the dead letters.
    Dead {
        /// Why.
        error: String,
    },
}

impl Outcome {
    /// Done, and nothing else to write.
    pub fn done() -> Self {
        Self { verdict: Verdict::Done, commit: None }
    }

    /// Another end than success, and nothing else to write.
    pub fn of(verdict: Verdict) -> Self {
        Self { verdict, commit: None }
    }

    /// Writes these changes together with the verdict.
    #[must_use]
    pub fn with<F>(mut self, commit: F) -> Self
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, campanile_base::Result<()>> + Send + 'static,
    {
        self.commit = Some(Box::new(commit));
        self
    }
}

/// The shard of an id: FNV-1a, which every node and every release computes alike.
fn shard_of(id: &JobId) -> i64 {
    let hash = id
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash % SHARDS) as i64
}
