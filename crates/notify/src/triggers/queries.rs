//! The SQL of repeated triggers.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use super::idempotency_key::IdempotencyKey;

campanile_db::columns! { columns, at: hash, workflow_run_id, request_id }

/// The first request of an idempotency key.
pub(super) struct First {
    pub(super) hash: String,
    pub(super) workflow_run_id: String,
    pub(super) request_id: String,
}

/// Records a request. `false` if there is already one of this key.
pub(super) async fn claim(
    tx: &mut Tx,
    organisation: &OrganisationId,
    repeat: &IdempotencyKey,
    run: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let sql = "INSERT INTO trigger_request (organisation_id, key, hash, workflow_run_id, request_id, until)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, key)
        DO UPDATE SET hash = excluded.hash, workflow_run_id = excluded.workflow_run_id,
            request_id = excluded.request_id, until = excluded.until
        WHERE trigger_request.until <= $7";
    let params = params![organisation.as_str(), &repeat.key, &repeat.hash, run, &repeat.request_id, until, now];
    Ok(tx.execute(sql, params).await? == 1)
}

/// The first request of a key, until its time is over.
pub(super) async fn first(
    tx: &mut Tx,
    organisation: &OrganisationId,
    key: &str,
    now: Timestamp,
) -> Result<Option<First>> {
    let sql =
        concat!("SELECT ", columns!(), " FROM trigger_request WHERE organisation_id = $1 AND key = $2 AND until > $3");
    tx.first(sql, params![organisation.as_str(), key, now], |row| {
        Ok(First {
            hash: row.get(at::hash)?,
            workflow_run_id: row.get(at::workflow_run_id)?,
            request_id: row.get(at::request_id)?,
        })
    })
    .await
}
