//! The journal of a run: the stored results of its steps.

use std::collections::HashMap;

use campanile_base::Timestamp;
use campanile_db::{Bulk, Result, Tx, insert_all, params, row};

use super::runs::named;
use crate::run::RunId;

campanile_db::columns! { columns, at: key, seq, kind, state, attempts, due, started_at, ended_at, result, run_id }
campanile_db::columns! { inbox_columns, inbox_at: key, state, result, run_id }

/// The progress of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepState {
    Pending,
    Succeeded,
    Failed,
}

impl StepState {
    pub(crate) fn code(self) -> i64 {
        self as i64
    }

    pub(crate) fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Pending,
            1 => Self::Succeeded,
            _ => Self::Failed,
        }
    }
}

/// A stored step of a run.
#[derive(Debug, Clone)]
pub(crate) struct StepRow {
    pub(crate) key: String,
    pub(crate) seq: Option<i64>,
    pub(crate) kind: StepKind,
    pub(crate) state: StepState,
    pub(crate) attempts: u32,
    pub(crate) due: Option<Timestamp>,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) result: Option<String>,
}

/// The kind of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepKind {
    Run,
    Transaction,
    Sleep,
    Wait,
    Invoke,
}

impl StepKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Transaction => "transaction",
            Self::Sleep => "sleep",
            Self::Wait => "wait",
            Self::Invoke => "invoke",
        }
    }

    /// True if the step is tried again when it fails. The other kinds wait for something.
    pub(crate) fn can_fail(self) -> bool {
        matches!(self, Self::Run | Self::Transaction)
    }

    fn parse(text: &str) -> Self {
        [Self::Transaction, Self::Sleep, Self::Wait, Self::Invoke]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .unwrap_or(Self::Run)
    }
}

/// A failed attempt of a step.
#[derive(Debug, Clone)]
pub(crate) struct FailureRow {
    pub(crate) key: String,
    pub(crate) attempt: u32,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    pub(crate) error: String,
}

macro_rules! journals {
    ($run:literal $first:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM step WHERE run_id ",
            $run,
            " ORDER BY ",
            $first,
            "CASE WHEN seq IS NULL THEN 1 ELSE 0 END, seq, key"
        )
    };
}

/// The stored steps of these runs. For each run: results first, in the order of delivery, then the
/// pending steps.
pub(crate) async fn journals(tx: &mut Tx, runs: &[RunId]) -> Result<HashMap<String, Vec<StepRow>>> {
    let bulk =
        Bulk { each: journals!("= $1" ""), together: journals!("= ANY($1::text[])" "run_id, "), is_searched: false };
    let named = named(runs);
    let steps = tx.gather(bulk, &named, |row| {
        Ok((
            row.get::<String>(at::run_id)?,
            StepRow {
                key: row.get(at::key)?,
                seq: row.get(at::seq)?,
                kind: StepKind::parse(&row.get::<String>(at::kind)?),
                state: StepState::from_code(row.get(at::state)?),
                attempts: row.get::<i64>(at::attempts)? as u32,
                due: row.get(at::due)?,
                started_at: row.get(at::started_at)?,
                ended_at: row.get(at::ended_at)?,
                result: row.get(at::result)?,
            },
        ))
    });
    Ok(by_run(steps.await?))
}

/// The steps of one run, in the same order.
pub(crate) async fn journal(tx: &mut Tx, run: &RunId) -> Result<Vec<StepRow>> {
    let mut journals = journals(tx, std::slice::from_ref(run)).await?;
    Ok(journals.remove(run.as_str()).unwrap_or_default())
}

fn by_run<T>(rows: Vec<(String, T)>) -> HashMap<String, Vec<T>> {
    let mut by_run: HashMap<String, Vec<T>> = HashMap::new();
    rows.into_iter().for_each(|(run, row)| by_run.entry(run).or_default().push(row));
    by_run
}

/// Stores steps. Returns `true` for each that was stored. A result is stored once: only a pending
/// step is ever changed.
pub(crate) async fn put(tx: &mut Tx, steps: &[(RunId, StepRow)]) -> Result<Vec<bool>> {
    let (bulk, rows) = insert_all!(steps.iter() => |(run, step)| "step" {
        run_id: text = run.as_str(),
        key: text = &step.key,
        seq: bigint = step.seq,
        kind: text = step.kind.as_str(),
        state: bigint = step.state.code(),
        attempts: bigint = i64::from(step.attempts),
        due: bigint = step.due,
        started_at: bigint = step.started_at,
        ended_at: bigint = step.ended_at,
        result: text = step.result.as_deref(),
    } "ON CONFLICT (run_id, key) DO UPDATE SET seq = excluded.seq, state = excluded.state,
        attempts = excluded.attempts, due = excluded.due, ended_at = excluded.ended_at, result = excluded.result
        WHERE step.state = 0");
    tx.change(bulk, &rows).await
}

pub(crate) async fn put_failures(tx: &mut Tx, failures: &[(RunId, FailureRow)]) -> Result<()> {
    let (bulk, rows) = insert_all!(failures.iter() => |(run, failure)| "step_failure" {
        run_id: text = run.as_str(),
        key: text = &failure.key,
        attempt: bigint = i64::from(failure.attempt),
        started_at: bigint = failure.started_at,
        ended_at: bigint = failure.ended_at,
        error: text = &failure.error,
    } "ON CONFLICT (run_id, key, attempt) DO NOTHING");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// A result from outside for a step that the run has not taken in yet.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) key: String,
    pub(crate) state: StepState,
    pub(crate) result: Option<String>,
}

/// The inboxes of these runs, in order of arrival.
pub(crate) async fn inboxes(tx: &mut Tx, runs: &[RunId]) -> Result<HashMap<String, Vec<Arrival>>> {
    let bulk = Bulk {
        each: concat!("SELECT ", inbox_columns!(), " FROM inbox WHERE run_id = $1 ORDER BY at, key"),
        together: concat!(
            "SELECT ",
            inbox_columns!(),
            " FROM inbox WHERE run_id = ANY($1::text[]) ORDER BY run_id, at, key"
        ),
        is_searched: false,
    };
    let named = named(runs);
    let arrived = tx.gather(bulk, &named, |row| {
        let arrival = Arrival {
            key: row.get(inbox_at::key)?,
            state: StepState::from_code(row.get(inbox_at::state)?),
            result: row.get(inbox_at::result)?,
        };
        Ok((row.get::<String>(inbox_at::run_id)?, arrival))
    });
    Ok(by_run(arrived.await?))
}

pub(crate) async fn take_in(tx: &mut Tx, taken: &[(RunId, String)]) -> Result<()> {
    let rows: Vec<_> = taken.iter().map(|(run, key)| row![run.as_str(), key.as_str()]).collect();
    tx.execute_many("DELETE FROM inbox WHERE run_id = $1 AND key = $2", &rows).await.map(drop)
}

/// Copies the results before `seq` from one run to another.
pub(crate) async fn copy(tx: &mut Tx, from: &RunId, to: &RunId, before: i64) -> Result<u64> {
    let sql = "INSERT INTO step (run_id, key, seq, kind, state, attempts, due, started_at, ended_at, result)
        SELECT CAST($2 AS TEXT), key, seq, kind, state, attempts, due, started_at, ended_at, result FROM step
        WHERE run_id = $1 AND seq < $3";
    tx.execute(sql, params![from.as_str(), to.as_str(), before]).await
}

/// Deletes the failed and the pending steps, so that they are tried again.
pub(crate) async fn forget_failures(tx: &mut Tx, run: &RunId) -> Result<()> {
    tx.execute("DELETE FROM step WHERE run_id = $1 AND state <> 1", params![run.as_str()]).await?;
    tx.execute("DELETE FROM inbox WHERE run_id = $1", params![run.as_str()]).await.map(drop)
}
