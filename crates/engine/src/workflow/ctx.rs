//! The context of a workflow's function: steps, sleeps, events, other workflows.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::{Duration, Instant};

use campanile_base::{Clock, Timestamp};
use campanile_db::{BoxFuture, Tx};
use futures_util::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Effect;
use super::journal::{Ask, Journal, Listen, StepResult};
use crate::Engine;
use crate::event::{Event, Matching, NewEvent};
use crate::failure::{AWAY, Failure, Retry, StepError};
use crate::flow::Options;
use crate::run::RunId;
use crate::store::steps::StepKind;

/// The longest time that a run may sleep or wait.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// The context of one run. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) run: RunId,
    pub(super) tenant: Arc<str>,
    pub(super) attempt: u32,
    pub(super) event: Event,
    pub(super) options: Arc<super::Workflow>,
    pub(super) clock: Clock,
    pub(super) engine: Engine,
    pub(super) journal: Mutex<Journal>,
    pub(super) queued_at: Timestamp,
}

impl Inner {
    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().expect("nothing panics while it holds the journal")
    }

    fn options(&self) -> &Options {
        &self.options.options
    }
}

/// The signal that a step's future receives.
enum Signal {
    Begin,
    Result(StepResult),
}

impl Ctx {
    /// The run's id.
    pub fn run_id(&self) -> &RunId {
        &self.inner.run
    }

    /// The tenant that the run belongs to.
    pub fn tenant(&self) -> &str {
        &self.inner.tenant
    }

    /// The event that started the run.
    pub fn event(&self) -> &Event {
        &self.inner.event
    }

    /// The number of failed attempts of the function itself.
    pub fn attempt(&self) -> u32 {
        self.inner.attempt
    }

    /// The run's own time: the time of the last result before this point. It is the same in every
    /// replay.
    pub fn now(&self) -> Timestamp {
        self.inner.journal().now()
    }

    /// Runs `body` and stores its result. If the body fails, it is called again while attempts are
    /// left. It runs at least once, and possibly again after a crash. Its result is stored once.
    ///
    /// # Errors
    /// When the step has failed for good.
    pub fn step<T, E, F, Fut>(
        &self,
        name: &str,
        mut body: F,
    ) -> impl Future<Output = Result<T, StepError>> + Send + use<T, E, F, Fut>
    where
        T: Serialize + DeserializeOwned,
        E: Into<Failure>,
        F: FnMut() -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
    {
        let asked = StepRequest::new(self, name);
        async move {
            asked.ask(StepKind::Run, || Ask::Run);
            loop {
                match asked.signal().await {
                    Signal::Result(result) => return asked.read(result),
                    Signal::Begin => {
                        let began = Instant::now();
                        let outcome = attempt(&asked.inner.options().step_timeout, &mut body).await;
                        asked.measure(began.elapsed(), outcome.is_ok());
                        asked.report(outcome);
                    }
                }
            }
        }
    }

    /// Commits changes together with the step's result, so that the writes of `effect` happen
    /// exactly once. `effect` must await nothing but the transaction.
    ///
    /// # Errors
    /// When the step has failed for good.
    pub fn transaction<T, F>(
        &self,
        name: &str,
        effect: F,
    ) -> impl Future<Output = Result<T, StepError>> + Send + use<T, F>
    where
        T: Serialize + DeserializeOwned,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, Failure>> + Send + 'static,
    {
        let effect: Effect = Box::new(move |tx| {
            Box::pin(async move {
                let result = effect(tx).await?;
                serde_json::to_string(&result).map_err(|e| Failure::permanent(format!("the result is not JSON: {e}")))
            })
        });
        let asked = StepRequest::new(self, name);
        async move {
            asked.ask(StepKind::Transaction, || Ask::Transaction(effect));
            asked.result().await
        }
    }

    /// Sleeps for a duration, at most a year. A sleeping run uses no memory and survives restarts.
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + use<> {
        let until = self.inner.clock.now().plus(duration.min(LONGEST));
        self.sleep_until(until)
    }

    /// Sleeps until a time.
    pub fn sleep_until(&self, until: Timestamp) -> impl Future<Output = ()> + Send + use<> {
        let asked = StepRequest::new(self, "sleep");
        async move {
            asked.ask(StepKind::Sleep, || Ask::Sleep(until));
            // A sleep has no result and cannot fail.
            let _: Result<(), StepError> = asked.result().await;
        }
    }

    /// Waits for an event of this name in the run's tenant. Returns `None` when none came in time.
    /// Events since the request for the run count, so an event that came before this call is not
    /// missed. The next wait for the same name starts after the event that this wait returned.
    ///
    /// # Errors
    /// When the stored event cannot be read.
    pub fn wait_for_event(
        &self,
        name: &str,
        matching: Matching,
        timeout: Duration,
    ) -> impl Future<Output = Result<Option<Event>, StepError>> + Send + use<> {
        let asked = StepRequest::new(self, &format!("wait:{name}"));
        let until = self.inner.clock.now().plus(timeout.min(LONGEST));
        let since = self.inner.journal().heard(name).unwrap_or(self.inner.queued_at);
        let (equal, name) = (matching.equality(), name.to_owned());
        async move {
            let listen = Listen { event: name.clone(), equal, expression: matching.expression, since, until };
            asked.ask(StepKind::Wait, || Ask::Wait(listen));
            let event: Option<Event> = asked.result().await?;
            if let Some(event) = &event {
                asked.inner.journal().has_heard(name, event.at);
            }
            Ok(event)
        }
    }

    /// Sends an event to the run's tenant, exactly once.
    ///
    /// # Errors
    /// When it cannot be sent after all attempts.
    pub fn send_event<D: Serialize>(
        &self,
        name: &str,
        data: &D,
    ) -> impl Future<Output = Result<String, StepError>> + Send + use<D> {
        let event = NewEvent::new(name, &*self.inner.tenant, data);
        let engine = self.inner.engine.clone();
        self.transaction(&format!("send:{name}"), move |tx| {
            Box::pin(async move { engine.send(tx, event).await.map(|sent| sent.id).map_err(Failure::from) })
        })
    }

    /// Starts another workflow and waits for its result, without a time limit.
    ///
    /// # Errors
    /// When that run failed, was cancelled, or could not be started.
    pub fn invoke<T: DeserializeOwned, I: Serialize>(
        &self,
        workflow: &str,
        input: &I,
    ) -> impl Future<Output = Result<T, StepError>> + Send + use<T, I> {
        let asked = StepRequest::new(self, &format!("invoke:{workflow}"));
        let name = workflow.to_owned();
        let input = serde_json::to_string(input).expect("a workflow's input is plain data");
        async move {
            asked.ask(StepKind::Invoke, || Ask::Invoke { name, input });
            asked.result().await
        }
    }
}

/// A step requested by its future. If it is dropped before its result, the step is abandoned.
struct StepRequest {
    inner: Arc<Inner>,
    key: String,
}

impl StepRequest {
    fn new(ctx: &Ctx, name: &str) -> Self {
        let key = ctx.inner.journal().key_of(name);
        Self { inner: ctx.inner.clone(), key }
    }

    fn ask(&self, kind: StepKind, ask: impl FnOnce() -> Ask) {
        self.inner.journal().ask(&self.key, kind, ask);
    }

    async fn signal(&self) -> Signal {
        poll_fn(|cx| {
            let mut journal = self.inner.journal();
            if let Some(result) = journal.collect(&self.key, cx.waker()) {
                return Poll::Ready(Signal::Result(result));
            }
            match journal.may_begin(&self.key, self.inner.clock.now()) {
                true => Poll::Ready(Signal::Begin),
                false => Poll::Pending,
            }
        })
        .await
    }

    async fn result<T: DeserializeOwned>(&self) -> Result<T, StepError> {
        loop {
            if let Signal::Result(result) = self.signal().await {
                return self.read(result);
            }
        }
    }

    fn read<T: DeserializeOwned>(&self, result: StepResult) -> Result<T, StepError> {
        let error = |message| StepError { step: self.key.clone(), message };
        let json = result.map_err(error)?;
        serde_json::from_str(&json).map_err(|e| error(format!("its stored result has another shape: {e}")))
    }

    /// Records the duration and outcome of an attempt as a metric.
    fn measure(&self, took: Duration, is_ok: bool) {
        let (name, end) = (self.inner.options.name, if is_ok { "succeeded" } else { "failed" });
        metrics::histogram!("campanile_step_seconds", "name" => name, "end" => end).record(took.as_secs_f64());
    }

    fn report(&self, outcome: Result<String, Failure>) {
        let now = self.inner.clock.now();
        let mut journal = self.inner.journal();
        match outcome {
            Ok(result) => journal.succeed(&self.key, result, now),
            Err(failure) => {
                let failures = journal.attempts(&self.key) + 1;
                let wait = next_wait(self.inner.options(), &failure, failures);
                tracing::info!(run = %self.inner.run, step = self.key, failures, error = %failure, "a step failed");
                journal.fail(&self.key, &failure, wait, now);
            }
        }
    }
}

impl Drop for StepRequest {
    fn drop(&mut self) {
        self.inner.journal().abandon(&self.key);
    }
}

/// The wait before the next attempt; `None` when there is none.
pub(super) fn next_wait(options: &Options, failure: &Failure, failures: u32) -> Option<Duration> {
    match failure.retry() {
        Retry::Never => None,
        Retry::WhenBack => Some(AWAY),
        _ if failures >= options.attempts => None,
        Retry::After(wait) => Some(wait),
        Retry::Backoff => Some(options.backoff.wait(failures)),
    }
}

/// Runs one attempt of a body, with a time limit. A panic counts as a failure.
async fn attempt<T, E, F, Fut>(timeout: &Duration, body: &mut F) -> Result<String, Failure>
where
    T: Serialize,
    E: Into<Failure>,
    F: FnMut() -> Fut + Send,
    Fut: Future<Output = Result<T, E>> + Send,
{
    let guarded = AssertUnwindSafe(async { body().await }).catch_unwind();
    match tokio::time::timeout(*timeout, guarded).await {
        Ok(Ok(Ok(result))) => {
            serde_json::to_string(&result).map_err(|e| Failure::permanent(format!("the result is not JSON: {e}")))
        }
        Ok(Ok(Err(error))) => Err(error.into()),
        Ok(Err(_)) => Err(Failure::new("the step panicked")),
        Err(_) => Err(Failure::new(format!("the step took longer than {timeout:?}"))),
    }
}

/// Waits for all steps in parallel.
pub async fn all<T>(steps: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    futures_util::future::join_all(steps).await
}

/// Waits for the first result of several steps, and cancels the others. Returns the index of that
/// step. The same step wins in every replay.
///
/// # Panics
/// When there are no steps.
pub async fn race<T>(steps: impl IntoIterator<Item = impl Future<Output = T>>) -> (usize, T) {
    let steps: Vec<Pin<Box<_>>> = steps.into_iter().map(Box::pin).collect();
    let (result, index, others) = futures_util::future::select_all(steps).await;
    drop(others);
    (index, result)
}
