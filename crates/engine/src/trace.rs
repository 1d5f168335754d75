//! A run as a trace: a span for the run, one for each of its steps, one for each attempt that failed.
//!
//! A run may last for weeks and change nodes, so no span is kept open: each is told when it is over, once
//! that is durable, and the ids of all of them follow from the run's. Whoever knows a run's id knows its trace.

use std::sync::{Arc, OnceLock};

use campanile_base::Timestamp;
use campanile_db::Tx;
use sha2::{Digest as _, Sha256};

use crate::node::commit::{Next, RunCommit};
use crate::run::{Run, RunId, Status};
use crate::store::steps::{FailureRow, StepRow, StepState};

/// The trace of a run, and a place within it: 16 and 8 bytes, as OpenTelemetry has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanId {
    /// The run's.
    pub trace: [u8; 16],
    /// The span's own.
    pub span: [u8; 8],
}

/// Something that took its time and is over.
#[derive(Debug, Clone)]
pub struct Span {
    /// Where it is.
    pub id: SpanId,
    /// What it is part of, in the same trace; none for a run.
    pub parent: Option<[u8; 8]>,
    /// The step of another run that has caused it.
    pub cause: Option<SpanId>,
    /// The name of the workflow, the job or the step.
    pub name: String,
    /// When it was queued, or begun.
    pub started_at: Timestamp,
    /// When it was over.
    pub ended_at: Timestamp,
    /// Why it failed.
    pub error: Option<String>,
    /// What else is known of it.
    pub attributes: Vec<(&'static str, String)>,
}

/// Is given spans as they end. Must not block.
pub type Tracer = Arc<dyn Fn(Vec<Span>) + Send + Sync>;

impl RunId {
    /// The trace of the run, as sixteen bytes.
    pub fn trace(&self) -> [u8; 16] {
        first(&[self.as_str()])
    }

    fn span(&self) -> SpanId {
        SpanId { trace: self.trace(), span: first(&[self.as_str(), "run"]) }
    }

    fn step_span(&self, key: &str) -> SpanId {
        SpanId { trace: self.trace(), span: first(&[self.as_str(), "step", key]) }
    }
}

/// Tells of what these commits have ended, once they are durable.
pub(crate) fn tell<'c>(
    tx: &mut Tx,
    tracing: &OnceLock<Tracer>,
    commits: impl Iterator<Item = &'c Arc<RunCommit>>,
    now: Timestamp,
) {
    let Some(tracer) = tracing.get().cloned() else { return };
    let spans: Vec<Span> = commits.flat_map(|commit| of_commit(commit, now)).collect();
    if !spans.is_empty() {
        tx.after_commit(move || tracer(spans));
    }
}

/// Tells of a run that somebody has called off.
pub(crate) fn tell_cancelled(tx: &mut Tx, tracing: &OnceLock<Tracer>, run: &Run, why: &str, now: Timestamp) {
    let Some(tracer) = tracing.get().cloned() else { return };
    let span = of_run(run, Status::Cancelled, Some(why), now);
    tx.after_commit(move || tracer(vec![span]));
}

fn of_commit(commit: &RunCommit, now: Timestamp) -> Vec<Span> {
    let run = &commit.run;
    if run.is_duty() {
        return Vec::new();
    }
    let steps = commit.steps.iter().filter_map(|step| of_step(run, step));
    let failures = commit.failures.iter().map(|failure| of_failure(run, failure));
    let mut spans: Vec<Span> = failures.chain(steps).collect();
    match &commit.next {
        Next::Remove(_) => spans.push(of_run(run, Status::Completed, None, now)),
        Next::End(ended) => spans.push(of_run(run, ended.status, ended.error.as_deref(), now)),
        Next::On(_) | Next::Park(_) | Next::Postpone(_) => {}
    }
    spans
}

fn of_run(run: &Run, status: Status, error: Option<&str>, now: Timestamp) -> Span {
    Span {
        id: run.id.span(),
        parent: None,
        cause: run.parent.as_ref().map(|(parent, step)| parent.step_span(step)),
        name: run.name.to_string(),
        started_at: run.queued_at,
        ended_at: now,
        error: error.map(str::to_owned),
        attributes: vec![
            ("campanile.run.id", run.id.to_string()),
            ("campanile.run.status", status.as_str().to_owned()),
            ("campanile.run.cause", run.cause.to_owned()),
            ("campanile.run.failed_attempts", run.attempt.to_string()),
            ("campanile.workflow.version", run.version.to_string()),
            ("campanile.tenant", run.tenant.to_string()),
        ],
    }
}

fn of_step(run: &Run, step: &StepRow) -> Option<Span> {
    let ended_at = step.ended_at.filter(|_| step.state != StepState::Pending)?;
    Some(Span {
        id: run.id.step_span(&step.key),
        parent: Some(run.id.span().span),
        cause: None,
        name: step.key.clone(),
        started_at: step.started_at,
        ended_at,
        error: step.result.clone().filter(|_| step.state == StepState::Failed),
        attributes: vec![
            ("campanile.run.id", run.id.to_string()),
            ("campanile.step.kind", step.kind.as_str().to_owned()),
            ("campanile.step.failed_attempts", step.attempts.to_string()),
        ],
    })
}

fn of_failure(run: &Run, failure: &FailureRow) -> Span {
    let name = format!("{}, attempt {}", failure.key, failure.attempt);
    Span {
        id: SpanId { trace: run.id.trace(), span: first(&[run.id.as_str(), "attempt", &name]) },
        parent: Some(run.id.step_span(&failure.key).span),
        cause: None,
        name,
        started_at: failure.started_at,
        ended_at: failure.ended_at,
        error: Some(failure.error.clone()),
        attributes: vec![("campanile.run.id", run.id.to_string())],
    }
}

/// The first bytes of what these words hash to; never all zero, which would mean none.
fn first<const N: usize>(words: &[&str]) -> [u8; N] {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word);
        hash.update([0]);
    }
    let mut bytes = [0; N];
    bytes.copy_from_slice(&hash.finalize()[..N]);
    bytes[0] |= 1;
    bytes
}
