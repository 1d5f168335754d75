//! The SQL of channels.

use campanile_accounts::OrganisationId;
use campanile_db::{Range, Result, Row, Tx, params, ranged};

use super::{Channel, ChannelType};

macro_rules! columns {
    () => {
        "id, key, name, type, provider, settings, is_sandbox, created_at, updated_at"
    };
}

/// A channel, and its settings as they are stored.
pub(super) type Stored = (Channel, String);

/// By its id, or by its key.
pub(super) async fn find(tx: &mut Tx, organisation: &OrganisationId, word: &str) -> Result<Option<Stored>> {
    let by_id = concat!("SELECT ", columns!(), " FROM notify_channel WHERE organisation_id = $1 AND id = $2");
    let by_key = concat!("SELECT ", columns!(), " FROM notify_channel WHERE organisation_id = $1 AND key = $2");
    let params = params![organisation.as_str(), word];
    match tx.first(by_id, params, read).await? {
        Some(found) => Ok(Some(found)),
        None => tx.first(by_key, params, read).await,
    }
}

pub(super) async fn list(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Stored>> {
    let sql = ranged!(range, "key", "SELECT ", columns!(), " FROM notify_channel WHERE organisation_id = $1");
    tx.all(sql, params![organisation.as_str(), &range.low, &range.high, range.limit], read).await
}

/// Stores a channel, or what was changed of it.
pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, channel: &Channel, settings: &str) -> Result<u64> {
    let sql = "INSERT INTO notify_channel (organisation_id, id, key, name, type, provider, settings, is_sandbox,
            created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (organisation_id, id)
        DO UPDATE SET key = excluded.key, name = excluded.name, provider = excluded.provider,
            settings = excluded.settings, is_sandbox = excluded.is_sandbox, updated_at = excluded.updated_at";
    let params = params![
        organisation.as_str(),
        &channel.id,
        &channel.key,
        &channel.name,
        channel.kind.as_str(),
        &channel.provider,
        settings,
        channel.is_sandbox,
        channel.created_at,
        channel.updated_at
    ];
    tx.execute(sql, params).await
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<u64> {
    let sql = "DELETE FROM notify_channel WHERE organisation_id = $1 AND id = $2";
    tx.execute(sql, params![organisation.as_str(), id]).await
}

fn read(row: &Row<'_>) -> Result<Stored> {
    let kind: String = row.get(3)?;
    let channel = Channel {
        id: row.get(0)?,
        key: row.get(1)?,
        name: row.get(2)?,
        kind: ChannelType::parse(&kind).unwrap_or(ChannelType::Http),
        provider: row.get(4)?,
        settings: Default::default(),
        is_sandbox: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    };
    Ok((channel, row.get(5)?))
}
