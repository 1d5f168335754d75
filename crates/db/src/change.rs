//! A caller's closure over a transaction with its result, hidden from the runner's types.
//!
//! [`Db::write`](crate::Db::write) is called in some three hundred places. The code that runs a
//! change is compiled once for each database. Only the closure and the few lines here are compiled
//! for each call.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;

use crate::{Error, Result, Tx};

/// The error of a closure that awaited something other than its transaction. On SQLite, nothing
/// could wake it.
pub(crate) const WAITED: &str = "a transaction awaited something else than its database";

/// A closure that keeps its own result. It returns `true` if its changes are to be committed.
pub(crate) type Change = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, bool> + Send>;

/// The result of a change, once it has run.
pub(crate) struct Outcome<R, E>(Arc<Mutex<Option<Result<R, E>>>>);

impl<R, E> Outcome<R, E>
where
    R: Send + 'static,
    E: From<Error> + Send + 'static,
{
    /// Wraps `body` as a change, and creates the place for its result.
    pub(crate) fn of<F>(body: F) -> (Change, Self)
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<R, E>> + Send + 'static,
    {
        let outcome = Arc::new(Mutex::new(None));
        let kept = outcome.clone();
        let change: Change = Box::new(move |tx| {
            let running = body(tx);
            Box::pin(async move {
                let result = running.await;
                let is_done = result.is_ok();
                *kept.lock().expect("it is held for this line alone") = Some(result);
                is_done
            })
        });
        (change, Self(outcome))
    }

    /// The result for the caller. An error of the commit, or of the run, replaces the result of the
    /// body.
    pub(crate) fn after(self, committed: Result<()>) -> Result<R, E> {
        let result = self.0.lock().expect("it is held for a line alone").take();
        match (result, committed) {
            (_, Err(error)) => Err(error.into()),
            (Some(result), Ok(())) => result,
            (None, Ok(())) => Err(Error::Panic("a change that has not run was committed".into()).into()),
        }
    }
}
