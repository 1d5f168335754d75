//! The journal of a run: what its steps came to.

use std::collections::HashMap;

use campanile_base::Timestamp;
use campanile_db::{Bulk, Result, Tx, params, row};

use super::runs::named;
use crate::run::RunId;

/// How far a step has come.
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

/// One step of a run, as it is stored.
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

/// What a step does.
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

    /// Whether it is tried again when it fails; the others wait for something.
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
            "SELECT key, seq, kind, state, attempts, due, started_at, ended_at, result, run_id FROM step WHERE run_id ",
            $run,
            " ORDER BY ",
            $first,
            "CASE WHEN seq IS NULL THEN 1 ELSE 0 END, seq, key"
        )
    };
}

/// What is stored of the steps of these runs: of each, results first, in the order of delivery, then
/// what is pending.
pub(crate) async fn journals(tx: &mut Tx, runs: &[RunId]) -> Result<HashMap<String, Vec<StepRow>>> {
    let bulk =
        Bulk { each: journals!("= $1" ""), together: journals!("= ANY($1::text[])" "run_id, "), is_searched: false };
    let named = named(runs);
    let steps = tx.gather(bulk, &named, |row| {
        Ok((
            row.get::<String>(9)?,
            StepRow {
                key: row.get(0)?,
                seq: row.get(1)?,
                kind: StepKind::parse(&row.get::<String>(2)?),
                state: StepState::from_code(row.get(3)?),
                attempts: row.get::<i64>(4)? as u32,
                due: row.get(5)?,
                started_at: row.get(6)?,
                ended_at: row.get(7)?,
                result: row.get(8)?,
            },
        ))
    });
    Ok(by_run(steps.await?))
}

/// The steps of one run, in that order.
pub(crate) async fn journal(tx: &mut Tx, run: &RunId) -> Result<Vec<StepRow>> {
    let mut journals = journals(tx, std::slice::from_ref(run)).await?;
    Ok(journals.remove(run.as_str()).unwrap_or_default())
}

fn by_run<T>(rows: Vec<(String, T)>) -> HashMap<String, Vec<T>> {
    let mut by_run: HashMap<String, Vec<T>> = HashMap::new();
    rows.into_iter().for_each(|(run, row)| by_run.entry(run).or_default().push(row));
    by_run
}

/// Stores steps; answers which were. A result is stored once: only a pending step is ever changed.
pub(crate) async fn put(tx: &mut Tx, steps: &[(RunId, StepRow)]) -> Result<Vec<bool>> {
    let rows: Vec<_> = steps
        .iter()
        .map(|(run, step)| {
            row![
                run.as_str(),
                &step.key,
                step.seq,
                step.kind.as_str(),
                step.state.code(),
                i64::from(step.attempts),
                step.due,
                step.started_at,
                step.ended_at,
                step.result.as_deref()
            ]
        })
        .collect();
    tx.change(PUT, &rows).await
}

macro_rules! put {
    ($rows:literal $end:literal) => {
        concat!(
            "INSERT INTO step (run_id, key, seq, kind, state, attempts, due, started_at, ended_at, result) ",
            $rows,
            " ON CONFLICT (run_id, key) DO UPDATE SET seq = excluded.seq, state = excluded.state,
            attempts = excluded.attempts, due = excluded.due, ended_at = excluded.ended_at, result = excluded.result
            WHERE step.state = 0",
            $end
        )
    };
}

const PUT: Bulk = Bulk {
    each: put!("VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)" ""),
    together: put!("SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::text[])" " RETURNING run_id"),
    is_searched: false,
};

pub(crate) async fn put_failures(tx: &mut Tx, failures: &[(RunId, FailureRow)]) -> Result<()> {
    let sql = "INSERT INTO step_failure (run_id, key, attempt, started_at, ended_at, error)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (run_id, key, attempt) DO NOTHING";
    let rows: Vec<_> = failures
        .iter()
        .map(|(run, failure)| {
            let attempt = i64::from(failure.attempt);
            row![run.as_str(), &failure.key, attempt, failure.started_at, failure.ended_at, &failure.error]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Something that came from outside for a step, and was not taken in yet.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) key: String,
    pub(crate) state: StepState,
    pub(crate) result: Option<String>,
}

/// The inboxes of these runs, in the order in which things came.
pub(crate) async fn inboxes(tx: &mut Tx, runs: &[RunId]) -> Result<HashMap<String, Vec<Arrival>>> {
    let bulk = Bulk {
        each: "SELECT key, state, result, run_id FROM inbox WHERE run_id = $1 ORDER BY at, key",
        together: "SELECT key, state, result, run_id FROM inbox WHERE run_id = ANY($1::text[]) ORDER BY run_id, at, key",
        is_searched: false,
    };
    let named = named(runs);
    let arrived = tx.gather(bulk, &named, |row| {
        let arrival = Arrival { key: row.get(0)?, state: StepState::from_code(row.get(1)?), result: row.get(2)? };
        Ok((row.get::<String>(3)?, arrival))
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

/// Forgets what failed for good and what is pending: it is tried anew.
pub(crate) async fn forget_failures(tx: &mut Tx, run: &RunId) -> Result<()> {
    tx.execute("DELETE FROM step WHERE run_id = $1 AND state <> 1", params![run.as_str()]).await?;
    tx.execute("DELETE FROM inbox WHERE run_id = $1", params![run.as_str()]).await.map(drop)
}
