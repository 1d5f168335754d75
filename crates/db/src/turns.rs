//! A limit per tenant on long reads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The number of known tenants from which on those without a read are forgotten.
const TENANTS: usize = 1_000;

pub(crate) struct Turns {
    of_each: usize,
    tenants: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The number of processors, used as the number of SQLite readers.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

impl Turns {
    /// Allows each tenant all but one of the readers, and at least one.
    pub(crate) fn of(readers: usize) -> Self {
        Self { of_each: readers.saturating_sub(1).max(1), tenants: Mutex::default() }
    }

    pub(crate) async fn of_tenant(&self, tenant: &str) -> OwnedSemaphorePermit {
        let turns = {
            let mut tenants = self.tenants.lock().expect("nobody panics while they hold it");
            if tenants.len() >= TENANTS {
                tenants.retain(|_, turns| Arc::strong_count(turns) > 1);
            }
            let new = || Arc::new(Semaphore::new(self.of_each));
            tenants.entry(tenant.to_owned()).or_insert_with(new).clone()
        };
        turns.acquire_owned().await.expect("it is never closed")
    }
}

#[cfg(test)]
mod tests;
