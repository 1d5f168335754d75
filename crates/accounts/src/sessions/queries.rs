//! The SQL of sessions and sign-in links.

use campanile_base::Timestamp;
use campanile_db::{Result, Row, Tx, insert, params};

use super::{OpenedBy, Session};
use crate::{Actor, Caller, OrganisationId, PersonId, Role};

campanile_db::columns! {
    columns, at:
    id = "session.id",
    person_id = "session.person_id",
    organisation_id = "session.organisation_id",
    role = "membership.role",
    opened_by = "session.opened_by",
    created_at = "session.created_at",
    expires_at = "session.expires_at",
}

pub(super) async fn insert(tx: &mut Tx, hash: &str, person: &PersonId, session: &Session) -> Result<u64> {
    let Session { id, caller, opened_by, created_at, expires_at, .. } = session;
    let (sql, params) = insert!("session" {
        hash: hash,
        id: id,
        person_id: person.as_str(),
        organisation_id: caller.organisation.as_str(),
        opened_by: opened_by.as_str(),
        created_at: *created_at,
        expires_at: *expires_at,
    });
    tx.execute(sql, &params).await
}

macro_rules! sessions {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM session JOIN membership ON membership.person_id = session.person_id
                AND membership.organisation_id = session.organisation_id WHERE ",
            $condition
        )
    };
}

fn read(row: &Row<'_>) -> Result<Session> {
    let person = PersonId::from(row.get::<String>(at::person_id)?);
    let caller = Caller {
        organisation: OrganisationId::from(row.get::<String>(at::organisation_id)?),
        actor: Actor::Person(person.clone()),
        role: Role::from_stored(&row.get::<String>(at::role)?),
    };
    Ok(Session {
        id: row.get(at::id)?,
        person,
        caller,
        opened_by: OpenedBy::from_stored(&row.get::<String>(at::opened_by)?),
        created_at: row.get(at::created_at)?,
        expires_at: row.get(at::expires_at)?,
    })
}

/// A session with the person's current role; `None` when the session or the membership has ended.
pub(super) async fn by_hash(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<Session>> {
    let sql = sessions!("session.hash = $1 AND session.expires_at > $2");
    tx.first(sql, params![hash, now], read).await
}

/// A session by its id, under the same conditions.
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

/// Ends all sessions and sign-in links of a member. Returns the number of sessions.
pub(super) async fn delete_of_member(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> Result<u64> {
    delete_links(tx, organisation, person).await?;
    let sql = "DELETE FROM session WHERE organisation_id = $1 AND person_id = $2";
    tx.execute(sql, params![organisation.as_str(), person.as_str()]).await
}

/// Ends all sessions and sign-in links of a person everywhere, except one session.
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
    let (sql, params) = insert!("sign_in_link" {
        hash: hash,
        organisation_id: organisation.as_str(),
        person_id: person.as_str(),
        expires_at: expires,
    });
    tx.execute(sql, &params).await
}

/// Uses up a link. Returns its organisation and its person.
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
