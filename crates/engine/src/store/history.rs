//! Stored runs: listed, viewed, retried, cancelled in bulk, and removed after their retention time.

use campanile_base::Timestamp;
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_db::{Result, Row, Tx, insert, params};

use crate::run::Status;
use crate::settings::{KEEP_STATS, Settings};
use crate::view::{BulkCancel, ChildRun, FailedAttempt, Filter, ParentRun, RunSummary, StepView};

campanile_db::columns! {
    columns, at:
    id, name, version, status, cause, attempt, priority, queued_at, started_at, ended_at, due, error,
}
campanile_db::columns! { detail_columns, detail_at after at: input, output, parent, parent_step }
campanile_db::columns! { child_columns, child_at: id, name, status, parent_step }
campanile_db::columns! { failure_columns, failure_at: key, attempt, started_at, ended_at, error }
campanile_db::columns! {
    bulk_columns, bulk_at:
    tenant, name, queued_after, queued_before, cursor, cancelled, created_at, finished_at,
}
campanile_db::columns! { pause_columns, pause_at: name, at, by_whom }

fn read_summary(row: &Row<'_>) -> Result<RunSummary> {
    let status = Status::from_code(row.get(at::status)?);
    let due: Timestamp = row.get(at::due)?;
    Ok(RunSummary {
        id: row.get(at::id)?,
        name: row.get(at::name)?,
        version: row.get(at::version)?,
        status,
        cause: row.get(at::cause)?,
        failures: row.get(at::attempt)?,
        priority: row.get(at::priority)?,
        queued_at: row.get(at::queued_at)?,
        started_at: row.get(at::started_at)?,
        ended_at: row.get(at::ended_at)?,
        due: status.is_active().then_some(due),
        error: row.get(at::error)?,
    })
}

macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM run WHERE tenant = $1 AND id < $2 AND id > $9 AND status BETWEEN $3 AND $4 AND queued_at >= $6
              AND queued_at < $7 AND name NOT LIKE 'engine.%' AND ",
            $which,
            " ORDER BY id DESC LIMIT $5"
        )
    };
}

/// Selects the last run that a page examines and the next one. It uses the same indexes as
/// `listed`.
macro_rules! looked_at {
    ($which:literal) => {
        concat!("SELECT id FROM run WHERE tenant = $1 AND id < $2 AND ", $which, " ORDER BY id DESC LIMIT 2 OFFSET $3")
    };
}

/// The bound of a page of runs before `before`: the last run that it examines, and the next one.
pub(crate) async fn looked_at(
    tx: &mut Tx,
    tenant: &str,
    filter: &Filter,
    before: &str,
) -> Result<Option<(String, String)>> {
    let sql = match &filter.name {
        _ if filter.jobs => looked_at!("version = 0"),
        Some(_) => looked_at!("version > 0 AND name = $4"),
        None if filter.is_unfinished() => looked_at!("version > 0 AND status <> 10"),
        None => looked_at!("version > 0"),
    };
    let mut params = params![tenant, before, ROWS_LOOKED_AT - 1].to_vec();
    params.extend(filter.name.as_deref().filter(|_| !filter.jobs).map(Into::into));
    let ids: Vec<String> = tx.all(sql, &params, |row| row.get(0)).await?;
    let both: Option<[String; 2]> = ids.try_into().ok();
    Ok(both.map(|[last, next]| (last, next)))
}

/// Runs of a tenant between two ids, newest first. There is an index for each shape of the filter.
pub(crate) async fn list(
    tx: &mut Tx,
    tenant: &str,
    filter: &Filter,
    (before, until): (&str, &str),
    limit: i64,
) -> Result<Vec<RunSummary>> {
    let (low, high) = filter.statuses();
    let (after, latest) =
        (filter.after.unwrap_or(Timestamp::from_micros(0)), filter.before.unwrap_or(Timestamp::from_micros(i64::MAX)));
    let sql = match &filter.name {
        _ if filter.jobs => listed!("version = 0 AND (CAST($8 AS TEXT) IS NULL OR name = $8)"),
        Some(_) => listed!("version > 0 AND name = $8"),
        None if filter.is_unfinished() => listed!("version > 0 AND status <> 10 AND CAST($8 AS TEXT) IS NULL"),
        None => listed!("version > 0 AND CAST($8 AS TEXT) IS NULL"),
    };
    let params = params![tenant, before, low, high, limit, after, latest, filter.name.as_deref(), until];
    tx.all(sql, params, read_summary).await
}

/// A stored run, without its steps.
pub(crate) struct StoredRun {
    pub(crate) summary: RunSummary,
    pub(crate) input: String,
    pub(crate) output: Option<String>,
    pub(crate) parent: Option<ParentRun>,
}

/// A run of a tenant.
pub(crate) async fn by_id(tx: &mut Tx, tenant: &str, id: &str) -> Result<Option<StoredRun>> {
    let sql = concat!("SELECT ", columns!(), ", ", detail_columns!(), " FROM run WHERE tenant = $1 AND id = $2");
    tx.first(sql, params![tenant, id], |row| {
        let parent: (Option<String>, Option<String>) = (row.get(detail_at::parent)?, row.get(detail_at::parent_step)?);
        Ok(StoredRun {
            summary: read_summary(row)?,
            input: row.get(detail_at::input)?,
            output: row.get(detail_at::output)?,
            parent: parent.0.zip(parent.1).map(|(id, step)| ParentRun { id, step }),
        })
    })
    .await
}

/// The runs that a run of a tenant has started, oldest first.
pub(crate) async fn children(tx: &mut Tx, tenant: &str, run: &str, limit: i64) -> Result<Vec<ChildRun>> {
    let sql = concat!(
        "SELECT ",
        child_columns!(),
        " FROM run WHERE parent = $1 AND parent IS NOT NULL AND tenant || '' = $2 ORDER BY id LIMIT $3"
    );
    tx.all(sql, params![run, tenant, limit], |row| {
        let step: Option<String> = row.get(child_at::parent_step)?;
        Ok(ChildRun {
            id: row.get(child_at::id)?,
            name: row.get(child_at::name)?,
            status: Status::from_code(row.get(child_at::status)?),
            step: step.unwrap_or_default(),
        })
    })
    .await
}

/// The failed attempts of the steps of a run.
pub(crate) async fn failures(tx: &mut Tx, run: &str) -> Result<Vec<(String, FailedAttempt)>> {
    let sql = concat!("SELECT ", failure_columns!(), " FROM step_failure WHERE run_id = $1 ORDER BY key, attempt");
    tx.all(sql, params![run], |row| {
        let attempted = FailedAttempt {
            number: row.get(failure_at::attempt)?,
            started_at: row.get(failure_at::started_at)?,
            ended_at: row.get(failure_at::ended_at)?,
            error: row.get(failure_at::error)?,
        };
        Ok((row.get(failure_at::key)?, attempted))
    })
    .await
}

/// The steps of a run, in the order of their results.
pub(crate) async fn steps(tx: &mut Tx, run: &str) -> Result<Vec<StepView>> {
    let rows = super::steps::journal(tx, &run.to_owned().into()).await?;
    let mut failures = failures(tx, run).await?;
    let view = |step: super::steps::StepRow| {
        let attempts = failures.extract_if(.., |(key, _)| *key == step.key).map(|(_, attempt)| attempt).collect();
        StepView::new(step, attempts)
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Makes a run active again that failed or was cancelled. Returns its shard.
pub(crate) async fn revive(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<i64>> {
    let sql =
        "UPDATE run SET status = CASE WHEN started_at IS NULL THEN 0 ELSE 2 END, due = $2, attempt = 0, crashes = 0,
            generation = generation + 1, ended_at = NULL, error = NULL, start_by = NULL
        WHERE id = $1 AND status IN (11, 12) RETURNING shard";
    tx.first(sql, params![id, now], |row| row.get(0)).await
}

pub(crate) async fn open_bulk(tx: &mut Tx, tenant: &str, bulk: &BulkCancel) -> Result<()> {
    let (sql, params) = insert!("bulk_cancel" {
        id: &bulk.id,
        tenant: tenant,
        name: &bulk.name,
        queued_after: bulk.queued_after,
        queued_before: bulk.queued_before,
        cursor: "",
        cancelled: 0_i64,
        created_at: bulk.created_at,
    });
    tx.execute(sql, &params).await.map(drop)
}

pub(crate) async fn bulk(tx: &mut Tx, id: &str) -> Result<Option<(String, BulkCancel, String)>> {
    let sql = concat!("SELECT ", bulk_columns!(), " FROM bulk_cancel WHERE id = $1");
    let id = id.to_owned();
    tx.first(sql, params![&id], |row| {
        let bulk = BulkCancel {
            id: id.clone(),
            name: row.get(bulk_at::name)?,
            queued_after: row.get(bulk_at::queued_after)?,
            queued_before: row.get(bulk_at::queued_before)?,
            cancelled: row.get(bulk_at::cancelled)?,
            created_at: row.get(bulk_at::created_at)?,
            finished_at: row.get(bulk_at::finished_at)?,
        };
        Ok((row.get(bulk_at::tenant)?, bulk, row.get(bulk_at::cursor)?))
    })
    .await
}

/// The next active runs of a bulk cancellation.
pub(crate) async fn to_cancel(
    tx: &mut Tx,
    tenant: &str,
    bulk: &BulkCancel,
    after: &str,
    limit: i64,
) -> Result<Vec<String>> {
    let sql = "SELECT id FROM run WHERE tenant = $1 AND name = $2 AND id > $3 AND status < 10
        AND queued_at >= $4 AND queued_at < $5 ORDER BY id LIMIT $6";
    let params = params![tenant, &bulk.name, after, bulk.queued_after, bulk.queued_before, limit];
    tx.all(sql, params, |row| row.get(0)).await
}

pub(crate) async fn bulk_got_to(
    tx: &mut Tx,
    id: &str,
    cursor: &str,
    more: i64,
    finished: Option<Timestamp>,
) -> Result<()> {
    let sql = "UPDATE bulk_cancel SET cursor = $2, cancelled = cancelled + $3, finished_at = $4 WHERE id = $1";
    tx.execute(sql, params![id, cursor, more, finished]).await.map(drop)
}

/// The pauses of a tenant: name, time, and caller.
pub(crate) async fn pauses(tx: &mut Tx, tenant: &str) -> Result<Vec<(String, Timestamp, String)>> {
    let sql = concat!("SELECT ", pause_columns!(), " FROM paused WHERE tenant = $1 ORDER BY name");
    tx.all(sql, params![tenant], |row| {
        Ok((row.get(pause_at::name)?, row.get(pause_at::at)?, row.get(pause_at::by_whom)?))
    })
    .await
}

/// Removes expired rows, in portions of at most `limit`; old statistics are removed all at once.
/// Returns the number of removed rows. A run counts once, without its steps.
pub(crate) async fn tidy(tx: &mut Tx, settings: &Settings, now: Timestamp, limit: i64) -> Result<u64> {
    let mut removed = 0;
    for (statuses, since) in [("done", now.minus(settings.keep_completed)), ("failed", now.minus(settings.keep_failed))]
    {
        removed += tidy_runs(tx, statuses, since, limit).await?;
    }
    let sql = "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < $1 ORDER BY at, id LIMIT $2)";
    removed += tx.execute(sql, params![now.minus(settings.keep_events), limit]).await?;
    // The condition is repeated on the row itself, because another transaction may be changing it.
    let sql = "DELETE FROM idempotency WHERE expires < $1 AND key IN
        (SELECT key FROM idempotency WHERE expires < $1 LIMIT $2)";
    removed += tx.execute(sql, params![now, limit]).await?;
    let sql = "DELETE FROM limiter WHERE tat < $1 AND key IN (SELECT key FROM limiter WHERE tat < $1 LIMIT $2)";
    removed += tx.execute(sql, params![now, limit]).await?;
    let sql = "DELETE FROM bulk_cancel WHERE id IN (SELECT id FROM bulk_cancel WHERE finished_at < $1 LIMIT $2)";
    removed += tx.execute(sql, params![now.minus(settings.keep_failed), limit]).await?;
    let sql = "DELETE FROM run_stat WHERE hour < $1";
    removed += tx.execute(sql, params![now.minus(KEEP_STATS).as_seconds() / 3600]).await?;
    Ok(removed)
}

/// Removes expired runs. They are locked first, so that none is retried meanwhile.
async fn tidy_runs(tx: &mut Tx, statuses: &str, since: Timestamp, limit: i64) -> Result<u64> {
    let sql = match statuses {
        "failed" => {
            "SELECT id FROM run WHERE status >= 10 AND status = 11 AND ended_at < $1 ORDER BY ended_at LIMIT $2
             /*pg: FOR UPDATE */"
        }
        _ => {
            "SELECT id FROM run WHERE status >= 10 AND status <> 11 AND ended_at < $1 ORDER BY ended_at LIMIT $2
             /*pg: FOR UPDATE */"
        }
    };
    let ids: Vec<String> = tx.all(sql, params![since, limit], |row| row.get(0)).await?;
    let rows: Vec<_> = ids.iter().map(|id| campanile_db::row![id.as_str()]).collect();
    for sql in [
        "DELETE FROM step WHERE run_id = $1",
        "DELETE FROM step_failure WHERE run_id = $1",
        "DELETE FROM run WHERE id = $1",
    ] {
        tx.execute_many(sql, &rows).await?;
    }
    Ok(ids.len() as u64)
}
