//! Calls a workflow's function until it has ended, or can only wait.
//!
//! The loop polls the function and plans the steps that it requests. It commits all changes before
//! any new step begins. Step bodies run inside the function's own future. When the run can only
//! wait for time or for others, it is parked: one commit stores that, and the run leaves memory.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use campanile_base::Timestamp;
use campanile_db::{BoxFuture, stored_json};
use serde_json::Value;
use tokio::sync::Notify;

use super::cross_run::{self, CrossRunEffects};
use super::ctx::{Ctx, Inner, next_wait};
use super::journal::{Changes, Journal};
use super::stored_run::StoredRun;
use super::{Effect, Workflow};
use crate::event::Event;
use crate::failure::{Failure, is_away};
use crate::flow::Hold;
use crate::lifecycle;
use crate::machine::Settlement;
use crate::node::commit::apply_one;
use crate::node::dead_letter;
use crate::node::shared::Shared;
use crate::run::{Run, Status};
use crate::run_commit::{Next, RunCommit};
use crate::store::runs::{EndedRun, OwnedRun, ParkedRun, Progress};
use crate::store::steps::StepKind;
use crate::store::{flow, runs};

type Output = Result<String, Failure>;
/// The error of a commit that came too late: another node owns the run, or it has ended.
struct Late;

/// The number of attempts to commit a run's changes while the database is available but rejects
/// them. Other transactions may block a commit for some seconds.
const TRIES: u64 = 10;

/// Runs a workflow from the point where its journal ends. `look` signals a change of the row or the
/// inbox.
pub(crate) async fn run(shared: &Arc<Shared>, epoch: i64, run: Run, look: &Notify) -> Settlement {
    let id = run.id.clone();
    match Drive::begin(shared, epoch, run).await {
        Ok(Some(drive)) => drive.on(look).await.unwrap_or_else(|Late| {
            tracing::info!(run = %id, "a run went on elsewhere");
            Settlement::Unknown
        }),
        Ok(None) => Settlement::Unknown,
        Err(error) => {
            tracing::warn!(run = %id, error = error.chain(), "a run could not be loaded");
            tokio::time::sleep(Duration::from_millis(500)).await;
            Settlement::Unknown
        }
    }
}

struct Drive<'s> {
    shared: &'s Arc<Shared>,
    epoch: i64,
    run: Arc<Run>,
    workflow: Arc<Workflow>,
    ctx: Ctx,
    function: Option<BoxFuture<'static, Output>>,
    started_at: Timestamp,
    finish_by: Option<Timestamp>,
    /// True if its row says that it is under way.
    is_marked: bool,
    /// The number of inbox results that are known.
    pokes: i64,
    /// True if waits or inbox entries may exist for it, which its end must delete.
    listens: bool,
}

/// Ends a run that cannot go on: its input cannot be read, or the database rejects its changes.
async fn give_up(shared: &Shared, epoch: i64, run: &Run, why: &str) {
    tracing::error!(run = %run.id, name = &*run.name, error = why, "a run is given up");
    if let Err(error) = dead_letter::give_up(&shared.engine, epoch, run, why, None).await {
        tracing::warn!(run = %run.id, error = error.chain(), "a run could not be given up");
    }
}

impl<'s> Drive<'s> {
    /// Loads the stored state of the run. Returns `None` when this node cannot run it.
    async fn begin(shared: &'s Arc<Shared>, epoch: i64, mut run: Run) -> campanile_base::Result<Option<Self>> {
        let Some(workflow) = shared.engine.catalogue().version(&run.name, run.version).cloned() else {
            tracing::warn!(run = %run.id, name = &*run.name, version = run.version, "no such version is registered");
            // Another node may have this version. The next sweep or restart tries again.
            tokio::time::sleep(Duration::from_secs(5)).await;
            return Ok(None);
        };
        let mut event: Event = match run.args() {
            Ok(event) => event,
            Err(error) => {
                give_up(shared, epoch, &run, &error.chain()).await;
                return Ok(None);
            }
        };
        let now = shared.engine.clock.now();
        if run.gathers && !claim(shared, epoch, &mut run, &mut event, now).await? {
            return Ok(None);
        }
        let mut stored = StoredRun::default();
        if run.started_at.is_some() || run.seq > 0 {
            match shared.loads.submit(run.id.clone()).await? {
                Some(loaded) if loaded.generation == run.generation => stored = loaded,
                _ => return Ok(None),
            }
        }
        run.holds = workflow.options.hold == Hold::Run;
        let started_at = run.started_at.unwrap_or(now);
        let listens = !workflow.options.cancel_on.is_empty()
            || stored.steps.iter().any(|step| matches!(step.kind, StepKind::Wait | StepKind::Invoke));
        let mut journal = Journal::new(run.seq, started_at, stored.steps);
        stored.inbox.into_iter().for_each(|arrival| journal.take_in(arrival, now));
        let inner = Inner {
            run: run.id.clone(),
            tenant: run.tenant.clone(),
            attempt: run.attempt,
            event,
            options: workflow.clone(),
            clock: shared.engine.clock.clone(),
            engine: shared.engine.clone(),
            journal: Mutex::new(journal),
            queued_at: run.queued_at,
        };
        Ok(Some(Self {
            shared,
            epoch,
            is_marked: run.status == Status::Running,
            finish_by: workflow.options.finish_timeout.map(|timeout| started_at.plus(timeout)),
            listens,
            run: Arc::new(run),
            workflow,
            ctx: Ctx { inner: Arc::new(inner) },
            function: None,
            started_at,
            pokes: stored.pokes,
        }))
    }

    async fn on(mut self, look: &Notify) -> Result<Settlement, Late> {
        if self.finish_by.is_some_and(|by| by <= self.now()) {
            return self.cancel("it did not finish in time").await;
        }
        match catch_unwind(AssertUnwindSafe(|| (self.workflow.handler)(self.ctx.clone()))) {
            Ok(function) => self.function = Some(function),
            Err(_) => return self.fail(&Failure::new("the workflow panicked")).await,
        }
        loop {
            if let Some(output) = self.poll_once().await {
                return self.finish(output).await;
            }
            if self.ctx.inner.journal().deliver() {
                continue;
            }
            let now = self.now();
            let (bodies, effects, has_results) = {
                let mut journal = self.ctx.inner.journal();
                journal.pass_time(now);
                let has_results = journal.has_results();
                let (bodies, effects) = if has_results { Default::default() } else { journal.plan(now) };
                (bodies, effects, has_results)
            };
            if has_results {
                continue;
            }
            let (is_busy, is_idle) = {
                let journal = self.ctx.inner.journal();
                (journal.is_busy() || !bodies.is_empty() || !effects.is_empty(), journal.is_idle())
            };
            if !is_busy && !is_idle {
                return self.park(now).await;
            }
            self.save().await?;
            let has_effects = !effects.is_empty();
            self.ctx.inner.journal().grant(bodies);
            for (key, effect) in effects {
                self.transact(&key, effect).await?;
            }
            if has_effects || self.ctx.inner.journal().has_results() {
                continue;
            }
            if let Some(output) = self.wait(look).await? {
                return self.finish(output).await;
            }
        }
    }

    /// Polls the function once, with this task's waker.
    async fn poll_once(&mut self) -> Option<Output> {
        poll_fn(|cx| {
            Poll::Ready(match poll_guarded(&mut self.function, cx) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            })
        })
        .await
    }

    /// Waits for progress of a body, a signal from outside, or the due time.
    async fn wait(&mut self, look: &Notify) -> Result<Option<Output>, Late> {
        let now = self.now();
        let due = self.ctx.inner.journal().next_due();
        let until = [due, self.finish_by].into_iter().flatten().min();
        let patience = until.map_or(Duration::from_secs(3600), |until| until.since(now)).max(Duration::from_millis(1));
        let inner = self.ctx.inner.clone();
        // Bodies that may begin are polled here for the first time.
        let progress = poll_fn(|cx| match poll_guarded(&mut self.function, cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if inner.journal().take_news() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        tokio::select! {
            output = progress => return Ok(output),
            () = look.notified() => self.look_in().await?,
            () = tokio::time::sleep(patience) => {}
        }
        if self.finish_by.is_some_and(|by| by <= self.now()) {
            return Ok(Some(Err(Failure::permanent(TOO_LATE))));
        }
        Ok(None)
    }

    /// Handles a signal: the row changed, or a result is in the inbox.
    async fn look_in(&mut self) -> Result<(), Late> {
        if !self.shared.lives(self.epoch) {
            return Err(Late);
        }
        match self.shared.loads.submit(self.run.id.clone()).await {
            Ok(Some(loaded)) if loaded.generation == self.run.generation => {
                self.pokes = loaded.pokes;
                let now = self.now();
                let mut journal = self.ctx.inner.journal();
                loaded.inbox.into_iter().for_each(|arrival| journal.take_in(arrival, now));
                Ok(())
            }
            Ok(_) => Err(Late),
            // The inbox is read again before the run is parked for long, because its row counts the
            // poke.
            Err(error) => {
                tracing::warn!(run = %self.run.id, %error, "an inbox could not be read");
                Ok(())
            }
        }
    }

    /// Commits pending changes.
    async fn save(&mut self) -> Result<(), Late> {
        let changes = {
            let mut journal = self.ctx.inner.journal();
            if !journal.changed() {
                return Ok(());
            }
            journal.take_changes()
        };
        let progress = self.progress();
        let has_listened = !changes.listen.is_empty();
        self.commit(Next::On(progress), changes).await?;
        self.is_marked = true;
        // An event that it listens for may have come before. Then it is in the inbox.
        if has_listened { self.look_in().await } else { Ok(()) }
    }

    fn progress(&self) -> Progress {
        Progress { run: OwnedRun::of(&self.run), begins: (!self.is_marked).then_some(self.started_at) }
    }

    /// Parks the run: it leaves memory until it is due.
    async fn park(mut self, now: Timestamp) -> Result<Settlement, Late> {
        let (changes, seq, due) = {
            let mut journal = self.ctx.inner.journal();
            journal.close();
            (journal.take_changes(), journal.seq(), journal.next_due())
        };
        self.function = None;
        let due = [due, self.finish_by].into_iter().flatten().min();
        // Only an invocation has no due time: its result comes, or the run is cancelled.
        let due = due.unwrap_or_else(|| now.plus(Duration::from_secs(366 * 24 * 3600))).max(now);
        self.park_until(due, 0, None, changes, seq).await
    }

    async fn park_until(
        &mut self,
        due: Timestamp,
        attempt: u32,
        error: Option<String>,
        changes: Changes,
        seq: i64,
    ) -> Result<Settlement, Late> {
        let mut again = Run { due, attempt, seq, started_at: Some(self.started_at), crashes: 0, ..(*self.run).clone() };
        again.status = Status::Waiting;
        let parked = ParkedRun {
            run: OwnedRun::of(&self.run),
            status: again.status,
            due,
            attempt,
            seq,
            pokes: self.pokes,
            holds: again.holds,
            lane: again.lane(),
            started_at: self.started_at,
            error,
        };
        if self.commit(Next::Park(parked), changes).await? {
            again.due = self.now();
        }
        Ok(Settlement::Again(Box::new(again)))
    }

    /// Handles the end or the failure of the function.
    async fn finish(mut self, output: Output) -> Result<Settlement, Late> {
        self.ctx.inner.journal().close();
        self.function = None;
        match output {
            Ok(output) => self.end(Status::Completed, Ok(output)).await,
            Err(failure) if failure == Failure::permanent(TOO_LATE) => self.cancel(TOO_LATE).await,
            Err(failure) => self.fail(&failure).await,
        }
    }

    async fn fail(mut self, failure: &Failure) -> Result<Settlement, Late> {
        let failures = self.run.attempt + u32::from(failure.counts());
        let error = failure.to_string().replace('\0', "\u{fffd}");
        tracing::warn!(run = %self.run.id, name = &*self.run.name, failures, error, "a run failed");
        let Some(wait) = next_wait(&self.workflow.options, failure, failures) else {
            return self.end(Status::Failed, Err(error)).await;
        };
        metrics::counter!("campanile_runs_retried_total", "name" => self.run.name.to_string()).increment(1);
        let (changes, seq) = {
            let mut journal = self.ctx.inner.journal();
            (journal.take_changes(), journal.seq())
        };
        let due = self.now().plus(wait);
        self.park_until(due, failures, Some(error), changes, seq).await
    }

    async fn cancel(mut self, why: &str) -> Result<Settlement, Late> {
        self.end(Status::Cancelled, Err(why.to_owned())).await
    }

    async fn end(&mut self, status: Status, result: Result<String, String>) -> Result<Settlement, Late> {
        let (changes, seq) = {
            let mut journal = self.ctx.inner.journal();
            (journal.take_changes(), journal.seq())
        };
        let failures = u32::from(status == Status::Failed);
        let ended = EndedRun {
            run: OwnedRun::of(&self.run),
            status,
            attempt: self.run.attempt + failures,
            seq,
            started_at: Some(self.started_at),
            output: result.as_ref().ok().cloned(),
            error: result.err(),
        };
        self.commit(Next::End(ended), changes).await?;
        let took = self.now().since(self.started_at).as_secs_f64();
        metrics::counter!("campanile_runs_total", "name" => self.run.name.to_string(), "end" => status.as_str())
            .increment(1);
        metrics::histogram!("campanile_run_seconds", "name" => self.run.name.to_string()).record(took);
        Ok(Settlement::Gone)
    }

    /// Commits. It retries for as long as the database is not available. If the changes cannot be
    /// stored for another reason, the run is given up after [`TRIES`] attempts. Returns `true` if
    /// the inbox has more than is known.
    async fn commit(&mut self, next: Next, changes: Changes) -> Result<bool, Late> {
        self.listens |= !changes.listen.is_empty() || !changes.invoke.is_empty();
        let is_plain = changes.is_plain()
            && match &next {
                Next::End(ended) => lifecycle::is_plain(&self.shared.engine, &self.run, ended.status, self.listens),
                _ => true,
            };
        let Changes { steps, failures, taken_in, listen, unlisten, invoke } = changes;
        let mut commit = RunCommit::new(self.epoch, self.run.clone(), next);
        (commit.steps, commit.failures, commit.taken_in) = (steps, failures, taken_in);
        let commit = Arc::new(commit);
        let effects = Arc::new(CrossRunEffects { listen, unlisten, invoke });
        for tries in 1u64.. {
            let done = match is_plain {
                true => self.shared.commits.submit(commit.clone()).await.map(|done| (done, false)).map_err(Into::into),
                false => cross_run::commit(self.shared, commit.clone(), effects.clone()).await,
            };
            match done {
                Ok((true, poked)) => return Ok(poked),
                Ok((false, _)) => return Err(Late),
                Err(error) => {
                    tracing::warn!(run = %self.run.id, error = error.chain(), "a run could not be committed");
                    if !self.shared.lives(self.epoch) {
                        return Err(Late);
                    }
                    if tries >= TRIES && !is_away(&error) {
                        let why = format!("what the run came to could not be stored: {}", error.chain());
                        give_up(self.shared, self.epoch, &self.run, &why).await;
                        return Err(Late);
                    }
                    tokio::time::sleep(Duration::from_millis(100 * tries.min(50))).await;
                }
            }
        }
        Err(Late)
    }

    /// Executes a step whose changes commit together with its result.
    async fn transact(&mut self, key: &str, effect: Effect) -> Result<(), Late> {
        let now = self.now();
        let mut row = self.ctx.inner.journal().row_if_succeeded(key, String::new(), now);
        let (epoch, run, progress) = (self.epoch, self.run.clone(), self.progress());
        let engine = self.shared.engine.clone();
        let done = self
            .shared
            .engine
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let mut commit = RunCommit::new(epoch, run, Next::On(progress));
                    let result = effect(tx).await?;
                    row.result = Some(result.clone());
                    (commit.steps, commit.is_once) = (vec![row], true);
                    match apply_one(tx, &engine, &Arc::new(commit), now).await.map_err(Failure::from)? {
                        true => Ok(Some(result)),
                        // Rolls back the changes of the effect.
                        false => Err(Failure::permanent(GONE)),
                    }
                })
            })
            .await;
        match done {
            Ok(result) => {
                self.is_marked = true;
                self.ctx.inner.journal().committed(key, result.unwrap_or_default(), now);
                Ok(())
            }
            Err(failure) if failure == Failure::permanent(GONE) => Err(Late),
            Err(failure) => {
                let mut journal = self.ctx.inner.journal();
                let wait = next_wait(&self.workflow.options, &failure, journal.attempts(key) + 1);
                tracing::info!(run = %self.run.id, step = key, error = %failure, "a step failed");
                journal.fail(key, &failure, wait, now);
                Ok(())
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.shared.engine.clock.now()
    }
}

const TOO_LATE: &str = "it did not finish in time";
const GONE: &str = "the run is somebody else's";

fn poll_guarded(function: &mut Option<BoxFuture<'static, Output>>, cx: &mut std::task::Context<'_>) -> Poll<Output> {
    let Some(function) = function else { return Poll::Pending };
    match catch_unwind(AssertUnwindSafe(|| Pin::as_mut(function).poll(cx))) {
        Ok(polled) => polled,
        Err(_) => Poll::Ready(Err(Failure::new("the workflow panicked"))),
    }
}

/// Marks a gathering run as started, and completes its event with the gathered items.
async fn claim(
    shared: &Shared,
    epoch: i64,
    run: &mut Run,
    event: &mut Event,
    now: Timestamp,
) -> campanile_base::Result<bool> {
    let (claimed, mut gathered) = (run.clone(), event.clone());
    let input = shared
        .engine
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !crate::store::lease::still_lives(tx, epoch).await? {
                    return Ok(None);
                }
                flow::close_gathering(tx, &claimed.id).await?;
                let items = flow::take_items(tx, &claimed.id).await?;
                if !items.is_empty() {
                    let items = items.iter().map(|item| stored_json("gathered", claimed.id.as_str(), item));
                    let items: campanile_base::Result<Vec<Value>> = items.collect();
                    gathered.data = items?.into();
                }
                let input = serde_json::to_string(&gathered).expect("an event is plain data");
                let ours = runs::claim(tx, &OwnedRun::of(&claimed), &input, now).await?;
                // On a conflict this is rolled back, so the gathered items are kept.
                if ours { Ok(Some((gathered, input))) } else { Err(campanile_base::Error::conflict("it moved")) }
            })
        })
        .await;
    match input {
        Ok(Some((gathered, input))) => {
            *event = gathered;
            (run.input, run.gathers, run.started_at, run.status) = (input, false, Some(now), Status::Running);
            Ok(true)
        }
        Ok(None) | Err(campanile_base::Error::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
