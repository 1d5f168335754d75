//! Lanes and their turns: names rotate, tenants rotate within a name, and the lanes of a tenant are
//! ordered by the rank of their first run.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use campanile_base::Timestamp;

use super::{Core, Rank};
use crate::run::Run;

/// With fewer places than this, one tenant may use all of them.
const FEW: usize = 8;

/// The queue of one name, tenant and set of keys.
pub(super) struct Lane {
    pub(super) name: Arc<str>,
    pub(super) tenant: Arc<str>,
    pub(super) ready: BTreeSet<Rank>,
    /// True if the table has more rows behind the last one here.
    pub(super) more: bool,
    /// True if these rows were requested.
    pub(super) asked: bool,
    /// True while it waits for a slot or for its throttle.
    pub(super) blocked: bool,
    /// The rank under which it is in its tenant's list; `None` if it is not listed.
    listed: Option<Rank>,
}

impl Lane {
    pub(super) fn new(run: &Run) -> Self {
        Self {
            name: run.name.clone(),
            tenant: run.tenant.clone(),
            ready: BTreeSet::new(),
            more: false,
            asked: false,
            blocked: false,
            listed: None,
        }
    }
}

/// All names, and the order of their turns.
#[derive(Default)]
pub(super) struct Names {
    by_name: HashMap<Arc<str>, Name>,
    pub(super) turns: VecDeque<Arc<str>>,
}

impl Names {
    pub(super) fn entry(&mut self, name: &Arc<str>) -> &mut Name {
        if !self.by_name.contains_key(name) {
            self.turns.push_back(name.clone());
        }
        self.by_name.entry(name.clone()).or_default()
    }

    pub(super) fn get_mut(&mut self, name: &str) -> &mut Name {
        self.by_name.get_mut(name).expect("a name with runs is known")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Name)> {
        self.by_name.iter()
    }
}

/// The state of one name.
#[derive(Default)]
pub(super) struct Name {
    running: usize,
    running_of: HashMap<Arc<str>, usize>,
    pub(super) ready: usize,
    /// Tenants that are paused: none of their runs starts.
    pub(super) paused: HashSet<Arc<str>>,
    /// For each tenant with a run to start: its lanes, by the rank of their first run.
    tenants: HashMap<Arc<str>, BTreeSet<(Rank, i64)>>,
    turns: VecDeque<Arc<str>>,
}

impl Name {
    /// The first lane of the next tenant in turn. `None` when the name is full, or when every tenant
    /// is paused or at its share. The turn is not passed on yet.
    ///
    /// A tenant gets at most three quarters of the places, so a tenant whose runs do not end leaves
    /// some to others. With fewer than [`FEW`] places this does not apply: such a limit was set on
    /// purpose.
    pub(super) fn next(&mut self, concurrency: usize) -> Option<(Rank, i64)> {
        if self.running >= concurrency {
            return None;
        }
        let most = if concurrency < FEW { concurrency } else { concurrency - concurrency / 4 };
        let is_full = |tenant: &Arc<str>| self.running_of.get(tenant).is_some_and(|running| *running >= most);
        let skipped = self.turns.iter().take_while(|tenant| self.paused.contains(*tenant) || is_full(tenant)).count();
        if skipped == self.turns.len() {
            return None;
        }
        self.turns.rotate_left(skipped);
        let tenant = self.turns.front()?;
        self.tenants.get(tenant).and_then(|lanes| lanes.first()).cloned()
    }

    /// Counts a start of a tenant's run.
    pub(super) fn start(&mut self, tenant: &Arc<str>) {
        self.running += 1;
        *self.running_of.entry(tenant.clone()).or_default() += 1;
    }

    /// Counts the end of a tenant's run.
    pub(super) fn end(&mut self, tenant: &Arc<str>) {
        self.running -= 1;
        match self.running_of.get_mut(tenant) {
            Some(running) if *running > 1 => *running -= 1,
            _ => drop(self.running_of.remove(tenant)),
        }
    }

    /// Moves this tenant, which has just had its turn, to the end of the line.
    pub(super) fn pass_turn(&mut self, tenant: &Arc<str>) {
        if self.turns.front() == Some(tenant) {
            self.turns.rotate_left(1);
        }
    }

    /// The time since which the first ready run waits.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.tenants.values().filter_map(|lanes| lanes.first()).map(|((_, queued_at, _), _)| *queued_at).min()
    }

    fn add(&mut self, tenant: &Arc<str>, head: (Rank, i64)) {
        let lanes = self.tenants.entry(tenant.clone()).or_default();
        if lanes.is_empty() {
            self.turns.push_back(tenant.clone());
        }
        lanes.insert(head);
    }

    fn remove(&mut self, tenant: &Arc<str>, head: &(Rank, i64)) {
        let Some(lanes) = self.tenants.get_mut(tenant) else { return };
        lanes.remove(head);
        if lanes.is_empty() {
            self.tenants.remove(tenant);
            // This is usually the tenant whose turn it is.
            if let Some(place) = self.turns.iter().position(|waiting| waiting == tenant) {
                self.turns.remove(place);
            }
        }
    }
}

impl Core {
    /// Updates a lane's entry in its tenant's list to its first run.
    pub(super) fn list(&mut self, id: i64) {
        let lane = self.lanes.get_mut(&id).expect("the lane is there");
        let head = lane.ready.first().filter(|_| !lane.blocked).cloned();
        if head == lane.listed {
            return;
        }
        let (name, tenant) = (lane.name.clone(), lane.tenant.clone());
        let before = std::mem::replace(&mut lane.listed, head.clone());
        let state = self.names.entry(&name);
        // Insert before removing, so that a tenant with further lanes keeps its place in the line.
        if let Some(head) = head {
            state.add(&tenant, (head, id));
        }
        if let Some(before) = before {
            state.remove(&tenant, &(before, id));
        }
    }

    pub(super) fn block(&mut self, id: i64) {
        self.lanes.get_mut(&id).expect("the lane is there").blocked = true;
        self.list(id);
    }

    pub(super) fn unblock(&mut self, id: i64) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        lane.blocked = false;
        self.list(id);
        self.forget_lane_if_done(id);
    }
}
