//! How many requests an endpoint has under way, and how often one is tried that takes nothing.
//!
//! After [`FAILING_AFTER`] failures in a row an endpoint is *failing*: all failing endpoints of a node together are given
//! [`TRIALS`] attempts a second, so that a million messages for a dead one leave the processor to the others. One
//! success, and it has its full share again. None of this is stored: after a restart an endpoint
//! fails a few more times before it is failing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::endpoints::EndpointId;

/// How many requests one endpoint may have under way, where connections are plenty.
const PER_ENDPOINT: usize = 128;
/// After how many failures in a row an endpoint is failing.
const FAILING_AFTER: u32 = 20;
/// How many attempts a second those that are failing get together.
const TRIALS: u32 = 200;
/// Past how many endpoints those that nothing is to be known of are forgotten.
const KNOWN: usize = 10_000;

/// What each endpoint has under way on this node, and how it does.
pub(crate) struct Underway {
    /// How many requests one endpoint may have under way, and how many an organisation.
    per_endpoint: usize,
    per_organisation: usize,
    organisations: Mutex<HashMap<OrganisationId, Arc<Semaphore>>>,
    known: Mutex<HashMap<EndpointId, Arc<Standing>>>,
    trials: Mutex<Trials>,
}

struct Standing {
    permits: Arc<Semaphore>,
    /// In a row.
    failures: AtomicU32,
}

impl Standing {
    fn is_failing(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= FAILING_AFTER
    }
}

impl Underway {
    /// Of so many requests that may be under way in all, an endpoint has a quarter at most, and an organisation three.
    pub(crate) fn of(turns: usize) -> Self {
        Self {
            per_endpoint: (turns / 4).clamp(1, PER_ENDPOINT),
            per_organisation: (turns - turns / 4).max(1),
            organisations: Mutex::default(),
            known: Mutex::default(),
            trials: Mutex::default(),
        }
    }

    /// Waits until an organisation has fewer requests under way than it may have: its silent endpoints leave some to others.
    pub(crate) async fn share(&self, organisation: &OrganisationId) -> OwnedSemaphorePermit {
        let share = {
            let mut known = self.organisations.lock().expect("nobody panics while they hold it");
            if known.len() > KNOWN {
                known.retain(|_, share| Arc::strong_count(share) > 1);
            }
            let new = || Arc::new(Semaphore::new(self.per_organisation));
            known.entry(organisation.clone()).or_insert_with(new).clone()
        };
        share.acquire_owned().await.expect("it is never closed")
    }

    /// The right to send a request now, if the endpoint does not have as many as it may have and none is
    /// before it.
    pub(super) fn take(&self, endpoint: &EndpointId) -> Option<OwnedSemaphorePermit> {
        let standing = self.standing(endpoint);
        if standing.is_failing() && !self.trials.lock().expect("nobody panics while they hold it").take(Instant::now())
        {
            return None;
        }
        standing.permits.clone().try_acquire_owned().ok()
    }

    /// Like [`Underway::take`], and waits for its turn where the endpoint is failing.
    pub(super) async fn take_in_turn(&self, endpoint: &EndpointId) -> Option<OwnedSemaphorePermit> {
        let standing = self.standing(endpoint);
        if standing.is_failing() {
            let turn = self.trials.lock().expect("nobody panics while they hold it").book(Instant::now());
            tokio::time::sleep_until(turn.into()).await;
        }
        standing.permits.clone().try_acquire_owned().ok()
    }

    /// Notes how an attempt has ended.
    pub(super) fn ended(&self, endpoint: &EndpointId, is_success: bool) {
        let standing = self.standing(endpoint);
        match is_success {
            true => standing.failures.store(0, Ordering::Relaxed),
            false => drop(standing.failures.fetch_add(1, Ordering::Relaxed)),
        }
    }

    fn standing(&self, endpoint: &EndpointId) -> Arc<Standing> {
        let mut known = self.known.lock().expect("nobody panics while they hold it");
        if known.len() > KNOWN {
            known.retain(|_, standing| {
                standing.permits.available_permits() < self.per_endpoint || standing.is_failing()
            });
        }
        let new = || Standing { permits: Arc::new(Semaphore::new(self.per_endpoint)), failures: AtomicU32::new(0) };
        known.entry(endpoint.clone()).or_insert_with(|| Arc::new(new())).clone()
    }
}

/// The attempts that failing endpoints are given.
#[derive(Default)]
struct Trials {
    /// When the next may be; none was yet.
    next: Option<Instant>,
}

impl Trials {
    /// Takes one, if one is free now.
    fn take(&mut self, now: Instant) -> bool {
        let is_free = self.next.is_none_or(|next| next <= now);
        if is_free {
            self.next = Some(now + trial());
        }
        is_free
    }

    /// Takes the next: when it is.
    fn book(&mut self, now: Instant) -> Instant {
        let at = self.next.map_or(now, |next| next.max(now));
        self.next = Some(at + trial());
        at
    }
}

/// From one to the next.
fn trial() -> Duration {
    Duration::from_secs(1) / TRIALS
}

#[cfg(test)]
mod tests;
