//! The SQL of repositories.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use crate::sources::SourceId;

pub(super) async fn activate(
    tx: &mut Tx,
    source: &SourceId,
    id: i64,
    installation: Option<i64>,
    full_name: &str,
    now: Timestamp,
) -> Result<u64> {
    let sql = "INSERT INTO repository (source_id, provider_id, installation_id, full_name, status, updated_at)
        VALUES ($1, $2, $3, $4, 'active', $5)
        ON CONFLICT (source_id, provider_id) DO UPDATE SET
            installation_id = COALESCE(excluded.installation_id, repository.installation_id),
            full_name = excluded.full_name, status = 'active', updated_at = excluded.updated_at";
    tx.execute(sql, params![source.as_str(), id, installation, full_name, now]).await
}

pub(super) async fn set_status(
    tx: &mut Tx,
    source: &SourceId,
    id: i64,
    status: &'static str,
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE repository SET status = $3, updated_at = $4
        WHERE source_id = $1 AND provider_id = $2 AND status = 'active'";
    tx.execute(sql, params![source.as_str(), id, status, now]).await
}

pub(super) async fn deactivate_installation(
    tx: &mut Tx,
    source: &SourceId,
    installation: i64,
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE repository SET status = 'inactive', updated_at = $3
        WHERE source_id = $1 AND installation_id = $2 AND status = 'active'";
    tx.execute(sql, params![source.as_str(), installation, now]).await
}
