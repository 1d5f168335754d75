//! Traces of runs: a span for the run, for each step, and for each failed attempt.
//!
//! A run may last for weeks and change nodes, so no span is kept open. Each span is reported once,
//! when it is over and that is durable. All ids are derived from the run's id, so the run's id is
//! enough to find its trace.

use std::sync::{Arc, OnceLock};

use campanile_base::Timestamp;
use campanile_db::Tx;
use sha2::{Digest as _, Sha256};

use crate::run::{Run, RunId, Status};
use crate::run_commit::{Next, RunCommit};
use crate::store::steps::{FailureRow, StepRow, StepState};

/// The ids of a span: 16 bytes for the trace and 8 for the span, as in OpenTelemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanId {
    /// The trace id, which belongs to the run.
    pub trace: [u8; 16],
    /// The span's own id.
    pub span: [u8; 8],
}

/// A finished span.
#[derive(Debug, Clone)]
pub struct Span {
    /// The ids of the span.
    pub id: SpanId,
    /// The parent span, in the same trace; `None` for a run.
    pub parent: Option<[u8; 8]>,
    /// The step of another run that caused this one.
    pub cause: Option<SpanId>,
    /// The name of the workflow, the job or the step.
    pub name: String,
    /// The time it was queued or begun.
    pub started_at: Timestamp,
    /// The time it ended.
    pub ended_at: Timestamp,
    /// The error, if it failed.
    pub error: Option<String>,
    /// Further attributes.
    pub attributes: Vec<(&'static str, String)>,
}

/// A function that receives finished spans. It must not block.
pub type Tracer = Arc<dyn Fn(Vec<Span>) + Send + Sync>;

impl RunId {
    /// The trace id of the run, as sixteen bytes.
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

/// Reports the spans that these commits end, after the commit.
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

/// Reports the span of a cancelled run, after the commit.
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

/// The first bytes of the hash of these words. Never all zero, since zero means "no id".
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
