//! The SQL of channels.

use campanile_accounts::OrganisationId;
use campanile_db::{Range, Result, Row, Tx, insert, params, ranged};

use super::{Channel, ChannelType};

campanile_db::columns! {
    columns, at:
    id, key, name, kind = "type", provider, settings, is_sandbox, created_at, updated_at,
}

/// A channel, and its sealed settings.
pub(super) type Stored = (Channel, String);

/// A channel by its id, or else by its key.
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

/// Inserts or updates a channel.
pub(super) async fn put(tx: &mut Tx, organisation: &OrganisationId, channel: &Channel, settings: &str) -> Result<u64> {
    let (sql, params) = insert!("notify_channel" {
        organisation_id: organisation.as_str(),
        id: &channel.id,
        key: &channel.key,
        name: &channel.name,
        type: channel.kind.as_str(),
        provider: &channel.provider,
        settings: settings,
        is_sandbox: channel.is_sandbox,
        created_at: channel.created_at,
        updated_at: channel.updated_at,
    } "ON CONFLICT (organisation_id, id) DO UPDATE SET key = excluded.key, name = excluded.name,
        provider = excluded.provider, settings = excluded.settings, is_sandbox = excluded.is_sandbox,
        updated_at = excluded.updated_at");
    tx.execute(sql, &params).await
}

pub(super) async fn delete(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<u64> {
    let sql = "DELETE FROM notify_channel WHERE organisation_id = $1 AND id = $2";
    tx.execute(sql, params![organisation.as_str(), id]).await
}

fn read(row: &Row<'_>) -> Result<Stored> {
    let channel = Channel {
        id: row.get(at::id)?,
        key: row.get(at::key)?,
        name: row.get(at::name)?,
        kind: row.word(at::kind, ChannelType::parse)?,
        provider: row.get(at::provider)?,
        settings: Default::default(),
        is_sandbox: row.get(at::is_sandbox)?,
        created_at: row.get(at::created_at)?,
        updated_at: row.get(at::updated_at)?,
    };
    Ok((channel, row.get(at::settings)?))
}
