//! Workflows: durable code.
//!
//! # The life of a run
//! A workflow is an async function over a [`Ctx`]. All its effects happen in *steps*, whose results
//! are stored; the code between them only decides. A run begins when its row is due: the engine
//! calls the function, the function requests a step, and the step's body runs. The result goes to
//! the journal. It is made durable before any new step begins. Then the function continues. When it
//! can only wait (for a sleep, an event, another run, or the retry of a failed step), the run is
//! *parked*: its row stores the due time, and the run leaves memory. When it is due, or a result
//! arrives for it, the function is called again and *replayed*. Each step that has a result returns
//! it at once, in the order of the first execution, until the function reaches new work.
//!
//! So the code between steps must be deterministic: with the same results it must request the same
//! steps. It must use no clock except [`Ctx::now`], no random numbers, and nothing read from
//! outside. A step's body runs at least once; its result is stored once. [`Ctx::transaction`] has
//! its effect exactly once, in this database.
//!
//! # The parts
//! * [`Workflow`]: the function, with a stable name, a version, and its options.
//! * [`Ctx`]: the context that the function receives.
//! * `journal`: the state of the steps, and the order in which results are delivered. Pure.
//! * `drive`: calls the function, commits, lets steps begin, waits, parks.
//! * `stored_run`: reads the stored state of runs that continue. `cross_run`: commits that affect
//!   other runs.
//!
//! # What happens on failure
//! * A step's body fails or panics: only this step is tried again, after the backoff. When its
//!   attempts are used up, the function gets a [`StepError`](crate::StepError), to handle or to
//!   pass on.
//! * The function itself fails: it is called again after the backoff. The steps keep their results.
//! * The process dies: the next owner of the shard loads the row and replays the run.
//! * Another node owns the run by now: the next commit changes nothing, and this execution is
//!   dropped.

mod cross_run;
mod ctx;
pub(crate) mod drive;
pub(crate) mod journal;
pub(crate) mod stored_run;

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

/// The changes of a transactional step. Returns the step's result as JSON.
pub(crate) type Effect = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<String, Failure>> + Send>;

type Handler = Arc<dyn Fn(Ctx) -> BoxFuture<'static, Result<String, Failure>> + Send + Sync>;

/// A workflow: its function and its options.
#[derive(Clone)]
pub struct Workflow {
    pub(crate) name: &'static str,
    pub(crate) version: i64,
    pub(crate) options: Options,
    pub(crate) handler: Handler,
}

impl Workflow {
    /// Creates a workflow. Its name is stored with its runs, so never rename it. A run keeps the
    /// version that it was started with. If you change which steps there are, do so in a new
    /// version. Keep the old version registered for as long as runs of it are active.
    ///
    /// The input is the data of the event or call that started the run; for a batch, the list of
    /// their data.
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

    /// Starts a run for every event of this name.
    #[must_use]
    pub fn on_event(mut self, name: &str) -> Self {
        self.options.triggers.push(Trigger { event: name.to_owned(), when: None });
        self
    }

    /// Starts a run for every event of this name for which the expression holds.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    #[must_use]
    pub fn on_event_when(mut self, name: &str, expression: &str) -> Self {
        let when = Some(flow::declared(expression));
        self.options.triggers.push(Trigger { event: name.to_owned(), when });
        self
    }

    /// Starts runs by a schedule. They belong to the tenant with the empty name.
    #[must_use]
    pub fn on_cron(mut self, cron: Cron) -> Self {
        self.options.crons.push(cron);
        self
    }

    /// Sets the number of attempts of a step, and of the function itself. The default is 4.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.options.attempts = attempts.max(1);
        self
    }

    /// Sets the waits between attempts.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.options.backoff = backoff;
        self
    }

    /// Sets the maximum number of runs that are under way on a node, in addition to other limits.
    /// The default is 256.
    #[must_use]
    pub fn per_node(mut self, runs: usize) -> Self {
        self.options.per_node = runs.max(1);
        self
    }

    /// Adds a limit on the number of runs at a time. At most two such limits are allowed.
    ///
    /// # Panics
    /// When there are already two.
    #[must_use]
    pub fn limit(mut self, limit: Limit) -> Self {
        assert!(self.options.limits.len() < 2, "{} has more than two concurrency limits", self.name);
        self.options.limits.push(limit);
        self
    }

    /// Sets the time during which a run occupies its slots. The default is [`Hold::Step`].
    #[must_use]
    pub fn hold(mut self, hold: Hold) -> Self {
        self.options.hold = hold;
        self
    }

    /// Limits the number of runs that start within a period. The other runs wait.
    #[must_use]
    pub fn throttle(mut self, throttle: Throttled) -> Self {
        self.options.throttle = Some(throttle);
        self
    }

    /// Limits the number of runs that may be requested within a period. Further requests are
    /// dropped.
    #[must_use]
    pub fn rate_limit(mut self, rate_limit: RateLimit) -> Self {
        self.options.rate_limit = Some(rate_limit);
        self
    }

    /// Starts one run for a burst of events.
    #[must_use]
    pub fn debounce(mut self, debounce: Debounce) -> Self {
        self.options.debounce = Some(debounce);
        self
    }

    /// Starts one run for several events.
    #[must_use]
    pub fn batch(mut self, batch: Batch) -> Self {
        self.options.batch = Some(batch);
        self
    }

    /// Allows one active run at most.
    #[must_use]
    pub fn singleton(mut self, singleton: Singleton) -> Self {
        self.options.singleton = Some(singleton);
        self
    }

    /// Allows one run for each value of an expression.
    #[must_use]
    pub fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.options.idempotency = Some(idempotency);
        self
    }

    /// Sets the priority: among the runs of a tenant, a lower number goes first.
    ///
    /// # Panics
    /// When the expression cannot be parsed: it is part of the program.
    #[must_use]
    pub fn priority(mut self, expression: &str) -> Self {
        self.options.priority = Some(flow::declared(expression));
        self
    }

    /// Cancels a run that has not started within this time.
    #[must_use]
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.options.start_timeout = Some(timeout);
        self
    }

    /// Cancels a run that has not ended within this time after its start.
    #[must_use]
    pub fn finish_timeout(mut self, timeout: Duration) -> Self {
        self.options.finish_timeout = Some(timeout);
        self
    }

    /// Sets the time limit of a step's attempt. A longer attempt has failed. The default is five
    /// minutes.
    #[must_use]
    pub fn step_timeout(mut self, timeout: Duration) -> Self {
        self.options.step_timeout = timeout;
        self
    }

    /// Adds an event that cancels runs.
    #[must_use]
    pub fn cancel_on(mut self, cancel_on: CancelOn) -> Self {
        self.options.cancel_on.push(cancel_on);
        self
    }

    /// Sets the workflow that starts when a run fails for good. Its input has the fields
    /// `workflow`, `run`, `error` and `event`.
    #[must_use]
    pub fn on_failure(mut self, workflow: &str) -> Self {
        self.options.on_failure = Some(workflow.to_owned());
        self
    }

    /// True if the event triggers this workflow.
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
