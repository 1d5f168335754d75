//! The SQL of runs, of batches and throttles.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_db::{Bulk, Range, Result, Row as DbRow, Tx, params, ranged, row, row_after};
use serde_json::{Value, json};

use super::log;
use crate::Reference;

/// A run as it is stored.
#[derive(Debug, Clone)]
pub struct Row {
    /// A UUID.
    pub id: String,
    /// Its place in lists.
    pub place: String,
    /// The trigger.
    pub workflow_run_id: String,
    /// The workflow's key.
    pub workflow: String,
    /// For whom.
    pub recipient: Reference,
    /// Within which tenant.
    pub tenant: Option<String>,
    /// How far it is: queued, processing, paused, completed or cancelled.
    pub status: String,
    /// JSON: who, and what set it off.
    pub cause: Value,
    /// What it knows, while it goes on.
    pub(crate) state: Option<String>,
    log: String,
    errors: i64,
    inserted_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    /// As the API shows it in lists.
    pub fn view(&self) -> Value {
        json!({
            "__typename": "WorkflowRecipientRun", "id": self.id, "workflow": self.workflow,
            "workflow_run_id": self.workflow_run_id, "recipient": self.recipient, "tenant": self.tenant,
            "actor": self.cause["actor"], "status": self.status, "error_count": self.errors,
            "trigger_source": self.cause["source"], "inserted_at": self.inserted_at, "updated_at": self.updated_at,
        })
    }

    /// With what has happened to it.
    pub fn detail(&self) -> Value {
        let mut view = self.view();
        view["events"] = Value::Array(log::view(&self.id, &self.log));
        view
    }
}

/// Which runs.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// So far.
    pub status: Option<String>,
    /// Within this tenant.
    pub tenant: Option<String>,
    /// For this recipient.
    pub recipient: Option<Reference>,
    /// With errors, or without any.
    pub has_errors: Option<bool>,
}

macro_rules! columns {
    () => {
        "id, place, workflow_run_id, workflow, collection, recipient_id, tenant, status, cause, state, log, error_count,
         inserted_at, updated_at"
    };
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
    let sql = ranged!(
        range,
        "place",
        "SELECT ",
        columns!(),
        " FROM recipient_run WHERE organisation_id || '' = $1 AND (CAST($5 AS TEXT) IS NULL OR workflow = $5)
            AND (CAST($6 AS TEXT) IS NULL OR status = $6) AND (CAST($7 AS TEXT) IS NULL OR tenant = $7)
            AND (CAST($8 AS TEXT) IS NULL OR (collection = $8 AND recipient_id = $9))
            AND (CAST($10 AS BIGINT) IS NULL OR ($10 = 1 AND error_count > 0) OR ($10 = 0 AND error_count = 0))"
    );
    let recipient = filter.recipient.as_ref();
    let params = params![
        organisation.as_str(),
        &range.low,
        &range.high,
        range.limit,
        filter.workflow.as_deref(),
        filter.status.as_deref(),
        filter.tenant.as_deref(),
        recipient.map(|recipient| recipient.collection.as_str()),
        recipient.map(|recipient| recipient.id.as_str()),
        filter.has_errors.map(i64::from)
    ];
    tx.all(sql, params, read).await
}

/// A range of the runs, and where looking at it has to stop.
pub(super) async fn bounded(
    tx: &mut Tx,
    organisation: &OrganisationId,
    range: &Range,
) -> Result<(Range, Option<String>)> {
    let sql = row_after!(range, "place", " FROM recipient_run WHERE organisation_id || '' = $1");
    range.bounded(tx, sql, organisation.as_str(), ROWS_LOOKED_AT).await
}

/// A run as it is to be written.
pub(super) struct Written<'r> {
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

/// Stores new runs; answers which were not there before.
pub(super) async fn insert(
    tx: &mut Tx,
    organisation: &OrganisationId,
    runs: &[Written<'_>],
    now: Timestamp,
) -> Result<Vec<bool>> {
    let bulk = Bulk {
        each: "INSERT INTO recipient_run (id, organisation_id, place, workflow_run_id, workflow, collection, recipient_id,
                tenant, status, cancellation_key, waits_for, cause, state, log, error_count, inserted_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
            ON CONFLICT (organisation_id, id) DO NOTHING",
        together: "INSERT INTO recipient_run (id, organisation_id, place, workflow_run_id, workflow, collection,
                recipient_id, tenant, status, cancellation_key, waits_for, cause, state, log, error_count, inserted_at,
                updated_at)
            SELECT told.*, told.at FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[],
                $16::bigint[]) AS told (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, at)
            ON CONFLICT (organisation_id, id) DO NOTHING RETURNING id",
        is_searched: false,
    };
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            row![
                run.id,
                organisation.as_str(),
                &run.place,
                run.workflow_run_id,
                run.workflow,
                &run.recipient.collection,
                &run.recipient.id,
                run.tenant,
                run.status,
                run.cancellation_key,
                run.waits_for,
                &run.cause,
                run.state.as_deref(),
                run.log,
                run.errors,
                now
            ]
        })
        .collect();
    tx.change(bulk, &rows).await
}

/// Writes how far paused runs have come; answers which were still paused.
pub(super) async fn update(
    tx: &mut Tx,
    organisation: &OrganisationId,
    runs: &[Written<'_>],
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

/// Calls off paused runs, but for those that wait for a batch to close: their activity alone is taken out of it.
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

/// What those hold who call off what has a key, and share who begin to wait with it.
pub(super) fn gate(organisation: &OrganisationId, workflow: &str, key: &str) -> String {
    format!("cancellation {organisation} {workflow} {key}")
}

/// Notes that something was called off, for the triggers that were accepted before and have not come so far.
pub(crate) async fn note_cancellation(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workflow: &str,
    key: &str,
    only: &[Reference],
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO cancellation (organisation_id, workflow, key, collection, recipient_id, at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, workflow, key, collection, recipient_id)
        DO UPDATE SET at = excluded.at";
    tx.lock(&gate(organisation, workflow, key)).await?;
    let row = |collection, id| row![organisation.as_str(), workflow, key, collection, id, now];
    let rows: Vec<_> = match only {
        [] => vec![row("", "")],
        only => only.iter().map(|whom| row(whom.collection.as_str(), whom.id.as_str())).collect(),
    };
    tx.execute_many(sql, &rows).await.map(drop)
}

/// When a key was last called off, for a recipient.
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

/// Notes who has had a workflow that everybody has once; answers who has it now for the first time.
pub(super) async fn once(
    tx: &mut Tx,
    organisation: &OrganisationId,
    whom: &[(&str, &Reference, &str)],
) -> Result<Vec<bool>> {
    let sql = "INSERT INTO workflow_once (organisation_id, workflow, collection, recipient_id, tenant)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let rows: Vec<_> = whom
        .iter()
        .map(|(workflow, recipient, tenant)| {
            row![organisation.as_str(), *workflow, &recipient.collection, &recipient.id, *tenant]
        })
        .collect();
    Ok(tx.execute_many(sql, &rows).await?.into_iter().map(|changed| changed == 1).collect())
}

/// A batch that is open.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) run: String,
    pub(super) total: i64,
}

/// Adds to an open batch, and puts its end off where it slides; nothing when none is open.
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

/// Opens a batch; `false` when somebody else has opened it meanwhile.
pub(super) async fn open(
    tx: &mut Tx,
    organisation: &OrganisationId,
    word: &str,
    run: &str,
    (now, closes_at): (Timestamp, Timestamp),
    total: i64,
) -> Result<bool> {
    let sql = "INSERT INTO batch (organisation_id, word, recipient_run_id, opened_at, closes_at, total)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, word)
        DO UPDATE SET recipient_run_id = excluded.recipient_run_id, opened_at = excluded.opened_at,
            closes_at = excluded.closes_at, total = excluded.total
        WHERE batch.closes_at <= excluded.opened_at";
    let params = params![organisation.as_str(), word, run, now, closes_at, total];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Gives an open batch that nobody waits for to a run that does; answers when it closes.
pub(super) async fn adopt(
    tx: &mut Tx,
    organisation: &OrganisationId,
    word: &str,
    run: &str,
) -> Result<Option<Timestamp>> {
    let sql = "UPDATE batch SET recipient_run_id = $3 WHERE organisation_id = $1 AND word = $2 RETURNING closes_at";
    tx.first(sql, params![organisation.as_str(), word, run], |row| row.get(0)).await
}

/// Closes a batch now.
pub(super) async fn end_now(tx: &mut Tx, organisation: &OrganisationId, word: &str, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE batch SET closes_at = $3 WHERE organisation_id = $1 AND word = $2";
    tx.execute(sql, params![organisation.as_str(), word, now]).await
}

/// Closes a batch now that is open; answers the run that waits for it.
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

/// Closes a run's batch for good, where its time has come. Answers when it closes, where it has not.
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

/// Puts activities beside the runs that wait for them.
pub(super) async fn add_activities(tx: &mut Tx, activities: &[(String, String, Option<String>, String)]) -> Result<()> {
    let bulk = Bulk {
        each: "INSERT INTO batch_activity (recipient_run_id, id, cancellation_key, body) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING",
        together: "INSERT INTO batch_activity (recipient_run_id, id, cancellation_key, body)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING RETURNING id",
        is_searched: false,
    };
    let rows: Vec<_> = activities.iter().map(|(run, id, key, body)| row![run, id, key.as_deref(), body]).collect();
    tx.change(bulk, &rows).await.map(drop)
}

/// What a run's batch has gathered, oldest first.
pub(super) async fn activities(tx: &mut Tx, run: &str) -> Result<Vec<Value>> {
    let sql = "SELECT body FROM batch_activity WHERE recipient_run_id = $1 ORDER BY id";
    tx.all(sql, params![run], |row| Ok(serde_json::from_str(&row.get::<String>(0)?).unwrap_or_default())).await
}

pub(super) async fn forget_activities(tx: &mut Tx, runs: &[&str]) -> Result<()> {
    let rows: Vec<_> = runs.iter().map(|run| row![*run]).collect();
    tx.execute_many("DELETE FROM batch_activity WHERE recipient_run_id = $1", &rows).await.map(drop)
}

/// Counts one that passes a throttle; whether it is still within the limit.
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
        id: row.get(0)?,
        place: row.get(1)?,
        workflow_run_id: row.get(2)?,
        workflow: row.get(3)?,
        recipient: Reference { collection: row.get(4)?, id: row.get(5)? },
        tenant: row.get(6)?,
        status: row.get(7)?,
        cause: serde_json::from_str(&row.get::<String>(8)?).unwrap_or_default(),
        state: row.get(9)?,
        log: row.get(10)?,
        errors: row.get(11)?,
        inserted_at: row.get(12)?,
        updated_at: row.get(13)?,
    })
}
