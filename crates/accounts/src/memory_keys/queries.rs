//! The SQL of memory keys.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, params};

use super::MemoryKey;
use crate::{OrganisationId, WorkspaceId};

campanile_db::columns! { columns, at: id, name, workspace_id, prefix, created_at, last_used_at }

pub(super) async fn insert(tx: &mut Tx, organisation: &OrganisationId, key: &MemoryKey, hash: &str) -> Result<u64> {
    let (sql, params) = insert!("memory_key" {
        id: &key.id,
        organisation_id: organisation.as_str(),
        workspace_id: key.workspace_id.as_str(),
        name: &key.name,
        prefix: &key.prefix,
        hash: hash,
        created_at: key.created_at,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn by_hash(tx: &mut Tx, hash: &str) -> Result<Option<(String, OrganisationId, WorkspaceId)>> {
    let sql = "SELECT id, organisation_id, workspace_id FROM memory_key WHERE hash = $1 AND revoked_at IS NULL";
    tx.first(sql, params![hash], |row| {
        let organisation = OrganisationId::from(row.get::<String>(1)?);
        Ok((row.get(0)?, organisation, WorkspaceId::from(row.get::<String>(2)?)))
    })
    .await
}

pub(super) async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<MemoryKey>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM memory_key WHERE organisation_id = $1 AND revoked_at IS NULL ORDER BY created_at, id"
    );
    tx.all(sql, params![organisation.as_str()], |row| {
        Ok(MemoryKey {
            id: row.get(at::id)?,
            name: row.get(at::name)?,
            workspace_id: WorkspaceId::from(row.get::<String>(at::workspace_id)?),
            prefix: row.get(at::prefix)?,
            created_at: row.get(at::created_at)?,
            last_used_at: row.get(at::last_used_at)?,
        })
    })
    .await
}

pub(super) async fn revoke(tx: &mut Tx, organisation: &OrganisationId, id: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE memory_key SET revoked_at = $3 WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![organisation.as_str(), id, now]).await? == 1)
}

pub(super) async fn used(tx: &mut Tx, id: &str, now: Timestamp) -> Result<u64> {
    tx.execute("UPDATE memory_key SET last_used_at = $2 WHERE id = $1", params![id, now]).await
}
