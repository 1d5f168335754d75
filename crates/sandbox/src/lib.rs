//! Runs work with a cost that others decide (templates, schemas, large documents) on threads of its
//! own, never on the threads that serve requests.
//!
//! # The rules
//! * A call has a deadline. When it passes, the caller gets [`Failure::TooLong`] and the thread is
//!   given up: it no longer counts, and another takes its place. Rust cannot stop a thread. So the
//!   work has limits of its own (fuel, sizes), and the deadline catches what they miss.
//! * A tenant has fewer slots than there are threads. So endless work of one tenant leaves a thread
//!   to the others. A given-up thread keeps its tenant's slot until it ends. So a tenant cannot
//!   have more given-up threads than slots.
//! * A call that is not [brief](priority::BRIEF) continues at a lower [priority], so that serving
//!   threads go first.
//! * A panic fails only its own call.
//!
//! The threads belong to no runtime. A process that stops does not wait for them.

pub mod priority;
mod threads;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use priority::{BRIEF, Place};
use threads::Threads;

/// The time that a call waits for a slot before it is refused.
const PATIENCE: Duration = Duration::from_secs(30);
/// The number of known tenants from which on those without work are forgotten.
const TENANTS: usize = 1_000;

/// Threads for the work of tenants. Cheap to clone; clones share the threads.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    threads: Arc<Threads>,
    /// One permit for each call that may be in progress.
    all: Arc<Semaphore>,
    slots: usize,
    tenants: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The reason for a missing result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The call was given up at its deadline.
    #[error("it took longer than {0:?}")]
    TooLong(Duration),
    /// The call panicked.
    #[error("it panicked: {0}")]
    Panicked(String),
    /// Earlier work of the tenant has held all of its slots for too long.
    #[error("earlier work of the same organisation is still under way")]
    Busy,
}

impl Default for Sandbox {
    /// One thread more than the number of processors.
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get) + 1)
    }
}

impl Sandbox {
    /// A sandbox with this many threads, at least two. A tenant can use all but one of them.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(2);
        Self(Arc::new(Shared {
            threads: Arc::default(),
            all: Arc::new(Semaphore::new(threads)),
            slots: threads - 1,
            tenants: Mutex::default(),
        }))
    }

    /// Runs `work` for a tenant. `deadline` counts from its start, not from the call.
    ///
    /// # Errors
    /// [`Failure`]: the reason for the missing result.
    pub async fn run<T: Send + 'static>(
        &self,
        tenant: &str,
        deadline: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let slots = tokio::time::timeout(PATIENCE, self.slots_for(tenant));
        let (own, all) = slots.await.map_err(|_| Failure::Busy)?;
        let (done, mut result) = oneshot::channel();
        let place = Arc::<Place>::default();
        let within = place.clone();
        self.0.threads.start(Box::new(move || {
            within.begin();
            let made = std::panic::catch_unwind(AssertUnwindSafe(work));
            let is_as_before = within.end();
            // The caller may have left.
            let _ = done.send(made);
            drop(own);
            is_as_before
        }));
        let mut returned = tokio::time::timeout(BRIEF.min(deadline), &mut result).await;
        if returned.is_err() {
            place.lower();
            returned = tokio::time::timeout(deadline.saturating_sub(BRIEF), &mut result).await;
        }
        drop(all);
        match returned {
            Ok(Ok(Ok(value))) => Ok(value),
            Ok(Ok(Err(panic))) => Err(Failure::Panicked(words(&*panic))),
            Ok(Err(_)) => Err(Failure::Panicked("the thread ended".to_owned())),
            Err(_) => {
                metrics::counter!("campanile_sandbox_given_up_total").increment(1);
                Err(Failure::TooLong(deadline))
            }
        }
    }

    /// Runs a future to its end on one of the threads, for work that also uses the database.
    ///
    /// # Errors
    /// Like [`Sandbox::run`].
    pub async fn run_async<T: Send + 'static>(
        &self,
        tenant: &str,
        deadline: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Handle::current();
        self.run(tenant, deadline, move || runtime.block_on(work)).await
    }

    /// Takes a slot of the tenant, then one of all. So a call that waits for its tenant's slot
    /// holds no shared one.
    async fn slots_for(&self, tenant: &str) -> (OwnedSemaphorePermit, OwnedSemaphorePermit) {
        let own = self.tenant(tenant).acquire_owned().await.expect("it is never closed");
        let all = self.0.all.clone().acquire_owned().await.expect("it is never closed");
        (own, all)
    }

    fn tenant(&self, tenant: &str) -> Arc<Semaphore> {
        let mut tenants = self.tenants();
        if let Some(known) = tenants.get(tenant) {
            return known.clone();
        }
        if tenants.len() >= TENANTS {
            let slots = self.0.slots;
            tenants.retain(|_, semaphore| Arc::strong_count(semaphore) > 1 || semaphore.available_permits() < slots);
        }
        tenants.entry(tenant.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.0.slots))).clone()
    }

    fn tenants(&self) -> MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
        self.0.tenants.lock().expect("nobody panics while they hold the tenants")
    }
}

/// The message of a panic.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
}

#[cfg(test)]
mod tests;
