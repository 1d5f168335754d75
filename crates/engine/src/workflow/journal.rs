//! What a run knows of its steps while it is in memory, and in which order it learns it.
//!
//! Pure. The workflow's future *asks* for steps; results are *delivered* one at a time, in the
//! order of their `seq`, and the future is polled after each. So a workflow that is replayed from
//! its journal sees exactly what it saw the first time, whichever of several steps in a race or a
//! join was first. What nobody asks for when its turn comes lost a race before, and is passed over.
//!
//! A result is delivered before it is durable, but nothing new begins before it is: the driver
//! commits what has [`Journal::changed`] before it grants a step, and with the end of the run.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::task::Waker;
use std::time::Duration;

use campanile_base::Timestamp;

use crate::failure::Failure;
use crate::store::steps::{Arrival, FailureRow, StepKind, StepRow, StepState};
use crate::workflow::Effect;

/// What a step came to: JSON, or why it failed for good.
pub(crate) type StepResult = Result<String, String>;

/// What the workflow wants done.
pub(crate) enum Ask {
    /// Its body, which the step's future runs once it is granted.
    Run,
    /// Changes that commit together with the step's result.
    Transaction(Effect),
    /// Time to pass.
    Sleep(Timestamp),
    /// An event.
    Wait(Listen),
    /// Another workflow's result.
    Invoke { name: String, input: String },
}

/// What is listened for.
#[derive(Debug, Clone)]
pub(crate) struct Listen {
    pub(crate) event: String,
    pub(crate) equal: String,
    pub(crate) expression: Option<String>,
    /// Events from then on count.
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

/// Where a step that has no result yet stands.
enum Stage {
    /// Asked for, and nothing was done about it.
    Asked(Ask),
    /// Its body is to be called, or called again.
    Granted,
    /// Its body is under way.
    Underway { since: Timestamp },
    /// It waits for its due time or for a result from outside.
    Idle,
    /// Its result is on its way.
    Done,
}

struct Pending {
    kind: StepKind,
    stage: Stage,
    attempts: u32,
    due: Option<Timestamp>,
    started_at: Option<Timestamp>,
    /// The row of it that is stored says that it is pending.
    is_stored: bool,
    is_asked: bool,
    waker: Option<Waker>,
}

/// What is to be written next.
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

    /// Whether only the run's own rows change.
    pub(crate) fn is_plain(&self) -> bool {
        self.listen.is_empty() && self.unlisten.is_empty() && self.invoke.is_empty()
    }
}

/// The journal of one run.
pub(crate) struct Journal {
    seq: i64,
    now: Timestamp,
    /// Results on their way to whoever asks, in order.
    results: VecDeque<(String, StepResult, Timestamp)>,
    /// The one that is delivered and not picked up yet.
    delivered: Option<(String, StepResult)>,
    pending: BTreeMap<String, Pending>,
    names: HashMap<String, u32>,
    changes: Changes,
    /// Since when an event of a name counts: after the last one that this run took.
    heard: HashMap<String, Timestamp>,
    closed: bool,
    news: bool,
}

impl Journal {
    /// From what is stored: `seq` results at least were delivered. `now` is when the run was started.
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

    /// A step's key: its name, and from the second time on which time it is.
    pub(crate) fn key_of(&mut self, name: &str) -> String {
        let times = self.names.entry(name.to_owned()).or_default();
        *times += 1;
        if *times == 1 { name.to_owned() } else { format!("{name}:{}", *times - 1) }
    }

    /// The run's own time: that of the last result it was given.
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

    /// A step is asked for. One that is pending already keeps its place.
    pub(crate) fn ask(&mut self, key: &str, kind: StepKind, ask: impl FnOnce() -> Ask) {
        self.news = true;
        if let Some(pending) = self.pending.get_mut(key) {
            pending.is_asked = true;
            // A stored sleep, wait or invocation goes on; what can fail is tried again when it is due.
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

    /// Whether the body is to be called now; it counts as under way then.
    pub(crate) fn may_begin(&mut self, key: &str, at: Timestamp) -> bool {
        let Some(pending) = self.pending.get_mut(key) else { return false };
        let granted = matches!(pending.stage, Stage::Granted);
        if granted {
            pending.started_at.get_or_insert(at);
            pending.stage = Stage::Underway { since: at };
        }
        granted
    }

    /// The body has ended well.
    pub(crate) fn succeed(&mut self, key: &str, result: String, at: Timestamp) {
        self.settle(key, Ok(result), at);
    }

    /// The body has failed. It is tried again after `wait`, or not at all.
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

    /// How many attempts of a step have failed.
    pub(crate) fn attempts(&self, key: &str) -> u32 {
        self.pending.get(key).map_or(0, |pending| pending.attempts)
    }

    /// Nobody wants the result any more: it lost a race.
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

    /// Puts the next result before whoever asks for it. `false` when there is none.
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

    /// Whether something happened since this was last asked.
    pub(crate) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    pub(crate) fn has_results(&self) -> bool {
        !self.results.is_empty()
    }

    /// A result from outside: of a wait or an invocation. One that nobody waits for is dropped.
    pub(crate) fn take_in(&mut self, arrival: Arrival, at: Timestamp) {
        let Arrival { key, state, result } = arrival;
        let result = result.unwrap_or_else(|| "null".to_owned());
        if self.pending.contains_key(&key) {
            self.settle(&key, if state == StepState::Failed { Err(result) } else { Ok(result) }, at);
        }
        self.changes.taken_in.push(key);
    }

    /// What time alone decides: sleeps that are over, waits that nothing came for.
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

    /// Prepares what was asked for: what is to be stored goes to the changes. Answers the steps
    /// that may begin once those are durable, and the transactions.
    pub(crate) fn plan(&mut self, now: Timestamp) -> (Vec<String>, Vec<(String, Effect)>) {
        let (mut bodies, mut effects) = (Vec::new(), Vec::new());
        for (key, pending) in &mut self.pending {
            let is_due = pending.due.is_none_or(|due| due <= now);
            if !matches!(pending.stage, Stage::Asked(_)) || (pending.kind.can_fail() && !is_due) {
                // A body that failed in this life is called again in place.
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

    /// A transaction of a step is about to commit: its row, in case it does.
    pub(crate) fn row_if_succeeded(&self, key: &str, result: String, at: Timestamp) -> StepRow {
        self.row(key, &Ok(result), at, self.seq + 1)
    }

    /// It did.
    pub(crate) fn committed(&mut self, key: &str, result: String, at: Timestamp) {
        self.seq += 1;
        self.news = true;
        if let Some(pending) = self.pending.get_mut(key) {
            pending.stage = Stage::Done;
        }
        self.results.push_back((key.to_owned(), Ok(result), at));
    }

    /// What is to be written. What is taken here is the caller's to commit.
    pub(crate) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    pub(crate) fn changed(&self) -> bool {
        !self.changes.is_empty()
    }

    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// Whether a body is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.pending.values().any(|pending| matches!(pending.stage, Stage::Granted | Stage::Underway { .. }))
    }

    /// When time alone will let it go on.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let asked = self.pending.values().filter(|pending| pending.is_asked);
        asked.filter_map(|pending| pending.due).min()
    }

    /// Whether it waits for nothing at all: it will never go on by itself.
    pub(crate) fn is_idle(&self) -> bool {
        !self.pending.values().any(|pending| pending.is_asked)
    }

    /// From now on nothing that is dropped means anything: the run leaves memory.
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
