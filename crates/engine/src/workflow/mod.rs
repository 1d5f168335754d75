//! Workflows: durable code.
//!
//! # The life of a run
//! A workflow is an async function over a [`Ctx`]. What it does to the world it does in *steps*, whose
//! results are stored; between them it only decides. A run of it begins when its row is due: the
//! function is called, asks for a step, and the step's body runs. Its result goes to the journal, is
//! made durable before anything new begins, and the function goes on. When there is nothing to do
//! but wait (a sleep, an event, another run, the time until a failed step is tried again) the run
//! is *parked*: its row says when it is due, and it leaves memory. When it is due, or something came
//! for it, the function is called anew and *replayed*: each step that has a result answers at once,
//! in the order in which they came about the first time, until it gets to what is new.
//!
//! So the code between steps must come to the same steps when it is given the same results: no
//! clock but [`Ctx::now`], no chance, nothing read from outside. A step's body runs at least once; its
//! result is stored once. [`Ctx::transaction`] has its effect exactly once, in this database.
//!
//! # The cast
//! * [`Workflow`]: the function, with a stable name, a version, and its options.
//! * [`Ctx`]: what the function is given.
//! * `journal`: pure; what is known of the steps, and the order in which it is learnt.
//! * `drive`: calls the function, commits, grants, waits, parks.
//! * `stored`: reads what is stored of runs that go on; `others`: commits what concerns others too.
//!
//! # What happens on failure
//! * A step's body fails or panics: it alone is tried again, after the backoff. When its attempts are used
//!   up the function sees a [`StepError`](crate::StepError), to handle or to pass on.
//! * The function itself fails: it is called again after the backoff; the steps keep their results.
//! * The process dies: the next owner of the shard loads the row and replays the run.
//! * Somebody else owns the run by now: the next commit says so, and this one is dropped.

mod ctx;
pub(crate) mod drive;
pub(crate) mod journal;
mod others;
pub(crate) mod stored;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use campanile_db::{BoxFuture, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::flow::{
    Batch, CancelOn, Cron, Debounce, Expression, Hold, Idempotency, Limit, Options, RateLimit, Singleton, Throttled,
    Trigger,
};
use crate::{Backoff, flow};

pub use ctx::{Ctx, all, race};

/// The changes of a transactional step; answers the step's result as JSON.
pub(crate) type Effect = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<String, Failure>> + Send>;

type Handler = Arc<dyn Fn(Ctx) -> BoxFuture<'static, Result<String, Failure>> + Send + Sync>;

/// A workflow and everything that is declared beside it.
#[derive(Clone)]
pub struct Workflow {
    pub(crate) name: &'static str,
    pub(crate) version: i64,
    pub(crate) options: Options,
    pub(crate) handler: Handler,
}

impl Workflow {
    /// A workflow under a name that is stored with its runs: never rename one. Runs stay with the
    /// version that they were started with: change what steps there are only in a new version,
    /// and register the old one for as long as runs of it are active.
    ///
    /// The input is the data of the event or call that started the run; of a batch, their list.
    ///
    /// # Panics
    /// When the version is less than 1.
    pub fn new<F, Fut, I, O>(name: &'static str, version: u32, function: F) -> Self
    where
        F: Fn(Ctx, I) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, Failure>> + Send + 'static,
        I: DeserializeOwned + Send,
        O: Serialize,
    {
        assert!(version >= 1, "the first version of {name} is 1");
        let function = Arc::new(function);
        let handler: Handler = Arc::new(move |ctx: Ctx| {
            let function = function.clone();
            Box::pin(async move {
                let input = I::deserialize(&ctx.event().data)
                    .map_err(|e| Failure::permanent(format!("the input has another shape: {e}")))?;
                let output = function(ctx, input).await?;
                serde_json::to_string(&output).map_err(|e| Failure::permanent(format!("the output is not JSON: {e}")))
            })
        });
        Self { name, version: version.into(), options: Options::default(), handler }
    }

    /// Starts with every event of this name.
    #[must_use]
    pub fn on_event(mut self, name: &str) -> Self {
        self.options.triggers.push(Trigger { event: name.to_owned(), when: None });
        self
    }

    /// Starts with every event of this name for which the expression holds.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    #[must_use]
    pub fn on_event_when(mut self, name: &str, expression: &str) -> Self {
        let when = Some(flow::declared(expression));
        self.options.triggers.push(Trigger { event: name.to_owned(), when });
        self
    }

    /// Starts by the clock, for the tenant that is nobody's (an empty name).
    #[must_use]
    pub fn on_cron(mut self, cron: Cron) -> Self {
        self.options.crons.push(cron);
        self
    }

    /// How often a step, or the function itself, is tried; 4 unless said otherwise.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.options.attempts = attempts.max(1);
        self
    }

    /// How long is waited between attempts.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.options.backoff = backoff;
        self
    }

    /// How many runs at most are under way on a node, whatever other limits say; 256 unless said
    /// otherwise.
    #[must_use]
    pub fn per_node(mut self, runs: usize) -> Self {
        self.options.per_node = runs.max(1);
        self
    }

    /// How many run at a time. There may be two such limits.
    ///
    /// # Panics
    /// On the third.
    #[must_use]
    pub fn limit(mut self, limit: Limit) -> Self {
        assert!(self.options.limits.len() < 2, "{} has more than two concurrency limits", self.name);
        self.options.limits.push(limit);
        self
    }

    /// For how long a run has its slots; for its steps unless said otherwise.
    #[must_use]
    pub fn hold(mut self, hold: Hold) -> Self {
        self.options.hold = hold;
        self
    }

    /// How many may start within a time; the rest waits.
    #[must_use]
    pub fn throttle(mut self, throttle: Throttled) -> Self {
        self.options.throttle = Some(throttle);
        self
    }

    /// How many may be asked for within a time; the rest is dropped.
    #[must_use]
    pub fn rate_limit(mut self, rate_limit: RateLimit) -> Self {
        self.options.rate_limit = Some(rate_limit);
        self
    }

    /// One run for a burst of events.
    #[must_use]
    pub fn debounce(mut self, debounce: Debounce) -> Self {
        self.options.debounce = Some(debounce);
        self
    }

    /// One run for several events.
    #[must_use]
    pub fn batch(mut self, batch: Batch) -> Self {
        self.options.batch = Some(batch);
        self
    }

    /// One active run at most.
    #[must_use]
    pub fn singleton(mut self, singleton: Singleton) -> Self {
        self.options.singleton = Some(singleton);
        self
    }

    /// One run for each value of an expression.
    #[must_use]
    pub fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.options.idempotency = Some(idempotency);
        self
    }

    /// Runs with a lower number go first among those of a tenant.
    ///
    /// # Panics
    /// When the expression cannot be read: it is part of the program.
    #[must_use]
    pub fn priority(mut self, expression: &str) -> Self {
        self.options.priority = Some(flow::declared(expression));
        self
    }

    /// A run that was not started by then is cancelled.
    #[must_use]
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.options.start_timeout = Some(timeout);
        self
    }

    /// A run that has not ended so long after its start is cancelled.
    #[must_use]
    pub fn finish_timeout(mut self, timeout: Duration) -> Self {
        self.options.finish_timeout = Some(timeout);
        self
    }

    /// An attempt of a step that takes longer has failed; five minutes unless said otherwise.
    #[must_use]
    pub fn step_timeout(mut self, timeout: Duration) -> Self {
        self.options.step_timeout = timeout;
        self
    }

    /// An event that calls runs off.
    #[must_use]
    pub fn cancel_on(mut self, cancel_on: CancelOn) -> Self {
        self.options.cancel_on.push(cancel_on);
        self
    }

    /// The workflow that is started when a run fails for good. Its input: `workflow`, `run`, `error`
    /// and `event`.
    #[must_use]
    pub fn on_failure(mut self, workflow: &str) -> Self {
        self.options.on_failure = Some(workflow.to_owned());
        self
    }

    /// Whether an event starts it.
    pub(crate) fn starts_with(&self, event: &crate::Event, json: &serde_json::Value) -> bool {
        let words: [(&str, &serde_json::Value); 1] = [("event", json)];
        let fits = |when: &Option<Expression>| when.as_ref().is_none_or(|when| when.holds(&words));
        self.options.triggers.iter().any(|trigger| trigger.event == event.name && fits(&trigger.when))
    }
}

impl std::fmt::Debug for Workflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Workflow({} {})", self.name, self.version)
    }
}
