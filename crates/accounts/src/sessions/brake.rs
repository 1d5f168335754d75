//! Slows down who tries passwords and links: after some failures each further try has to wait, twice as long each time.
//!
//! Counted are tries, before it is known whether they fail, so that many at the same time gain nothing; who was right has theirs
//! struck off. An address that nobody has is counted like any other. In memory, on each node by itself.

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

/// The tries of all accounts and all sources.
#[derive(Debug)]
pub struct Brake {
    accounts: Mutex<Tries<String>>,
    sources: Mutex<Tries<IpAddr>>,
    /// Tries for accounts that have to wait, from addresses that have not failed yet.
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
    /// Counts a try from an address of the network, where it is known.
    ///
    /// # Errors
    /// `TooManyFor` when it comes too early.
    pub fn try_from(&self, source: Option<IpAddr>, now: Instant) -> Result<()> {
        let Some(source) = source else { return Ok(()) };
        self.sources.lock().expect("nobody panics while they hold it").count(network_of(source), now)
    }

    /// Counts a try for an account, from an address that was [counted](Self::try_from) just now. While the account has to wait because of
    /// others, addresses that have not failed yet have tries of their own: nobody is locked out by a stranger.
    ///
    /// # Errors
    /// `TooManyFor` when it comes too early.
    pub fn try_for(&self, account: &str, source: Option<IpAddr>, now: Instant) -> Result<()> {
        // A long name is some other account's name all the same; it need not be kept whole.
        let account: String = account.trim().to_lowercase().chars().take(254).collect();
        let counted = self.accounts.lock().expect("nobody panics while they hold it").count(account.clone(), now);
        match counted {
            Err(_) if source.is_some_and(|source| self.has_not_failed(source)) => {
                self.newcomers.lock().expect("nobody panics while they hold it").count(account, now)
            }
            counted => counted,
        }
    }

    /// True where the last try of an address was its first.
    fn has_not_failed(&self, source: IpAddr) -> bool {
        let sources = self.sources.lock().expect("nobody panics while they hold it");
        sources.known.get(&network_of(source)).is_none_or(|tried| tried.count <= 1)
    }

    /// Strikes the tries of an account off, and the last one from this address: it was right.
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

/// Who has one address of IPv6 has all of its network.
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
    known: HashMap<K, Tried>,
}

#[derive(Debug, Clone, Copy)]
struct Tried {
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
        let tried = self.known.entry(key).or_insert(Tried { count: 0, last: now, next: now });
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

    /// Forgets who need not wait; everybody, should that not be enough.
    fn make_room(&mut self, now: Instant) {
        self.known.retain(|_, tried| tried.next > now);
        if self.known.len() >= SIGN_IN_REMEMBERED {
            self.known.clear();
        }
    }
}

/// How long the next try has to wait after so many.
fn wait_after(count: u32, free: u32) -> Duration {
    match count.checked_sub(free) {
        None | Some(0) => Duration::ZERO,
        Some(beyond) => SIGN_IN_WAIT.saturating_mul(1 << (beyond - 1).min(20)),
    }
}

#[cfg(test)]
mod tests;
