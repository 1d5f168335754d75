//! The simulated world around the machine, and its invariants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::*;
use crate::dice::Dice;
use crate::run::Status;
use crate::store::runs::in_order;

const SHARDS: i64 = 4;
const BOUNDS: Bounds = Bounds { ready: 40, lane: 6, timers: 12, horizon: Duration::from_secs(60) };
const PAGE: usize = 5;
const THROTTLE: Throttle = Throttle { limit: 2, period: Duration::from_secs(10), burst: 0 };

/// Two keys at a time, one key that is held through sleeps, a throttle, and no limit at all.
static LIMITS: LazyLock<HashMap<Arc<str>, Limits>> = LazyLock::new(|| {
    let of = |concurrency, keys, holds, throttle| Limits { concurrency, keys, holds, throttle };
    [
        ("deliver", of(3, [Some(1), None], false, None)),
        ("sync", of(4, [Some(1), Some(2)], true, None)),
        ("slow", of(4, [None, None], false, Some(THROTTLE))),
        ("chore", of(2, [None, None], false, None)),
    ]
    .into_iter()
    .map(|(name, limits)| (Arc::from(name), limits))
    .collect()
});

/// The core of a node without shards.
fn core() -> Core {
    Core::new(LIMITS.clone(), BOUNDS)
}

/// The core of a node that has all shards.
pub(super) fn core_of_all() -> Core {
    let mut core = core();
    core.own(u64::MAX);
    core
}

pub(super) fn of_name(name: &str, tenant: &str, key: Option<&str>, at: Timestamp) -> Run {
    let mut run = Run::new(name, 1, tenant, String::new(), 0, at);
    run.keys[0] = key.map(Arc::from);
    run
}

struct Node {
    core: Core,
    epoch: u32,
    owned: u64,
    /// True while it neither receives nor does anything.
    hangs: bool,
    /// Committed changes that it has not been told of yet.
    inbox: Vec<RunId>,
}

/// An attempt under way, even if its node is already dead.
#[derive(Clone)]
struct Attempt {
    node: usize,
    epoch: u32,
    run: Run,
    pokes: i64,
}

pub(super) struct World {
    dice: Dice,
    now: Timestamp,
    serial: u64,
    /// All rows, including ended ones.
    table: BTreeMap<RunId, Run>,
    nodes: Vec<Node>,
    epochs: u32,
    /// Epochs that have not been buried.
    live: BTreeSet<u32>,
    /// The owner of each shard.
    lease: [u32; SHARDS as usize],
    nudges: Vec<(i64, RunId)>,
    attempts: Vec<Attempt>,
    /// The number of times that each result of a run was stored, and each end.
    stored: HashMap<(RunId, i64), u32>,
    ended: HashMap<RunId, u32>,
    /// The times of the first starts of throttled runs, by live nodes.
    starts: Vec<Timestamp>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut world = Self {
            dice: Dice::of(seed),
            now: Timestamp::from_seconds(1_700_000_000),
            serial: 0,
            table: BTreeMap::new(),
            nodes: Vec::new(),
            epochs: 0,
            live: BTreeSet::new(),
            lease: [0; SHARDS as usize],
            nudges: Vec::new(),
            attempts: Vec::new(),
            stored: HashMap::new(),
            ended: HashMap::new(),
            starts: Vec::new(),
        };
        for _ in 0..1 + world.dice.roll(3) {
            world.join();
        }
        world
    }

    pub(super) fn step(&mut self) {
        match self.dice.roll(32) {
            0..=8 => self.enqueue(),
            9..=19 => self.get_on(),
            20 | 21 => self.now = self.now.plus(Duration::from_secs(self.dice.roll(20))),
            22 if self.dice.is_one_in(3) => self.now = self.now.plus(Duration::from_secs(self.dice.roll(600))),
            // Clocks jump back, too.
            23 if self.dice.is_one_in(8) => self.now = self.now.minus(Duration::from_secs(self.dice.roll(5))),
            24 => self.poke(),
            25 if self.dice.is_one_in(3) => self.cancel(),
            26 if self.dice.is_one_in(4) => {
                let dead = self.dice.roll(self.nodes.len() as u64) as usize;
                self.crash(dead);
            }
            27 if self.dice.is_one_in(4) => self.hang_or_wake(),
            28 if self.dice.is_one_in(6) && self.nodes.len() < 4 => self.join(),
            29 if self.dice.is_one_in(4) => self.nodes.iter_mut().for_each(|node| node.core.sweep()),
            30 => self.share_out(),
            _ => self.tell_nudges(),
        }
        for node in 0..self.nodes.len() {
            self.turn(node);
        }
        self.check();
    }

    fn join(&mut self) {
        self.epochs += 1;
        self.live.insert(self.epochs);
        self.nodes.push(Node { core: core(), epoch: self.epochs, owned: 0, hangs: false, inbox: Vec::new() });
        self.share_out();
    }

    /// A process dies; its attempts may still report. A new one takes its place.
    fn crash(&mut self, dead: usize) {
        self.bury(self.nodes[dead].epoch);
        self.epochs += 1;
        self.live.insert(self.epochs);
        self.nodes[dead] = Node { core: core(), epoch: self.epochs, owned: 0, hangs: false, inbox: Vec::new() };
        self.share_out();
    }

    fn hang_or_wake(&mut self) {
        let which = self.dice.roll(self.nodes.len() as u64) as usize;
        let node = &mut self.nodes[which];
        node.hangs = !node.hangs;
        let epoch = node.epoch;
        if node.hangs {
            // Sometimes it hangs for so long that it is taken for dead.
            if self.dice.is_one_in(2) {
                self.bury(epoch);
                self.share_out();
            }
        } else if !self.live.contains(&epoch) {
            self.epochs += 1;
            self.live.insert(self.epochs);
            self.nodes[which] = Node { core: core(), epoch: self.epochs, owned: 0, hangs: false, inbox: Vec::new() };
            self.share_out();
        }
    }

    fn bury(&mut self, epoch: u32) {
        self.live.remove(&epoch);
        self.lease.iter_mut().filter(|owner| **owner == epoch).for_each(|owner| *owner = 0);
    }

    /// The heartbeat of each node: gives away idle shards above its share, and takes free ones.
    fn share_out(&mut self) {
        let share = (SHARDS as usize).div_ceil(self.nodes.len().max(1));
        for index in 0..self.nodes.len() {
            if self.nodes[index].hangs || !self.live.contains(&self.nodes[index].epoch) {
                continue;
            }
            let node = &mut self.nodes[index];
            let mine: Vec<usize> = (0..SHARDS as usize).filter(|shard| self.lease[*shard] == node.epoch).collect();
            for shard in mine.iter().skip(share) {
                node.owned &= !(1 << shard);
                node.core.own(node.owned);
                if node.core.busy_shards() >> shard & 1 == 0 {
                    self.lease[*shard] = 0;
                    node.core.forget_holders();
                    let kept = node.owned;
                    let held = self.table.values().filter(|run| run.status.is_active() && run.holds);
                    held.filter(|run| kept >> run.shard & 1 == 1).for_each(|run| node.core.hold(run));
                }
            }
            for shard in mine.iter().take(share).filter(|shard| node.owned >> *shard & 1 == 0).collect::<Vec<_>>() {
                // The shard was about to be given away, and is kept after all.
                node.owned |= 1 << shard;
                node.core.own(node.owned);
                node.core.catch_up(self.now);
            }
            let mut missing = share.saturating_sub(mine.len());
            for shard in 0..SHARDS as usize {
                if missing > 0 && self.lease[shard] == 0 {
                    self.lease[shard] = node.epoch;
                    node.owned |= 1 << shard;
                    node.core.own(node.owned);
                    missing -= 1;
                    let held = self.table.values().filter(|run| run.status.is_active() && run.holds);
                    held.filter(|run| run.shard == shard as i64).for_each(|run| node.core.hold(run));
                    node.core.catch_up(self.now);
                }
            }
        }
    }

    /// Stores a run and tells its owner, unless a process dies before that.
    fn enqueue(&mut self) {
        let name = ["deliver", "sync", "slow", "chore"][self.dice.roll(4) as usize];
        let tenant = format!("org_{}", self.dice.roll(2));
        let mut run = of_name(name, &tenant, None, self.now);
        self.serial += 1;
        run.id = RunId::from(format!("run_{:08}", self.serial));
        run.priority = self.dice.roll(2) as i64;
        match name {
            "deliver" => run.keys[0] = Some(format!("ep_{}", self.dice.roll(2)).into()),
            "sync" => {
                run.keys = [Some(format!("src_{}", self.dice.roll(3)).into()), Some("ws".into())];
            }
            "slow" => run.throttle = Some("".into()),
            _ => {}
        }
        // Runs that share a limit get the same shard.
        run.shard = match name {
            "chore" => self.dice.roll(SHARDS as u64) as i64,
            "deliver" => i64::from(run.keys[0].as_deref() == Some("ep_0")),
            _ => 2,
        };
        if self.dice.is_one_in(4) {
            run.wait_until(self.now.plus(Duration::from_secs(self.dice.roll(200))));
        }
        if self.dice.is_one_in(10) {
            run.start_by = Some(self.now.plus(Duration::from_secs(self.dice.roll(60))));
        }
        self.table.insert(run.id.clone(), run.clone());
        if self.dice.is_one_in(30) {
            return self.lose_news();
        }
        let asked = self.dice.roll(self.nodes.len() as u64) as usize;
        let node = &mut self.nodes[asked];
        if node.owned >> run.shard & 1 == 1 && !node.hangs && !self.dice.is_one_in(30) {
            node.core.offer(run, self.now);
        } else if self.lease[run.shard as usize] == node.epoch && node.owned >> run.shard & 1 == 1 {
            // The process dies between the commit and the message, or hangs.
            if !node.hangs {
                self.crash(asked);
            } else {
                node.inbox.push(run.id);
            }
        } else {
            self.nudges.push((run.shard, run.id));
        }
    }

    fn tell_nudges(&mut self) {
        for node in self.nodes.iter_mut().filter(|node| !node.hangs) {
            let owned = node.owned;
            let told: Vec<(i64, RunId)> = self.nudges.extract_if(.., |(shard, _)| owned >> *shard & 1 == 1).collect();
            node.inbox.extend(told.into_iter().map(|(_, run)| run));
        }
    }

    /// Puts a result into the inbox of a run, as the SQL does.
    fn poke(&mut self) {
        let now = self.now;
        let Some(id) = self.any_active() else { return };
        let run = self.table.get_mut(&id).expect("it is there");
        run.pokes += 1;
        if run.status == Status::Waiting {
            run.due = run.due.min(now);
        }
        self.tell_owner(id);
    }

    fn cancel(&mut self) {
        let Some(id) = self.any_active() else { return };
        let run = self.table.get_mut(&id).expect("it is there");
        (run.status, run.holds) = (Status::Cancelled, false);
        run.generation += 1;
        *self.ended.entry(id.clone()).or_default() += 1;
        self.tell_owner(id);
    }

    /// Simulates a commit with an unknown outcome: every node scans the table.
    fn lose_news(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.core.sweep());
    }

    fn any_active(&mut self) -> Option<RunId> {
        let active: Vec<&Run> = self.table.values().filter(|run| run.status.is_active()).collect();
        if active.is_empty() {
            return None;
        }
        let index = self.dice.roll(active.len() as u64) as usize;
        Some(active[index].id.clone())
    }

    fn tell_owner(&mut self, id: RunId) {
        let shard = self.table[&id].shard;
        if self.dice.is_one_in(20) {
            return self.lose_news();
        }
        self.nudges.push((shard, id));
        if self.dice.is_one_in(2) {
            self.tell_nudges();
        }
    }

    /// The work of a node's loop after every event.
    fn turn(&mut self, index: usize) {
        if self.nodes[index].hangs {
            return;
        }
        for id in std::mem::take(&mut self.nodes[index].inbox) {
            let node = &mut self.nodes[index];
            if !node.core.touched(&id) {
                self.look_at(index, &id);
            }
        }
        self.load(index);
        let turn = self.nodes[index].core.turn(self.now);
        for run in turn.expired {
            self.expire(&run);
        }
        for run in turn.start {
            self.start(index, run);
        }
    }

    fn look_at(&mut self, index: usize, id: &RunId) {
        let node = &mut self.nodes[index];
        let Some(row) = self.table.get(id) else { return };
        match row.status.is_active() && node.owned >> row.shard & 1 == 1 {
            true => node.core.reload(row.clone(), self.now),
            false => node.core.let_go(row),
        }
    }

    fn load(&mut self, index: usize) {
        let now = self.now;
        let node = &mut self.nodes[index];
        let is_ours = |run: &Run| run.status.is_active() && node.owned >> run.shard & 1 == 1;
        // The loop may be interrupted between pages.
        for _ in 0..1 + self.dice.roll(4) {
            let Some(((at, id), until)) = node.core.to_scan(now) else { break };
            let mut rows: Vec<Run> = self
                .table
                .values()
                .filter(|run| is_ours(run) && (run.due, run.id.as_str()) > (at, id) && run.due <= until)
                .cloned()
                .collect();
            rows.sort_by(|a, b| (a.due, &a.id).cmp(&(b.due, &b.id)));
            let is_last = rows.len() < PAGE;
            rows.truncate(PAGE);
            node.core.scanned(rows, is_last.then_some(until), now);
        }
        for lane in node.core.wanted() {
            let limit = node.core.lane_page();
            let of_lane =
                self.table.values().filter(|run| is_ours(run) && run.lane() == lane && run.due <= now).cloned();
            let (mut waited, mut queued): (Vec<Run>, Vec<Run>) = of_lane.partition(|run| run.status == Status::Waiting);
            queued.sort_by_key(Run::rank);
            waited.sort_by_key(|run| (run.due, run.id.clone()));
            queued.truncate(limit);
            waited.truncate(limit);
            let (rows, is_all) = in_order(queued, waited, limit);
            node.core.lane_loaded(lane, rows, is_all, now);
        }
    }

    fn expire(&mut self, run: &Run) {
        let row = self.table.get_mut(&run.id).expect("what expires is stored");
        if row.status.is_active() && row.started_at.is_none() {
            row.status = Status::Cancelled;
            row.generation += 1;
            *self.ended.entry(run.id.clone()).or_default() += 1;
        }
    }

    fn start(&mut self, index: usize, run: Run) {
        let node = &self.nodes[index];
        let row = &self.table[&run.id];
        assert!(node.owned >> run.shard & 1 == 1, "a run of another's shard was started");
        if !row.status.is_active() {
            // Cancelled, and the message is still on its way: the first commit will fail.
            assert!(row.generation > run.generation, "a run that has ended was started again");
        }
        if &*run.name == "slow" && run.started_at.is_none() {
            self.starts.push(self.now);
        }
        self.check_order(index, &run);
        let pokes = row.pokes;
        self.attempts.push(Attempt { node: index, epoch: node.epoch, run, pokes });
    }

    /// Asserts that no ready run of the same lane known to this node comes before `run`.
    fn check_order(&self, index: usize, run: &Run) {
        let node = &self.nodes[index];
        for (id, entry) in &node.core.runs {
            if entry.place == Place::Ready && entry.run.lane() == run.lane() {
                assert!(run.rank() < entry.run.rank(), "{} was started before {id}", run.id);
            }
        }
    }

    /// Advances an attempt: it stores a result, sleeps, fails, or ends. Fenced as in the SQL.
    fn get_on(&mut self) {
        if self.attempts.is_empty() {
            return;
        }
        let which = self.dice.roll(self.attempts.len() as u64) as usize;
        if self.nodes[self.attempts[which].node].hangs
            && self.nodes[self.attempts[which].node].epoch == self.attempts[which].epoch
        {
            return;
        }
        let mut attempt = self.attempts.swap_remove(which);
        // A completion may come twice.
        if self.dice.is_one_in(15) {
            self.attempts.push(attempt.clone());
        }
        let is_ours = self.live.contains(&attempt.epoch);
        let now = self.now;
        let row = self.table.get_mut(&attempt.run.id).expect("what runs is stored");
        let fenced = !is_ours
            || !row.status.is_active()
            || row.generation != attempt.run.generation
            || row.seq != attempt.run.seq;
        let settled = if fenced {
            Settlement::Unknown
        } else {
            row.started_at.get_or_insert(now);
            match self.dice.roll(6) {
                // Stores a result and continues.
                0 | 1 => {
                    row.seq += 1;
                    row.status = Status::Running;
                    *self.stored.entry((row.id.clone(), row.seq)).or_default() += 1;
                    attempt.run.seq = row.seq;
                    attempt.run.started_at = row.started_at;
                    self.attempts.retain(|other| other.run.id != row.id || other.epoch != attempt.epoch);
                    self.attempts.push(attempt);
                    return;
                }
                // Sleeps, or waits for another attempt.
                2 | 3 => {
                    row.seq += 1;
                    *self.stored.entry((row.id.clone(), row.seq)).or_default() += 1;
                    let due = now.plus(Duration::from_secs(self.dice.roll(300)));
                    row.status = Status::Waiting;
                    row.due = if row.pokes > attempt.pokes { now } else { due };
                    row.holds = LIMITS[&row.name].holds;
                    // The owner does not know of pokes that it was not told of.
                    Settlement::Again(Box::new(Run { due, ..row.clone() }))
                }
                _ => {
                    (row.status, row.holds) = (Status::Completed, false);
                    *self.ended.entry(row.id.clone()).or_default() += 1;
                    Settlement::Gone
                }
            }
        };
        // Sometimes the process dies after the commit, before it knows.
        if is_ours && self.dice.is_one_in(30) {
            return if self.nodes[attempt.node].epoch == attempt.epoch {
                self.crash(attempt.node)
            };
        }
        let node = &mut self.nodes[attempt.node];
        if node.epoch != attempt.epoch {
            return;
        }
        // The message of a duplicate must not affect an attempt that runs in its place.
        let has_another =
            self.attempts.iter().any(|other| other.epoch == attempt.epoch && other.run.id == attempt.run.id);
        if !has_another && node.core.settle(&attempt.run.id, settled, self.now) {
            self.look_at(attempt.node, &attempt.run.id);
        }
    }

    fn check(&self) {
        assert!(self.stored.values().all(|times| *times == 1), "a result was stored twice");
        assert!(self.ended.values().all(|times| *times == 1), "a run ended twice");
        let mut slots: HashMap<u64, (usize, BTreeSet<&RunId>)> = HashMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let ours = |attempt: &&Attempt| attempt.node == index && attempt.epoch == node.epoch;
            for (name, limits) in LIMITS.iter() {
                let of_name = self.attempts.iter().filter(ours).filter(|attempt| attempt.run.name == *name);
                let ids: BTreeSet<&RunId> = of_name.map(|attempt| &attempt.run.id).collect();
                assert!(ids.len() <= limits.concurrency, "{name} runs {} at once", ids.len());
            }
        }
        // Across all live nodes: running runs, and runs that hold their slots while asleep.
        let live =
            self.attempts.iter().filter(|attempt| self.live.contains(&attempt.epoch)).map(|attempt| &attempt.run);
        let holding = self.table.values().filter(|run| run.status.is_active() && run.holds);
        for run in live.chain(holding) {
            if !self.table[&run.id].status.is_active() {
                continue;
            }
            for (key, limit) in slot_keys(run, &LIMITS[&run.name]).into_iter().flatten() {
                let slot = slots.entry(key).or_insert((limit, BTreeSet::new()));
                slot.1.insert(&run.id);
                assert!(slot.1.len() <= slot.0, "{} runs have {} slots of {:?}", slot.1.len(), slot.0, run.keys);
            }
        }
    }

    /// Runs without new work until everything has ended.
    pub(super) fn run_dry(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.hangs = false);
        for index in 0..self.nodes.len() {
            if !self.live.contains(&self.nodes[index].epoch) {
                self.epochs += 1;
                self.live.insert(self.epochs);
                self.nodes[index] =
                    Node { core: core(), epoch: self.epochs, owned: 0, hangs: false, inbox: Vec::new() };
            }
        }
        for round in 0..20_000 {
            if self.table.values().all(|run| !run.status.is_active()) {
                break;
            }
            self.share_out();
            self.tell_nudges();
            if round % 8 == 0 {
                self.now = self.now.plus(Duration::from_secs(5));
            }
            for node in 0..self.nodes.len() {
                self.turn(node);
            }
            self.get_on();
            self.check();
        }
        let stuck: Vec<&Run> = self.table.values().filter(|run| run.status.is_active()).collect();
        assert!(stuck.is_empty(), "{} runs are stuck: {:?}", stuck.len(), stuck.first());
        assert_eq!(self.ended.len(), self.table.len(), "every run ended");
    }
}
