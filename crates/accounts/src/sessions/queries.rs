//! The SQL of sessions and sign-in links.

use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, params};

use super::{OpenedBy, Session};
use crate::{Actor, Caller, OrganisationId, PersonId, Role};

pub(super) async fn insert(tx: &mut Tx, hash: &str, person: &PersonId, session: &Session) -> Result<u64> {
    let sql = "INSERT INTO session (hash, id, person_id, organisation_id, opened_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let Session { id, caller, opened_by, created_at, expires_at, .. } = session;
    let organisation = caller.organisation.as_str();
    let params = params![hash, id, person.as_str(), organisation, opened_by.as_str(), *created_at, *expires_at];
    tx.execute(sql, params).await
}

macro_rules! sessions {
    ($condition:literal) => {
        concat!(
            "SELECT session.id, session.person_id, session.organisation_id, membership.role, session.opened_by,
                session.created_at, session.expires_at
            FROM session JOIN membership ON membership.person_id = session.person_id
                AND membership.organisation_id = session.organisation_id WHERE ",
            $condition
        )
    };
}

fn read(row: &Row<'_>) -> Result<Session> {
    let person = PersonId::from(row.get::<String>(1)?);
    let caller = Caller {
        organisation: OrganisationId::from(row.get::<String>(2)?),
        actor: Actor::Person(person.clone()),
        role: Role::from_stored(&row.get::<String>(3)?),
    };
    Ok(Session {
        id: row.get(0)?,
        person,
        caller,
        opened_by: OpenedBy::from_stored(&row.get::<String>(4)?),
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
    })
}

/// A session with today's role; nothing when it or the membership has ended.
pub(super) async fn by_hash(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<Session>> {
    let sql = sessions!("session.hash = $1 AND session.expires_at > $2");
    tx.first(sql, params![hash, now], read).await
}

/// The same, by its id.
pub(super) async fn by_id(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &str,
    now: Timestamp,
) -> Result<Option<Session>> {
    let sql = sessions!("session.organisation_id = $1 AND session.id = $2 AND session.expires_at > $3");
    tx.first(sql, params![organisation.as_str(), id, now], read).await
}

/// The sessions of a member, newest first.
pub(super) async fn of_member(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &PersonId,
    now: Timestamp,
) -> Result<Vec<Session>> {
    let sql = sessions!(
        "session.organisation_id = $1 AND session.person_id = $2 AND session.expires_at > $3
        ORDER BY session.created_at DESC, session.id DESC"
    );
    tx.all(sql, params![organisation.as_str(), person.as_str(), now], read).await
}

pub(super) async fn delete(tx: &mut Tx, hash: &str) -> Result<u64> {
    tx.execute("DELETE FROM session WHERE hash = $1", params![hash]).await
}

pub(super) async fn delete_by_id(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<u64> {
    let sql = "DELETE FROM session WHERE organisation_id = $1 AND id = $2";
    tx.execute(sql, params![organisation.as_str(), id]).await
}

/// Ends what a member has opened, and could open by a link.
pub(super) async fn delete_of_member(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> Result<u64> {
    delete_links(tx, organisation, person).await?;
    let sql = "DELETE FROM session WHERE organisation_id = $1 AND person_id = $2";
    tx.execute(sql, params![organisation.as_str(), person.as_str()]).await
}

/// Ends what a person has opened anywhere, and could open by a link, but for one session.
pub(super) async fn delete_of_person(tx: &mut Tx, person: &PersonId, but: &str) -> Result<u64> {
    tx.execute("DELETE FROM sign_in_link WHERE person_id = $1", params![person.as_str()]).await?;
    tx.execute("DELETE FROM session WHERE person_id = $1 AND id <> $2", params![person.as_str(), but]).await
}

pub(super) async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.execute("DELETE FROM sign_in_link WHERE expires_at <= $1", params![now]).await?;
    tx.execute("DELETE FROM session WHERE expires_at <= $1", params![now]).await
}

pub(super) async fn insert_link(
    tx: &mut Tx,
    hash: &str,
    organisation: &OrganisationId,
    person: &PersonId,
    expires: Timestamp,
) -> Result<u64> {
    let sql = "INSERT INTO sign_in_link (hash, organisation_id, person_id, expires_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, params![hash, organisation.as_str(), person.as_str(), expires]).await
}

/// Takes a link: whose it is, and which organisation it opens.
pub(super) async fn use_link(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<(OrganisationId, PersonId)>> {
    let sql = "DELETE FROM sign_in_link WHERE hash = $1 AND expires_at > $2 RETURNING organisation_id, person_id";
    tx.first(sql, params![hash, now], |row| {
        Ok((OrganisationId::from(row.get::<String>(0)?), PersonId::from(row.get::<String>(1)?)))
    })
    .await
}

pub(super) async fn delete_links(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> Result<u64> {
    let sql = "DELETE FROM sign_in_link WHERE organisation_id = $1 AND person_id = $2";
    tx.execute(sql, params![organisation.as_str(), person.as_str()]).await
}
