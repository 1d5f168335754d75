//! Decides which job starts next. Pure: the caller brings the time, the jobs and the news.
//!
//! A job that is known is in exactly one place: a *timer* until it is due, then *ready* in the
//! queue of its kind and tenant, *parked* while its key is at its limit, and *running* until it
//! is settled. Kinds take turns, and within a kind tenants take turns, so neither a kind nor a
//! tenant with a million jobs holds up another's single one. Within a tenant's queue the order is
//! (priority, due, id). A key with a limit of one is therefore first in, first out.
//!
//! Memory is bounded: past its capacity the core refuses jobs and remembers that the table holds
//! more; the driver loads again when [`Core::wants_more`] says so. Timers beyond the horizon are
//! not kept at all: the driver loads the table again well within each horizon.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use campanile_base::Timestamp;

use crate::job::{Job, JobId};

#[cfg(test)]
mod tests;

/// The place of a job in its queue.
type Rank = (i64, Timestamp, JobId);

/// The bounds of one kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) concurrency: usize,
    pub(crate) per_key: usize,
}

#[derive(Debug, Default)]
struct Kind {
    running: usize,
    queues: HashMap<String, BTreeSet<Rank>>,
    turns: VecDeque<String>,
    keys: HashMap<String, Key>,
}

#[derive(Debug, Default)]
struct Key {
    running: usize,
    parked: BTreeSet<Rank>,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    Timer,
    Ready,
    Parked,
    Running,
}

/// What became of a running job.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Settled {
    /// It is no longer in the table, or no longer ours.
    Gone,
    /// It is due again.
    Again { due: Timestamp },
}

#[derive(Debug)]
pub(crate) struct Core {
    capacity: usize,
    horizon: Duration,
    limits: HashMap<String, Limits>,
    jobs: HashMap<JobId, (Job, Place)>,
    timers: BTreeSet<(Timestamp, JobId)>,
    kinds: HashMap<String, Kind>,
    turns: VecDeque<String>,
    refused: bool,
}

impl Core {
    /// A core for kinds with these limits that keeps at most `capacity` jobs and as many timers in
    /// memory, and no timer that rings after `horizon`.
    pub(crate) fn new(limits: HashMap<String, Limits>, capacity: usize, horizon: Duration) -> Self {
        let turns = limits.keys().cloned().collect();
        let kinds = limits.keys().map(|kind| (kind.clone(), Kind::default())).collect();
        Self { capacity, horizon, limits, jobs: HashMap::new(), timers: BTreeSet::new(), kinds, turns, refused: false }
    }

    /// Takes in a job that was stored or loaded. One that is known already stays as it is.
    pub(crate) fn offer(&mut self, job: Job, now: Timestamp) {
        if self.jobs.contains_key(&job.id) || !self.kinds.contains_key(&job.kind) {
            return;
        }
        if job.due <= now && self.jobs.len() - self.timers.len() >= self.capacity {
            self.refused = true;
            return;
        }
        self.admit(job, now);
    }

    /// Everything that may start now, in order. What is returned counts as running.
    pub(crate) fn start(&mut self, now: Timestamp) -> Vec<Job> {
        self.ring_timers(now);
        let mut started = Vec::new();
        let mut idle_turns = 0;
        while idle_turns < self.turns.len() {
            let kind = self.turns.pop_front().expect("there is a turn while idle turns are fewer");
            match self.start_one(&kind) {
                Some(job) => {
                    started.push(job);
                    idle_turns = 0;
                }
                None => idle_turns += 1,
            }
            self.turns.push_back(kind);
        }
        started
    }

    /// Takes note of how a running job ended, and lets the next with its key go on.
    pub(crate) fn settle(&mut self, id: &JobId, settled: Settled, now: Timestamp) {
        let Some((mut job, Place::Running)) = self.jobs.remove(id) else { return };
        let kind = self.kinds.get_mut(&job.kind).expect("a running job's kind is known");
        kind.running -= 1;
        if let Some(key) = &job.key {
            self.release(&job.kind.clone(), &key.clone());
        }
        if let Settled::Again { due } = settled {
            job.due = due;
            job.attempt += 1;
            job.generation += 1;
            self.admit(job, now);
        }
    }

    /// When the next timer rings.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Whether the table holds more and there is room for it. Answering resets the question.
    pub(crate) fn wants_more(&mut self) -> bool {
        let wants = self.refused && self.jobs.len() - self.timers.len() <= self.capacity / 2;
        if wants {
            self.refused = false;
        }
        wants
    }

    /// How many jobs are under way.
    pub(crate) fn running(&self) -> usize {
        self.kinds.values().map(|kind| kind.running).sum()
    }

    /// How many jobs are in memory.
    pub(crate) fn known(&self) -> usize {
        self.jobs.len()
    }

    /// Forgets everything that is not running: the lease was lost.
    pub(crate) fn forget(&mut self) {
        self.jobs.retain(|_, (_, place)| *place == Place::Running);
        self.timers.clear();
        for kind in self.kinds.values_mut() {
            kind.queues.clear();
            kind.turns.clear();
            kind.keys.values_mut().for_each(|key| key.parked.clear());
        }
    }

    /// Keeps a job, unless it is a timer that the table keeps better.
    fn admit(&mut self, job: Job, now: Timestamp) {
        if job.due > now.plus(self.horizon) || (job.due > now && self.timers.len() >= self.capacity) {
            return;
        }
        let id = job.id.clone();
        self.jobs.insert(id.clone(), (job, Place::Timer));
        self.place(&id, now);
    }

    fn ring_timers(&mut self, now: Timestamp) {
        while let Some((due, id)) = self.timers.first().cloned()
            && due <= now
        {
            self.timers.remove(&(due, id.clone()));
            self.place(&id, now);
        }
    }

    /// Puts a known job where it belongs: a timer before it is due, else its tenant's queue.
    fn place(&mut self, id: &JobId, now: Timestamp) {
        let (job, place) = self.jobs.get_mut(id).expect("only known jobs are placed");
        if job.due > now {
            *place = Place::Timer;
            self.timers.insert((job.due, id.clone()));
            return;
        }
        *place = Place::Ready;
        let kind = self.kinds.get_mut(&job.kind).expect("a known job's kind is known");
        kind.enqueue(&job.tenant, (job.priority, job.due, id.clone()));
    }

    /// The next job of a kind, if the kind has room and one whose key has room.
    fn start_one(&mut self, name: &str) -> Option<Job> {
        let limits = self.limits[name];
        let kind = self.kinds.get_mut(name).expect("every turn belongs to a kind");
        while kind.running < limits.concurrency {
            let rank = kind.dequeue()?;
            let (job, place) = self.jobs.get_mut(&rank.2).expect("a ready job is known");
            if let Some(key) = &job.key {
                let key = kind.keys.entry(key.clone()).or_default();
                if key.running >= limits.per_key {
                    key.parked.insert(rank);
                    *place = Place::Parked;
                    continue;
                }
                key.running += 1;
            }
            kind.running += 1;
            *place = Place::Running;
            return Some(job.clone());
        }
        None
    }

    fn release(&mut self, kind_name: &str, key_name: &str) {
        let kind = self.kinds.get_mut(kind_name).expect("a running job's kind is known");
        let key = kind.keys.get_mut(key_name).expect("a running job's key is counted");
        key.running -= 1;
        let next = key.parked.pop_first();
        if key.running == 0 && key.parked.is_empty() {
            kind.keys.remove(key_name);
        }
        if let Some(rank) = next {
            let (job, place) = self.jobs.get_mut(&rank.2).expect("a parked job is known");
            *place = Place::Ready;
            kind.enqueue(&job.tenant, rank);
        }
    }
}

impl Kind {
    fn enqueue(&mut self, tenant: &str, rank: Rank) {
        let queue = self.queues.entry(tenant.to_owned()).or_default();
        if queue.is_empty() {
            self.turns.push_back(tenant.to_owned());
        }
        queue.insert(rank);
    }

    /// The first job of the tenant whose turn it is.
    fn dequeue(&mut self) -> Option<Rank> {
        let tenant = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&tenant).expect("a tenant with a turn has a queue");
        let rank = queue.pop_first();
        if queue.is_empty() {
            self.queues.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
        rank
    }
}
