//! The SQL of the signing keys of user tokens.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, params};

use super::SigningKey;
use crate::OrganisationId;

campanile_db::columns! { columns, at: id, public_pem, created_at, private_pem }

pub(super) async fn insert(
    tx: &mut Tx,
    organisation: &OrganisationId,
    key: &SigningKey,
    private: Option<&str>,
) -> Result<u64> {
    let (sql, params) = insert!("signing_key" {
        id: &key.id,
        organisation_id: organisation.as_str(),
        public_pem: &key.public_key,
        private_pem: private,
        created_at: key.created_at,
    });
    tx.execute(sql, &params).await
}

/// The keys that are not revoked, oldest first, with the encrypted private half if it is stored
/// here.
pub(super) async fn all(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<(SigningKey, Option<String>)>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM signing_key WHERE organisation_id = $1 AND revoked_at IS NULL ORDER BY created_at, id"
    );
    tx.all(sql, params![organisation.as_str()], |row| {
        let key = SigningKey {
            id: row.get(at::id)?,
            public_key: row.get(at::public_pem)?,
            created_at: row.get(at::created_at)?,
        };
        Ok((key, row.get(at::private_pem)?))
    })
    .await
}

/// True if a key is not revoked.
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

pub(super) async fn are_needed(tx: &mut Tx, organisation: &OrganisationId) -> Result<bool> {
    tx.one("SELECT needs_user_tokens FROM organisation WHERE id = $1", params![organisation.as_str()], |row| row.get(0))
        .await
}
