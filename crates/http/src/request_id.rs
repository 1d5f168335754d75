//! The id of the request under way, for the log and for errors.

use std::future::Future;

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that this task answers. Empty outside of a request.
pub fn current() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// Runs `answer` with this request id as the current one.
pub fn scope<F: Future>(id: String, answer: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(id, answer)
}
