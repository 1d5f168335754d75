//! The SQL of channel data.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, params};

use crate::Reference;

pub(super) async fn put(
    tx: &mut Tx,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &str,
    sealed: &str,
    now: Timestamp,
) -> Result<u64> {
    let (sql, params) = insert!("channel_data" {
        organisation_id: organisation.as_str(),
        collection: &owner.collection,
        owner_id: &owner.id,
        channel_id: channel,
        data: sealed,
        updated_at: now,
    } "ON CONFLICT (organisation_id, collection, owner_id, channel_id)
        DO UPDATE SET data = excluded.data, updated_at = excluded.updated_at");
    tx.execute(sql, &params).await
}

pub(super) async fn get(
    tx: &mut Tx,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &str,
) -> Result<Option<String>> {
    let sql = "SELECT data FROM channel_data
        WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3 AND channel_id = $4";
    tx.first(sql, params![organisation.as_str(), &owner.collection, &owner.id, channel], |row| row.get(0)).await
}

pub(super) async fn delete(
    tx: &mut Tx,
    organisation: &OrganisationId,
    owner: &Reference,
    channel: &str,
) -> Result<u64> {
    let sql = "DELETE FROM channel_data
        WHERE organisation_id = $1 AND collection = $2 AND owner_id = $3 AND channel_id = $4";
    tx.execute(sql, params![organisation.as_str(), &owner.collection, &owner.id, channel]).await
}
