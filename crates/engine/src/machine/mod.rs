//! Decides which run starts next. Pure: the caller supplies the time, the runs and the changes.
//!
//! # The places of a run
//! A known run is in exactly one place: a *timer* until it is due, then *ready* in its lane, then
//! *running* until it is settled. A lane is the queue of one name, tenant and set of keys, ordered
//! by (priority, queued at, id). Names take turns, and within a name tenants take turns. So a name
//! or tenant with a million runs does not delay a single run of another. A tenant whose runs never
//! end does not block a name either: it gets at most three quarters of the name's places (unless
//! the name has fewer than eight). A lane is *blocked* while its key is at its limit or its
//! throttle has no room. A blocked lane does not delay other lanes. A key with a limit of one is
//! therefore first in, first out, and its runs never overlap.
//!
//! # Limits of memory
//! Memory is bounded, but the table is not. A lane keeps its first runs in memory and remembers
//! that there are `more`. When half of them are gone, it asks the caller for the next ones
//! ([`Core::wanted`]). Timers are kept only as far as the table has been scanned. The scan position
//! is a cursor over (due, id). It moves ahead of the clock, but only while there is room
//! ([`Core::to_scan`]). Runs beyond the cursor are found when the cursor reaches them; new runs
//! before it are taken at once. Nothing is read twice, and a million sleeping runs cost no memory
//! until they are nearly due.

mod lanes;
mod slots;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use campanile_base::Timestamp;

use crate::flow::Throttle;
use crate::run::{DUTY_PREFIX, Run, RunId};
use crate::store::queues::NodeQueue;
use lanes::{Lane, Names};
use slots::{Admission, Slots};

pub(crate) use slots::slot_keys;

#[cfg(test)]
mod tests;

/// The position of a run in its lane.
type Rank = (i64, Timestamp, RunId);

/// A text that sorts after every id.
const AFTER_ALL: &str = "~";

/// The limits of one name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    /// The maximum number of runs at a time on this node.
    pub(crate) concurrency: usize,
    /// The maximum number of runs with the same first and the same second key.
    pub(crate) keys: [Option<usize>; 2],
    /// True if a run keeps its slots while it sleeps and waits.
    pub(crate) holds: bool,
    /// The limit on starts per period.
    pub(crate) throttle: Option<Throttle>,
}

/// The limits on what is kept in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The number of ready runs above which lanes keep only a few each.
    pub(crate) ready: usize,
    /// The number of runs of one lane.
    pub(crate) lane: usize,
    /// The number of runs that are not due yet.
    pub(crate) timers: usize,
    /// The time ahead of the clock up to which the table is scanned.
    pub(crate) horizon: Duration,
}

/// The outcome of a run that was running, after the commit.
#[derive(Debug)]
pub(crate) enum Settlement {
    /// The run has ended, or belongs to another node.
    Gone,
    /// The run continues at its due time.
    Again(Box<Run>),
    /// Another party changed the run meanwhile: the caller reads its row again.
    Unknown,
}

/// The actions that are due now.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Runs that start now and count as running.
    pub(crate) start: Vec<Run>,
    /// Runs that missed their start deadline. The core no longer knows them.
    pub(crate) expired: Vec<Run>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Timer,
    Ready,
    Running {
        /// True if another party changed its row meanwhile.
        woken: bool,
    },
}

struct Entry {
    run: Run,
    place: Place,
}

/// The state of the scheduler.
pub(crate) struct Core {
    limits: HashMap<Arc<str>, Arc<Limits>>,
    bounds: Bounds,
    /// The shards whose runs may start here, one bit each.
    owned: u64,
    names: Names,
    lanes: HashMap<i64, Lane>,
    slots: Slots,
    runs: HashMap<RunId, Entry>,
    timers: BTreeSet<(Timestamp, RunId)>,
    /// Lanes that a throttle blocks until this time.
    throttled: BTreeSet<(Timestamp, i64)>,
    /// The start deadlines of ready runs.
    expiries: BTreeSet<(Timestamp, RunId)>,
    /// The position up to which the table has been scanned.
    seen: (Timestamp, String),
    /// Nothing starts before the scan reaches this time: an earlier run may not have been seen yet.
    catch_up: Timestamp,
    wanted: Vec<i64>,
    running: usize,
    /// The last settled runs, so that a late offer does not start one again.
    recent: (HashSet<RunId>, VecDeque<RunId>),
}

const START: Timestamp = Timestamp::from_micros(i64::MIN);
/// The number of settled runs that are remembered.
const RECENT: usize = 4_096;

impl Core {
    pub(crate) fn new(limits: HashMap<Arc<str>, Limits>, bounds: Bounds) -> Self {
        Self {
            limits: limits.into_iter().map(|(name, limits)| (name, Arc::new(limits))).collect(),
            bounds,
            owned: 0,
            names: Names::default(),
            lanes: HashMap::new(),
            slots: Slots::default(),
            runs: HashMap::new(),
            timers: BTreeSet::new(),
            throttled: BTreeSet::new(),
            expiries: BTreeSet::new(),
            seen: (START, String::new()),
            catch_up: START,
            wanted: Vec::new(),
            running: 0,
            recent: Default::default(),
        }
    }

    /// Takes a run that was just stored.
    pub(crate) fn offer(&mut self, run: Run, now: Timestamp) {
        if !self.recent.0.contains(&run.id) {
            self.admit(run, now);
        }
    }

    /// Takes rows that the scan read after the cursor. With `until`, these were all rows up to that
    /// time.
    pub(crate) fn scanned(&mut self, rows: Vec<Run>, until: Option<Timestamp>, now: Timestamp) {
        if let Some(last) = rows.last() {
            self.seen = (last.due, last.id.as_str().to_owned());
        }
        if let Some(until) = until {
            self.seen = (until, AFTER_ALL.to_owned());
        }
        rows.into_iter().for_each(|run| self.admit(run, now));
    }

    /// The cursor and the end of the next scan; `None` while no scan is needed.
    pub(crate) fn to_scan(&self, now: Timestamp) -> Option<((Timestamp, &str), Timestamp)> {
        let has_room = self.timers.len() <= self.bounds.timers / 2 && self.runs.len() <= 2 * self.bounds.ready;
        let is_due = self.seen.0 < now.plus(self.bounds.horizon / 2);
        (has_room && is_due).then(|| ((self.seen.0, self.seen.1.as_str()), now.plus(self.bounds.horizon)))
    }

    /// Restarts the scan from the beginning. Known runs are not taken twice.
    pub(crate) fn sweep(&mut self) {
        self.seen = (START, String::new());
    }

    /// Like [`Core::sweep`], after shards were taken. Nothing starts until everything that is due
    /// now has been read.
    pub(crate) fn catch_up(&mut self, now: Timestamp) {
        self.sweep();
        self.catch_up = now;
    }

    /// True if runs that are due may not have been read yet.
    pub(crate) fn is_behind(&self, now: Timestamp) -> bool {
        self.seen.0 < self.catch_up && self.to_scan(now).is_some()
    }

    /// The lanes that need their next runs from the table. The list is emptied by this call.
    pub(crate) fn wanted(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.wanted)
    }

    /// The number of rows of a lane to read. It includes the running ones, which are still in the
    /// table and come first.
    pub(crate) fn lane_page(&self) -> usize {
        self.bounds.lane + self.running
    }

    /// Takes the new row of a run that another party changed.
    pub(crate) fn reload(&mut self, run: Run, now: Timestamp) {
        self.admit(run, now);
    }

    /// Requests a lane again that could not be read.
    pub(crate) fn lane_failed(&mut self, id: i64) {
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.asked = false;
            self.want_if_low(id);
        }
    }

    /// Takes the first rows of a lane. With `all`, the lane has no other rows.
    pub(crate) fn lane_loaded(&mut self, lane: i64, rows: Vec<Run>, all: bool, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&lane) {
            (lane.more, lane.asked) = (!all, false);
        }
        let before = self.runs.len();
        // The rows are in order. When one no longer fits, `more` stays set.
        rows.into_iter().for_each(|run| self.admit_within(run, now, true));
        let is_stuck = self.runs.len() == before && self.lanes.get(&lane).is_some_and(|lane| lane.ready.is_empty());
        if let (true, Some(lane)) = (is_stuck, self.lanes.get_mut(&lane)) {
            // The whole page is running. A sweep finds the rows behind it.
            lane.more = false;
            self.sweep();
        }
        self.forget_lane_if_done(lane);
    }

    /// Returns the runs that start or expire now, in order. Started runs count as running.
    pub(crate) fn turn(&mut self, now: Timestamp) -> Turn {
        self.ring(now);
        let mut turn = Turn { start: Vec::new(), expired: self.expire(now) };
        if self.is_behind(now) {
            return turn;
        }
        let mut idle = 0;
        while idle < self.names.turns.len() {
            let name = self.names.turns.pop_front().expect("there is a turn while idle ones are fewer");
            match self.start_one(&name, now) {
                Some(run) => {
                    turn.start.push(run);
                    idle = 0;
                }
                None => idle += 1,
            }
            self.names.turns.push_back(name);
        }
        turn
    }

    /// Records the end of a running run, and unblocks the lanes that wait for its keys. Returns
    /// `true` if the caller must read the row again: another party changed the run meanwhile, and
    /// only the row has the due time.
    pub(crate) fn settle(&mut self, id: &RunId, settled: Settlement, now: Timestamp) -> bool {
        let Some(Entry { run, place: Place::Running { woken } }) = self.take_running(id) else { return false };
        self.running -= 1;
        self.names.get_mut(&run.name).end(&run.tenant);
        let keeps = matches!(&settled, Settlement::Again(again) if again.holds);
        let keys = slot_keys(&run, &self.limits[&run.name]);
        for lane in if keeps { Vec::new() } else { self.slots.release(keys, id) } {
            self.unblock(lane);
        }
        match settled {
            Settlement::Gone => self.remember(id.clone()),
            Settlement::Again(again) if !woken => self.admit(*again, now),
            Settlement::Unknown | Settlement::Again(_) => return true,
        }
        false
    }

    /// Records that another party changed this run's row. Returns `true` if the run is under way.
    /// If not, the core forgets it, and the caller loads it again.
    pub(crate) fn touched(&mut self, id: &RunId) -> bool {
        match self.runs.get_mut(id) {
            Some(Entry { place: Place::Running { woken }, .. }) => {
                *woken = true;
                true
            }
            Some(_) => {
                self.remove(id);
                false
            }
            None => false,
        }
    }

    /// Takes the slots of a run that has held them since an earlier life, even if it is not due.
    pub(crate) fn hold(&mut self, run: &Run) {
        if let Some(limits) = self.limits.get(&run.name) {
            self.slots.hold(slot_keys(run, limits), &run.id);
        }
    }

    /// Frees the slots of a run that another party ended.
    pub(crate) fn let_go(&mut self, run: &Run) {
        let Some(limits) = self.limits.get(&run.name) else { return };
        for lane in self.slots.let_go(slot_keys(run, limits), &run.id) {
            self.unblock(lane);
        }
    }

    /// Forgets the runs that hold slots without being under way. The caller supplies them again.
    pub(crate) fn forget_holders(&mut self) {
        let runs = &self.runs;
        let is_running = |id: &RunId| runs.get(id).is_some_and(|entry| !entry.place.is_idle());
        for lane in self.slots.retain_holders(is_running) {
            self.unblock(lane);
        }
    }

    /// Pauses or resumes a tenant's name.
    pub(crate) fn pause(&mut self, tenant: &str, name: &str, paused: bool) {
        let state = self.names.entry(&name.into());
        match paused {
            true => drop(state.paused.insert(tenant.into())),
            false => drop(state.paused.remove(tenant)),
        }
    }

    /// Restores the usage of a throttle from before this life.
    pub(crate) fn restore_throttle(&mut self, key: u64, tat: Timestamp) {
        self.slots.restore(key, tat);
    }

    /// The throttle usage since the last call, to be stored for the next life.
    pub(crate) fn take_used_throttles(&mut self, now: Timestamp) -> Vec<(u64, Timestamp)> {
        self.slots.take_used(now)
    }

    /// Sets the shards whose runs may start here. Runs of other shards are forgotten, unless they
    /// are running.
    pub(crate) fn own(&mut self, shards: u64) {
        self.owned = shards;
        let is_lost = |run: &Run| shards >> run.shard & 1 == 0;
        let lost = self.runs.values().filter(|entry| entry.place.is_idle() && is_lost(&entry.run));
        let lost: Vec<RunId> = lost.map(|entry| entry.run.id.clone()).collect();
        lost.iter().for_each(|id| self.remove(id));
    }

    /// The shards that have running runs.
    pub(crate) fn busy_shards(&self) -> u64 {
        let busy = self.runs.values().filter(|entry| !entry.place.is_idle());
        busy.fold(0, |mask, entry| mask | 1 << entry.run.shard)
    }

    /// The next time at which something happens without a message.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let timers = self.timers.first().map(|(due, _)| *due);
        let throttled = self.throttled.first().map(|(at, _)| *at);
        let expiries = self.expiries.first().map(|(at, _)| *at);
        [timers, throttled, expiries].into_iter().flatten().min()
    }

    /// The number of running runs.
    pub(crate) fn running(&self) -> usize {
        self.running
    }

    /// The number of runs in memory.
    pub(crate) fn known(&self) -> usize {
        self.runs.len()
    }

    /// For each name: the number of ready runs in memory, and the time since which the first one
    /// waits.
    pub(crate) fn depths(&self) -> impl Iterator<Item = (&str, usize, Option<Timestamp>)> {
        self.names.iter().map(|(name, state)| (&**name, state.ready, state.oldest()))
    }

    /// The longest queues of tenants: at most `most` of them, in order of tenant and name. The
    /// engine's own jobs are left out.
    pub(crate) fn queues(&self, most: usize) -> Vec<NodeQueue> {
        let mut queues: HashMap<(&str, &str), (i64, Timestamp)> = HashMap::new();
        for lane in self.lanes.values().filter(|lane| !lane.name.starts_with(DUTY_PREFIX)) {
            let Some(oldest) = lane.ready.iter().map(|(_, queued_at, _)| *queued_at).min() else { continue };
            let queue = queues.entry((&lane.tenant, &lane.name)).or_insert((0, oldest));
            *queue = (queue.0 + lane.ready.len() as i64, queue.1.min(oldest));
        }
        let owned = |((tenant, name), (runs, oldest)): ((&str, &str), _)| NodeQueue {
            tenant: tenant.to_owned(),
            name: name.to_owned(),
            runs,
            oldest,
        };
        let mut queues: Vec<NodeQueue> = queues.into_iter().map(owned).collect();
        queues.sort_by_key(|queue| std::cmp::Reverse(queue.runs));
        queues.truncate(most);
        queues.sort();
        queues
    }

    fn admit(&mut self, run: Run, now: Timestamp) {
        self.admit_within(run, now, false);
    }

    /// Puts a run into its place. A known run, or one that should stay in the table, is not taken.
    fn admit_within(&mut self, run: Run, now: Timestamp, is_next: bool) {
        let is_ours = self.owned >> run.shard & 1 == 1 && self.limits.contains_key(&run.name);
        if !is_ours || !self.forgets_for(&run) {
            return;
        }
        if run.holds {
            self.hold(&run);
        }
        if run.due > now {
            // A run beyond the cursor is found when the scan reaches it.
            if (run.due, run.id.as_str()) <= (self.seen.0, self.seen.1.as_str()) {
                self.timers.insert((run.due, run.id.clone()));
                self.runs.insert(run.id.clone(), Entry { run, place: Place::Timer });
            }
            return;
        }
        self.make_ready(run, is_next);
    }

    /// True if a row is to be taken: the run is unknown, or its row changed without a message.
    fn forgets_for(&mut self, row: &Run) -> bool {
        match self.runs.get_mut(&row.id) {
            None => true,
            Some(Entry { run, place: Place::Running { woken } }) => {
                *woken |= (run.generation, run.pokes) != (row.generation, row.pokes);
                false
            }
            Some(Entry { run, .. }) if run.is_older_than(row) => {
                self.remove(&row.id);
                true
            }
            Some(_) => false,
        }
    }

    fn make_ready(&mut self, run: Run, is_next: bool) {
        let rank = run.rank();
        let cap = if self.runs.len() < self.bounds.ready { self.bounds.lane } else { self.bounds.lane.min(16) };
        let id = run.lane();
        let lane = self.lanes.entry(id).or_insert_with(|| Lane::new(&run));
        let is_behind = lane.ready.last().is_none_or(|last| rank > *last);
        // Rows that are only in the table come before this run, so it must not overtake them.
        if is_behind && ((lane.more && !is_next) || lane.ready.len() >= cap) {
            lane.more = true;
            self.want_if_low(id);
            return;
        }
        if let (Some(by), None) = (run.start_by, run.started_at) {
            self.expiries.insert((by, run.id.clone()));
        }
        lane.ready.insert(rank);
        let overflow = if lane.ready.len() > cap { lane.ready.last().cloned() } else { None };
        self.names.entry(&run.name).ready += 1;
        self.runs.insert(run.id.clone(), Entry { run, place: Place::Ready });
        self.list(id);
        if let Some(last) = overflow {
            self.lanes.get_mut(&id).expect("it was filled just now").more = true;
            self.remove(&last.2);
        }
    }

    fn remove(&mut self, id: &RunId) {
        let Some(Entry { run, place }) = self.runs.remove(id) else { return };
        match place {
            Place::Timer => drop(self.timers.remove(&(run.due, run.id.clone()))),
            Place::Ready => self.take_from_lane(&run),
            Place::Running { .. } => unreachable!("what runs is settled, not removed"),
        }
    }

    /// Takes a ready run out of its lane.
    fn take_from_lane(&mut self, run: &Run) {
        let id = run.lane();
        let lane = self.lanes.get_mut(&id).expect("a ready run has a lane");
        lane.ready.remove(&run.rank());
        self.names.get_mut(&run.name).ready -= 1;
        if let Some(by) = run.start_by {
            self.expiries.remove(&(by, run.id.clone()));
        }
        self.list(id);
        self.want_if_low(id);
        self.forget_lane_if_done(id);
    }

    fn want_if_low(&mut self, id: i64) {
        let lane = self.lanes.get_mut(&id).expect("the lane is there");
        if lane.more && !lane.asked && lane.ready.len() <= self.bounds.lane / 2 {
            lane.asked = true;
            self.wanted.push(id);
        }
    }

    fn forget_lane_if_done(&mut self, id: i64) {
        if self.lanes.get(&id).is_some_and(|lane| lane.ready.is_empty() && !lane.more && !lane.blocked) {
            self.lanes.remove(&id);
        }
    }

    fn ring(&mut self, now: Timestamp) {
        while let Some((due, id)) = self.timers.first().cloned()
            && due <= now
        {
            self.timers.remove(&(due, id.clone()));
            let Entry { run, .. } = self.runs.remove(&id).expect("a timer's run is known");
            self.make_ready(run, false);
        }
        while let Some((at, lane)) = self.throttled.first().copied()
            && at <= now
        {
            self.throttled.remove(&(at, lane));
            self.unblock(lane);
        }
    }

    fn expire(&mut self, now: Timestamp) -> Vec<Run> {
        let mut expired = Vec::new();
        while let Some((by, id)) = self.expiries.first().cloned()
            && by <= now
        {
            self.expiries.remove(&(by, id.clone()));
            if let Some(Entry { place: Place::Ready, run }) = self.runs.get(&id) {
                expired.push(run.clone());
                self.remove(&id);
                self.remember(id);
            }
        }
        expired
    }

    /// Starts the next run of a name, if the name has a free place and a lane that is not blocked.
    fn start_one(&mut self, name: &Arc<str>, now: Timestamp) -> Option<Run> {
        let limits = self.limits[name].clone();
        loop {
            let (rank, lane) = self.names.get_mut(name).next(limits.concurrency)?;
            let run = self.runs[&rank.2].run.clone();
            match self.slots.take(&run, &limits, lane, now) {
                Admission::Granted => {}
                Admission::Full => {
                    self.block(lane);
                    continue;
                }
                Admission::NotBefore(at) => {
                    self.block(lane);
                    self.throttled.insert((at, lane));
                    continue;
                }
            }
            self.take_from_lane(&run);
            let state = self.names.get_mut(name);
            state.start(&run.tenant);
            state.pass_turn(&run.tenant);
            self.running += 1;
            self.runs.get_mut(&run.id).expect("it is known").place = Place::Running { woken: false };
            return Some(run);
        }
    }

    fn take_running(&mut self, id: &RunId) -> Option<Entry> {
        match self.runs.get(id)?.place {
            Place::Running { .. } => self.runs.remove(id),
            _ => None,
        }
    }

    fn remember(&mut self, id: RunId) {
        let (known, order) = &mut self.recent;
        if order.len() >= RECENT
            && let Some(oldest) = order.pop_front()
        {
            known.remove(&oldest);
        }
        if known.insert(id.clone()) {
            order.push_back(id);
        }
    }
}

impl Place {
    fn is_idle(self) -> bool {
        !matches!(self, Self::Running { .. })
    }
}
