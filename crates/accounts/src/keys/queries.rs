//! The SQL of secret keys.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use super::SecretKey;
use crate::OrganisationId;

pub(super) async fn insert(tx: &mut Tx, organisation: &OrganisationId, key: &SecretKey, hash: &str) -> Result<bool> {
    let sql = "INSERT INTO secret_key (id, organisation_id, name, prefix, hash, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hash) DO NOTHING";
    let params = params![&key.id, organisation.as_str(), &key.name, &key.prefix, hash, key.created_at];
    Ok(tx.execute(sql, params).await? == 1)
}

pub(super) async fn by_hash(tx: &mut Tx, hash: &str) -> Result<Option<(String, OrganisationId)>> {
    let sql = "SELECT id, organisation_id FROM secret_key WHERE hash = $1 AND revoked_at IS NULL";
    tx.first(sql, params![hash], |row| Ok((row.get(0)?, OrganisationId::from(row.get::<String>(1)?)))).await
}

pub(super) async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<SecretKey>> {
    let sql = "SELECT id, name, prefix, created_at FROM secret_key
        WHERE organisation_id = $1 AND revoked_at IS NULL ORDER BY created_at, id";
    tx.all(sql, params![organisation.as_str()], |row| {
        Ok(SecretKey { id: row.get(0)?, name: row.get(1)?, prefix: row.get(2)?, created_at: row.get(3)? })
    })
    .await
}

pub(super) async fn revoke(tx: &mut Tx, organisation: &OrganisationId, id: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE secret_key SET revoked_at = $3 WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![organisation.as_str(), id, now]).await? == 1)
}
