//! Limits the requests that one organisation has under way, so that a busy organisation does not
//! delay all others.
//!
//! An organisation that calls alone has no limit. While others call too, it has a fixed number of
//! places, and its next request waits for one of them. The reason: all share the processors, one
//! writer and one log, so each request waits behind those let in before it. A request waits only
//! for a moment and then goes on without a place: those before it may be waiting for something
//! slow, which costs the others nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests of one organisation that may be under way per processor, while others call.
const PER_PROCESSOR: usize = 2;
/// The time after a call during which an organisation counts as calling.
const PRESENT: Duration = Duration::from_secs(1);
/// The longest wait for a place.
const PATIENCE: Duration = Duration::from_millis(100);
/// The number of known organisations from which those without a request are forgotten.
const KNOWN: usize = 1_000;

/// The places of all organisations. A place is given back when its permit is dropped.
#[derive(Debug)]
pub(crate) struct Places {
    of_each: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The organisation of the latest call, and the latest other organisation before it.
    latest: Option<(OrganisationId, Instant)>,
    before: Option<(OrganisationId, Instant)>,
    places: HashMap<OrganisationId, Arc<Semaphore>>,
}

impl Default for Places {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { of_each: PER_PROCESSOR * processors, state: Mutex::default() }
    }
}

impl Places {
    /// A place for a request. `None` if the organisation needs none, or if none came free in time;
    /// the request goes on either way.
    pub(crate) async fn enter(&self, organisation: &OrganisationId) -> Option<OwnedSemaphorePermit> {
        let places = self.places_of(organisation, Instant::now())?;
        if let Ok(place) = places.clone().try_acquire_owned() {
            return Some(place);
        }
        Box::pin(tokio::time::timeout(PATIENCE, places.acquire_owned())).await.ok()?.ok()
    }

    /// The places of an organisation, or `None` while no other organisation calls.
    fn places_of(&self, organisation: &OrganisationId, now: Instant) -> Option<Arc<Semaphore>> {
        let mut state = self.state.lock().expect("nobody panics while they look");
        if state.latest.as_ref().is_none_or(|(who, _)| who != organisation) {
            state.before = state.latest.replace((organisation.clone(), now));
        } else if let Some((_, at)) = &mut state.latest {
            *at = now;
        }
        let others_call = state.before.as_ref().is_some_and(|(_, at)| now.duration_since(*at) < PRESENT);
        if !others_call {
            return None;
        }
        if state.places.len() >= KNOWN {
            state.places.retain(|_, places| Arc::strong_count(places) > 1);
        }
        let of_each = self.of_each;
        Some(state.places.entry(organisation.clone()).or_insert_with(|| Arc::new(Semaphore::new(of_each))).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organisation(name: &str) -> OrganisationId {
        OrganisationId::from(name.to_owned())
    }

    #[tokio::test]
    async fn a_crowd_leaves_room_for_others_and_who_is_alone_needs_none() {
        let places = Places { of_each: 2, ..Places::default() };
        let (crowd, quiet) = (organisation("crowd"), organisation("quiet"));
        assert!(places.enter(&crowd).await.is_none(), "nobody else calls");
        assert!(places.enter(&quiet).await.is_some());
        let held = [places.enter(&crowd).await, places.enter(&crowd).await];
        assert!(held.iter().all(Option::is_some));
        let began = Instant::now();
        assert!(places.enter(&quiet).await.is_some() && began.elapsed() < PATIENCE, "another's crowd is another's");
        assert!(places.enter(&crowd).await.is_none() && began.elapsed() >= PATIENCE, "it has waited, and goes on");
        let waiting = places.enter(&crowd);
        drop(held);
        assert!(waiting.await.is_some());
    }

    #[test]
    fn who_called_a_while_ago_is_nobody_to_make_room_for() {
        let places = Places::default();
        let (one, other, now) = (organisation("one"), organisation("other"), Instant::now());
        assert!(places.places_of(&one, now).is_none());
        assert!(places.places_of(&other, now).is_some());
        assert!(places.places_of(&other, now + PRESENT).is_none());
    }
}
