//! Advances the runs of a job on a thread of the sandbox, each within its own limits.
//!
//! Templates, conditions and preferences are written by users, so no thread that serves requests
//! runs them. A run that fails, panics or exceeds its limits ends with the reason in its log. The
//! other runs of its job go on. A job that has taken long leaves its remaining runs to another job.
//! A job that does not return at all is given up at its deadline, and its runs are tried one by
//! one.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use campanile_base::bounds::{PAGE_DEADLINE, PAGE_TIME};
use campanile_base::{Error, Result};
use campanile_documents::template::budget;
use campanile_engine::{Outcome, Verdict};
use campanile_sandbox::Failure;

use super::{Run, RunContext, advance, fail};
use crate::Notify;

/// The wait before a job is tried again if its organisation has no free thread.
const BUSY: Duration = Duration::from_secs(5);

/// The runs that were advanced, and those that are left to another job.
#[derive(Default)]
pub(crate) struct Advanced {
    pub(crate) runs: Vec<Run>,
    pub(crate) left: Vec<Run>,
}

/// The reason why a job's runs were not advanced.
pub(crate) enum NotAdvanced {
    /// The organisation's earlier jobs use all of its threads.
    Busy,
    /// The job did not return in time, or panicked. The text says why.
    GivenUp(String),
    /// An error of the database, or an internal error.
    Error(Error),
}

/// Advances runs, one after the other.
pub(crate) async fn advance_page(
    notify: &Notify,
    world: RunContext,
    runs: Vec<Run>,
) -> std::result::Result<Advanced, NotAdvanced> {
    let organisation = world.organisation.clone();
    let loaded = async move { Ok(Some((world, runs, ()))) };
    let advanced = load_and_advance(notify, &organisation, loaded).await?;
    Ok(advanced.map_or_else(Advanced::default, |(advanced, ())| advanced))
}

/// Loads runs and advances them on the same thread. So the runs of a large page are not in memory
/// while the job waits for a thread, and no thread that serves requests reads them. `None` if there
/// is nothing to load any more.
pub(crate) async fn load_and_advance<B: Send + 'static>(
    notify: &Notify,
    organisation: &OrganisationId,
    load: impl Future<Output = Result<Option<(RunContext, Vec<Run>, B)>>> + Send + 'static,
) -> std::result::Result<Option<(Advanced, B)>, NotAdvanced> {
    let within = notify.clone();
    // Boxed, because the future is large and is moved to another thread.
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

/// Postpones a job whose organisation has no free thread.
pub(crate) fn busy() -> Outcome {
    Outcome::of(Verdict::PutOff { after: BUSY, reason: Failure::Busy.to_string() })
}

async fn advance_each(notify: &Notify, mut world: RunContext, runs: Vec<Run>) -> Result<Advanced> {
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
            // An unreachable database is not the run's fault: the whole job is tried again.
            Ok(Err(error @ Error::Unavailable { .. })) => return Err(error),
            Ok(Err(error)) => fail(&mut run, world.now, &error.chain()),
            Err(panic) => fail(&mut run, world.now, &format!("an internal error: {panic}")),
        }
        advanced.runs.push(run);
    }
    Ok(advanced)
}

/// The output of a future, or the message of its panic.
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
