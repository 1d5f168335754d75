//! The SQL of runs, of batches and throttles.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_db::{Bulk, Range, Result, Row as DbRow, Select, Tx, insert, insert_all, params, row, row_after};
use serde_json::{Value, json};

use super::log;
use crate::Reference;

/// A run as it is stored.
#[derive(Debug, Clone)]
pub struct Row {
    /// A UUID.
    pub id: String,
    /// The place in lists, which sort by it.
    pub place: String,
    /// The id of the trigger's workflow run.
    pub workflow_run_id: String,
    /// The workflow's key.
    pub workflow: String,
    /// The recipient.
    pub recipient: Reference,
    /// The tenant, if any.
    pub tenant: Option<String>,
    /// The status: queued, processing, paused, completed or cancelled.
    pub status: String,
    /// The cause, as JSON: `actor` and `source`.
    pub cause: Value,
    /// The [`State`](super::State) as JSON; `None` once the run has ended.
    pub(crate) state: Option<String>,
    log: String,
    errors: i64,
    inserted_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    /// The JSON of the API for lists.
    pub fn view(&self) -> Value {
        json!({
            "__typename": "WorkflowRecipientRun", "id": self.id, "workflow": self.workflow,
            "workflow_run_id": self.workflow_run_id, "recipient": self.recipient, "tenant": self.tenant,
            "actor": self.cause["actor"], "status": self.status, "error_count": self.errors,
            "trigger_source": self.cause["source"], "inserted_at": self.inserted_at, "updated_at": self.updated_at,
        })
    }

    /// The JSON of the API for one run, with its events.
    ///
    /// # Errors
    /// `Internal` when the log cannot be read.
    pub fn detail(&self) -> campanile_base::Result<Value> {
        let mut view = self.view();
        view["events"] = Value::Array(log::view(&self.id, &self.log)?);
        Ok(view)
    }
}

/// A filter of runs. A field that is `None` matches all runs.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The workflow's key.
    pub workflow: Option<String>,
    /// The status.
    pub status: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The recipient.
    pub recipient: Option<Reference>,
    /// `true` for runs with errors, `false` for runs without any.
    pub has_errors: Option<bool>,
}

campanile_db::columns! {
    columns, at:
    id, place, workflow_run_id, workflow, collection, recipient_id, tenant, status, cause, state, log, error_count,
    inserted_at, updated_at,
}

pub(super) async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<Row>> {
    let sql = concat!("SELECT ", columns!(), " FROM recipient_run WHERE organisation_id = $1 AND id = $2");
    tx.first(sql, params![organisation.as_str(), id], read).await
}

pub(super) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<Row>> {
    let sql = concat!("SELECT ", columns!(), " FROM recipient_run WHERE organisation_id || '' = ?");
    let recipient = filter.recipient.as_ref();
    let select = Select::new(sql, [organisation.as_str()])
        .and_if("workflow = ?", filter.workflow.as_deref())
        .and_if("status = ?", filter.status.as_deref())
        .and_if("tenant = ?", filter.tenant.as_deref())
        .and_if("collection = ?", recipient.map(|recipient| &recipient.collection))
        .and_if("recipient_id = ?", recipient.map(|recipient| &recipient.id));
    let select = match filter.has_errors {
        Some(true) => select.and("error_count > 0"),
        Some(false) => select.and("error_count = 0"),
        None => select,
    };
    select.ranged("place", range).all(tx, read).await
}

/// Narrows a range to the rows that one request may read. The second value is the place where
/// reading stops, if there are rows after it.
pub(super) async fn bounded(
    tx: &mut Tx,
    organisation: &OrganisationId,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "place", " FROM recipient_run WHERE organisation_id || '' = $1");
    range.bounded(tx, sql, organisation.as_str(), ROWS_LOOKED_AT).await
}

/// A run as it is to be written.
pub(super) struct NewRunRow<'r> {
    pub(super) id: &'r str,
    pub(super) place: String,
    pub(super) workflow_run_id: &'r str,
    pub(super) workflow: &'r str,
    pub(super) recipient: &'r Reference,
    pub(super) tenant: Option<&'r str>,
    pub(super) status: &'static str,
    pub(super) cancellation_key: Option<&'r str>,
    pub(super) waits_for: Option<&'static str>,
    pub(super) cause: String,
    pub(super) state: Option<String>,
    pub(super) log: &'r str,
    pub(super) errors: i64,
}

/// Stores new runs. Returns, for each, `true` if it was not stored before.
pub(super) async fn insert(
    tx: &mut Tx,
    organisation: &OrganisationId,
    runs: &[NewRunRow<'_>],
    now: Timestamp,
) -> Result<Vec<bool>> {
    let (bulk, rows) = insert_all!(runs.iter() => |run| "recipient_run" {
        id: text = run.id,
        organisation_id: text = organisation.as_str(),
        place: text = &run.place,
        workflow_run_id: text = run.workflow_run_id,
        workflow: text = run.workflow,
        collection: text = &run.recipient.collection,
        recipient_id: text = &run.recipient.id,
        tenant: text = run.tenant,
        status: text = run.status,
        cancellation_key: text = run.cancellation_key,
        waits_for: text = run.waits_for,
        cause: text = &run.cause,
        state: text = run.state.as_deref(),
        log: text = run.log,
        error_count: bigint = run.errors,
        inserted_at: bigint = now,
        updated_at: bigint = now,
    } "ON CONFLICT (organisation_id, id) DO NOTHING");
    tx.change(bulk, &rows).await
}

/// Updates paused runs. Returns, for each, `true` if it was still paused.
pub(super) async fn update(
    tx: &mut Tx,
    organisation: &OrganisationId,
    runs: &[NewRunRow<'_>],
    now: Timestamp,
) -> Result<Vec<bool>> {
    let bulk = Bulk {
        each: "UPDATE recipient_run SET status = $3, waits_for = $4, state = $5, log = log || $6,
                error_count = error_count + $7, updated_at = $8
            WHERE organisation_id = $2 AND id = $1 AND status = 'paused'",
        together: "UPDATE recipient_run SET status = told.status, waits_for = told.waits, state = told.state,
                log = log || told.line, error_count = error_count + told.errors, updated_at = told.now
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                $8::bigint[]) AS told (run, organisation, status, waits, state, line, errors, now)
            WHERE organisation_id = told.organisation AND id = told.run AND recipient_run.status = 'paused' RETURNING id",
        is_searched: false,
    };
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            row![
                run.id,
                organisation.as_str(),
                run.status,
                run.waits_for,
                run.state.as_deref(),
                run.log,
                run.errors,
                now
            ]
        })
        .collect();
    tx.change(bulk, &rows).await
}

/// Cancels paused runs. Runs that wait for a batch to close are not cancelled: only the activities
/// of the cancelled trigger are removed from the batch.
pub(crate) async fn cancel_paused(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workflow: &str,
    key: &str,
    only: &[Reference],
    now: Timestamp,
) -> Result<()> {
    let cancel = "UPDATE recipient_run SET status = 'cancelled', state = NULL, updated_at = $6
        WHERE organisation_id = $1 AND workflow = $2 AND cancellation_key = $3 AND status = 'paused'
            AND waits_for <> 'batch' AND (CAST($4 AS TEXT) IS NULL OR (collection = $4 AND recipient_id = $5))";
    let leave = "DELETE FROM batch_activity WHERE cancellation_key = $1 AND id IN (
            SELECT batch_activity.id FROM batch_activity JOIN recipient_run
                ON recipient_run.id = batch_activity.recipient_run_id
            WHERE batch_activity.cancellation_key = $1 AND recipient_run.organisation_id = $2
                AND recipient_run.workflow = $3 AND recipient_run.status = 'paused'
                AND (CAST($4 AS TEXT) IS NULL OR (recipient_run.collection = $4 AND recipient_run.recipient_id = $5)))";
    let everybody = [None];
    let named: Vec<Option<&Reference>> = only.iter().map(Some).collect();
    for whom in if named.is_empty() { &everybody[..] } else { &named } {
        let (collection, id) = (whom.map(|whom| whom.collection.as_str()), whom.map(|whom| whom.id.as_str()));
        tx.execute(cancel, params![organisation.as_str(), workflow, key, collection, id, now]).await?;
        tx.execute(leave, params![key, organisation.as_str(), workflow, collection, id]).await?;
    }
    Ok(())
}

/// The name of a lock on a cancellation key. A cancellation holds it alone. Runs that begin to wait
/// share it.
pub(super) fn gate(organisation: &OrganisationId, workflow: &str, key: &str) -> String {
    format!("cancellation {organisation} {workflow} {key}")
}

/// Records a cancellation. It applies to triggers that were accepted before it, and whose runs do
/// not wait yet.
pub(crate) async fn note_cancellation(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workflow: &str,
    key: &str,
    only: &[Reference],
    now: Timestamp,
) -> Result<()> {
    tx.lock(&gate(organisation, workflow, key)).await?;
    let whom = match only {
        [] => vec![("", "")],
        only => only.iter().map(|whom| (whom.collection.as_str(), whom.id.as_str())).collect(),
    };
    let (bulk, rows) = insert_all!(whom.into_iter() => |(collection, id)| "cancellation" {
        organisation_id: text = organisation.as_str(),
        workflow: text = workflow,
        key: text = key,
        collection: text = collection,
        recipient_id: text = id,
        at: bigint = now,
    } "ON CONFLICT (organisation_id, workflow, key, collection, recipient_id) DO UPDATE SET at = excluded.at");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// The time at which a key was last cancelled for a recipient.
pub(super) async fn called_off_at(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workflow: &str,
    key: &str,
    recipient: &Reference,
) -> Result<Option<Timestamp>> {
    let sql = "SELECT MAX(at) FROM cancellation WHERE organisation_id = $1 AND workflow = $2 AND key = $3
        AND (collection = '' OR (collection = $4 AND recipient_id = $5))";
    let params = params![organisation.as_str(), workflow, key, &recipient.collection, &recipient.id];
    tx.one(sql, params, |row| row.get::<Option<Timestamp>>(0)).await
}

/// Records the recipients of a workflow that each recipient gets only once. Returns, for each,
/// `true` if this is the first time.
pub(super) async fn once(
    tx: &mut Tx,
    organisation: &OrganisationId,
    whom: &[(&str, &Reference, &str)],
) -> Result<Vec<bool>> {
    let (bulk, rows) = insert_all!(whom.iter() => |(workflow, recipient, tenant)| "workflow_once" {
        organisation_id: text = organisation.as_str(),
        workflow: text = *workflow,
        collection: text = &recipient.collection,
        recipient_id: text = &recipient.id,
        tenant: text = *tenant,
    } "ON CONFLICT DO NOTHING");
    Ok(tx.execute_many(bulk.each, &rows).await?.into_iter().map(|changed| changed == 1).collect())
}

/// An open batch.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) run: String,
    pub(super) total: i64,
}

/// Adds activities to an open batch, and moves its closing time if it slides. `None` if no batch is
/// open.
pub(super) async fn join(
    tx: &mut Tx,
    organisation: &OrganisationId,
    word: &str,
    many: i64,
    slides: Option<(i64, i64)>,
    now: Timestamp,
) -> Result<Option<Open>> {
    let sql = "UPDATE batch SET total = total + $3,
            closes_at = CASE WHEN CAST($5 AS BIGINT) IS NULL THEN closes_at
                WHEN $4 + $5 < opened_at + $6 THEN $4 + $5 ELSE opened_at + $6 END
        WHERE organisation_id = $1 AND word = $2 AND closes_at > $4 RETURNING recipient_run_id, total";
    let micros = |seconds: i64| seconds.saturating_mul(1_000_000);
    let (by, limit) = slides.map_or((None, None), |(by, limit)| (Some(micros(by)), Some(micros(limit))));
    let params = params![organisation.as_str(), word, many, now, by, limit];
    tx.first(sql, params, |row| Ok(Open { run: row.get(0)?, total: row.get(1)? })).await
}

/// Opens a batch. `false` if another transaction has opened it meanwhile.
pub(super) async fn open(
    tx: &mut Tx,
    organisation: &OrganisationId,
    word: &str,
    run: &str,
    (now, closes_at): (Timestamp, Timestamp),
    total: i64,
) -> Result<bool> {
    let (sql, params) = insert!("batch" {
        organisation_id: organisation.as_str(),
        word: word,
        recipient_run_id: run,
        opened_at: now,
        closes_at: closes_at,
        total: total,
    } "ON CONFLICT (organisation_id, word)
        DO UPDATE SET recipient_run_id = excluded.recipient_run_id, opened_at = excluded.opened_at,
            closes_at = excluded.closes_at, total = excluded.total
        WHERE batch.closes_at <= excluded.opened_at");
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Makes a run the one that waits for an open batch that no run waits for. Returns the closing
/// time.
pub(super) async fn adopt(
    tx: &mut Tx,
    organisation: &OrganisationId,
    word: &str,
    run: &str,
) -> Result<Option<Timestamp>> {
    let sql = "UPDATE batch SET recipient_run_id = $3 WHERE organisation_id = $1 AND word = $2 RETURNING closes_at";
    tx.first(sql, params![organisation.as_str(), word, run], |row| row.get(0)).await
}

/// Sets the closing time of a batch to now.
pub(super) async fn end_now(tx: &mut Tx, organisation: &OrganisationId, word: &str, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE batch SET closes_at = $3 WHERE organisation_id = $1 AND word = $2";
    tx.execute(sql, params![organisation.as_str(), word, now]).await
}

/// Sets the closing time of an open batch to now. Returns the run that waits for it; `None` if no
/// batch is open.
pub(super) async fn end_early(
    tx: &mut Tx,
    organisation: &OrganisationId,
    word: &str,
    now: Timestamp,
) -> Result<Option<String>> {
    let sql = "UPDATE batch SET closes_at = $3 WHERE organisation_id = $1 AND word = $2 AND closes_at > $3
        RETURNING recipient_run_id";
    tx.first(sql, params![organisation.as_str(), word, now], |row| row.get(0)).await
}

/// Removes a run's batch if its closing time has come, and returns `None`. Otherwise returns the
/// closing time.
pub(super) async fn close(
    tx: &mut Tx,
    organisation: &OrganisationId,
    word: &str,
    run: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let sql =
        "DELETE FROM batch WHERE organisation_id = $1 AND word = $2 AND recipient_run_id = $3 AND closes_at <= $4";
    if tx.execute(sql, params![organisation.as_str(), word, run, now]).await? > 0 {
        return Ok(None);
    }
    let sql = "SELECT closes_at FROM batch WHERE organisation_id = $1 AND word = $2 AND recipient_run_id = $3";
    tx.first(sql, params![organisation.as_str(), word, run], |row| row.get(0)).await
}

/// Stores activities of the runs that wait for them: run, place, cancellation key, body.
pub(super) async fn add_activities(tx: &mut Tx, activities: &[(String, String, Option<String>, String)]) -> Result<()> {
    let (bulk, rows) = insert_all!(activities.iter() => |(run, id, key, body)| "batch_activity" {
        recipient_run_id: text = run,
        id: text = id,
        cancellation_key: text = key.as_deref(),
        body: text = body,
    } "ON CONFLICT DO NOTHING");
    tx.change(bulk, &rows).await.map(drop)
}

/// The activities that a run's batch has gathered, oldest first.
pub(super) async fn activities(tx: &mut Tx, run: &str) -> Result<Vec<Value>> {
    let sql = "SELECT body FROM batch_activity WHERE recipient_run_id = $1 ORDER BY id";
    tx.all(sql, params![run], |row| row.json(0)).await
}

pub(super) async fn forget_activities(tx: &mut Tx, runs: &[&str]) -> Result<()> {
    let rows: Vec<_> = runs.iter().map(|run| row![*run]).collect();
    tx.execute_many("DELETE FROM batch_activity WHERE recipient_run_id = $1", &rows).await.map(drop)
}

/// Counts a run at a throttle. `false`, without counting it, if the limit is reached.
pub(super) async fn pass(
    tx: &mut Tx,
    organisation: &OrganisationId,
    word: &str,
    (now, ends_at): (Timestamp, Timestamp),
    limit: i64,
) -> Result<bool> {
    let sql = "INSERT INTO throttle_window (organisation_id, word, ends_at, passed) VALUES ($1, $2, $3, 1)
        ON CONFLICT (organisation_id, word) DO UPDATE
        SET passed = CASE WHEN throttle_window.ends_at <= $4 THEN 1 ELSE throttle_window.passed + 1 END,
            ends_at = CASE WHEN throttle_window.ends_at <= $4 THEN excluded.ends_at ELSE throttle_window.ends_at END
        WHERE throttle_window.ends_at <= $4 OR throttle_window.passed < $5";
    Ok(tx.execute(sql, params![organisation.as_str(), word, ends_at, now, limit]).await? == 1)
}

fn read(row: &DbRow<'_>) -> Result<Row> {
    Ok(Row {
        id: row.get(at::id)?,
        place: row.get(at::place)?,
        workflow_run_id: row.get(at::workflow_run_id)?,
        workflow: row.get(at::workflow)?,
        recipient: Reference { collection: row.get(at::collection)?, id: row.get(at::recipient_id)? },
        tenant: row.get(at::tenant)?,
        status: row.get(at::status)?,
        cause: row.json(at::cause)?,
        state: row.get(at::state)?,
        log: row.get(at::log)?,
        errors: row.get(at::error_count)?,
        inserted_at: row.get(at::inserted_at)?,
        updated_at: row.get(at::updated_at)?,
    })
}
