//! The SQL of public keys.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, params};

use super::{Holder, PublicKey};
use crate::OrganisationId;

campanile_db::columns! { columns, at: id, name, key, created_at }

pub(super) async fn insert(tx: &mut Tx, organisation: &OrganisationId, key: &PublicKey) -> Result<u64> {
    let (sql, params) = insert!("public_key" {
        id: &key.id,
        organisation_id: organisation.as_str(),
        name: &key.name,
        key: &key.key,
        created_at: key.created_at,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn holder(tx: &mut Tx, key: &str) -> Result<Option<Holder>> {
    let sql = "SELECT organisation.id, organisation.needs_user_tokens
        FROM public_key JOIN organisation ON organisation.id = public_key.organisation_id
        WHERE public_key.key = $1 AND public_key.revoked_at IS NULL";
    tx.first(sql, params![key], |row| {
        Ok(Holder { organisation: OrganisationId::from(row.get::<String>(0)?), needs_user_tokens: row.get(1)? })
    })
    .await
}

pub(super) async fn list(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<PublicKey>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM public_key WHERE organisation_id = $1 AND revoked_at IS NULL ORDER BY created_at, id"
    );
    tx.all(sql, params![organisation.as_str()], |row| {
        Ok(PublicKey {
            id: row.get(at::id)?,
            name: row.get(at::name)?,
            key: row.get(at::key)?,
            created_at: row.get(at::created_at)?,
        })
    })
    .await
}

pub(super) async fn revoke(tx: &mut Tx, organisation: &OrganisationId, id: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE public_key SET revoked_at = $3 WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![organisation.as_str(), id, now]).await? == 1)
}
