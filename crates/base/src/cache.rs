//! The cache of the program: bounded, and with an end for each entry.
//!
//! What was read or made, and would be read or made again, is kept in a [`Cache`], so that none of
//! these grows with the number of organisations. When one is full, the entries that are used least
//! make room.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use crate::Timestamp;

/// A cache. Cheap to clone; clones share their entries.
///
/// ```
/// # use std::time::Duration;
/// # use campanile_base::{Cache, Timestamp};
/// let (cache, now) = (Cache::new(1_000), Timestamp::from_seconds(100));
/// cache.insert("a".to_owned(), 1, now, Duration::from_secs(1));
/// assert_eq!(cache.get("a", now), Some(1));
/// assert_eq!(cache.get("a", now.plus(Duration::from_secs(1))), None);
/// ```
pub struct Cache<K, V>(Arc<quick_cache::sync::Cache<K, Entry<V>>>);

/// The lifetime of an entry that has no end of its own.
pub const FOR_EVER: Duration = Duration::MAX;

#[derive(Clone)]
struct Entry<V> {
    value: V,
    from: Timestamp,
    until: Timestamp,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// A cache of at most this many entries.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(quick_cache::sync::Cache::new(most)))
    }

    /// The value of a key, if there is one for this time. An entry from later than `now`, which
    /// stems from a clock that was put back, does not count.
    pub fn get<Q>(&self, key: &Q, now: Timestamp) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.get(key).filter(|entry| entry.from <= now && now < entry.until).map(|entry| entry.value)
    }

    /// Keeps a value from now on, for `lifetime`.
    pub fn insert(&self, key: K, value: V, now: Timestamp, lifetime: Duration) {
        self.0.insert(key, Entry { value, from: now, until: now.plus(lifetime) });
    }

    /// Drops the entry of a key.
    pub fn remove<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.remove(key);
    }

    /// Drops all entries.
    pub fn clear(&self) {
        self.0.clear();
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> std::fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_full_cache_makes_room() {
        let (cache, now) = (Cache::new(100), Timestamp::from_seconds(0));
        (0..10_000).for_each(|key| cache.insert(key, key, now, FOR_EVER));
        let kept = (0..10_000).filter(|key| cache.get(key, now).is_some()).count();
        assert!((1..=100).contains(&kept), "{kept}");
    }

    #[test]
    fn an_entry_from_the_future_is_not_used() {
        let (cache, now) = (Cache::new(10), Timestamp::from_seconds(100));
        cache.insert("a", 1, now, SECOND);
        assert_eq!(cache.get("a", now.minus(SECOND)), None);
        assert_eq!(cache.get("a", now), Some(1));
    }

    #[test]
    fn what_is_removed_is_gone() {
        let (cache, now) = (Cache::new(10), Timestamp::from_seconds(100));
        cache.insert("a", 1, now, FOR_EVER);
        cache.insert("b", 2, now, FOR_EVER);
        cache.clone().remove("a");
        assert_eq!((cache.get("a", now), cache.get("b", now)), (None, Some(2)));
        cache.clear();
        assert_eq!(cache.get("b", now), None);
    }
}
