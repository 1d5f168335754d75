//! The SQL of people and memberships.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use super::{Member, PasswordHash, PersonId};
use crate::{OrganisationId, Role};

pub(super) async fn insert_person(
    tx: &mut Tx,
    id: &PersonId,
    email: &str,
    name: &str,
    password: Option<&PasswordHash>,
    now: Timestamp,
) -> Result<u64> {
    let sql = "INSERT INTO person (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (email) DO NOTHING";
    tx.execute(sql, params![id.as_str(), email, name, password.map(|hash| hash.0.as_str()), now]).await
}

pub(super) async fn id_of(tx: &mut Tx, email: &str) -> Result<PersonId> {
    let id: String = tx.one("SELECT id FROM person WHERE email = $1", params![email], |row| row.get(0)).await?;
    Ok(PersonId::from(id))
}

pub(super) async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<(PersonId, Option<PasswordHash>)>> {
    let sql = "SELECT id, password_hash FROM person WHERE email = $1";
    tx.first(sql, params![email], |row| {
        Ok((PersonId::from(row.get::<String>(0)?), row.get::<Option<String>>(1)?.map(PasswordHash)))
    })
    .await
}

pub(super) async fn insert_membership(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &PersonId,
    role: Role,
    now: Timestamp,
) -> Result<bool> {
    let sql = "INSERT INTO membership (organisation_id, person_id, role, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (organisation_id, person_id) DO NOTHING";
    Ok(tx.execute(sql, params![organisation.as_str(), person.as_str(), role.as_str(), now]).await? == 1)
}

pub(super) async fn members(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Member>> {
    let sql = "SELECT person.id, person.email, person.name, membership.role FROM membership
        JOIN person ON person.id = membership.person_id
        WHERE membership.organisation_id = $1 ORDER BY membership.created_at, person.id";
    tx.all(sql, params![organisation.as_str()], |row| {
        Ok(Member {
            id: PersonId::from(row.get::<String>(0)?),
            email: row.get(1)?,
            name: row.get(2)?,
            role: Role::from_stored(&row.get::<String>(3)?),
        })
    })
    .await
}

pub(super) async fn memberships(tx: &mut Tx, person: &PersonId) -> Result<Vec<(OrganisationId, Role)>> {
    let sql = "SELECT organisation_id, role FROM membership WHERE person_id = $1 ORDER BY created_at, organisation_id";
    tx.all(sql, params![person.as_str()], |row| {
        Ok((OrganisationId::from(row.get::<String>(0)?), Role::from_stored(&row.get::<String>(1)?)))
    })
    .await
}
