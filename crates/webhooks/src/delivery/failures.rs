//! Logs failed attempts: the first of an endpoint at once, later ones as a sum once a minute.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::model::endpoints::EndpointId;

/// The time between two log lines about an endpoint.
const EVERY: Duration = Duration::from_secs(60);
/// The maximum number of endpoints that are tracked.
const KEPT: usize = 10_000;

/// The failed attempts of each endpoint since its last log line.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<HashMap<EndpointId, Sum>>);

#[derive(Debug, Clone, Copy)]
struct Sum {
    told_at: Instant,
    count: u64,
}

impl Failures {
    /// Counts a failed attempt, and logs it with those since the last line when a line is due. Of
    /// the answer, only the status is logged: the body belongs to the receiver.
    pub(crate) fn note(&self, endpoint: &EndpointId, status: i64) {
        if let Some(failed) = self.count(endpoint, Instant::now()) {
            tracing::info!(endpoint = %endpoint, failed, status, "an endpoint did not take what it was sent");
        }
    }

    /// Counts a failed attempt. Returns the number of failures since the last line if a new line is
    /// due.
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
