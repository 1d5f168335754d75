//! Turns of tenants at reads that may take a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// From how many known tenants on those without a read are forgotten.
const TENANTS: usize = 1_000;

pub(crate) struct Turns {
    of_each: usize,
    tenants: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// How many processors there are: reads of the embedded database are made in place.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

impl Turns {
    /// Of so many readers a tenant has all but one at most, and one at least.
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
