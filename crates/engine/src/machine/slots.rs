//! Who may start: concurrency slots by key, and throttles.
//!
//! A limit is kept by place, not by a stored counter: all runs that share one live in shards of
//! one owner, who counts what it has under way. A slot cannot leak, since nobody wrote it down;
//! after a crash the count begins with what the next owner starts, and with the runs whose rows
//! say that they hold theirs.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use campanile_base::Timestamp;

use super::Limits;
use crate::run::{Run, RunId, hash};

/// How many may start within a time. The rest waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throttle {
    pub(crate) limit: u32,
    pub(crate) period: Duration,
    /// How many beyond an even spread may start at once.
    pub(crate) burst: u32,
}

impl Throttle {
    /// GCRA: whether one may pass at `now` given the theoretical arrival time `tat`. Either the
    /// next `tat`, or the time from which on it may.
    pub(crate) fn pass(&self, tat: Timestamp, now: Timestamp) -> Result<Timestamp, Timestamp> {
        let spread = self.period / self.limit.max(1);
        let tat = tat.max(now);
        let earliest = tat.minus(spread * self.burst);
        if earliest > now { Err(earliest) } else { Ok(tat.plus(spread)) }
    }
}

/// What a run asks for: the hash and the limit of each of its keys.
type Wanted = [Option<(u64, usize)>; 2];

/// The slots that a run of these limits needs. Keys of different tenants never meet; an empty key
/// is that of a limit without one, which all tenants share.
pub(crate) fn slot_keys(run: &Run, limits: &Limits) -> Wanted {
    std::array::from_fn(|index| {
        let (key, limit) = (run.keys[index].as_deref()?, limits.keys[index]?);
        let place = if index == 0 { "1" } else { "2" };
        let tenant = if key.is_empty() { "" } else { &*run.tenant };
        Some((hash([&*run.name, tenant, place, key]), limit))
    })
}

/// The hash of a run's throttle. One without a key of its own is shared by all tenants.
pub(crate) fn throttle_key(run: &Run) -> u64 {
    match run.throttle.as_deref() {
        Some(key) if !key.is_empty() => hash([&*run.name, &*run.tenant, "throttle", key]),
        _ => hash([&*run.name, "throttle"]),
    }
}

pub(super) enum Admission {
    /// The slots are taken.
    Granted,
    /// One of them is not free; the lane is told when it is.
    Full,
    /// The throttle has no room before this time.
    NotBefore(Timestamp),
}

#[derive(Default)]
struct Slot {
    used: usize,
    /// Those that keep theirs while they are not under way.
    holders: HashSet<RunId>,
    waiting: Vec<i64>,
}

#[derive(Default)]
pub(super) struct Slots {
    by_key: HashMap<u64, Slot>,
    throttles: HashMap<u64, Timestamp>,
    /// Those that were used since they were last written down.
    used: HashMap<u64, Timestamp>,
}

impl Slots {
    /// Takes the slots of a run, all or none.
    pub(super) fn take(&mut self, run: &Run, limits: &Limits, lane: i64, now: Timestamp) -> Admission {
        let wanted: Vec<(u64, usize)> = slot_keys(run, limits).into_iter().flatten().collect();
        for (key, limit) in &wanted {
            if let Some(slot) = self.by_key.get_mut(key)
                && slot.used >= *limit
                && !slot.holders.contains(&run.id)
            {
                slot.waiting.push(lane);
                return Admission::Full;
            }
        }
        // A run that was started before has paid for its start.
        if let (Some(throttle), None) = (&limits.throttle, run.started_at) {
            let key = throttle_key(run);
            let tat = self.throttles.get(&key).copied().unwrap_or(now);
            match throttle.pass(tat, now) {
                Ok(next) => {
                    self.throttles.insert(key, next);
                    self.used.insert(key, next);
                }
                Err(at) => return Admission::NotBefore(at),
            }
        }
        for (key, _) in wanted {
            let slot = self.by_key.entry(key).or_default();
            if limits.holds && !slot.holders.insert(run.id.clone()) {
                continue;
            }
            slot.used += 1;
        }
        Admission::Granted
    }

    /// Gives the slots of a run back; answers the lanes that may try again.
    pub(super) fn release(&mut self, keys: Wanted, id: &RunId) -> Vec<i64> {
        let mut freed = Vec::new();
        for (key, _) in keys.into_iter().flatten() {
            let Some(slot) = self.by_key.get_mut(&key) else { continue };
            slot.holders.remove(id);
            slot.used = slot.used.saturating_sub(1);
            freed.append(&mut slot.waiting);
            if slot.used == 0 {
                self.by_key.remove(&key);
            }
        }
        freed
    }

    /// Takes the slots of a run that has had them in an earlier life.
    pub(super) fn hold(&mut self, keys: Wanted, id: &RunId) {
        for (key, _) in keys.into_iter().flatten() {
            let slot = self.by_key.entry(key).or_default();
            if slot.holders.insert(id.clone()) {
                slot.used += 1;
            }
        }
    }

    /// Like [`Slots::release`], for one that holds them without being under way.
    pub(super) fn let_go(&mut self, keys: Wanted, id: &RunId) -> Vec<i64> {
        let held = keys.map(|key| key.filter(|(key, _)| self.holds(*key, id)));
        self.release(held, id)
    }

    /// Keeps only those holders; answers the lanes that may try again.
    pub(super) fn retain_holders(&mut self, is_kept: impl Fn(&RunId) -> bool) -> Vec<i64> {
        let mut freed = Vec::new();
        self.by_key.retain(|_, slot| {
            let before = slot.holders.len();
            slot.holders.retain(&is_kept);
            slot.used -= before - slot.holders.len();
            freed.append(&mut slot.waiting);
            slot.used > 0
        });
        freed
    }

    pub(super) fn restore(&mut self, key: u64, tat: Timestamp) {
        self.throttles.insert(key, tat);
    }

    /// What is to be written down. Throttles that are as good as unused are forgotten.
    pub(super) fn take_used(&mut self, now: Timestamp) -> Vec<(u64, Timestamp)> {
        self.throttles.retain(|_, tat| *tat > now);
        self.used.drain().collect()
    }

    fn holds(&self, key: u64, id: &RunId) -> bool {
        self.by_key.get(&key).is_some_and(|slot| slot.holders.contains(id))
    }
}
