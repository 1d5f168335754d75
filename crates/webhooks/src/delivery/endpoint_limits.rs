//! Limits the requests under way per endpoint, and the rate of attempts at failing endpoints.
//!
//! After [`FAILING_AFTER`] failures in a row an endpoint is *failing*. All failing endpoints of a
//! node share [`TRIALS`] attempts a second, so that a million messages for a dead endpoint leave
//! the processor to the others. One success restores the endpoint's full limit. None of this is
//! stored: after a restart, an endpoint is failing again only after that many new failures.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::endpoints::EndpointId;

/// The maximum number of requests under way for one endpoint, if the connection limit allows it.
const PER_ENDPOINT: usize = 128;
/// The number of failures in a row after which an endpoint is failing.
const FAILING_AFTER: u32 = 20;
/// The number of attempts a second that all failing endpoints share.
const TRIALS: u32 = 200;
/// The number of known endpoints above which idle, working ones are forgotten. Organisations
/// likewise.
const KNOWN: usize = 10_000;

/// The requests under way on this node, and the recent failures, of each endpoint.
pub(crate) struct EndpointLimits {
    /// The maximum number of requests under way for one endpoint, and for one organisation.
    per_endpoint: usize,
    per_organisation: usize,
    organisations: Mutex<HashMap<OrganisationId, Arc<Semaphore>>>,
    known: Mutex<HashMap<EndpointId, Arc<Standing>>>,
    trials: Mutex<Trials>,
}

struct Standing {
    permits: Arc<Semaphore>,
    /// Failures in a row.
    failures: AtomicU32,
}

impl Standing {
    fn is_failing(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= FAILING_AFTER
    }
}

impl EndpointLimits {
    /// Of `turns` requests under way in all, one endpoint gets at most a quarter, and one
    /// organisation three quarters.
    pub(crate) fn of(turns: usize) -> Self {
        Self {
            per_endpoint: (turns / 4).clamp(1, PER_ENDPOINT),
            per_organisation: (turns - turns / 4).max(1),
            organisations: Mutex::default(),
            known: Mutex::default(),
            trials: Mutex::default(),
        }
    }

    /// Waits until an organisation is below its limit of requests under way. So its silent
    /// endpoints leave connections to others.
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

    /// A permit to send a request now; `None` if the endpoint has its maximum of requests under
    /// way, or is failing and no attempt is free.
    pub(super) fn take(&self, endpoint: &EndpointId) -> Option<OwnedSemaphorePermit> {
        let standing = self.standing(endpoint);
        if standing.is_failing() && !self.trials.lock().expect("nobody panics while they hold it").take(Instant::now())
        {
            return None;
        }
        standing.permits.clone().try_acquire_owned().ok()
    }

    /// Like [`EndpointLimits::take`], but waits for the next free attempt if the endpoint is failing.
    pub(super) async fn take_in_turn(&self, endpoint: &EndpointId) -> Option<OwnedSemaphorePermit> {
        let standing = self.standing(endpoint);
        if standing.is_failing() {
            let turn = self.trials.lock().expect("nobody panics while they hold it").book(Instant::now());
            tokio::time::sleep_until(turn.into()).await;
        }
        standing.permits.clone().try_acquire_owned().ok()
    }

    /// Counts the result of an attempt.
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

/// The shared attempts of failing endpoints.
#[derive(Default)]
struct Trials {
    /// The time of the next free attempt; `None` before the first.
    next: Option<Instant>,
}

impl Trials {
    /// Takes an attempt, if one is free now.
    fn take(&mut self, now: Instant) -> bool {
        let is_free = self.next.is_none_or(|next| next <= now);
        if is_free {
            self.next = Some(now + trial());
        }
        is_free
    }

    /// Books the next attempt, and returns its time.
    fn book(&mut self, now: Instant) -> Instant {
        let at = self.next.map_or(now, |next| next.max(now));
        self.next = Some(at + trial());
        at
    }
}

/// The time between two attempts.
fn trial() -> Duration {
    Duration::from_secs(1) / TRIALS
}

#[cfg(test)]
mod tests;
