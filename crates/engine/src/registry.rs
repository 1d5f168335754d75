//! The handlers and options of job kinds, and the workflows.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use campanile_base::Result;
use campanile_db::{BoxFuture, Tx};

use crate::run::Note;
use crate::workflow::Workflow;
use crate::{Backoff, Outcome, Run};

/// One attempt of a job, as its handler sees it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The job.
    pub job: Run,
    /// True if a failure now is the last that the options allow.
    pub is_last: bool,
}

/// The limits of a job kind.
#[derive(Debug, Clone)]
pub struct JobOptions {
    /// The number of failed attempts after which the job is dead. A handler's explicit retries also
    /// count, but do not end the job.
    pub max_attempts: u32,
    /// The waits between attempts.
    pub backoff: Backoff,
    /// The maximum number of jobs of this kind that run at a time on a node.
    pub concurrency: usize,
    /// The maximum number with the same key that run at a time on a node.
    pub per_key: usize,
    /// The time limit of an attempt. A longer attempt has failed.
    pub timeout: Duration,
    /// True if much is written when its jobs settle. They then share no transaction with other kinds, which
    /// would wait for them.
    pub settles_apart: bool,
}

impl Default for JobOptions {
    fn default() -> Self {
        Self {
            max_attempts: 8,
            backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(600) },
            concurrency: 32,
            per_key: usize::MAX,
            timeout: Duration::from_secs(60),
            settles_apart: false,
        }
    }
}

pub(crate) type Handler = Arc<dyn Fn(Attempt) -> BoxFuture<'static, Result<Outcome>> + Send + Sync>;
pub(crate) type OnDeath =
    Arc<dyn for<'t> Fn(&'t mut Tx, &'t Run, &'t str) -> BoxFuture<'t, campanile_db::Result<()>> + Send + Sync>;

pub(crate) type Settle =
    Arc<dyn for<'t> Fn(&'t mut Tx, Vec<Note>) -> BoxFuture<'t, campanile_db::Result<()>> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Registered {
    pub(crate) options: JobOptions,
    pub(crate) handler: Handler,
    pub(crate) on_death: Option<OnDeath>,
    pub(crate) settle: Option<Settle>,
}

/// All kinds of jobs that this program can run.
#[derive(Default)]
pub struct Registry {
    pub(crate) kinds: HashMap<&'static str, Registered>,
    pub(crate) workflows: Vec<Arc<Workflow>>,
}

impl Registry {
    /// Registers the handler of `kind`. A kind's name is stored with its jobs: never rename one.
    pub fn register<F, Fut>(&mut self, kind: &'static str, options: JobOptions, handler: F)
    where
        F: Fn(Attempt) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |attempt| Box::pin(handler(attempt)));
        self.kinds.insert(kind, Registered { options, handler, on_death: None, settle: None });
    }

    /// Sets the function that stores the notes of jobs of `kind`. It runs in the transaction that
    /// settles the jobs, once for all notes of the kind. If that fails, each job is settled alone.
    /// If that also fails, the attempt of that job has failed.
    ///
    /// # Panics
    /// When `kind` is not registered.
    pub fn settle<N, F>(&mut self, kind: &'static str, write: F)
    where
        N: Send + Sync + 'static,
        F: for<'t> Fn(&'t mut Tx, Vec<Arc<N>>) -> BoxFuture<'t, campanile_db::Result<()>> + Send + Sync + 'static,
    {
        let settle: Settle = Arc::new(move |tx, notes| {
            let notes = notes.into_iter().filter_map(|note| note.downcast::<N>().ok()).collect();
            write(tx, notes)
        });
        self.kinds.get_mut(kind).expect("a kind is registered before its notes are").settle = Some(settle);
    }

    /// Registers a workflow, or another version of one.
    ///
    /// # Panics
    /// When this version is already registered.
    pub fn workflow(&mut self, workflow: Workflow) {
        let is_known = |known: &Arc<Workflow>| known.name == workflow.name && known.version == workflow.version;
        assert!(!self.workflows.iter().any(is_known), "{workflow:?} is registered twice");
        self.workflows.push(Arc::new(workflow));
    }

    /// Sets a function that writes more in the transaction that turns a job of `kind` into a dead
    /// letter.
    ///
    /// # Panics
    /// When `kind` is not registered.
    pub fn on_death<F>(&mut self, kind: &'static str, write: F)
    where
        F: for<'t> Fn(&'t mut Tx, &'t Run, &'t str) -> BoxFuture<'t, campanile_db::Result<()>> + Send + Sync + 'static,
    {
        self.kinds.get_mut(kind).expect("a kind is registered before its death is").on_death = Some(Arc::new(write));
    }
}
