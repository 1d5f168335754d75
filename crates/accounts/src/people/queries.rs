//! The SQL of people, memberships and invitations.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params};

use super::{Member, MemberStatus, Password, PasswordHash, PersonId};
use crate::{OrganisationId, Role};

/// Stores a person; a password with the organisation whose owner has chosen it.
pub(super) async fn insert_person(
    tx: &mut Tx,
    id: &PersonId,
    email: &str,
    name: &str,
    password: Option<(&PasswordHash, &OrganisationId)>,
    now: Timestamp,
) -> Result<u64> {
    let sql = "INSERT INTO person (id, email, name, password_hash, password_organisation_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let (hash, only) = password.map(|(hash, only)| (hash.0.as_str(), only.as_str())).unzip();
    tx.execute(sql, params![id.as_str(), email, name, hash, only, now]).await
}

pub(super) async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<(PersonId, Option<Password>)>> {
    let sql = "SELECT id, password_hash, password_organisation_id FROM person WHERE email = $1";
    tx.first(sql, params![email], |row| {
        let (hash, only) = (row.get::<Option<String>>(1)?, row.get::<Option<String>>(2)?);
        let password = hash.map(|hash| Password { hash: PasswordHash(hash), only: only.map(OrganisationId::from) });
        Ok((PersonId::from(row.get::<String>(0)?), password))
    })
    .await
}

pub(crate) async fn password(tx: &mut Tx, id: &PersonId) -> Result<Option<Password>> {
    let sql = "SELECT password_hash, password_organisation_id FROM person WHERE id = $1 AND password_hash IS NOT NULL";
    tx.first(sql, params![id.as_str()], |row| {
        let (hash, only) = (row.get::<String>(0)?, row.get::<Option<String>>(1)?);
        Ok(Password { hash: PasswordHash(hash), only: only.map(OrganisationId::from) })
    })
    .await
}

pub(crate) async fn set_password(tx: &mut Tx, id: &PersonId, password: Option<&Password>) -> Result<u64> {
    let sql = "UPDATE person SET password_hash = $2, password_organisation_id = $3 WHERE id = $1";
    let hash = password.map(|password| password.hash.0.as_str());
    let only = password.and_then(|password| password.only.as_ref()).map(OrganisationId::as_str);
    tx.execute(sql, params![id.as_str(), hash, only]).await
}

pub(crate) async fn insert_membership(
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

/// Lets one transaction at a time change who belongs to an organisation, and as what.
pub(crate) async fn lock_members(tx: &mut Tx, organisation: &OrganisationId) -> Result<()> {
    tx.lock(&format!("members of {organisation}")).await
}

/// Changes the role of a member, or of somebody who was invited; whether there was one.
pub(crate) async fn set_role(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &PersonId,
    role: Role,
    status: MemberStatus,
) -> Result<bool> {
    let sql = match status {
        MemberStatus::Active => "UPDATE membership SET role = $3 WHERE organisation_id = $1 AND person_id = $2",
        MemberStatus::Invited => "UPDATE invitation SET role = $3 WHERE organisation_id = $1 AND person_id = $2",
    };
    Ok(tx.execute(sql, params![organisation.as_str(), person.as_str(), role.as_str()]).await? == 1)
}

pub(crate) async fn delete_membership(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> Result<u64> {
    let sql = "DELETE FROM membership WHERE organisation_id = $1 AND person_id = $2";
    tx.execute(sql, params![organisation.as_str(), person.as_str()]).await
}

pub(super) async fn put_invitation(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &PersonId,
    role: Role,
    now: Timestamp,
) -> Result<u64> {
    let sql = "INSERT INTO invitation (organisation_id, person_id, role, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (organisation_id, person_id) DO UPDATE SET role = excluded.role";
    tx.execute(sql, params![organisation.as_str(), person.as_str(), role.as_str(), now]).await
}

/// The role that somebody was invited to.
pub(crate) async fn invitation(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> Result<Option<Role>> {
    let sql = "SELECT role FROM invitation WHERE organisation_id = $1 AND person_id = $2";
    tx.first(sql, params![organisation.as_str(), person.as_str()], |row| {
        row.get::<String>(0).map(|role| Role::from_stored(&role))
    })
    .await
}

/// Whether there was one.
pub(crate) async fn delete_invitation(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> Result<bool> {
    let sql = "DELETE FROM invitation WHERE organisation_id = $1 AND person_id = $2";
    Ok(tx.execute(sql, params![organisation.as_str(), person.as_str()]).await? == 1)
}

/// Where a person is invited to: the organisation, its name, the role.
pub(crate) async fn invitations_of(tx: &mut Tx, person: &PersonId) -> Result<Vec<(OrganisationId, String, Role)>> {
    let sql = "SELECT organisation.id, organisation.name, invitation.role FROM invitation
        JOIN organisation ON organisation.id = invitation.organisation_id
        WHERE invitation.person_id = $1 ORDER BY invitation.created_at, organisation.id";
    tx.all(sql, params![person.as_str()], |row| {
        let (id, name, role) = (row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?);
        Ok((OrganisationId::from(id), name, Role::from_stored(&role)))
    })
    .await
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
            status: MemberStatus::Active,
        })
    })
    .await
}

/// Who was invited. How they are called elsewhere is not told.
pub(super) async fn invited(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Member>> {
    let sql = "SELECT person.id, person.email, invitation.role FROM invitation
        JOIN person ON person.id = invitation.person_id
        WHERE invitation.organisation_id = $1 ORDER BY invitation.created_at, person.id";
    tx.all(sql, params![organisation.as_str()], |row| {
        let email: String = row.get(1)?;
        Ok(Member {
            id: PersonId::from(row.get::<String>(0)?),
            name: super::name_of(&email),
            email,
            role: Role::from_stored(&row.get::<String>(2)?),
            status: MemberStatus::Invited,
        })
    })
    .await
}

pub(super) async fn role(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> Result<Option<Role>> {
    let sql = "SELECT role FROM membership WHERE organisation_id = $1 AND person_id = $2";
    tx.first(sql, params![organisation.as_str(), person.as_str()], |row| {
        row.get::<String>(0).map(|role| Role::from_stored(&role))
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
