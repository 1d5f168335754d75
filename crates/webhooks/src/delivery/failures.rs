//! Failed attempts in the log: the first of an endpoint at once, the others summed, a line a minute.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::endpoints::EndpointId;

/// The time between two lines about an endpoint.
const EVERY: Duration = Duration::from_secs(60);
/// Endpoints that are kept in mind.
const KEPT: usize = 10_000;

/// Failed attempts of endpoints since their last line in the log.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<HashMap<EndpointId, Sum>>);

#[derive(Debug, Clone, Copy)]
struct Sum {
    told_at: Instant,
    count: u64,
}

impl Failures {
    /// Counts a failed attempt, and tells of it and of those since the last line where it is time. Nothing of the answer but its status is
    /// said: its body is the receiver's.
    pub(crate) fn note(&self, endpoint: &EndpointId, status: i64) {
        if let Some(failed) = self.count(endpoint, Instant::now()) {
            tracing::info!(endpoint = %endpoint, failed, status, "an endpoint did not take what it was sent");
        }
    }

    /// Counts one; answers how many have failed since the last line, where there is to be one.
    fn count(&self, endpoint: &EndpointId, now: Instant) -> Option<u64> {
        let mut all = self.0.lock().expect("nobody panics while they count");
        if all.len() >= KEPT && !all.contains_key(endpoint) {
            all.retain(|_, sum| now.duration_since(sum.told_at) < EVERY);
        }
        let Some(sum) = all.get_mut(endpoint) else {
            if all.len() < KEPT {
                all.insert(endpoint.clone(), Sum { told_at: now, count: 0 });
            }
            return Some(1);
        };
        sum.count += 1;
        if now.duration_since(sum.told_at) < EVERY {
            return None;
        }
        sum.told_at = now;
        Some(std::mem::take(&mut sum.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_in_sums() {
        let (failures, now) = (Failures::default(), Instant::now());
        let (one, other) = (EndpointId::from("ep_1".to_owned()), EndpointId::from("ep_2".to_owned()));
        let told: Vec<u64> =
            (0..125).filter_map(|second| failures.count(&one, now + Duration::from_secs(second))).collect();
        assert_eq!(told, [1, 60, 60]);
        assert_eq!(failures.count(&other, now), Some(1));
    }
}
