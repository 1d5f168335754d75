//! Limits sign-in attempts by password or link: after some failures, each further attempt must
//! wait, twice as long each time.
//!
//! Attempts are counted before their result is known, so that many concurrent ones gain nothing. A
//! successful attempt is subtracted again. Attempts for unknown mail addresses are counted like any
//! others. The counts are in memory, separate on each node.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use campanile_base::bounds::{
    SIGN_IN_FORGOTTEN, SIGN_IN_LONGEST_WAIT, SIGN_IN_LONGEST_WAIT_OF_SOURCE, SIGN_IN_REMEMBERED, SIGN_IN_TRIES,
    SIGN_IN_TRIES_OF_SOURCE, SIGN_IN_WAIT, SIGN_IN_WAIT_OF_NEWCOMERS,
};
use campanile_base::{Error, Result};

/// The attempts for all accounts and from all network addresses.
#[derive(Debug)]
pub struct Brake {
    accounts: Mutex<Tries<String>>,
    sources: Mutex<Tries<IpAddr>>,
    /// Attempts for accounts that must wait, from network addresses without a failure.
    newcomers: Mutex<Tries<String>>,
}

impl Default for Brake {
    fn default() -> Self {
        Self {
            accounts: Mutex::new(Tries::new(SIGN_IN_TRIES, SIGN_IN_LONGEST_WAIT)),
            sources: Mutex::new(Tries::new(SIGN_IN_TRIES_OF_SOURCE, SIGN_IN_LONGEST_WAIT_OF_SOURCE)),
            newcomers: Mutex::new(Tries::new(0, SIGN_IN_WAIT_OF_NEWCOMERS)),
        }
    }
}

impl Brake {
    /// Counts an attempt from a network address, if the address is known.
    ///
    /// # Errors
    /// `TooManyFor` when it comes too early.
    pub fn try_from(&self, source: Option<IpAddr>, now: Instant) -> Result<()> {
        let Some(source) = source else { return Ok(()) };
        self.sources.lock().expect("nobody panics while they hold it").count(network_of(source), now)
    }

    /// Counts an attempt for an account, from an address that [`try_from`](Self::try_from) has just
    /// counted. If the account must wait because of other attempts, addresses without a failure
    /// have a separate limit. So a stranger cannot lock anyone out.
    ///
    /// # Errors
    /// `TooManyFor` when it comes too early.
    pub fn try_for(&self, account: &str, source: Option<IpAddr>, now: Instant) -> Result<()> {
        // The key is cut, so that long names cannot fill the memory. Valid addresses have at most
        // 254 characters.
        let account: String = account.trim().to_lowercase().chars().take(254).collect();
        let counted = self.accounts.lock().expect("nobody panics while they hold it").count(account.clone(), now);
        match counted {
            Err(_) if source.is_some_and(|source| self.has_not_failed(source)) => {
                self.newcomers.lock().expect("nobody panics while they hold it").count(account, now)
            }
            counted => counted,
        }
    }

    /// True if the last attempt from an address was its first.
    fn has_not_failed(&self, source: IpAddr) -> bool {
        let sources = self.sources.lock().expect("nobody panics while they hold it");
        sources.known.get(&network_of(source)).is_none_or(|tried| tried.count <= 1)
    }

    /// Records a success: clears the attempts for the account, and subtracts the last one from this
    /// address.
    pub fn was_right(&self, account: Option<&str>, source: Option<IpAddr>) {
        if let Some(account) = account {
            let account = account.trim().to_lowercase();
            self.accounts.lock().expect("nobody panics while they hold it").known.remove(&account);
        }
        if let Some(source) = source {
            self.sources.lock().expect("nobody panics while they hold it").strike_one(&network_of(source));
        }
    }
}

/// The key of a network address. For IPv6 it is the /64 network, since one customer usually has all
/// of it.
fn network_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

#[derive(Debug)]
struct Tries<K> {
    free: u32,
    longest: Duration,
    known: HashMap<K, TryCount>,
}

#[derive(Debug, Clone, Copy)]
struct TryCount {
    count: u32,
    last: Instant,
    next: Instant,
}

impl<K: Hash + Eq> Tries<K> {
    fn new(free: u32, longest: Duration) -> Self {
        Self { free, longest, known: HashMap::new() }
    }

    fn count(&mut self, key: K, now: Instant) -> Result<()> {
        if self.known.len() >= SIGN_IN_REMEMBERED && !self.known.contains_key(&key) {
            self.make_room(now);
        }
        let tried = self.known.entry(key).or_insert(TryCount { count: 0, last: now, next: now });
        if now < tried.next {
            return Err(Error::TooManyFor(tried.next - now));
        }
        if now.duration_since(tried.last) > SIGN_IN_FORGOTTEN {
            tried.count = 0;
        }
        tried.count = tried.count.saturating_add(1);
        tried.last = now;
        tried.next = now + self.longest.min(wait_after(tried.count, self.free));
        Ok(())
    }

    fn strike_one(&mut self, key: &K) {
        if let Some(tried) = self.known.get_mut(key) {
            tried.count = tried.count.saturating_sub(1);
            tried.next = tried.last;
        }
    }

    /// Forgets keys that need not wait; all keys if that is not enough.
    fn make_room(&mut self, now: Instant) {
        self.known.retain(|_, tried| tried.next > now);
        if self.known.len() >= SIGN_IN_REMEMBERED {
            self.known.clear();
        }
    }
}

/// The wait before the next attempt after `count` attempts.
fn wait_after(count: u32, free: u32) -> Duration {
    match count.checked_sub(free) {
        None | Some(0) => Duration::ZERO,
        Some(beyond) => SIGN_IN_WAIT.saturating_mul(1 << (beyond - 1).min(20)),
    }
}

#[cfg(test)]
mod tests;
