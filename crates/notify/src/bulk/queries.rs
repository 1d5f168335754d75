//! The SQL of bulk operations.

use campanile_accounts::OrganisationId;
use campanile_db::{Result, Tx, insert, json_text, params};

use super::Operation;

campanile_db::columns! {
    columns, at:
    id, name, status, total, processed, succeeded, errors, inserted_at, updated_at, started_at, ended_at,
}

pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, operation: &Operation) -> Result<u64> {
    let (sql, params) = insert!("bulk_operation" {
        organisation_id: organisation.as_str(),
        id: &operation.id,
        name: &operation.name,
        status: &operation.status,
        total: operation.total,
        processed: operation.processed,
        succeeded: operation.succeeded,
        errors: json_text(&operation.errors),
        inserted_at: operation.inserted_at,
        updated_at: operation.updated_at,
        started_at: operation.started_at,
        ended_at: operation.ended_at,
    } "ON CONFLICT (organisation_id, id) DO UPDATE SET status = excluded.status, processed = excluded.processed,
        succeeded = excluded.succeeded, errors = excluded.errors, updated_at = excluded.updated_at,
        started_at = excluded.started_at, ended_at = excluded.ended_at");
    tx.execute(sql, &params).await
}

pub(super) async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<Operation>> {
    let sql = concat!("SELECT ", columns!(), " FROM bulk_operation WHERE organisation_id = $1 AND id = $2");
    tx.first(sql, params![organisation.as_str(), id], |row| {
        Ok(Operation {
            id: row.get(at::id)?,
            name: row.get(at::name)?,
            status: row.get(at::status)?,
            total: row.get(at::total)?,
            processed: row.get(at::processed)?,
            succeeded: row.get(at::succeeded)?,
            errors: row.json(at::errors)?,
            inserted_at: row.get(at::inserted_at)?,
            updated_at: row.get(at::updated_at)?,
            started_at: row.get(at::started_at)?,
            ended_at: row.get(at::ended_at)?,
        })
    })
    .await
}
