//! The SQL of sessions and sign-in links.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use crate::{OrganisationId, PersonId, Role};

pub(super) async fn insert(
    tx: &mut Tx,
    hash: &str,
    person: &PersonId,
    organisation: &OrganisationId,
    now: Timestamp,
    expires: Timestamp,
) -> Result<u64> {
    let sql =
        "INSERT INTO session (hash, person_id, organisation_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, params![hash, person.as_str(), organisation.as_str(), now, expires]).await
}

/// Person, organisation and today's role; nothing when the session or the membership has ended.
pub(super) async fn caller(
    tx: &mut Tx,
    hash: &str,
    now: Timestamp,
) -> Result<Option<(PersonId, OrganisationId, Role)>> {
    let sql = "SELECT session.person_id, session.organisation_id, membership.role FROM session
        JOIN membership ON membership.person_id = session.person_id
            AND membership.organisation_id = session.organisation_id
        WHERE session.hash = $1 AND session.expires_at > $2";
    tx.first(sql, params![hash, now], |row| {
        let (person, organisation, role) = (row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?);
        Ok((PersonId::from(person), OrganisationId::from(organisation), Role::from_stored(&role)))
    })
    .await
}

pub(super) async fn delete(tx: &mut Tx, hash: &str) -> Result<u64> {
    tx.execute("DELETE FROM session WHERE hash = $1", params![hash]).await
}

pub(super) async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.execute("DELETE FROM sign_in_link WHERE expires_at <= $1", params![now]).await?;
    tx.execute("DELETE FROM session WHERE expires_at <= $1", params![now]).await
}

pub(super) async fn insert_link(tx: &mut Tx, hash: &str, person: &PersonId, expires: Timestamp) -> Result<u64> {
    let sql = "INSERT INTO sign_in_link (hash, person_id, expires_at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![hash, person.as_str(), expires]).await
}

pub(super) async fn use_link(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<PersonId>> {
    let sql = "DELETE FROM sign_in_link WHERE hash = $1 AND expires_at > $2 RETURNING person_id";
    tx.first(sql, params![hash, now], |row| row.get::<String>(0).map(PersonId::from)).await
}
