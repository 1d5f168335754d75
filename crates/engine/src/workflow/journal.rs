//! The in-memory state of a run's steps, and the order in which their results are delivered.
//!
//! Pure. The workflow's future *requests* steps. Results are *delivered* one at a time, in the
//! order of their `seq`, and the future is polled after each. So a replayed workflow sees the same
//! results in the same order as the first time. This also holds if several steps were in a race or
//! a join. If a result's turn comes and the future does not request it, the step lost a race
//! earlier, and the result is skipped.
//!
//! A result is delivered before it is durable, but no new step begins before it is. The driver
//! commits changes (see [`Journal::changed`]) before it lets a step begin, and together with the
//! end of the run.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::task::Waker;
use std::time::Duration;

use campanile_base::Timestamp;

use crate::failure::Failure;
use crate::store::steps::{Arrival, FailureRow, StepKind, StepRow, StepState};
use crate::workflow::Effect;

/// The result of a step: JSON, or the error if it failed for good.
pub(crate) type StepResult = Result<String, String>;

/// A request of the workflow.
pub(crate) enum Ask {
    /// A body, which the step's future runs once it may begin.
    Run,
    /// Changes that commit together with the step's result.
    Transaction(Effect),
    /// A sleep until this time.
    Sleep(Timestamp),
    /// A wait for an event.
    Wait(Listen),
    /// The result of another workflow.
    Invoke { name: String, input: String },
}

/// The condition of a wait for an event.
#[derive(Debug, Clone)]
pub(crate) struct Listen {
    pub(crate) event: String,
    pub(crate) equal: String,
    pub(crate) expression: Option<String>,
    /// Only later events count.
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

/// The stage of a step that has no result yet.
enum Stage {
    /// Requested, and not yet handled.
    Asked(Ask),
    /// Its body may be called, or called again.
    Granted,
    /// Its body is under way.
    Underway { since: Timestamp },
    /// It waits for its due time or for a result from outside.
    Idle,
    /// Its result is about to be delivered.
    Done,
}

struct Pending {
    kind: StepKind,
    stage: Stage,
    attempts: u32,
    due: Option<Timestamp>,
    started_at: Option<Timestamp>,
    /// True if its stored row says that it is pending.
    is_stored: bool,
    is_asked: bool,
    waker: Option<Waker>,
}

/// The changes to be committed next.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) steps: Vec<StepRow>,
    pub(crate) failures: Vec<FailureRow>,
    pub(crate) taken_in: Vec<String>,
    pub(crate) listen: Vec<(String, Listen)>,
    pub(crate) unlisten: Vec<String>,
    pub(crate) invoke: Vec<(String, String, String)>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.taken_in.is_empty() && self.unlisten.is_empty() && self.listen.is_empty()
    }

    /// True if only the run's own rows change.
    pub(crate) fn is_plain(&self) -> bool {
        self.listen.is_empty() && self.unlisten.is_empty() && self.invoke.is_empty()
    }
}

/// The journal of one run.
pub(crate) struct Journal {
    seq: i64,
    now: Timestamp,
    /// Results to be delivered, in order.
    results: VecDeque<(String, StepResult, Timestamp)>,
    /// The delivered result that was not collected yet.
    delivered: Option<(String, StepResult)>,
    pending: BTreeMap<String, Pending>,
    names: HashMap<String, u32>,
    changes: Changes,
    /// For each event name, the time of the last event that this run took. Only later ones count.
    heard: HashMap<String, Timestamp>,
    closed: bool,
    news: bool,
}

impl Journal {
    /// Builds the journal from stored rows. At least `seq` results were delivered. `now` is the
    /// start time of the run.
    pub(crate) fn new(seq: i64, now: Timestamp, rows: Vec<StepRow>) -> Self {
        let mut journal = Self {
            seq: rows.iter().filter_map(|row| row.seq).fold(seq, i64::max),
            now,
            results: VecDeque::new(),
            delivered: None,
            pending: BTreeMap::new(),
            names: HashMap::new(),
            changes: Changes::default(),
            heard: HashMap::new(),
            closed: false,
            news: false,
        };
        for row in rows {
            let at = row.ended_at.unwrap_or(row.started_at);
            let result = row.result.unwrap_or_else(|| "null".to_owned());
            match row.state {
                StepState::Succeeded => journal.results.push_back((row.key, Ok(result), at)),
                StepState::Failed => journal.results.push_back((row.key, Err(result), at)),
                StepState::Pending => {
                    let pending = Pending {
                        kind: row.kind,
                        stage: Stage::Idle,
                        attempts: row.attempts,
                        due: row.due,
                        started_at: Some(row.started_at),
                        is_stored: true,
                        is_asked: false,
                        waker: None,
                    };
                    journal.pending.insert(row.key, pending);
                }
            }
        }
        journal
    }

    // ── For the workflow's side ─────────────────────────────────────────────────────────────

    /// The key of a step: its name, and from the second use on the name with a number (`name:1`).
    pub(crate) fn key_of(&mut self, name: &str) -> String {
        let times = self.names.entry(name.to_owned()).or_default();
        *times += 1;
        if *times == 1 { name.to_owned() } else { format!("{name}:{}", *times - 1) }
    }

    /// The run's own time: the time of the last delivered result.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn heard(&self, event: &str) -> Option<Timestamp> {
        self.heard.get(event).copied()
    }

    pub(crate) fn has_heard(&mut self, event: String, at: Timestamp) {
        let heard = self.heard.entry(event).or_insert(at);
        *heard = (*heard).max(at);
    }

    /// Requests a step. A step that is already pending keeps its state.
    pub(crate) fn ask(&mut self, key: &str, kind: StepKind, ask: impl FnOnce() -> Ask) {
        self.news = true;
        if let Some(pending) = self.pending.get_mut(key) {
            pending.is_asked = true;
            // A stored sleep, wait or invocation continues. A step that can fail is tried again
            // when it is due.
            if pending.kind.can_fail() {
                pending.stage = Stage::Asked(ask());
            }
            return;
        }
        let pending = Pending {
            kind,
            stage: Stage::Asked(ask()),
            attempts: 0,
            due: None,
            started_at: None,
            is_stored: false,
            is_asked: true,
            waker: None,
        };
        self.pending.insert(key.to_owned(), pending);
    }

    /// The result, if it was delivered.
    pub(crate) fn collect(&mut self, key: &str, waker: &Waker) -> Option<StepResult> {
        if self.delivered.as_ref().is_some_and(|(delivered, _)| delivered == key) {
            self.pending.remove(key);
            return self.delivered.take().map(|(_, result)| result);
        }
        if let Some(pending) = self.pending.get_mut(key) {
            pending.waker = Some(waker.clone());
        }
        None
    }

    /// True if the body may be called now. It then counts as under way.
    pub(crate) fn may_begin(&mut self, key: &str, at: Timestamp) -> bool {
        let Some(pending) = self.pending.get_mut(key) else { return false };
        let granted = matches!(pending.stage, Stage::Granted);
        if granted {
            pending.started_at.get_or_insert(at);
            pending.stage = Stage::Underway { since: at };
        }
        granted
    }

    /// Records the success of a body.
    pub(crate) fn succeed(&mut self, key: &str, result: String, at: Timestamp) {
        self.settle(key, Ok(result), at);
    }

    /// Records the failure of a body. It is tried again after `wait`; without `wait`, the step has
    /// failed.
    pub(crate) fn fail(&mut self, key: &str, error: &Failure, wait: Option<Duration>, at: Timestamp) {
        self.news = true;
        let Some(pending) = self.pending.get_mut(key) else { return };
        let since = match pending.stage {
            Stage::Underway { since } => since,
            _ => at,
        };
        let (counts, error) = (error.counts(), error.to_string());
        if counts {
            pending.attempts += 1;
            self.changes.failures.push(FailureRow {
                key: key.to_owned(),
                attempt: pending.attempts,
                started_at: since,
                ended_at: at,
                error: error.clone(),
            });
        }
        let Some(wait) = wait else { return self.settle(key, Err(error), at) };
        (pending.stage, pending.due, pending.is_stored) = (Stage::Idle, Some(at.plus(wait)), true);
        let row = StepRow {
            key: key.to_owned(),
            seq: None,
            kind: pending.kind,
            state: StepState::Pending,
            attempts: pending.attempts,
            due: pending.due,
            started_at: pending.started_at.unwrap_or(since),
            ended_at: None,
            result: Some(error),
        };
        self.changes.steps.push(row);
    }

    /// The number of failed attempts of a step.
    pub(crate) fn attempts(&self, key: &str) -> u32 {
        self.pending.get(key).map_or(0, |pending| pending.attempts)
    }

    /// Drops a step whose result is no longer needed, because it lost a race.
    pub(crate) fn abandon(&mut self, key: &str) {
        if self.closed {
            return;
        }
        if let Some(pending) = self.pending.remove(key)
            && pending.kind == StepKind::Wait
            && pending.is_stored
        {
            self.changes.unlisten.push(key.to_owned());
        }
    }

    // ── For the driver's side ───────────────────────────────────────────────────────────────

    /// Delivers the next result to the step that requests it. Returns `false` when there is none.
    pub(crate) fn deliver(&mut self) -> bool {
        self.delivered = None;
        while let Some((key, result, at)) = self.results.pop_front() {
            self.now = self.now.max(at);
            let Some(pending) = self.pending.get_mut(&key).filter(|pending| pending.is_asked) else { continue };
            if let Some(waker) = pending.waker.take() {
                waker.wake();
            }
            self.delivered = Some((key, result));
            return true;
        }
        false
    }

    /// True if anything happened since the last call.
    pub(crate) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    pub(crate) fn has_results(&self) -> bool {
        !self.results.is_empty()
    }

    /// Takes in a result of a wait or an invocation from outside. It is dropped if no step waits
    /// for it.
    pub(crate) fn take_in(&mut self, arrival: Arrival, at: Timestamp) {
        let Arrival { key, state, result } = arrival;
        let result = result.unwrap_or_else(|| "null".to_owned());
        if self.pending.contains_key(&key) {
            self.settle(&key, if state == StepState::Failed { Err(result) } else { Ok(result) }, at);
        }
        self.changes.taken_in.push(key);
    }

    /// Settles the steps that only depend on time: sleeps that are over, and waits that have
    /// expired.
    pub(crate) fn pass_time(&mut self, now: Timestamp) {
        let over = |pending: &Pending| pending.is_asked && pending.due.is_some_and(|due| due <= now);
        let over: Vec<(String, StepKind)> = self
            .pending
            .iter()
            .filter(|(_, pending)| matches!(pending.stage, Stage::Idle) && over(pending))
            .map(|(key, pending)| (key.clone(), pending.kind))
            .collect();
        for (key, kind) in over {
            match kind {
                StepKind::Sleep => self.settle(&key, Ok("null".to_owned()), now),
                StepKind::Wait => {
                    self.changes.unlisten.push(key.clone());
                    self.settle(&key, Ok("null".to_owned()), now);
                }
                StepKind::Run | StepKind::Transaction | StepKind::Invoke => {}
            }
        }
    }

    /// Prepares the requested steps and adds the rows to be stored to the changes. Returns the
    /// steps that may begin once these rows are durable, and the transactions.
    pub(crate) fn plan(&mut self, now: Timestamp) -> (Vec<String>, Vec<(String, Effect)>) {
        let (mut bodies, mut effects) = (Vec::new(), Vec::new());
        for (key, pending) in &mut self.pending {
            let is_due = pending.due.is_none_or(|due| due <= now);
            if !matches!(pending.stage, Stage::Asked(_)) || (pending.kind.can_fail() && !is_due) {
                // A body that failed in this execution is called again in place.
                if pending.kind == StepKind::Run && matches!(pending.stage, Stage::Idle) && pending.is_asked && is_due {
                    bodies.push(key.clone());
                }
                continue;
            }
            let Stage::Asked(ask) = std::mem::replace(&mut pending.stage, Stage::Idle) else { continue };
            pending.started_at.get_or_insert(now);
            match ask {
                Ask::Run => bodies.push(key.clone()),
                Ask::Transaction(effect) => effects.push((key.clone(), effect)),
                Ask::Sleep(until) => pending.due = Some(until),
                Ask::Wait(listen) => {
                    pending.due = Some(listen.until);
                    self.changes.listen.push((key.clone(), listen));
                }
                Ask::Invoke { name, input } => self.changes.invoke.push((key.clone(), name, input)),
            }
            if !pending.kind.can_fail() {
                pending.is_stored = true;
                self.changes.steps.push(StepRow {
                    key: key.clone(),
                    seq: None,
                    kind: pending.kind,
                    state: StepState::Pending,
                    attempts: 0,
                    due: pending.due,
                    started_at: now,
                    ended_at: None,
                    result: None,
                });
            }
        }
        (bodies, effects)
    }

    /// Lets these bodies begin.
    pub(crate) fn grant(&mut self, keys: Vec<String>) {
        for key in keys {
            if let Some(pending) = self.pending.get_mut(&key) {
                pending.stage = Stage::Granted;
                if let Some(waker) = pending.waker.take() {
                    waker.wake();
                }
            }
        }
    }

    /// The row of a transactional step that is about to commit, in case it succeeds.
    pub(crate) fn row_if_succeeded(&self, key: &str, result: String, at: Timestamp) -> StepRow {
        self.row(key, &Ok(result), at, self.seq + 1)
    }

    /// Records that the transaction of a step has committed.
    pub(crate) fn committed(&mut self, key: &str, result: String, at: Timestamp) {
        self.seq += 1;
        self.news = true;
        if let Some(pending) = self.pending.get_mut(key) {
            pending.stage = Stage::Done;
        }
        self.results.push_back((key.to_owned(), Ok(result), at));
    }

    /// Takes the pending changes. The caller must commit them.
    pub(crate) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    pub(crate) fn changed(&self) -> bool {
        !self.changes.is_empty()
    }

    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// True if a body is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.pending.values().any(|pending| matches!(pending.stage, Stage::Granted | Stage::Underway { .. }))
    }

    /// The next time at which a requested step is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let asked = self.pending.values().filter(|pending| pending.is_asked);
        asked.filter_map(|pending| pending.due).min()
    }

    /// True if it waits for nothing, so it cannot continue by itself.
    pub(crate) fn is_idle(&self) -> bool {
        !self.pending.values().any(|pending| pending.is_asked)
    }

    /// Closes the journal: steps that are dropped from now on are not abandoned, since the run
    /// leaves memory.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    fn settle(&mut self, key: &str, result: StepResult, at: Timestamp) {
        self.news = true;
        self.seq += 1;
        let row = self.row(key, &result, at, self.seq);
        self.changes.steps.push(row);
        if let Some(pending) = self.pending.get_mut(key) {
            (pending.stage, pending.due) = (Stage::Done, None);
        }
        self.results.push_back((key.to_owned(), result, at));
    }

    fn row(&self, key: &str, result: &StepResult, at: Timestamp, seq: i64) -> StepRow {
        let pending = self.pending.get(key);
        let (state, result) = match result {
            Ok(result) => (StepState::Succeeded, result),
            Err(error) => (StepState::Failed, error),
        };
        StepRow {
            key: key.to_owned(),
            seq: Some(seq),
            kind: pending.map_or(StepKind::Run, |pending| pending.kind),
            state,
            attempts: pending.map_or(0, |pending| pending.attempts),
            due: None,
            started_at: pending.and_then(|pending| pending.started_at).unwrap_or(at),
            ended_at: Some(at),
            result: Some(result.clone()),
        }
    }
}
