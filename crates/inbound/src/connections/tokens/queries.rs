//! The SQL of the tokens of connections.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use super::super::{ConnectionId, ConnectionKind, Status};
use super::{HeldTokens, Lifetime};

/// The tokens of a connection.
pub(crate) async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &ConnectionId) -> Result<Option<HeldTokens>> {
    let sql = "SELECT credentials, token_generation, kind, status, expires_at, refresh_at FROM connection
        WHERE organisation_id = $1 AND id = $2";
    tx.first(sql, params![organisation.as_str(), id.as_str()], |row| {
        Ok(HeldTokens {
            sealed: row.get(0)?,
            generation: row.get(1)?,
            kind: ConnectionKind::from_stored(&row.get::<String>(2)?),
            status: Status::from_stored(&row.get::<String>(3)?),
            lifetime: Lifetime { expires_at: row.get(4)?, refresh_at: row.get(5)? },
        })
    })
    .await
}

/// Claims the refresh of the tokens of this generation until a time. `false` if another node has
/// claimed it, if the tokens are others by now, or if the connection is being closed.
pub(crate) async fn claim(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &ConnectionId,
    generation: i64,
    (now, until): (Timestamp, Timestamp),
) -> Result<bool> {
    let sql = "UPDATE connection SET refresh_held_until = $5
        WHERE organisation_id = $1 AND id = $2 AND token_generation = $3 AND status IN ('active', 'degraded', 'revoked')
            AND (refresh_held_until IS NULL OR refresh_held_until <= $4)";
    let params = params![organisation.as_str(), id.as_str(), generation, now, until];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Gives the claim of a refresh back, without new tokens.
pub(crate) async fn give_up(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &ConnectionId,
    generation: i64,
) -> Result<u64> {
    let sql = "UPDATE connection SET refresh_held_until = NULL
        WHERE organisation_id = $1 AND id = $2 AND token_generation = $3";
    tx.execute(sql, params![organisation.as_str(), id.as_str(), generation]).await
}

/// Stores refreshed tokens in place of those of this generation, and ends the claim. `false` if
/// they are others by now.
pub(crate) async fn store(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &ConnectionId,
    generation: i64,
    sealed: &str,
    lifetime: Lifetime,
) -> Result<bool> {
    let sql = "UPDATE connection SET credentials = $4, token_generation = token_generation + 1, expires_at = $5,
            refresh_at = $6, refresh_held_until = NULL
        WHERE organisation_id = $1 AND id = $2 AND token_generation = $3";
    let Lifetime { expires_at, refresh_at } = lifetime;
    let params = params![organisation.as_str(), id.as_str(), generation, sealed, expires_at, refresh_at];
    Ok(tx.execute(sql, params).await? == 1)
}

/// Erases the tokens of a connection. A refresh that is under way cannot store others.
pub(crate) async fn erase(tx: &mut Tx, organisation: &OrganisationId, id: &ConnectionId) -> Result<u64> {
    let sql = "UPDATE connection SET credentials = NULL, token_generation = token_generation + 1, expires_at = NULL,
            refresh_at = NULL, refresh_held_until = NULL, check_at = NULL
        WHERE organisation_id = $1 AND id = $2 AND status = 'closing'";
    tx.execute(sql, params![organisation.as_str(), id.as_str()]).await
}
