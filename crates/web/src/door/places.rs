//! Places for requests under way, so that the crowd of one organisation does not stand before everybody else's requests.
//!
//! Whoever calls alone has as many as they like. While others call too, an organisation has so many under way at a time, and its
//! next request waits for one of them: all share two processors, a writer and a log, and each waits behind what was let in before it. A request
//! waits for a moment only: those before it may be waiting for something slow, which costs nobody anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many requests of an organisation are under way for each processor, while others call.
const PER_PROCESSOR: usize = 2;
/// For how long after a call somebody counts as one who calls.
const PRESENT: Duration = Duration::from_secs(1);
/// How long a request waits for a place at most.
const PATIENCE: Duration = Duration::from_millis(100);
/// From how many known organisations on those without a request are forgotten.
const KNOWN: usize = 1_000;

/// The places of everybody. A place is given back when the permit is dropped.
#[derive(Debug)]
pub(crate) struct Places {
    of_each: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Who has called last, and who was the last before them that was somebody else.
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
    /// A place for a request, where its organisation has to have one; after a moment it goes on without.
    pub(crate) async fn enter(&self, organisation: &OrganisationId) -> Option<OwnedSemaphorePermit> {
        let places = self.places_of(organisation, Instant::now())?;
        if let Ok(place) = places.clone().try_acquire_owned() {
            return Some(place);
        }
        Box::pin(tokio::time::timeout(PATIENCE, places.acquire_owned())).await.ok()?.ok()
    }

    /// An organisation's places, while others call too.
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
