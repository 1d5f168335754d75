//! The SQL of the stretches of backfills.

use std::collections::HashMap;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Select, Tx, insert_all, json_text, params};

use super::{PullRun, PullRunId};
use crate::connections::ConnectionId;
use crate::pulls::{Backfill, BackfillId, Progress, PullMode};
use crate::sources::SourceId;

campanile_db::columns! {
    columns, at:
    id, organisation_id, workspace_id, connection_id, backfill_id, source_id, kind, since, cursor, pages,
    pages_processed, pages_lost, produced, remembered, unreadable, errors, status, reason, waits_until, started_at,
    finished_at, mode,
}

/// A stretch to insert.
pub(crate) struct NewStretch {
    pub(crate) id: PullRunId,
    pub(crate) source: SourceId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) kind: &'static str,
    pub(crate) since: Timestamp,
}

/// A page that was fetched, and what it has shown.
pub(crate) struct FetchedPage<'a> {
    /// The provider's cursor of the next page.
    pub(crate) next: Option<&'a str>,
    pub(crate) produced: i64,
    pub(crate) unreadable: i64,
    /// True if it has nothing: then there is nothing to process.
    pub(crate) is_empty: bool,
    /// All errors of the stretch, with those of this page.
    pub(crate) errors: &'a [String],
}

pub(crate) async fn insert(tx: &mut Tx, backfill: &Backfill, stretches: &[NewStretch]) -> Result<()> {
    let (bulk, rows) = insert_all!(stretches.iter().enumerate() => |(place, stretch)| "pull_run" {
        id: text = stretch.id.as_str(),
        organisation_id: text = backfill.organisation_id.as_str(),
        workspace_id: text = stretch.workspace.as_str(),
        connection_id: text = backfill.connection_id.as_str(),
        backfill_id: text = backfill.id.as_str(),
        source_id: text = stretch.source.as_str(),
        mode: text = backfill.mode.as_str(),
        place: bigint = place as i64,
        kind: text = stretch.kind,
        since: bigint = stretch.since,
        pages: bigint = 0_i64,
        pages_processed: bigint = 0_i64,
        pages_lost: bigint = 0_i64,
        produced: bigint = 0_i64,
        remembered: bigint = 0_i64,
        unreadable: bigint = 0_i64,
        errors: text = "[]",
        status: text = "waiting",
    });
    tx.execute_many(bulk.each, &rows).await?;
    Ok(())
}

/// The sums over the stretches of backfills.
pub(crate) async fn progress(
    tx: &mut Tx,
    organisation: &OrganisationId,
    backfills: &[String],
) -> Result<HashMap<String, Progress>> {
    if backfills.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT backfill_id, count(*), count(finished_at), CAST(sum(pages) AS BIGINT),
            CAST(sum(produced) AS BIGINT), CAST(sum(remembered) AS BIGINT)
        FROM pull_run WHERE organisation_id = ?";
    let select = Select::new(sql, [organisation.as_str()])
        .and_in("backfill_id", backfills.iter().map(String::as_str))
        .then(" GROUP BY backfill_id");
    let rows = select.all(tx, |row| {
        let sums = Progress {
            stretches: row.get(1)?,
            ended: row.get(2)?,
            pages: row.get(3)?,
            produced: row.get(4)?,
            remembered: row.get(5)?,
        };
        Ok((row.get::<String>(0)?, sums))
    });
    Ok(rows.await?.into_iter().collect())
}

/// The beginning of the last completed stretch of a source's kind that goes back as far as `since`.
pub(crate) async fn covered_until(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
    kind: &str,
    since: Timestamp,
) -> Result<Option<Timestamp>> {
    let sql = "SELECT started_at FROM pull_run WHERE organisation_id = $1 AND source_id = $2 AND kind = $3
            AND since <= $4 AND status = 'completed' AND mode = 'backfill' AND started_at IS NOT NULL
        ORDER BY started_at DESC LIMIT 1";
    tx.first(sql, params![organisation.as_str(), source.as_str(), kind, since], |row| row.get(0)).await
}

/// The stretches of a backfill, in their order.
pub(crate) async fn of_backfill(tx: &mut Tx, organisation: &OrganisationId, id: &BackfillId) -> Result<Vec<PullRun>> {
    let sql =
        concat!("SELECT ", columns!(), " FROM pull_run WHERE organisation_id = $1 AND backfill_id = $2 ORDER BY place");
    tx.all(sql, params![organisation.as_str(), id.as_str()], read).await
}

pub(crate) async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &PullRunId) -> Result<Option<PullRun>> {
    let sql = concat!("SELECT ", columns!(), " FROM pull_run WHERE organisation_id = $1 AND id = $2");
    tx.first(sql, params![organisation.as_str(), id.as_str()], read).await
}

/// Begins a stretch whose turn has come. `false` if it has begun before, or was cancelled.
pub(crate) async fn begin(tx: &mut Tx, organisation: &OrganisationId, id: &PullRunId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE pull_run SET status = 'running', started_at = $3
        WHERE organisation_id = $1 AND id = $2 AND status = 'waiting'";
    Ok(tx.execute(sql, params![organisation.as_str(), id.as_str(), now]).await? == 1)
}

/// Advances a stretch by a page, if it runs and has exactly those before.
pub(crate) async fn advance(tx: &mut Tx, before: &PullRun, page: FetchedPage<'_>) -> Result<bool> {
    let sql = "UPDATE pull_run SET cursor = $4, pages = pages + 1, produced = produced + $5,
            unreadable = unreadable + $6, errors = $7, pages_processed = pages_processed + $8, waits_until = NULL
        WHERE organisation_id = $1 AND id = $2 AND pages = $3 AND status = 'running'";
    let FetchedPage { next, produced, unreadable, is_empty, errors } = page;
    let (organisation, id) = (before.organisation_id.as_str(), before.id.as_str());
    let (errors, processed) = (json_text(errors), i64::from(is_empty));
    let params = params![organisation, id, before.pages, next, produced, unreadable, errors, processed];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Records that a stretch waits for its provider.
pub(crate) async fn wait(tx: &mut Tx, organisation: &OrganisationId, id: &PullRunId, until: Timestamp) -> Result<u64> {
    let sql = "UPDATE pull_run SET waits_until = $3 WHERE organisation_id = $1 AND id = $2 AND status = 'running'";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), until]).await
}

/// Counts a page that was processed, or given up. `None` if the stretch is completed or cancelled.
pub(crate) async fn count_processed(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &PullRunId,
    remembered: i64,
    lost: i64,
) -> Result<Option<PullRun>> {
    let sql = concat!(
        "UPDATE pull_run SET pages_processed = pages_processed + 1, remembered = remembered + $3, pages_lost = pages_lost + $4
        WHERE organisation_id = $1 AND id = $2 AND status IN ('running', 'fetched', 'failed') RETURNING ",
        columns!()
    );
    tx.first(sql, params![organisation.as_str(), id.as_str(), remembered, lost], read).await
}

/// Sets the status of a stretch that has not ended.
pub(crate) async fn set_status(
    tx: &mut Tx,
    (organisation, id): (&OrganisationId, &PullRunId),
    status: &str,
    reason: Option<&str>,
    finished_at: Option<Timestamp>,
) -> Result<bool> {
    let sql = "UPDATE pull_run SET status = $3, reason = $4, finished_at = $5, waits_until = NULL
        WHERE organisation_id = $1 AND id = $2 AND status IN ('waiting', 'running', 'fetched')";
    Ok(tx.execute(sql, params![organisation.as_str(), id.as_str(), status, reason, finished_at]).await? == 1)
}

/// Cancels the stretches of a backfill that have not ended.
pub(crate) async fn cancel_all(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &BackfillId,
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE pull_run SET status = 'cancelled', finished_at = $3, waits_until = NULL
        WHERE organisation_id = $1 AND backfill_id = $2 AND status IN ('waiting', 'running', 'fetched')";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), now]).await
}

/// The number of events of a backfill that were new to the memory.
pub(crate) async fn remembered(tx: &mut Tx, organisation: &OrganisationId, id: &BackfillId) -> Result<i64> {
    let sql = "SELECT CAST(COALESCE(sum(remembered), 0) AS BIGINT) FROM pull_run
        WHERE organisation_id = $1 AND backfill_id = $2";
    tx.one(sql, params![organisation.as_str(), id.as_str()], |row| row.get(0)).await
}

/// The numbers of the stretches of a backfill that have not ended, and of those that failed.
pub(crate) async fn open_and_failed(tx: &mut Tx, organisation: &OrganisationId, id: &BackfillId) -> Result<(i64, i64)> {
    let sql = "SELECT count(CASE WHEN finished_at IS NULL THEN 1 END), count(CASE WHEN status = 'failed' THEN 1 END)
        FROM pull_run WHERE organisation_id = $1 AND backfill_id = $2";
    tx.one(sql, params![organisation.as_str(), id.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).await
}

fn read(row: &Row<'_>) -> Result<PullRun> {
    Ok(PullRun {
        id: PullRunId::from(row.get::<String>(at::id)?),
        organisation_id: OrganisationId::from(row.get::<String>(at::organisation_id)?),
        workspace_id: WorkspaceId::from(row.get::<String>(at::workspace_id)?),
        connection_id: ConnectionId::from(row.get::<String>(at::connection_id)?),
        backfill_id: BackfillId::from(row.get::<String>(at::backfill_id)?),
        source_id: SourceId::from(row.get::<String>(at::source_id)?),
        kind: row.get(at::kind)?,
        since: row.get(at::since)?,
        cursor: row.get(at::cursor)?,
        pages: row.get(at::pages)?,
        pages_processed: row.get(at::pages_processed)?,
        pages_lost: row.get(at::pages_lost)?,
        produced: row.get(at::produced)?,
        remembered: row.get(at::remembered)?,
        unreadable: row.get(at::unreadable)?,
        errors: row.json(at::errors)?,
        status: row.get(at::status)?,
        reason: row.get(at::reason)?,
        waits_until: row.get(at::waits_until)?,
        started_at: row.get(at::started_at)?,
        finished_at: row.get(at::finished_at)?,
        mode: PullMode::from_stored(&row.get::<String>(at::mode)?),
    })
}
