//! One attempt of a job, from the call of its handler to the committed verdict.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_base::Error;
use futures_util::FutureExt as _;
use tokio::sync::Notify;

use super::commit::apply_one;
use super::dead_letter::{ended_as_failed, storable};
use super::shared::Shared;
use crate::failure::{AWAY, is_away};
use crate::lifecycle;
use crate::machine::Settlement;
use crate::registry::{Attempt, Registered};
use crate::run::{Commit, Note, Outcome, Run, Verdict};
use crate::run_commit::{Next, RunCommit};
use crate::store::runs::{OwnedRun, PostponedJob};

/// Runs the job once. It runs again while the database is not available, which does not count as a
/// failure. A job that is cancelled meanwhile is dropped.
pub(super) async fn run(shared: &Arc<Shared>, epoch: i64, run: Run, look: &Notify) -> Settlement {
    let Some(registered) = shared.engine.catalogue().jobs.get(&*run.name) else { return Settlement::Gone };
    let began = Instant::now();
    while shared.lives(epoch) {
        let outcome = tokio::select! {
            outcome = attempt(registered, &run) => outcome,
            () = shared.ended_elsewhere(epoch, &run, look) => return Settlement::Gone,
        };
        let settled = match outcome {
            Err(error) if is_away(&error) => None,
            Err(error) => settle(shared, registered, epoch, &run, judge_failure(registered, &run, &error)).await,
            Ok(outcome) => settle(shared, registered, epoch, &run, outcome).await,
        };
        if let Some(settled) = settled {
            let took = began.elapsed().as_secs_f64();
            metrics::histogram!("campanile_job_seconds", "kind" => run.name.to_string()).record(took);
            return settled;
        }
        tokio::time::sleep(AWAY).await;
    }
    Settlement::Gone
}

async fn attempt(registered: &Registered, run: &Run) -> campanile_base::Result<Outcome> {
    let is_last = run.attempt + 1 >= registered.options.max_attempts;
    // The call is inside the guard because a handler may also panic before it returns its future.
    let attempt = async { (registered.handler)(Attempt { job: run.clone(), is_last }).await };
    let guarded = tokio::time::timeout(registered.options.timeout, AssertUnwindSafe(attempt).catch_unwind());
    match guarded.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Error::internal("the handler panicked")),
        Err(_) => Err(Error::internal(format!("the attempt took longer than {:?}", registered.options.timeout))),
    }
}

/// The outcome of a failure, by the job's options.
fn judge_failure(registered: &Registered, run: &Run, error: &Error) -> Outcome {
    let failures = run.attempt + 1;
    let error = storable(&error.chain());
    tracing::warn!(job = %run.id, kind = &*run.name, failures, error, "a job failed");
    if failures >= registered.options.max_attempts {
        return Outcome::of(Verdict::Dead { error });
    }
    Outcome::of(Verdict::Retry { after: registered.options.backoff.wait(failures), error })
}

/// Commits the verdict, and retries with growing waits while the database is not available. Returns
/// `None` if the database was not available and the handler's changes are used up: then the handler
/// is called again. If the handler's changes or notes cannot be written for another reason, the
/// attempt counts as failed. A job that is given up is buried even if the additional writes for its
/// end fail.
async fn settle(
    shared: &Arc<Shared>,
    registered: &Registered,
    epoch: i64,
    run: &Run,
    outcome: Outcome,
) -> Option<Settlement> {
    let Outcome { mut verdict, mut commit, mut note } = outcome;
    let mut settling = Settling { shared, registered, epoch, run, tells_death: true };
    for tries in 1.. {
        let (writes, notes) = (commit.is_some(), note.is_some());
        match settling.commit(verdict.clone(), commit.take(), note.clone()).await {
            Ok(settled) => {
                count(run, &verdict);
                return Some(settled);
            }
            Err(error) if writes && is_away(&error) => return None,
            Err(error) if writes || (notes && !is_away(&error)) => {
                let failed = judge_failure(registered, run, &error);
                (verdict, commit, note) = (failed.verdict, failed.commit, failed.note);
            }
            Err(error) if settling.tells_death && matches!(verdict, Verdict::Dead { .. }) && !is_away(&error) => {
                tracing::error!(job = %run.id, error = error.chain(), "what a job's end leads to could not be written");
                settling.tells_death = false;
            }
            Err(error) => {
                tracing::warn!(job = %run.id, error = error.chain(), "a verdict could not be committed");
                tokio::time::sleep(Duration::from_millis(200 * tries.min(25))).await;
            }
        }
    }
    None
}

/// The verdict of a job, to be committed.
struct Settling<'s> {
    shared: &'s Arc<Shared>,
    registered: &'s Registered,
    epoch: i64,
    run: &'s Run,
    /// True if the registered `on_death` function runs and the end is announced.
    tells_death: bool,
}

impl Settling<'_> {
    async fn commit(
        &self,
        verdict: Verdict,
        commit: Option<Commit>,
        note: Option<Note>,
    ) -> campanile_base::Result<Settlement> {
        let (change, settled) = self.change_for(&verdict, note);
        let tells_death = self.tells_death && matches!(verdict, Verdict::Dead { .. });
        let on_death = self.registered.on_death.clone().filter(|_| tells_death);
        if commit.is_none() && !tells_death {
            let apart = self.registered.options.settles_apart;
            let commits = if apart { &self.shared.commits_apart } else { &self.shared.commits };
            let done = commits.submit(Arc::new(change)).await?;
            return Ok(if done { settled } else { Settlement::Unknown });
        }
        let (run, engine, now) = (self.run.clone(), self.shared.engine.clone(), self.shared.engine.clock.now());
        let done = self.shared.engine.db.write(move |tx| {
            Box::pin(async move {
                if !apply_one(tx, &engine, &Arc::new(change), now).await? {
                    tracing::info!(job = %run.id, "a completion came too late and changed nothing");
                    return Ok(false);
                }
                if let Verdict::Dead { error } = &verdict
                    && tells_death
                {
                    if let Some(write) = on_death {
                        write(tx, &run, error).await?;
                    }
                    lifecycle::tell_death(tx, &engine, &run, error, now).await?;
                }
                if let Some(commit) = commit {
                    commit(tx).await?;
                }
                Ok::<_, Error>(true)
            })
        });
        Ok(if done.await? { settled } else { Settlement::Unknown })
    }

    /// The change of the job's row for a verdict, and the matching settlement for the machine.
    fn change_for(&self, verdict: &Verdict, note: Option<Note>) -> (RunCommit, Settlement) {
        let run = self.run;
        let (next, settled) = match verdict {
            Verdict::Done => (Next::Remove(OwnedRun::of(run)), Settlement::Gone),
            Verdict::Dead { error } => (Next::End(ended_as_failed(run, error)), Settlement::Gone),
            Verdict::Retry { after, error } => self.postpone(run.attempt + 1, *after, error),
            Verdict::PutOff { after, reason } => self.postpone(run.attempt, *after, reason),
        };
        (RunCommit { note, ..RunCommit::new(self.epoch, Arc::new(run.clone()), next) }, settled)
    }

    fn postpone(&self, attempt: u32, after: Duration, why: &str) -> (Next, Settlement) {
        let (run, due) = (self.run, self.shared.engine.clock.now().plus(after));
        let again = Run { due, attempt, generation: run.generation + 1, ..run.clone() };
        let postponed = PostponedJob { run: OwnedRun::of(run), attempt, due, error: storable(why) };
        (Next::Postpone(postponed), Settlement::Again(Box::new(again)))
    }
}

fn count(run: &Run, verdict: &Verdict) {
    let end = match verdict {
        Verdict::Done => "done",
        Verdict::Retry { .. } => "retried",
        Verdict::PutOff { .. } => "put_off",
        Verdict::Dead { .. } => "dead",
    };
    metrics::counter!("campanile_jobs_total", "kind" => run.name.to_string(), "end" => end).increment(1);
}
