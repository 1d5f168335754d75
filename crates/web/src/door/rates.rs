//! Limits the requests per second of each key, session or token.
//!
//! The limit applies to the credential, before the caller is recognised. The hash of the key, the
//! session or the token is counted, however the request writes it. A public key is shared by
//! everybody who opens a page, so it is counted per client address. Up to a tenth of a minute's
//! worth of requests may come at once. Requests without a credential are not counted here; their
//! connections are.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use campanile_http::caller::{bearer, session_token};

/// The number of credentials that are remembered.
const KEPT: usize = 20_000;
/// The burst that is allowed, as time at the full rate.
const BURST: Duration = Duration::from_secs(6);
/// The prefixes of secret keys and of public keys.
const SECRET: &str = "sk_";
const PUBLIC: &str = "pk_";

/// The use of all credentials.
#[derive(Debug)]
pub(crate) struct Rates {
    per_key: u32,
    per_token: u32,
    hasher: RandomState,
    /// The time up to which each credential has used its rate.
    used_until: Mutex<HashMap<u64, Instant>>,
}

impl Rates {
    pub(crate) fn new(per_key: u32, per_token: u32) -> Self {
        Self { per_key, per_token, hasher: RandomState::new(), used_until: Mutex::default() }
    }

    /// Counts a request. Returns the time to wait if it is one too many.
    pub(crate) fn take(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<Duration> {
        let (credential, rate) = self.credential(headers, peer)?;
        if rate == 0 {
            return None;
        }
        self.take_at(credential, Duration::from_secs(1) / rate, Instant::now())
    }

    /// Counts a request by something else than a credential. Returns the time to wait if it is one
    /// too many.
    pub(crate) fn take_as(&self, counted: impl Hash, each: Duration) -> Option<Duration> {
        self.take_at(self.hasher.hash_one(counted), each, Instant::now())
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

    fn credential(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<(u64, u32)> {
        match bearer(headers).ok()? {
            Some(key) if key.starts_with(SECRET) => Some((self.hasher.hash_one(key), self.per_key)),
            Some(key) if key.starts_with(PUBLIC) => Some((self.hasher.hash_one((key, peer)), self.per_token)),
            Some(token) => Some((self.hasher.hash_one(token), self.per_token)),
            None => session_token(headers).map(|session| (self.hasher.hash_one(session), self.per_token)),
        }
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
        assert_eq!(Rates::new(1, 1).take(&HeaderMap::new(), None), None);
    }

    #[test]
    fn a_credential_is_one_however_it_is_written_and_a_public_key_is_one_for_each_address() {
        let rates = Rates::new(2, 1);
        let credential = |headers: &[(&'static str, &str)], peer: &str| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            rates.credential(&headers.collect(), Some(peer.parse().unwrap())).unwrap()
        };
        let (one, other) = ("192.0.2.1", "192.0.2.2");
        let key = credential(&[("authorization", "Bearer sk_1")], one);
        assert_eq!(key.1, 2);
        assert_eq!(credential(&[("authorization", "bearer   sk_1"), ("x-knock-user-token", "any")], other), key);
        assert_ne!(credential(&[("authorization", "Bearer sk_2")], one), key);
        let portal = credential(&[("authorization", "Bearer appsk_1")], one);
        assert_eq!(portal.1, 1, "a portal's token is no secret key");
        let page = credential(&[("authorization", "Bearer pk_1"), ("x-knock-user-token", "a")], one);
        assert_eq!(credential(&[("authorization", "Bearer pk_1"), ("x-knock-user-token", "b")], one), page);
        assert_ne!(credential(&[("authorization", "Bearer pk_1")], other), page);
        let session = credential(&[("cookie", "campanile_session=s; x=1")], one);
        assert_eq!(credential(&[("cookie", "x=2; campanile_session=s")], one), session);
    }
}
