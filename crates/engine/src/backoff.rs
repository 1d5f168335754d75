//! Computes the wait between a failed attempt and the next.

use std::time::Duration;

use campanile_base::random_bytes;

/// The waits between attempts. They are always random to some degree, so that failures do not retry
/// in lockstep.
#[derive(Debug, Clone)]
pub enum Backoff {
    /// The n-th failure waits the n-th time, plus or minus 20 %. The last entry repeats.
    Table(Vec<Duration>),
    /// The n-th failure waits a random time between zero and `first · 2ⁿ⁻¹`, at most `most` ("full
    /// jitter"). The minimum is 10 ms.
    Exponential {
        /// The upper bound of the first wait.
        first: Duration,
        /// The upper bound of every wait.
        most: Duration,
    },
}

impl Backoff {
    /// The wait after `failures` failed attempts (at least one).
    pub fn wait(&self, failures: u32) -> Duration {
        self.wait_at(failures, chance())
    }

    /// Like [`Backoff::wait`], with the random number given, from 0 to 1.
    pub(crate) fn wait_at(&self, failures: u32, chance: f64) -> Duration {
        let index = failures.saturating_sub(1);
        match self {
            Self::Table(waits) => {
                let wait = waits.get(index as usize).or(waits.last()).copied().unwrap_or_default();
                jittered_at(wait, chance)
            }
            Self::Exponential { first, most } => {
                let bound = first.saturating_mul(2u32.saturating_pow(index.min(30))).min(*most);
                bound.mul_f64(chance).max(Duration::from_millis(10))
            }
        }
    }

    /// `wait`, plus or minus 20 %.
    pub fn jittered(wait: Duration) -> Duration {
        jittered_at(wait, chance())
    }
}

fn jittered_at(wait: Duration, chance: f64) -> Duration {
    wait.mul_f64(0.8 + 0.4 * chance)
}

fn chance() -> f64 {
    f64::from(u32::from_le_bytes(random_bytes::<4>())) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_followed_within_a_fifth_and_its_last_wait_repeats() {
        let table = Backoff::Table(vec![Duration::from_secs(5), Duration::from_secs(300)]);
        assert_eq!(table.wait_at(1, 0.0), Duration::from_secs(4));
        assert_eq!(table.wait_at(1, 1.0), Duration::from_secs(6));
        assert_eq!(table.wait_at(2, 0.5), Duration::from_secs(300));
        assert_eq!(table.wait_at(9, 0.5), Duration::from_secs(300));
    }

    #[test]
    fn exponential_waits_grow_to_their_bound() {
        let backoff = Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(60) };
        assert_eq!(backoff.wait_at(1, 1.0), Duration::from_secs(1));
        assert_eq!(backoff.wait_at(4, 1.0), Duration::from_secs(8));
        assert_eq!(backoff.wait_at(40, 1.0), Duration::from_secs(60));
        assert_eq!(backoff.wait_at(3, 0.0), Duration::from_millis(10));
    }
}
