//! Decides if a run may start: concurrency slots by key, and throttles.
//!
//! Slots are not stored as counters. All runs that share a limit are in shards of one owner, and
//! that owner counts the runs it has under way. So a slot cannot leak. After a crash, the count
//! restarts with the runs that the next owner starts, and with the runs whose rows say that they
//! hold their slots.

use std::collections::{HashMap, HashSet};

use campanile_base::Timestamp;

use super::Limits;
use crate::run::{Run, RunId, hash};

/// The hash and the limit of each key of a run.
type Wanted = [Option<(u64, usize)>; 2];

/// The slots that a run needs. Keys of different tenants never collide. The empty key belongs to a
/// limit without a key, which all tenants share.
pub(crate) fn slot_keys(run: &Run, limits: &Limits) -> Wanted {
    std::array::from_fn(|index| {
        let (key, limit) = (run.keys[index].as_deref()?, limits.keys[index]?);
        let place = if index == 0 { "1" } else { "2" };
        let tenant = if key.is_empty() { "" } else { &*run.tenant };
        Some((hash([&*run.name, tenant, place, key]), limit))
    })
}

/// The hash of a run's throttle. All tenants share a throttle without a key.
pub(crate) fn throttle_key(run: &Run) -> u64 {
    match run.throttle.as_deref() {
        Some(key) if !key.is_empty() => hash([&*run.name, &*run.tenant, "throttle", key]),
        _ => hash([&*run.name, "throttle"]),
    }
}

pub(super) enum Admission {
    /// The slots are taken.
    Granted,
    /// A slot is not free. The lane is unblocked when one is released.
    Full,
    /// The throttle has no room before this time.
    NotBefore(Timestamp),
}

#[derive(Default)]
struct Slot {
    used: usize,
    /// Runs that keep their slot while they are not under way.
    holders: HashSet<RunId>,
    waiting: Vec<i64>,
}

#[derive(Default)]
pub(super) struct Slots {
    by_key: HashMap<u64, Slot>,
    throttles: HashMap<u64, Timestamp>,
    /// The throttles that were used since they were last stored.
    used: HashMap<u64, Timestamp>,
}

impl Slots {
    /// Takes all slots of a run, or none.
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
        // A run that was started before has already passed the throttle.
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

    /// Frees the slots of a run. Returns the lanes that may try again.
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

    /// Takes the slots of a run that held them in an earlier life.
    pub(super) fn hold(&mut self, keys: Wanted, id: &RunId) {
        for (key, _) in keys.into_iter().flatten() {
            let slot = self.by_key.entry(key).or_default();
            if slot.holders.insert(id.clone()) {
                slot.used += 1;
            }
        }
    }

    /// Like [`Slots::release`], but only for slots that the run holds.
    pub(super) fn let_go(&mut self, keys: Wanted, id: &RunId) -> Vec<i64> {
        let held = keys.map(|key| key.filter(|(key, _)| self.holds(*key, id)));
        self.release(held, id)
    }

    /// Removes all other holders. Returns the lanes that may try again.
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

    /// The throttle usage to be stored. Throttles with no remaining effect are forgotten.
    pub(super) fn take_used(&mut self, now: Timestamp) -> Vec<(u64, Timestamp)> {
        self.throttles.retain(|_, tat| *tat > now);
        self.used.drain().collect()
    }

    fn holds(&self, key: u64, id: &RunId) -> bool {
        self.by_key.get(&key).is_some_and(|slot| slot.holders.contains(id))
    }
}
