//! Advances the runs of a job: on a thread of the sandbox, and each within bounds of its own.
//!
//! Templates, conditions and preferences are others' work, so no thread that serves ever runs them. A run whose turn fails, panics or takes
//! too much ends with the reason in its log; the others of its job go on. A job that has taken long leaves the rest of its runs to
//! another. One that does not come back at all is given up at its deadline, and its runs are tried one by one.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use campanile_base::bounds::{PAGE_DEADLINE, PAGE_TIME};
use campanile_base::{Error, Result, Timestamp};
use campanile_engine::{Outcome, Verdict};
use campanile_sandbox::Failure;
use serde_json::json;

use super::state::Stop;
use super::{Run, World, advance};
use crate::Notify;
use crate::template::budget;

/// When a job is tried again whose organisation has no thread left.
const BUSY: Duration = Duration::from_secs(5);

/// Runs that were advanced, and those that were left to another job.
#[derive(Default)]
pub(crate) struct Advanced {
    pub(crate) runs: Vec<Run>,
    pub(crate) left: Vec<Run>,
}

/// Why a job's runs were not advanced.
pub(crate) enum NotAdvanced {
    /// The organisation's earlier jobs hold all of its threads.
    Busy,
    /// It was given up.
    GivenUp(String),
    /// The database, or a fault of ours.
    Error(Error),
}

/// Advances runs, one after the other.
pub(crate) async fn advance_page(
    notify: &Notify,
    world: World,
    runs: Vec<Run>,
) -> std::result::Result<Advanced, NotAdvanced> {
    let organisation = world.organisation.clone();
    let loaded = async move { Ok(Some((world, runs, ()))) };
    let advanced = load_and_advance(notify, &organisation, loaded).await?;
    Ok(advanced.map_or_else(Advanced::default, |(advanced, ())| advanced))
}

/// Loads runs and advances them, on the same thread: a large page waits for its turn outside of memory, and is read by nobody who
/// serves. Nothing comes of what is there no more.
pub(crate) async fn load_and_advance<B: Send + 'static>(
    notify: &Notify,
    organisation: &OrganisationId,
    load: impl Future<Output = Result<Option<(World, Vec<Run>, B)>>> + Send + 'static,
) -> std::result::Result<Option<(Advanced, B)>, NotAdvanced> {
    let within = notify.clone();
    // In a box: it is moved to another thread as it is, and is large.
    let work = Box::pin(async move {
        let Some((world, runs, beside)) = load.await? else { return Ok(None) };
        Ok(Some((advance_each(&within, world, runs).await?, beside)))
    });
    match notify.sandbox.run_async(organisation.as_str(), PAGE_DEADLINE, work).await {
        Ok(advanced) => advanced.map_err(NotAdvanced::Error),
        Err(Failure::Busy) => Err(NotAdvanced::Busy),
        Err(failure) => Err(NotAdvanced::GivenUp(failure.to_string())),
    }
}

/// Puts off a job whose organisation has no thread left.
pub(crate) fn busy() -> Outcome {
    Outcome::of(Verdict::PutOff { after: BUSY, reason: Failure::Busy.to_string() })
}

async fn advance_each(notify: &Notify, mut world: World, runs: Vec<Run>) -> Result<Advanced> {
    let began = Instant::now();
    let mut advanced = Advanced { runs: Vec::with_capacity(runs.len()), left: Vec::new() };
    for mut run in runs {
        if !advanced.runs.is_empty() && began.elapsed() > PAGE_TIME {
            advanced.left.push(run);
            continue;
        }
        // The future stays on this thread.
        let _budget = budget::begin_run();
        match caught(advance(notify, &mut world, &mut run)).await {
            Ok(Ok(())) => {}
            // An absent database is nobody's failure: the job is tried again as a whole.
            Ok(Err(error @ Error::Unavailable { .. })) => return Err(error),
            Ok(Err(error)) => fail(&mut run, world.now, &error.chain()),
            Err(panic) => fail(&mut run, world.now, &format!("an internal error: {panic}")),
        }
        advanced.runs.push(run);
    }
    Ok(advanced)
}

/// Ends a run; what it has come to before stays.
pub(crate) fn fail(run: &mut Run, now: Timestamp, why: &str) {
    run.log.failed(now, "workflow_run_halted", json!({ "reason": why }));
    run.made.stop = Stop::End;
}

/// What a future answers; or what it said when it panicked.
async fn caught<T>(future: impl Future<Output = T>) -> std::result::Result<T, String> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            Poll::Ready(Err(text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()))
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_failure_of_its_run() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        let panicked = caught(async {
            tokio::task::yield_now().await;
            panic!("at step two")
        });
        assert_eq!(panicked.await, Err::<(), _>("at step two".to_owned()));
    }
}
