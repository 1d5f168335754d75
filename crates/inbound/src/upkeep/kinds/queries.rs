//! The SQL of the kinds of things of linked sources.

use std::collections::BTreeSet;

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Result, Select, Tx, params};

use super::BlockedKind;
use crate::connections::ConnectionId;
use crate::sources::SourceId;

/// The time up to which polls have read a kind of a source; `None` before the first.
pub(crate) async fn polled_to(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    kind: &str,
) -> Result<Option<Timestamp>> {
    let sql = "SELECT polled_to FROM source_kind WHERE organisation_id = $1 AND source_id = $2 AND kind = $3";
    let found = tx.first(sql, params![organisation.as_str(), source.as_str(), kind], |row| row.get(0)).await?;
    Ok(found.flatten())
}

/// Records that polls have read a kind of a source up to a time.
pub(crate) async fn set_polled_to(
    tx: &mut Tx,
    organisation: &OrganisationId,
    (source, connection): (&SourceId, &ConnectionId),
    kind: &str,
    to: Timestamp,
) -> Result<u64> {
    let sql = "INSERT INTO source_kind (source_id, kind, organisation_id, connection_id, polled_to)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (source_id, kind) DO UPDATE SET polled_to = excluded.polled_to
        WHERE source_kind.organisation_id = excluded.organisation_id";
    tx.execute(sql, params![source.as_str(), kind, organisation.as_str(), connection.as_str(), to]).await
}

/// Records that a kind of a source cannot be read. It keeps the time since when that is so.
pub(crate) async fn block(
    tx: &mut Tx,
    organisation: &OrganisationId,
    (source, connection): (&SourceId, &ConnectionId),
    kind: &str,
    (permission, reason): (Option<&str>, &str),
    now: Timestamp,
) -> Result<u64> {
    let sql =
        "INSERT INTO source_kind (source_id, kind, organisation_id, connection_id, permission, reason, blocked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (source_id, kind) DO UPDATE SET
            permission = excluded.permission, reason = excluded.reason,
            blocked_at = COALESCE(source_kind.blocked_at, excluded.blocked_at)
        WHERE source_kind.organisation_id = excluded.organisation_id";
    let (organisation, source, connection) = (organisation.as_str(), source.as_str(), connection.as_str());
    tx.execute(sql, params![source, kind, organisation, connection, permission, reason, now]).await
}

/// Records that a kind of a source can be read. Returns 0 if it was not blocked.
pub(crate) async fn unblock(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    kind: &str,
) -> Result<u64> {
    let sql = "UPDATE source_kind SET permission = NULL, reason = NULL, blocked_at = NULL
        WHERE organisation_id = $1 AND source_id = $2 AND kind = $3 AND blocked_at IS NOT NULL";
    tx.execute(sql, params![organisation.as_str(), source.as_str(), kind]).await
}

/// Lets all kinds of a connection's sources be tried again.
pub(crate) async fn unblock_all(tx: &mut Tx, organisation: &OrganisationId, connection: &ConnectionId) -> Result<u64> {
    let sql = "UPDATE source_kind SET permission = NULL, reason = NULL, blocked_at = NULL
        WHERE organisation_id = $1 AND connection_id = $2 AND blocked_at IS NOT NULL";
    tx.execute(sql, params![organisation.as_str(), connection.as_str()]).await
}

/// The kinds of a source that cannot be read.
pub(crate) async fn blocked_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
) -> Result<BTreeSet<String>> {
    let sql = "SELECT kind FROM source_kind
        WHERE organisation_id = $1 AND source_id = $2 AND blocked_at IS NOT NULL";
    let kinds = tx.all(sql, params![organisation.as_str(), source.as_str()], |row| row.get::<String>(0)).await?;
    Ok(kinds.into_iter().collect())
}

/// The blocked kinds of sources, each with the id of its source.
pub(in crate::upkeep) async fn blocked_of_sources(
    tx: &mut Tx,
    organisation: &OrganisationId,
    sources: &[&str],
) -> Result<Vec<(String, BlockedKind)>> {
    let sql = "SELECT source_id, kind, permission, reason, blocked_at FROM source_kind
        WHERE organisation_id = ? AND blocked_at IS NOT NULL";
    let select = Select::new(sql, [organisation.as_str()])
        .and_in("source_id", sources.iter().copied())
        .then(" ORDER BY source_id, kind");
    select
        .all(tx, |row| {
            let blocked = BlockedKind {
                kind: row.get(1)?,
                permission: row.get(2)?,
                reason: row.get::<Option<String>>(3)?.unwrap_or_default(),
                since: row.get(4)?,
            };
            Ok((row.get(0)?, blocked))
        })
        .await
}

/// The permissions that a connection lacks, with the kinds that are blocked for want of each.
pub(crate) async fn missing_of_connection(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
) -> Result<Vec<(String, String)>> {
    let sql = "SELECT DISTINCT permission, kind FROM source_kind
        WHERE organisation_id = $1 AND connection_id = $2 AND blocked_at IS NOT NULL AND permission IS NOT NULL
        ORDER BY permission, kind";
    tx.all(sql, params![organisation.as_str(), connection.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).await
}
