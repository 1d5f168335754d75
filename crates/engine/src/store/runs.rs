//! Active runs: stored, read when they are due, changed by their owner.
//!
//! Each change by the owner names the generation that it knows, and changes only active rows. Each
//! transaction checks once that the owner still lives (`lease::still_lives`). Statements that name
//! rows by id say `status + 0 < 10`. With `status < 10`, PostgreSQL assumes that few rows are
//! active, and reads all of them through a partial index.

use std::collections::HashSet;

use campanile_base::Timestamp;
use campanile_db::{Bulk, Param, Result, Row, Tx, insert, params, row};

use crate::run::{Run, RunId, Status};

campanile_db::columns! {
    columns, at:
    id, shard, name, version, tenant, key1, key2, throttle, holds, priority, status, due, attempt, generation, crashes,
    pokes, seq, dedupe, singleton, gathers, start_by, cause, parent, parent_step, queued_at, started_at, input,
}

/// Stores runs. Returns `true` for each new one. A run whose `dedupe` key is already in use is not
/// stored.
pub(crate) async fn insert(tx: &mut Tx, runs: &[Run]) -> Result<Vec<bool>> {
    let rows: Vec<Vec<Param<'_>>> = runs.iter().map(as_row).collect();
    tx.change(INSERT, &rows).await
}

macro_rules! insert_run {
    ($($rest:literal)*) => {
        concat!(
            "INSERT INTO run (id, shard, name, version, tenant, lane, key1, key2, throttle, holds, priority, due, seq,
            dedupe, singleton, gathers, start_by, cause, parent, parent_step, queued_at, input, status, attempt,
            generation, crashes, pokes) ",
            $($rest),*
        )
    };
}

const INSERT: Bulk = Bulk {
    each: insert_run!(
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, 0, 0, 0, 0)
        ON CONFLICT (dedupe) WHERE dedupe IS NOT NULL DO NOTHING"
    ),
    together: insert_run!(
        "SELECT *, 0, 0, 0, 0 FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[],
            $6::bigint[], $7::text[], $8::text[], $9::text[], $10::boolean[], $11::bigint[], $12::bigint[],
            $13::bigint[], $14::text[], $15::text[], $16::boolean[], $17::bigint[], $18::text[], $19::text[],
            $20::text[], $21::bigint[], $22::text[], $23::bigint[])
        ON CONFLICT (dedupe) WHERE dedupe IS NOT NULL DO NOTHING RETURNING id"
    ),
    is_searched: false,
};

fn as_row(run: &Run) -> Vec<Param<'_>> {
    row![
        run.id.as_str(),
        run.shard,
        &*run.name,
        run.version,
        &*run.tenant,
        run.lane(),
        run.keys[0].as_deref(),
        run.keys[1].as_deref(),
        run.throttle.as_deref(),
        run.holds,
        run.priority,
        run.due,
        run.seq,
        run.dedupe.as_deref(),
        run.singleton.as_deref(),
        run.gathers,
        run.start_by,
        run.cause,
        run.parent.as_ref().map(|(id, _)| id.as_str()),
        run.parent.as_ref().map(|(_, step)| step.as_str()),
        run.queued_at,
        &run.input,
        run.status.code(),
    ]
}

pub(super) fn read_run(row: &Row<'_>) -> Result<Run> {
    let parent: Option<String> = row.get(at::parent)?;
    let step: Option<String> = row.get(at::parent_step)?;
    Ok(Run {
        id: RunId::from(row.get::<String>(at::id)?),
        shard: row.get(at::shard)?,
        name: row.get::<String>(at::name)?.into(),
        version: row.get(at::version)?,
        tenant: row.get::<String>(at::tenant)?.into(),
        keys: [
            row.get::<Option<String>>(at::key1)?.map(Into::into),
            row.get::<Option<String>>(at::key2)?.map(Into::into),
        ],
        throttle: row.get::<Option<String>>(at::throttle)?.map(Into::into),
        holds: row.get(at::holds)?,
        priority: row.get(at::priority)?,
        status: Status::from_code(row.get(at::status)?),
        due: row.get(at::due)?,
        attempt: row.get::<i64>(at::attempt)? as u32,
        generation: row.get(at::generation)?,
        crashes: row.get::<i64>(at::crashes)? as u32,
        pokes: row.get(at::pokes)?,
        seq: row.get(at::seq)?,
        dedupe: row.get(at::dedupe)?,
        singleton: row.get(at::singleton)?,
        gathers: row.get(at::gathers)?,
        start_by: row.get(at::start_by)?,
        cause: cause(&row.get::<String>(at::cause)?),
        parent: parent.map(RunId::from).zip(step),
        queued_at: row.get(at::queued_at)?,
        started_at: row.get(at::started_at)?,
        input: row.get(at::input)?,
    })
}

/// Parses a cause. An unknown text counts as `call`.
fn cause(text: &str) -> &'static str {
    ["call", "event", "cron", "invoke", "failure", "replay"].into_iter().find(|known| *known == text).unwrap_or("call")
}

/// Active runs of these shards (one bit each) with the earliest due times after the cursor, up to
/// `until`.
pub(crate) async fn scan(
    tx: &mut Tx,
    (at, id): (Timestamp, &str),
    until: Timestamp,
    shards: u64,
    limit: i64,
) -> Result<Vec<Run>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM run WHERE status < 10 AND (due, id) > ($1, $2) AND due <= $3
          AND ((CAST($4 AS BIGINT) >> CAST(shard AS INTEGER)) & 1) = 1 ORDER BY due, id LIMIT $5"
    );
    tx.all(sql, params![at, id, until, shards as i64, limit], read_run).await
}

/// The first runs of a lane that could start, and `true` if these are all. It reads at most `limit`
/// queued and `limit` waiting runs. Waiting runs are found by their due time. A waiting run is left
/// out if it ranks behind queued runs that were not read.
pub(crate) async fn of_lane(
    tx: &mut Tx,
    lane: i64,
    now: Timestamp,
    shards: u64,
    limit: usize,
) -> Result<(Vec<Run>, bool)> {
    let queued = concat!(
        "SELECT ",
        columns!(),
        " FROM run WHERE status < 2 AND lane = $1 AND due <= $2
          AND ((CAST($3 AS BIGINT) >> CAST(shard AS INTEGER)) & 1) = 1 ORDER BY priority, queued_at, id LIMIT $4"
    );
    let waited = concat!(
        "SELECT ",
        columns!(),
        " FROM run WHERE status = 2 AND lane = $1 AND due <= $2
          AND ((CAST($3 AS BIGINT) >> CAST(shard AS INTEGER)) & 1) = 1 ORDER BY due, id LIMIT $4"
    );
    let queued = tx.all(queued, params![lane, now, shards as i64, limit as i64], read_run).await?;
    let waited = tx.all(waited, params![lane, now, shards as i64, limit as i64], read_run).await?;
    Ok(in_order(queued, waited, limit))
}

/// Merges the two lists into one page, by rank.
pub(crate) fn in_order(queued: Vec<Run>, waited: Vec<Run>, limit: usize) -> (Vec<Run>, bool) {
    let is_all = queued.len() < limit && waited.len() < limit;
    let unread = (queued.len() >= limit).then(|| queued.last().map(Run::rank)).flatten();
    let mut page = queued;
    page.extend(waited.into_iter().filter(|run| unread.as_ref().is_none_or(|last| run.rank() < *last)));
    page.sort_by_cached_key(Run::rank);
    (page, is_all)
}

/// The runs with these ids, ended or not. Missing ones are left out.
pub(crate) async fn these(tx: &mut Tx, ids: &[RunId]) -> Result<Vec<Run>> {
    let bulk = Bulk {
        each: concat!("SELECT ", columns!(), " FROM run WHERE id = $1"),
        together: concat!("SELECT ", columns!(), " FROM run WHERE id = ANY($1::text[])"),
        is_searched: false,
    };
    tx.gather(bulk, &named(ids), read_run).await
}

pub(super) fn named(ids: &[RunId]) -> Vec<Vec<Param<'_>>> {
    ids.iter().map(|id| row![id.as_str()]).collect()
}

/// The run with this id, ended or not.
pub(crate) async fn any(tx: &mut Tx, id: &RunId) -> Result<Option<Run>> {
    let sql = concat!("SELECT ", columns!(), " FROM run WHERE id = $1");
    tx.first(sql, params![id.as_str()], read_run).await
}

/// The input of the active run with this dedupe key.
pub(crate) async fn input_of_dedupe(tx: &mut Tx, dedupe: &str) -> Result<Option<String>> {
    tx.first("SELECT input FROM run WHERE dedupe = $1", params![dedupe], |row| row.get(0)).await
}

/// The runs of a shard that hold their slots.
pub(crate) async fn holding(tx: &mut Tx, shard: i64) -> Result<Vec<Run>> {
    let sql = concat!("SELECT ", columns!(), " FROM run WHERE shard = $1 AND status < 10 AND holds");
    tx.all(sql, params![shard], read_run).await
}

/// The identity by which an owner changes a run.
#[derive(Debug, Clone)]
pub(crate) struct OwnedRun {
    pub(crate) id: RunId,
    pub(crate) generation: i64,
}

impl OwnedRun {
    pub(crate) fn of(run: &Run) -> Self {
        Self { id: run.id.clone(), generation: run.generation }
    }
}

/// The condition that selects the rows in a statement about many rows. `$1` is the list of their
/// ids, in order. `$2` is the list of the generations that their owner knows.
///
/// A join with these arrays is planned by the table's statistics. For a queue that was emptied
/// recently, the statistics say that it has almost no rows. Then PostgreSQL reads the whole table,
/// including dead rows, for every change. With this condition, only one index can answer. The other
/// values of a row are at the same array position as its id. `width_bucket` finds that position,
/// since the ids are sorted. A group has at most 256 rows.
macro_rules! owned {
    () => {
        "run.id = ANY($1::text[]) AND run.generation = ($2::bigint[])[width_bucket(run.id, $1::text[])]
            AND run.status + 0 < 10"
    };
}

/// Computes the position of a row's values in the arrays.
macro_rules! told {
    () => {
        " FROM (SELECT width_bucket(run.id, $1::text[]) AS at OFFSET 0) AS told) WHERE "
    };
}

const REMOVE: Bulk = Bulk {
    each: "DELETE FROM run WHERE id = $1 AND generation = $2 AND status + 0 < 10",
    together: concat!("DELETE FROM run WHERE ", owned!(), " RETURNING id"),
    is_searched: true,
};

/// Deletes each run. Returns `false` for one that no longer belongs to the owner.
pub(crate) async fn remove(tx: &mut Tx, runs: &[OwnedRun]) -> Result<Vec<bool>> {
    let rows: Vec<_> = runs.iter().map(|run| row![run.id.as_str(), run.generation]).collect();
    tx.change(REMOVE, &rows).await
}

/// The state of a parked run. If the inbox has more than the owner has seen, its due time is now.
#[derive(Debug, Clone)]
pub(crate) struct ParkedRun {
    pub(crate) run: OwnedRun,
    pub(crate) status: Status,
    pub(crate) due: Timestamp,
    pub(crate) attempt: u32,
    pub(crate) seq: i64,
    pub(crate) pokes: i64,
    pub(crate) holds: bool,
    pub(crate) lane: i64,
    pub(crate) started_at: Timestamp,
    pub(crate) error: Option<String>,
}

const PARK: Bulk = Bulk {
    each: "UPDATE run SET status = $3, due = CASE WHEN pokes > $7 THEN CAST($12 AS BIGINT) ELSE CAST($4 AS BIGINT) END,
        attempt = $5, seq = $6, holds = $8, lane = $9, started_at = COALESCE(started_at, $10), error = $11,
        crashes = 0
    WHERE id = $1 AND generation = $2 AND status + 0 < 10",
    together: concat!(
        "UPDATE run SET crashes = 0, (status, due, attempt, seq, holds, lane, started_at, error) = (SELECT
            ($3::bigint[])[at],
            CASE WHEN run.pokes > ($7::bigint[])[at] THEN ($12::bigint[])[at] ELSE ($4::bigint[])[at] END,
            ($5::bigint[])[at], ($6::bigint[])[at], ($8::boolean[])[at], ($9::bigint[])[at],
            COALESCE(run.started_at, ($10::bigint[])[at]), ($11::text[])[at]",
        told!(),
        owned!(),
        " RETURNING id"
    ),
    is_searched: true,
};

pub(crate) async fn park(tx: &mut Tx, parked: &[ParkedRun], now: Timestamp) -> Result<Vec<bool>> {
    let rows: Vec<_> = parked
        .iter()
        .map(|parked| {
            row![
                parked.run.id.as_str(),
                parked.run.generation,
                parked.status.code(),
                parked.due,
                i64::from(parked.attempt),
                parked.seq,
                parked.pokes,
                parked.holds,
                parked.lane,
                parked.started_at,
                parked.error.as_deref(),
                now
            ]
        })
        .collect();
    tx.change(PARK, &rows).await
}

/// Progress of a run under way.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) run: OwnedRun,
    /// The start time, if its row does not say yet that it is under way.
    pub(crate) begins: Option<Timestamp>,
}

const BEGIN: Bulk = Bulk {
    each: "UPDATE run SET status = 1, attempt = 0, started_at = COALESCE(started_at, $3)
        WHERE id = $1 AND generation = $2 AND status + 0 < 10",
    together: concat!(
        "UPDATE run SET status = 1, attempt = 0,
            started_at = COALESCE(started_at, ($3::bigint[])[width_bucket(id, $1::text[])]) WHERE ",
        owned!(),
        " RETURNING id"
    ),
    is_searched: true,
};

/// Records the first progress of a run since it was queued or waited.
pub(crate) async fn begin(tx: &mut Tx, runs: &[Progress]) -> Result<Vec<bool>> {
    let rows: Vec<_> = runs.iter().map(|got| row![got.run.id.as_str(), got.run.generation, got.begins]).collect();
    tx.change(BEGIN, &rows).await
}

const ARE_OWNED: Bulk = Bulk {
    each: "SELECT run.id FROM run, engine_node
        WHERE run.id = $1 AND run.generation = $2 AND run.status + 0 < 10 AND engine_node.epoch = $3
        /*pg: FOR NO KEY UPDATE OF run FOR KEY SHARE OF engine_node */",
    together: concat!(
        "SELECT run.id FROM run, engine_node WHERE engine_node.epoch = ($3::bigint[])[1] AND ",
        owned!(),
        " FOR NO KEY UPDATE OF run FOR KEY SHARE OF engine_node"
    ),
    is_searched: true,
};

/// `true` for each run that still belongs to its owner, if the owner still lives. Both stay true
/// until this transaction ends. A run that makes progress needs no other change of its row: the row
/// already says that it is under way, and the steps say the rest.
pub(crate) async fn are_owned(tx: &mut Tx, runs: &[OwnedRun], epoch: i64) -> Result<Vec<bool>> {
    let rows: Vec<_> = runs.iter().map(|run| row![run.id.as_str(), run.generation, epoch]).collect();
    let owned: HashSet<String> = tx.gather(ARE_OWNED, &rows, |row| row.get(0)).await?.into_iter().collect();
    Ok(runs.iter().map(|run| owned.contains(run.id.as_str())).collect())
}

/// The final state of a run.
#[derive(Debug, Clone)]
pub(crate) struct EndedRun {
    pub(crate) run: OwnedRun,
    pub(crate) status: Status,
    pub(crate) attempt: u32,
    pub(crate) seq: i64,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
}

const END: Bulk = Bulk {
    each: "UPDATE run SET status = $3, attempt = $4, seq = $5, started_at = COALESCE(started_at, $6),
            ended_at = $7, output = $8, error = $9, dedupe = NULL, holds = FALSE
        WHERE id = $1 AND generation = $2 AND status + 0 < 10",
    together: concat!(
        "UPDATE run SET dedupe = NULL, holds = FALSE,
            (status, attempt, seq, started_at, ended_at, output, error) = (SELECT
            ($3::bigint[])[at], ($4::bigint[])[at], ($5::bigint[])[at],
            COALESCE(run.started_at, ($6::bigint[])[at]), ($7::bigint[])[at], ($8::text[])[at], ($9::text[])[at]",
        told!(),
        owned!(),
        " RETURNING id"
    ),
    is_searched: true,
};

pub(crate) async fn end(tx: &mut Tx, ended: &[EndedRun], now: Timestamp) -> Result<Vec<bool>> {
    let rows: Vec<_> = ended
        .iter()
        .map(|ended| {
            row![
                ended.run.id.as_str(),
                ended.run.generation,
                ended.status.code(),
                i64::from(ended.attempt),
                ended.seq,
                ended.started_at,
                now,
                ended.output.as_deref(),
                ended.error.as_deref()
            ]
        })
        .collect();
    tx.change(END, &rows).await
}

/// A job that is due again later.
#[derive(Debug, Clone)]
pub(crate) struct PostponedJob {
    pub(crate) run: OwnedRun,
    pub(crate) attempt: u32,
    pub(crate) due: Timestamp,
    pub(crate) error: String,
}

const POSTPONE: Bulk = Bulk {
    each: "UPDATE run SET status = 2, attempt = $3, generation = generation + 1, due = $4, error = $5, crashes = 0
        WHERE id = $1 AND generation = $2 AND status + 0 < 10",
    together: concat!(
        "UPDATE run SET status = 2, generation = generation + 1, crashes = 0, (attempt, due, error) = (SELECT
            ($3::bigint[])[at], ($4::bigint[])[at], ($5::text[])[at]",
        told!(),
        owned!(),
        " RETURNING id"
    ),
    is_searched: true,
};

pub(crate) async fn postpone(tx: &mut Tx, postponed: &[PostponedJob]) -> Result<Vec<bool>> {
    let rows: Vec<_> = postponed
        .iter()
        .map(|row| row![row.run.id.as_str(), row.run.generation, i64::from(row.attempt), row.due, row.error.as_str()])
        .collect();
    tx.change(POSTPONE, &rows).await
}

/// Marks runs that are about to start although the last life of their shard ended badly.
pub(crate) async fn suspect(tx: &mut Tx, runs: &[OwnedRun]) -> Result<Vec<u64>> {
    let sql = "UPDATE run SET crashes = crashes + 1 WHERE id = $1 AND generation = $2 AND status + 0 < 10";
    let rows: Vec<_> = runs.iter().map(|run| row![run.id.as_str(), run.generation]).collect();
    tx.execute_many(sql, &rows).await
}

/// Makes a run due later.
pub(crate) async fn put_off(tx: &mut Tx, run: &OwnedRun, due: Timestamp) -> Result<bool> {
    let sql = "UPDATE run SET status = 2, due = $3 WHERE id = $1 AND generation = $2 AND status + 0 < 10";
    Ok(tx.execute(sql, params![run.id.as_str(), run.generation, due]).await? == 1)
}

/// Changes the input of an active run.
pub(crate) async fn change_input(tx: &mut Tx, id: &str, input: &str) -> Result<bool> {
    Ok(tx.execute("UPDATE run SET input = $2 WHERE id = $1 AND status + 0 < 10", params![id, input]).await? == 1)
}

/// Marks a gathering run as started: from now on nothing is added to it.
pub(crate) async fn claim(tx: &mut Tx, run: &OwnedRun, input: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE run SET status = 1, started_at = $3, input = $4, gathers = FALSE
        WHERE id = $1 AND generation = $2 AND status + 0 < 10 AND due <= $3";
    Ok(tx.execute(sql, params![run.id.as_str(), run.generation, now, input]).await? == 1)
}

/// Cancels an active run of any owner. Returns the run.
pub(crate) async fn cancel(tx: &mut Tx, id: &RunId, now: Timestamp, why: &str) -> Result<Option<Run>> {
    let sql = concat!(
        "UPDATE run SET status = 12, generation = generation + 1, ended_at = $2, error = $3, dedupe = NULL, holds = FALSE
         WHERE id = $1 AND status + 0 < 10 RETURNING ",
        columns!()
    );
    tx.first(sql, params![id.as_str(), now, why], read_run).await
}

/// Puts a result into the inbox of an active run, and wakes the run up. A second result for the
/// same step is ignored. Returns the run's shard.
pub(crate) async fn poke(
    tx: &mut Tx,
    id: &RunId,
    step: &str,
    state: i64,
    result: Option<&str>,
    now: Timestamp,
) -> Result<Option<i64>> {
    // Update the row first: its lock orders this against parking by the owner.
    let sql = "UPDATE run SET pokes = pokes + 1, due = CASE WHEN status = 2 AND due > $2 THEN $2 ELSE due END
        WHERE id = $1 AND status + 0 < 10 RETURNING shard";
    let Some(shard) = tx.first(sql, params![id.as_str(), now], |row| row.get(0)).await? else { return Ok(None) };
    let (sql, params) = insert!("inbox" {
        run_id: id.as_str(),
        key: step,
        state: state,
        result: result,
        at: now,
    } "ON CONFLICT (run_id, key) DO NOTHING");
    tx.execute(sql, &params).await?;
    Ok(Some(shard))
}

#[cfg(test)]
mod tests;
