//! How many requests a second a key, a session or a token may make.
//!
//! Looked at by the credential as it was sent, before anybody is recognised: what is counted is the hash of its text. A tenth of a minute's
//! worth may come at once. Requests without a credential are not counted here: the connections are.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};

/// How many credentials are kept in mind.
const KEPT: usize = 20_000;
/// What may come at once, as time at the full rate.
const BURST: Duration = Duration::from_secs(6);
/// What a browser sends beside a public key.
const USER_TOKEN: &str = "x-knock-user-token";

/// The rates of everybody who calls.
#[derive(Debug)]
pub(crate) struct Rates {
    per_key: u32,
    per_token: u32,
    hasher: RandomState,
    /// Until when each credential has used its rate up.
    used_until: Mutex<HashMap<u64, Instant>>,
}

impl Rates {
    pub(crate) fn new(per_key: u32, per_token: u32) -> Self {
        Self { per_key, per_token, hasher: RandomState::new(), used_until: Mutex::default() }
    }

    /// Counts a request; how long to wait where it is one too many.
    pub(crate) fn take(&self, headers: &HeaderMap) -> Option<Duration> {
        let (credential, rate) = self.credential(headers)?;
        if rate == 0 {
            return None;
        }
        self.take_at(credential, Duration::from_secs(1) / rate, Instant::now())
    }

    fn take_at(&self, credential: u64, each: Duration, now: Instant) -> Option<Duration> {
        let mut all = self.used_until.lock().expect("nobody panics while they count");
        if all.len() >= KEPT && !all.contains_key(&credential) {
            all.retain(|_, until| *until > now);
            if all.len() >= KEPT {
                all.clear();
            }
        }
        let until = all.entry(credential).or_insert(now);
        *until = (*until).max(now);
        let ahead = until.duration_since(now);
        if ahead > BURST {
            return Some(ahead - BURST);
        }
        *until += each;
        None
    }

    fn credential(&self, headers: &HeaderMap) -> Option<(u64, u32)> {
        if let Some(token) = headers.get(USER_TOKEN) {
            return Some((self.hasher.hash_one(token.as_bytes()), self.per_token));
        }
        if let Some(value) = headers.get(AUTHORIZATION) {
            let bytes = value.as_bytes();
            let is_key = bytes.windows(3).take(24).any(|word| word == b"sk_");
            return Some((self.hasher.hash_one(bytes), if is_key { self.per_key } else { self.per_token }));
        }
        headers.get(COOKIE).map(|cookie| (self.hasher.hash_one(cookie.as_bytes()), self.per_token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_may_burst_and_is_then_held_to_its_rate() {
        let (rates, each, now) = (Rates::new(10, 10), Duration::from_millis(100), Instant::now());
        let burst = (0..1_000).take_while(|_| rates.take_at(1, each, now).is_none()).count();
        assert_eq!(burst, 61, "six seconds' worth, and the one that uses them up");
        assert!(rates.take_at(1, each, now).is_some_and(|wait| wait <= each));
        assert_eq!(rates.take_at(2, each, now), None, "another's rate is another's");
        assert_eq!(rates.take_at(1, each, now + each), None);
        assert!(rates.take_at(1, each, now + each).is_some());
    }

    #[test]
    fn ever_new_credentials_take_no_more_memory() {
        let (rates, now) = (Rates::new(10, 10), Instant::now());
        for credential in 0..100_000 {
            rates.take_at(credential, Duration::from_millis(100), now);
        }
        assert!(rates.used_until.lock().unwrap().len() <= KEPT);
    }

    #[test]
    fn who_sends_no_credential_is_not_counted() {
        assert_eq!(Rates::new(1, 1).take(&HeaderMap::new()), None);
    }
}
