//! The SQL of rows with ids that the suites name.

use campanile_accounts::OrganisationId;
use campanile_base::{Timestamp, new_ksuid};
use campanile_db::{Result, Tx, insert, params};

/// Changes the id of a schedule.
pub(super) async fn name_schedule(tx: &mut Tx, organisation: &OrganisationId, id: &str, new: &str) -> Result<u64> {
    let sql = "UPDATE schedule SET id = $3 WHERE organisation_id = $1 AND id = $2";
    tx.execute(sql, params![organisation.as_str(), id, new]).await
}

/// A completed run of the workflow `workflow` for the user `user_id`.
pub(super) async fn insert_run(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &str,
    workflow_run: &str,
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("recipient_run" {
        organisation_id: organisation.as_str(),
        id: id,
        place: new_ksuid(now),
        workflow_run_id: workflow_run,
        workflow: "workflow",
        collection: "$users",
        recipient_id: "user_id",
        status: "completed",
        cause: r#"{"actor":null,"source":{"type":"api"}}"#,
        log: "",
        error_count: 0_i64,
        inserted_at: now,
        updated_at: now,
    });
    tx.execute(sql, &params).await
}

/// A completed bulk operation.
pub(super) async fn insert_bulk_operation(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &str,
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("bulk_operation" {
        organisation_id: organisation.as_str(),
        id: id,
        name: "users.identify",
        status: "completed",
        total: 1_i64,
        processed: 1_i64,
        succeeded: 1_i64,
        errors: "[]",
        inserted_at: now,
        updated_at: now,
        started_at: now,
        ended_at: now,
    });
    tx.execute(sql, &params).await
}
