//! A run: of a job (one call) or of a workflow (a call that is replayed through its steps).

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use campanile_base::Timestamp;
use campanile_db::{BoxFuture, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

campanile_base::id_type!(
    /// One run.
    pub RunId, "run"
);

/// The name prefix of the engine's own jobs. They are not counted and not listed.
pub(crate) const DUTY_PREFIX: &str = "engine.";

/// A job to be stored. Create it with [`NewJob::new`], then refine it with the methods.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub(crate) kind: &'static str,
    pub(crate) tenant: String,
    pub(crate) args: String,
    pub(crate) key: Option<String>,
    pub(crate) dedupe: Option<String>,
    pub(crate) priority: i64,
    pub(crate) delay: Duration,
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

    /// Sets the dedupe key: while a job with this key is active, another is not stored.
    #[must_use]
    pub fn dedupe(mut self, word: impl Into<String>) -> Self {
        self.dedupe = Some(word.into());
        self
    }

    /// Sets the priority among the jobs of a tenant: lower goes first. The default is 0.
    #[must_use]
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// Sets a delay before which the job does not start.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn into_run(self, shard: i64, now: Timestamp) -> Run {
        let mut run = Run::new(self.kind, 0, self.tenant, self.args, shard, now);
        (run.keys[0], run.dedupe, run.priority) = (self.key.map(Into::into), self.dedupe, self.priority);
        run.wait_until(now.plus(self.delay));
        run
    }
}

/// The progress of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It may start; no progress of it is stored yet.
    Queued,
    /// It is under way, and some progress is stored.
    Running,
    /// It is not due yet: it was scheduled for later, sleeps, or waits for a result from outside.
    Waiting,
    /// It ended successfully.
    Completed,
    /// It was given up: a dead letter, with its reason.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl Status {
    /// The stored code; below 10 means active.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Queued => 0,
            Self::Running => 1,
            Self::Waiting => 2,
            Self::Completed => 10,
            Self::Failed => 11,
            Self::Cancelled => 12,
        }
    }

    pub(crate) fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Queued,
            1 => Self::Running,
            2 => Self::Waiting,
            10 => Self::Completed,
            11 => Self::Failed,
            _ => Self::Cancelled,
        }
    }

    /// True if it has not ended.
    pub fn is_active(self) -> bool {
        self.code() < 10
    }

    /// The name used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Waiting, Self::Completed, Self::Failed, Self::Cancelled];

    /// Parses the output of [`Status::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A run, with the data that its owner needs.
#[derive(Debug, Clone)]
pub struct Run {
    /// The run's id.
    pub id: RunId,
    pub(crate) shard: i64,
    /// The job's kind or the workflow's name.
    pub name: Arc<str>,
    /// The workflow's version; 0 for a job.
    pub version: i64,
    /// The tenant that the run belongs to.
    pub tenant: Arc<str>,
    /// The keys of its concurrency limits.
    pub(crate) keys: [Option<Arc<str>>; 2],
    pub(crate) throttle: Option<Arc<str>>,
    pub(crate) holds: bool,
    pub(crate) priority: i64,
    pub(crate) status: Status,
    pub(crate) due: Timestamp,
    /// The number of attempts that have failed so far.
    pub attempt: u32,
    pub(crate) generation: i64,
    pub(crate) crashes: u32,
    pub(crate) pokes: i64,
    pub(crate) seq: i64,
    pub(crate) dedupe: Option<String>,
    pub(crate) singleton: Option<String>,
    pub(crate) gathers: bool,
    pub(crate) start_by: Option<Timestamp>,
    pub(crate) cause: &'static str,
    pub(crate) parent: Option<(RunId, String)>,
    pub(crate) queued_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) input: String,
}

impl Run {
    pub(crate) fn new(
        name: &str,
        version: i64,
        tenant: impl Into<Arc<str>>,
        input: String,
        shard: i64,
        now: Timestamp,
    ) -> Self {
        Self {
            id: RunId::new(now),
            shard,
            name: name.into(),
            version,
            tenant: tenant.into(),
            keys: [None, None],
            throttle: None,
            holds: false,
            priority: 0,
            status: Status::Queued,
            due: now,
            attempt: 0,
            generation: 0,
            crashes: 0,
            pokes: 0,
            seq: 0,
            dedupe: None,
            singleton: None,
            gathers: false,
            start_by: None,
            cause: "call",
            parent: None,
            queued_at: now,
            started_at: None,
            input,
        }
    }

    /// The arguments that a job was stored with, or a workflow's input.
    ///
    /// # Errors
    /// `Internal`, with the run's id, when the stored JSON has another shape: an older program may
    /// have stored it.
    pub fn args<A: DeserializeOwned>(&self) -> campanile_base::Result<A> {
        campanile_db::stored_json("run", self.id.as_str(), &self.input)
    }

    /// True if it is a job: one call and no steps.
    pub fn is_job(&self) -> bool {
        self.version == 0
    }

    /// True if it is the engine's own work: not counted and not listed.
    pub(crate) fn is_duty(&self) -> bool {
        self.name.starts_with(DUTY_PREFIX)
    }

    /// True if `row`, which was read later, has another generation, due time or sequence number.
    pub(crate) fn is_older_than(&self, row: &Self) -> bool {
        (self.generation, self.due, self.seq) != (row.generation, row.due, row.seq)
    }

    /// Delays the start until `due`.
    pub(crate) fn wait_until(&mut self, due: Timestamp) {
        self.due = due;
        if due > self.queued_at {
            self.status = Status::Waiting;
        }
    }

    /// Its position in its lane.
    pub(crate) fn rank(&self) -> (i64, Timestamp, RunId) {
        (self.priority, self.queued_at, self.id.clone())
    }

    /// The in-memory queue that the run belongs to. A run that already holds its slots uses a lane
    /// that does not depend on its keys.
    pub(crate) fn lane(&self) -> i64 {
        let [first, second] = &self.keys;
        let keys = match self.holds {
            true => ["", "held", ""],
            false => [
                first.as_deref().unwrap_or_default(),
                second.as_deref().unwrap_or_default(),
                self.throttle.as_deref().unwrap_or_default(),
            ],
        };
        hash([&*self.name, &*self.tenant].into_iter().chain(keys)) as i64
    }
}

/// FNV-1a hash: the same on every node and in every release.
pub(crate) fn hash<'a>(words: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for word in words {
        for byte in word.bytes().chain([0x1f]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// Changes that commit together with a job's completion or a step's result, or not at all.
pub type Commit = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, campanile_base::Result<()>> + Send>;

/// A value that a handler leaves, to be stored together with the notes of other jobs of its kind.
pub(crate) type Note = Arc<dyn Any + Send + Sync>;

/// The result of a job's attempt, as the handler decides it.
pub struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) commit: Option<Commit>,
    pub(crate) note: Option<Note>,
}

/// The next state of the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The job is done.
    Done,
    /// The attempt failed. It is tried again after this time, regardless of `max_attempts`.
    Retry {
        /// The time from now.
        after: Duration,
        /// The reason.
        error: String,
    },
    /// The job has not begun, or continues later. It is called again after this time; no attempt is
    /// counted.
    PutOff {
        /// The time from now.
        after: Duration,
        /// The reason; empty if putting off is the normal course.
        reason: String,
    },
    /// The job cannot succeed: it becomes a dead letter.
    Dead {
        /// The reason.
        error: String,
    },
}

impl Outcome {
    /// Success, with nothing else to write.
    pub fn done() -> Self {
        Self::of(Verdict::Done)
    }

    /// Another verdict, with nothing else to write.
    pub fn of(verdict: Verdict) -> Self {
        Self { verdict, commit: None, note: None }
    }

    /// Adds changes that commit together with the verdict.
    #[must_use]
    pub fn with<F>(mut self, commit: F) -> Self
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, campanile_base::Result<()>> + Send + 'static,
    {
        self.commit = Some(Box::new(commit));
        self
    }

    /// Adds a note that is stored together with the verdict. The function registered with
    /// [`crate::Registry::settle`] stores it, together with the notes of other jobs of this kind
    /// that settle at the same time.
    #[must_use]
    pub fn noting<N: Send + Sync + 'static>(mut self, note: N) -> Self {
        self.note = Some(Arc::new(note));
        self
    }
}
