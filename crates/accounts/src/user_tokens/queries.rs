//! The SQL of the keys that users' tokens are signed with.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use super::SigningKey;
use crate::OrganisationId;

pub(super) async fn insert(
    tx: &mut Tx,
    organisation: &OrganisationId,
    key: &SigningKey,
    private: Option<&str>,
) -> Result<u64> {
    let sql = "INSERT INTO signing_key (id, organisation_id, public_pem, private_pem, created_at)
        VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, params![&key.id, organisation.as_str(), &key.public_key, private, key.created_at]).await
}

/// The keys that work, oldest first, and the sealed private half where it is here.
pub(super) async fn all(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<(SigningKey, Option<String>)>> {
    let sql = "SELECT id, public_pem, created_at, private_pem FROM signing_key
        WHERE organisation_id = $1 AND revoked_at IS NULL ORDER BY created_at, id";
    tx.all(sql, params![organisation.as_str()], |row| {
        Ok((SigningKey { id: row.get(0)?, public_key: row.get(1)?, created_at: row.get(2)? }, row.get(3)?))
    })
    .await
}

/// Whether a key was not revoked.
pub(super) async fn works(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<bool> {
    let sql = "SELECT id FROM signing_key WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(tx.first(sql, params![organisation.as_str(), id], |row| row.get::<String>(0)).await?.is_some())
}

pub(super) async fn revoke(tx: &mut Tx, organisation: &OrganisationId, id: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE signing_key SET revoked_at = $3
        WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL AND private_pem IS NULL";
    Ok(tx.execute(sql, params![organisation.as_str(), id, now]).await? == 1)
}

pub(super) async fn set_needed(tx: &mut Tx, organisation: &OrganisationId, are_needed: bool) -> Result<u64> {
    let sql = "UPDATE organisation SET needs_user_tokens = $2 WHERE id = $1";
    tx.execute(sql, params![organisation.as_str(), are_needed]).await
}
