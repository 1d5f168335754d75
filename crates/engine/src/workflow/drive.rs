//! Calls a workflow's function until it has ended, or there is nothing to do but wait.
//!
//! The function is polled; what it asks for is planned; what has changed is committed before
//! anything new begins; bodies run within the function's own future. When only time or others can
//! help, the run is parked: one commit says so, and it leaves memory.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use campanile_base::Timestamp;
use campanile_db::BoxFuture;
use tokio::sync::Notify;

use super::ctx::{Ctx, Inner, next_wait};
use super::journal::{Changes, Journal};
use super::others::{self, Others};
use super::stored::Stored;
use super::{Effect, Workflow};
use crate::ending;
use crate::event::Event;
use crate::failure::{Failure, is_away};
use crate::flow::Hold;
use crate::machine::Settled;
use crate::node::Shared;
use crate::node::commit::{Next, RunCommit, apply_one};
use crate::run::{Run, Status};
use crate::store::runs::{Ended, Owned, Parked, Progress};
use crate::store::steps::StepKind;
use crate::store::{flow, runs};

type Output = Result<String, Failure>;
/// A commit that came too late: somebody else owns the run, or has ended it.
struct Late;

/// How often is tried to store what a run came to, where the database is there and does not take it: other transactions may
/// have been in the way, for some seconds.
const TRIES: u64 = 10;

/// Runs a workflow from where its journal ends. Somebody may look in meanwhile.
pub(crate) async fn run(shared: &Arc<Shared>, epoch: i64, run: Run, look: &Notify) -> Settled {
    let id = run.id.clone();
    match Drive::begin(shared, epoch, run).await {
        Ok(Some(drive)) => drive.on(look).await.unwrap_or_else(|Late| {
            tracing::info!(run = %id, "a run went on elsewhere");
            Settled::Unknown
        }),
        Ok(None) => Settled::Unknown,
        Err(error) => {
            tracing::warn!(run = %id, error = error.chain(), "a run could not be loaded");
            tokio::time::sleep(Duration::from_millis(500)).await;
            Settled::Unknown
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
    /// Whether its row says that it is under way.
    is_marked: bool,
    /// How many results of the inbox are known.
    pokes: i64,
    /// Whether anything could come for it from outside: there may be something to clean up.
    listens: bool,
}

/// Ends a run whose changes the database does not take.
async fn give_up(shared: &Shared, epoch: i64, run: &Run, error: &campanile_base::Error) {
    let why = format!("what the run came to could not be stored: {}", error.chain());
    tracing::error!(run = %run.id, name = &*run.name, error = why, "a run is given up");
    if let Err(error) = crate::node::bury(&shared.engine, epoch, run, &why, None).await {
        tracing::warn!(run = %run.id, error = error.chain(), "a run could not be given up");
    }
}

impl<'s> Drive<'s> {
    /// Loads what is stored of the run; `None` when it is not this node's to run.
    async fn begin(shared: &'s Arc<Shared>, epoch: i64, mut run: Run) -> campanile_base::Result<Option<Self>> {
        let Some(workflow) = shared.engine.catalogue().version(&run.name, run.version).cloned() else {
            tracing::warn!(run = %run.id, name = &*run.name, version = run.version, "no such version is registered");
            // Another node may have it; the next sweep or restart tries again.
            tokio::time::sleep(Duration::from_secs(5)).await;
            return Ok(None);
        };
        let now = shared.engine.clock.now();
        if run.gathers && !claim(shared, epoch, &mut run, now).await? {
            return Ok(None);
        }
        let mut stored = Stored::default();
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
        let event: Event = serde_json::from_str(&run.input).map_err(campanile_base::Error::internal)?;
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

    async fn on(mut self, look: &Notify) -> Result<Settled, Late> {
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

    /// Waits until a body gets on, something comes from outside, or it is time.
    async fn wait(&mut self, look: &Notify) -> Result<Option<Output>, Late> {
        let now = self.now();
        let due = self.ctx.inner.journal().next_due();
        let until = [due, self.finish_by].into_iter().flatten().min();
        let patience = until.map_or(Duration::from_secs(3600), |until| until.since(now)).max(Duration::from_millis(1));
        let inner = self.ctx.inner.clone();
        // Bodies that were granted are polled here for the first time.
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

    /// Somebody changed the row, or put something into the inbox.
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
            // It will be looked at again before the run is parked for long: the row is poked.
            Err(error) => {
                tracing::warn!(run = %self.run.id, %error, "an inbox could not be read");
                Ok(())
            }
        }
    }

    /// Commits what has changed, if anything has.
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
        // What it listens for may have come before: then it is in the inbox.
        if has_listened { self.look_in().await } else { Ok(()) }
    }

    fn progress(&self) -> Progress {
        Progress { run: Owned::of(&self.run), begins: (!self.is_marked).then_some(self.started_at) }
    }

    /// Leaves memory until there is something to do.
    async fn park(mut self, now: Timestamp) -> Result<Settled, Late> {
        let (changes, seq, due) = {
            let mut journal = self.ctx.inner.journal();
            journal.close();
            (journal.take_changes(), journal.seq(), journal.next_due())
        };
        self.function = None;
        let due = [due, self.finish_by].into_iter().flatten().min();
        // Only an invocation has no time of its own: its result comes, or the run is cancelled.
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
    ) -> Result<Settled, Late> {
        let mut again = Run { due, attempt, seq, started_at: Some(self.started_at), crashes: 0, ..(*self.run).clone() };
        again.status = Status::Waiting;
        let parked = Parked {
            run: Owned::of(&self.run),
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
        Ok(Settled::Again(Box::new(again)))
    }

    /// The function has come to an end, or to a failure.
    async fn finish(mut self, output: Output) -> Result<Settled, Late> {
        self.ctx.inner.journal().close();
        self.function = None;
        match output {
            Ok(output) => self.end(Status::Completed, Ok(output)).await,
            Err(failure) if failure == Failure::permanent(TOO_LATE) => self.cancel(TOO_LATE).await,
            Err(failure) => self.fail(&failure).await,
        }
    }

    async fn fail(mut self, failure: &Failure) -> Result<Settled, Late> {
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

    async fn cancel(mut self, why: &str) -> Result<Settled, Late> {
        self.end(Status::Cancelled, Err(why.to_owned())).await
    }

    async fn end(&mut self, status: Status, result: Result<String, String>) -> Result<Settled, Late> {
        let (changes, seq) = {
            let mut journal = self.ctx.inner.journal();
            (journal.take_changes(), journal.seq())
        };
        let failures = u32::from(status == Status::Failed);
        let ended = Ended {
            run: Owned::of(&self.run),
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
        Ok(Settled::Gone)
    }

    /// Commits, however long the database is away; a run whose changes cannot be stored for another reason is given up after
    /// some tries. Answers whether the inbox has more than is known.
    async fn commit(&mut self, next: Next, changes: Changes) -> Result<bool, Late> {
        self.listens |= !changes.listen.is_empty() || !changes.invoke.is_empty();
        let is_plain = changes.is_plain()
            && match &next {
                Next::End(ended) => ending::is_plain(&self.shared.engine, &self.run, ended.status, self.listens),
                _ => true,
            };
        let Changes { steps, failures, taken_in, listen, unlisten, invoke } = changes;
        let mut commit = RunCommit::new(self.epoch, self.run.clone(), next);
        (commit.steps, commit.failures, commit.taken_in) = (steps, failures, taken_in);
        let commit = Arc::new(commit);
        let others = Arc::new(Others { listen, unlisten, invoke });
        for tries in 1u64.. {
            let done = match is_plain {
                true => self.shared.commits.submit(commit.clone()).await.map(|done| (done, false)).map_err(Into::into),
                false => others::commit(self.shared, commit.clone(), others.clone()).await,
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
                        give_up(self.shared, self.epoch, &self.run, &error).await;
                        return Err(Late);
                    }
                    tokio::time::sleep(Duration::from_millis(100 * tries.min(50))).await;
                }
            }
        }
        Err(Late)
    }

    /// A step whose changes commit together with its result.
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
                        // Rolls back what the effect did.
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

/// Writes down that a run starts that took in more until now; it is as it was gathered.
async fn claim(shared: &Shared, epoch: i64, run: &mut Run, now: Timestamp) -> campanile_base::Result<bool> {
    let (claimed, mut event) = (run.clone(), serde_json::from_str::<Event>(&run.input).ok());
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
                if let (Some(event), false) = (&mut event, items.is_empty()) {
                    event.data = items
                        .iter()
                        .map(|item| serde_json::from_str::<serde_json::Value>(item).unwrap_or_default())
                        .collect();
                }
                let input = match event {
                    Some(event) => serde_json::to_string(&event).expect("an event is plain data"),
                    None => claimed.input.clone(),
                };
                let ours = runs::claim(tx, &Owned::of(&claimed), &input, now).await?;
                // Rolled back where it is not: what was gathered stays gathered.
                if ours { Ok(Some(input)) } else { Err(campanile_base::Error::conflict("it moved")) }
            })
        })
        .await;
    match input {
        Ok(Some(input)) => {
            (run.input, run.gathers, run.started_at, run.status) = (input, false, Some(now), Status::Running);
            Ok(true)
        }
        Ok(None) | Err(campanile_base::Error::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
