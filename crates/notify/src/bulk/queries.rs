//! The SQL of bulk operations.

use campanile_accounts::OrganisationId;
use campanile_db::{Result, Tx, params};

use super::Operation;

pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, operation: &Operation) -> Result<u64> {
    let sql = "INSERT INTO bulk_operation (organisation_id, id, name, status, total, processed, succeeded, errors,
            inserted_at, updated_at, started_at, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (organisation_id, id)
        DO UPDATE SET status = excluded.status, processed = excluded.processed, succeeded = excluded.succeeded,
            errors = excluded.errors, updated_at = excluded.updated_at, started_at = excluded.started_at,
            ended_at = excluded.ended_at";
    let params = params![
        organisation.as_str(),
        &operation.id,
        &operation.name,
        &operation.status,
        operation.total,
        operation.processed,
        operation.succeeded,
        operation.errors.to_string(),
        operation.inserted_at,
        operation.updated_at,
        operation.started_at,
        operation.ended_at
    ];
    tx.execute(sql, params).await
}

pub(super) async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<Operation>> {
    let sql = "SELECT id, name, status, total, processed, succeeded, errors, inserted_at, updated_at, started_at,
            ended_at
        FROM bulk_operation WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id], |row| {
        Ok(Operation {
            id: row.get(0)?,
            name: row.get(1)?,
            status: row.get(2)?,
            total: row.get(3)?,
            processed: row.get(4)?,
            succeeded: row.get(5)?,
            errors: serde_json::from_str(&row.get::<String>(6)?).unwrap_or_default(),
            inserted_at: row.get(7)?,
            updated_at: row.get(8)?,
            started_at: row.get(9)?,
            ended_at: row.get(10)?,
        })
    })
    .await
}
