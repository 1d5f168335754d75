//! A change of one run to be committed: its row, its steps, its failures.

use std::sync::Arc;

use campanile_base::Timestamp;

use crate::run::{Note, Run, Status};
use crate::store::runs::{EndedRun, OwnedRun, ParkedRun, PostponedJob, Progress};
use crate::store::stats::{Count, Counter};
use crate::store::steps::{FailureRow, StepRow};

/// The change of the run's row.
#[derive(Debug, Clone)]
pub(crate) enum Next {
    /// A finished job is deleted.
    Remove(OwnedRun),
    /// A job is due again later.
    Postpone(PostponedJob),
    /// The run continues.
    On(Progress),
    /// The run leaves memory until it is due.
    Park(ParkedRun),
    /// The run has ended.
    End(EndedRun),
}

/// A change of one run.
#[derive(Clone)]
pub(crate) struct RunCommit {
    /// The life of the node in which the change was made.
    pub(crate) epoch: i64,
    pub(crate) run: Arc<Run>,
    pub(crate) next: Next,
    pub(crate) steps: Vec<StepRow>,
    pub(crate) failures: Vec<FailureRow>,
    pub(crate) taken_in: Vec<String>,
    /// True if the commit must take effect only when its steps were not stored before: other
    /// changes commit with them.
    pub(crate) is_once: bool,
    /// The note that a job's handler left.
    pub(crate) note: Option<Note>,
}

impl RunCommit {
    pub(crate) fn new(epoch: i64, run: Arc<Run>, next: Next) -> Self {
        Self {
            epoch,
            run,
            next,
            steps: Vec::new(),
            failures: Vec::new(),
            taken_in: Vec::new(),
            is_once: false,
            note: None,
        }
    }

    /// The statistics entry for this commit, if any.
    pub(crate) fn count(&self, now: Timestamp) -> Option<Count> {
        if self.run.is_duty() {
            return None;
        }
        match &self.next {
            Next::Remove(_) => Some(count_of(&self.run, Status::Completed, now)),
            Next::End(ended) => {
                let started_at = ended.started_at.or(self.run.started_at);
                Some(count_of(&Run { started_at, ..(*self.run).clone() }, ended.status, now))
            }
            Next::Postpone(_) => Some(self.retried()),
            Next::Park(_) | Next::On(_) if !self.failures.is_empty() => Some(self.retried()),
            Next::Park(_) | Next::On(_) => None,
        }
    }

    fn retried(&self) -> Count {
        let (tenant, name) = (self.run.tenant.to_string(), self.run.name.to_string());
        Count { tenant, name, what: Counter::Retried, millis: None }
    }
}

/// The statistics entry for the end of a run.
pub(crate) fn count_of(run: &Run, status: Status, now: Timestamp) -> Count {
    let what = match status {
        Status::Completed => Counter::Completed,
        Status::Failed => Counter::Failed,
        _ => Counter::Cancelled,
    };
    let took = now.since(run.started_at.unwrap_or(run.queued_at));
    let millis = Some(i64::try_from(took.as_millis()).unwrap_or(i64::MAX));
    Count { tenant: run.tenant.to_string(), name: run.name.to_string(), what, millis }
}
