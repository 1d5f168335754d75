//! The SQL of authorisations under way.

use campanile_accounts::{PersonId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, params};

use super::{Authoriser, StateRow};

pub(super) async fn insert(tx: &mut Tx, row: &StateRow) -> Result<u64> {
    let (sql, params) = insert!("oauth_state" {
        state_hash: &row.hash,
        organisation_id: row.by.organisation.as_str(),
        workspace_id: row.workspace.as_str(),
        person_id: row.by.person.as_str(),
        provider: row.by.provider.as_str(),
        purpose: row.by.purpose.as_str(),
        verifier: &row.verifier,
        return_to: &row.return_to,
        expires_at: row.expires_at,
    });
    tx.execute(sql, &params).await
}

/// Takes the state of a person out of the table.
pub(super) async fn take(tx: &mut Tx, by: &Authoriser, hash: &str) -> Result<Option<StateRow>> {
    let sql = "DELETE FROM oauth_state
        WHERE state_hash = $1 AND organisation_id = $2 AND person_id = $3 AND provider = $4 AND purpose = $5
        RETURNING workspace_id, verifier, return_to, expires_at";
    let Authoriser { organisation, person, provider, purpose } = by;
    let params = params![hash, organisation.as_str(), person.as_str(), provider.as_str(), purpose.as_str()];
    tx.first(sql, params, |row| {
        Ok(StateRow {
            hash: hash.to_owned(),
            by: by.clone(),
            workspace: WorkspaceId::from(row.get::<String>(0)?),
            verifier: row.get(1)?,
            return_to: row.get(2)?,
            expires_at: row.get(3)?,
        })
    })
    .await
}

/// True if somebody has a state with this hash. It names nobody: only a person who holds the state
/// itself can ask.
pub(super) async fn is_there(tx: &mut Tx, hash: &str) -> Result<bool> {
    let sql = "SELECT state_hash FROM oauth_state WHERE state_hash = $1";
    Ok(tx.first(sql, params![hash], |row| row.get::<String>(0)).await?.is_some())
}

/// The number of authorisations that a person has under way.
pub(crate) async fn number_of(tx: &mut Tx, person: &PersonId, now: Timestamp) -> Result<i64> {
    let sql = "SELECT count(*) FROM oauth_state WHERE person_id = $1 AND expires_at > $2";
    tx.one(sql, params![person.as_str(), now], |row| row.get(0)).await
}

/// Removes expired states.
pub(crate) async fn forget_expired(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.execute("DELETE FROM oauth_state WHERE expires_at <= $1", params![now]).await
}
