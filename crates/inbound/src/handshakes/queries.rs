//! The SQL of handshakes.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Result, Select, Tx, params};

use super::Handshake;
use crate::sources::SourceId;

/// Lets a source wait for a token.
pub(crate) async fn begin(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId) -> Result<u64> {
    let sql = "INSERT INTO source_handshake (source_id, organisation_id) VALUES ($1, $2)
        ON CONFLICT (source_id) DO NOTHING";
    tx.execute(sql, params![source.as_str(), organisation.as_str()]).await
}

/// Ends the wait of a source, and forgets a token that nobody has taken.
pub(crate) async fn forget(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId) -> Result<u64> {
    let sql = "DELETE FROM source_handshake WHERE organisation_id = $1 AND source_id = $2";
    tx.execute(sql, params![organisation.as_str(), source.as_str()]).await
}

/// Keeps a sealed token, if the source waits for one and has had none since a time.
pub(super) async fn receive(
    tx: &mut Tx,
    (organisation, source): (&OrganisationId, &SourceId),
    sealed: &str,
    none_since: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE source_handshake SET token = $3, received_at = $5
        WHERE organisation_id = $1 AND source_id = $2 AND (received_at IS NULL OR received_at <= $4)";
    let params = params![organisation.as_str(), source.as_str(), sealed, none_since, now];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Takes the sealed token of a source out of the table.
pub(super) async fn take(tx: &mut Tx, organisation: &OrganisationId, source: &SourceId) -> Result<Option<String>> {
    let sql = "DELETE FROM source_handshake
        WHERE organisation_id = $1 AND source_id = $2 AND token IS NOT NULL RETURNING token";
    tx.first(sql, params![organisation.as_str(), source.as_str()], |row| row.get(0)).await
}

/// The handshakes of sources that are not ended, each with the id of its source.
pub(crate) async fn of_sources(
    tx: &mut Tx,
    organisation: &OrganisationId,
    sources: &[&str],
) -> Result<Vec<(String, Handshake)>> {
    let sql = "SELECT source_id, received_at FROM source_handshake WHERE organisation_id = ?";
    Select::new(sql, [organisation.as_str()])
        .and_in("source_id", sources.iter().copied())
        .all(tx, |row| {
            let is_received = row.get::<Option<Timestamp>>(1)?.is_some();
            Ok((row.get(0)?, if is_received { Handshake::Received } else { Handshake::Waiting }))
        })
        .await
}
