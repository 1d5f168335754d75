//! The SQL of secret keys.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, params};

use super::SecretKey;
use crate::OrganisationId;

campanile_db::columns! { columns, at: id, name, prefix, created_at, last_used_at }

pub(super) async fn insert(tx: &mut Tx, organisation: &OrganisationId, key: &SecretKey, hash: &str) -> Result<bool> {
    let (sql, params) = insert!("secret_key" {
        id: &key.id,
        organisation_id: organisation.as_str(),
        name: &key.name,
        prefix: &key.prefix,
        hash: hash,
        created_at: key.created_at,
    } "ON CONFLICT (hash) DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

pub(super) async fn by_hash(tx: &mut Tx, hash: &str) -> Result<Option<(String, OrganisationId)>> {
    let sql = "SELECT id, organisation_id FROM secret_key WHERE hash = $1 AND revoked_at IS NULL";
    tx.first(sql, params![hash], |row| Ok((row.get(0)?, OrganisationId::from(row.get::<String>(1)?)))).await
}

pub(super) async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<SecretKey>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM secret_key WHERE organisation_id = $1 AND revoked_at IS NULL ORDER BY created_at, id"
    );
    tx.all(sql, params![organisation.as_str()], |row| {
        Ok(SecretKey {
            id: row.get(at::id)?,
            name: row.get(at::name)?,
            prefix: row.get(at::prefix)?,
            created_at: row.get(at::created_at)?,
            last_used_at: row.get(at::last_used_at)?,
        })
    })
    .await
}

pub(super) async fn revoke(tx: &mut Tx, organisation: &OrganisationId, id: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE secret_key SET revoked_at = $3 WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![organisation.as_str(), id, now]).await? == 1)
}

pub(super) async fn used(tx: &mut Tx, id: &str, now: Timestamp) -> Result<u64> {
    tx.execute("UPDATE secret_key SET last_used_at = $2 WHERE id = $1", params![id, now]).await
}
