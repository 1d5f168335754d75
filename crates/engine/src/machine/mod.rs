//! Decides which run starts next. Pure: the caller brings the time, the runs and the news.
//!
//! # Where a run is
//! One that is known is in exactly one place: a *timer* until it is due, then *ready* in its lane,
//! and *running* until it is settled. A lane is the queue of one name, tenant and set of keys,
//! ordered by (priority, queued at, id). Names take turns, and within a name tenants take turns, so
//! neither a name nor a tenant with a million runs holds up another's single one; nor one whose runs do not end, since a tenant has
//! three quarters of a name's places at most. A lane whose
//! key is at its limit, or whose throttle has no room, is *blocked*: it stands in nobody's way.
//! A key with a limit of one is therefore first in, first out, and never overlaps.
//!
//! # What is not here
//! Memory is bounded, the table is not. A lane keeps its first runs and remembers that there are
//! `more`; the caller is asked for the next ones when half of them are gone ([`Core::wanted`]).
//! Timers are kept as far as the table has been scanned: a cursor over (due, id) that moves ahead of
//! the clock, no further than there is room ([`Core::to_scan`]). What lies beyond is found when
//! the cursor gets there; what is offered short of it is taken at once. Nothing is read twice,
//! and a million sleepers cost nothing until their time comes near.

mod lanes;
mod slots;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use campanile_base::Timestamp;

use crate::run::{Run, RunId};
use lanes::{Lane, Names};
use slots::{Admission, Slots};

pub(crate) use slots::{Throttle, slot_keys};

#[cfg(test)]
mod tests;

/// The place of a run in its lane.
type Rank = (i64, Timestamp, RunId);

/// Greater than every id.
const AFTER_ALL: &str = "~";

/// The bounds of one name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    /// How many run at a time on this node.
    pub(crate) concurrency: usize,
    /// How many with the same first and second key.
    pub(crate) keys: [Option<usize>; 2],
    /// Whether a run keeps its slots while it sleeps and waits.
    pub(crate) holds: bool,
    /// How many may start within a time.
    pub(crate) throttle: Option<Throttle>,
}

/// How much is kept in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Runs that are ready: beyond it lanes keep few each.
    pub(crate) ready: usize,
    /// Runs of one lane.
    pub(crate) lane: usize,
    /// Runs that are not due yet.
    pub(crate) timers: usize,
    /// How far ahead of the clock the table is scanned.
    pub(crate) horizon: Duration,
}

/// How a running run was settled, once that is committed.
#[derive(Debug)]
pub(crate) enum Settled {
    /// It is over, or somebody else's.
    Gone,
    /// It goes on at its due time.
    Again(Box<Run>),
    /// Somebody else changed it meanwhile: the caller looks at its row.
    Unknown,
}

/// What is to be done now.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// These run from now on.
    pub(crate) start: Vec<Run>,
    /// These were not started by the time they had to be. They are forgotten here.
    pub(crate) expired: Vec<Run>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Timer,
    Ready,
    Running {
        /// Somebody else changed its row meanwhile.
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
    /// The shards that runs are started of, a bit each.
    owned: u64,
    names: Names,
    lanes: HashMap<i64, Lane>,
    slots: Slots,
    runs: HashMap<RunId, Entry>,
    timers: BTreeSet<(Timestamp, RunId)>,
    /// Lanes that a throttle has blocked until a time.
    throttled: BTreeSet<(Timestamp, i64)>,
    /// By when those that are ready must have started.
    expiries: BTreeSet<(Timestamp, RunId)>,
    /// How far the table has been scanned.
    seen: (Timestamp, String),
    /// Before it has been scanned so far nothing starts: what is first may not have been seen.
    catch_up: Timestamp,
    wanted: Vec<i64>,
    running: usize,
    /// The last that were settled, lest a late offer starts one again.
    recent: (HashSet<RunId>, VecDeque<RunId>),
}

const START: Timestamp = Timestamp::from_micros(i64::MIN);
/// How many settled runs are remembered against late offers.
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

    /// Takes a run that was stored just now.
    pub(crate) fn offer(&mut self, run: Run, now: Timestamp) {
        if !self.recent.0.contains(&run.id) {
            self.admit(run, now);
        }
    }

    /// Takes what the table held from the cursor on; `until` when there was nothing else up to it.
    pub(crate) fn scanned(&mut self, rows: Vec<Run>, until: Option<Timestamp>, now: Timestamp) {
        if let Some(last) = rows.last() {
            self.seen = (last.due, last.id.as_str().to_owned());
        }
        if let Some(until) = until {
            self.seen = (until, AFTER_ALL.to_owned());
        }
        rows.into_iter().for_each(|run| self.admit(run, now));
    }

    /// From where and until when the table should be scanned, if it should be.
    pub(crate) fn to_scan(&self, now: Timestamp) -> Option<((Timestamp, &str), Timestamp)> {
        let has_room = self.timers.len() <= self.bounds.timers / 2 && self.runs.len() <= 2 * self.bounds.ready;
        let is_due = self.seen.0 < now.plus(self.bounds.horizon / 2);
        (has_room && is_due).then(|| ((self.seen.0, self.seen.1.as_str()), now.plus(self.bounds.horizon)))
    }

    /// Lets the table be scanned from the beginning; what is known is not taken twice.
    pub(crate) fn sweep(&mut self) {
        self.seen = (START, String::new());
    }

    /// Like [`Core::sweep`], after shards were taken: nothing starts before what is due now is seen.
    pub(crate) fn catch_up(&mut self, now: Timestamp) {
        self.sweep();
        self.catch_up = now;
    }

    /// Whether there is something that is due and was not seen yet.
    pub(crate) fn is_behind(&self, now: Timestamp) -> bool {
        self.seen.0 < self.catch_up && self.to_scan(now).is_some()
    }

    /// The lanes whose next runs are wanted from the table. Answering resets the question.
    pub(crate) fn wanted(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.wanted)
    }

    /// How many rows of a lane to read: those that run are still in the table and come first.
    pub(crate) fn lane_page(&self) -> usize {
        self.bounds.lane + self.running
    }

    /// Takes a run anew that somebody changed.
    pub(crate) fn reload(&mut self, run: Run, now: Timestamp) {
        self.admit(run, now);
    }

    /// A lane could not be read: it is asked for again.
    pub(crate) fn lane_failed(&mut self, id: i64) {
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.asked = false;
            self.want_if_low(id);
        }
    }

    /// Takes the first rows of a lane; `all` when it has no others.
    pub(crate) fn lane_loaded(&mut self, lane: i64, rows: Vec<Run>, all: bool, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(&lane) {
            (lane.more, lane.asked) = (!all, false);
        }
        let before = self.runs.len();
        // They come in order: what does not fit any more leaves `more` set.
        rows.into_iter().for_each(|run| self.admit_within(run, now, true));
        let is_stuck = self.runs.len() == before && self.lanes.get(&lane).is_some_and(|lane| lane.ready.is_empty());
        if let (true, Some(lane)) = (is_stuck, self.lanes.get_mut(&lane)) {
            // All of a page is under way; a sweep finds what comes after it.
            lane.more = false;
            self.sweep();
        }
        self.forget_lane_if_done(lane);
    }

    /// Everything that is to start or has expired now, in order. What starts counts as running.
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

    /// Takes note of how a running run ended, and lets the next with its keys go on. Answers whether
    /// its row is to be looked at: somebody else changed it meanwhile, and only the row says when it
    /// is due.
    pub(crate) fn settle(&mut self, id: &RunId, settled: Settled, now: Timestamp) -> bool {
        let Some(Entry { run, place: Place::Running { woken } }) = self.take_running(id) else { return false };
        self.running -= 1;
        self.names.get_mut(&run.name).end(&run.tenant);
        let keeps = matches!(&settled, Settled::Again(again) if again.holds);
        let keys = slot_keys(&run, &self.limits[&run.name]);
        for lane in if keeps { Vec::new() } else { self.slots.release(keys, id) } {
            self.unblock(lane);
        }
        match settled {
            Settled::Gone => self.remember(id.clone()),
            Settled::Again(again) if !woken => self.admit(*again, now),
            Settled::Unknown | Settled::Again(_) => return true,
        }
        false
    }

    /// Takes note that somebody changed this run's row. Answers whether it is under way; if not,
    /// it is forgotten here and to be loaded anew.
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

    /// A run of an earlier life that has its slots: they are taken, whether it is due or not.
    pub(crate) fn hold(&mut self, run: &Run) {
        if let Some(limits) = self.limits.get(&run.name) {
            self.slots.hold(slot_keys(run, limits), &run.id);
        }
    }

    /// Gives back what a run held that was ended by somebody else.
    pub(crate) fn let_go(&mut self, run: &Run) {
        let Some(limits) = self.limits.get(&run.name) else { return };
        for lane in self.slots.let_go(slot_keys(run, limits), &run.id) {
            self.unblock(lane);
        }
    }

    /// Forgets who holds slots without being under way: they are to be told anew.
    pub(crate) fn forget_holders(&mut self) {
        let runs = &self.runs;
        let is_running = |id: &RunId| runs.get(id).is_some_and(|entry| !entry.place.is_idle());
        for lane in self.slots.retain_holders(is_running) {
            self.unblock(lane);
        }
    }

    /// Starts nothing more of a tenant's name, or goes on with it.
    pub(crate) fn pause(&mut self, tenant: &str, name: &str, paused: bool) {
        let state = self.names.entry(&name.into());
        match paused {
            true => drop(state.paused.insert(tenant.into())),
            false => drop(state.paused.remove(tenant)),
        }
    }

    /// What a throttle had used up before this life.
    pub(crate) fn restore_throttle(&mut self, key: u64, tat: Timestamp) {
        self.slots.restore(key, tat);
    }

    /// What throttles have used up, to be written down for the next life.
    pub(crate) fn take_used_throttles(&mut self, now: Timestamp) -> Vec<(u64, Timestamp)> {
        self.slots.take_used(now)
    }

    /// These are the shards to start runs of. What is not running of others is forgotten.
    pub(crate) fn own(&mut self, shards: u64) {
        self.owned = shards;
        let is_lost = |run: &Run| shards >> run.shard & 1 == 0;
        let lost = self.runs.values().filter(|entry| entry.place.is_idle() && is_lost(&entry.run));
        let lost: Vec<RunId> = lost.map(|entry| entry.run.id.clone()).collect();
        lost.iter().for_each(|id| self.remove(id));
    }

    /// Which shards have something under way.
    pub(crate) fn busy_shards(&self) -> u64 {
        let busy = self.runs.values().filter(|entry| !entry.place.is_idle());
        busy.fold(0, |mask, entry| mask | 1 << entry.run.shard)
    }

    /// When there is something to do next without any news.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let timers = self.timers.first().map(|(due, _)| *due);
        let throttled = self.throttled.first().map(|(at, _)| *at);
        let expiries = self.expiries.first().map(|(at, _)| *at);
        [timers, throttled, expiries].into_iter().flatten().min()
    }

    /// How many runs are under way.
    pub(crate) fn running(&self) -> usize {
        self.running
    }

    /// How many runs are in memory.
    pub(crate) fn known(&self) -> usize {
        self.runs.len()
    }

    /// For each name: how many are ready in memory, and since when the first of them waits.
    pub(crate) fn depths(&self) -> impl Iterator<Item = (&str, usize, Option<Timestamp>)> {
        self.names.iter().map(|(name, state)| (&**name, state.ready, state.oldest()))
    }

    fn admit(&mut self, run: Run, now: Timestamp) {
        self.admit_within(run, now, false);
    }

    /// Puts a run where it belongs, unless it is known already, or the table keeps it better.
    fn admit_within(&mut self, run: Run, now: Timestamp, is_next: bool) {
        let is_ours = self.owned >> run.shard & 1 == 1 && self.limits.contains_key(&run.name);
        if !is_ours || !self.forgets_for(&run) {
            return;
        }
        if run.holds {
            self.hold(&run);
        }
        if run.due > now {
            // Beyond the cursor it is found when the scan gets there.
            if (run.due, run.id.as_str()) <= (self.seen.0, self.seen.1.as_str()) {
                self.timers.insert((run.due, run.id.clone()));
                self.runs.insert(run.id.clone(), Entry { run, place: Place::Timer });
            }
            return;
        }
        self.make_ready(run, is_next);
    }

    /// Whether a row is to be taken: it is unknown, or somebody has changed it and the news was lost.
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
        // Behind rows that are only in the table: it must not overtake them.
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

    /// The next run of a name, if the name has room and a lane that is not blocked.
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
