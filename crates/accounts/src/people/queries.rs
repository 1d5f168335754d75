//! The SQL of people, memberships and invitations.

use campanile_base::Timestamp;
use campanile_db::{Result, Tx, insert, params};

use super::{Member, MemberStatus, Password, PasswordHash};
use crate::{OrganisationId, PersonId, Role};

campanile_db::columns! { person_columns, person_at: id, password_hash, password_organisation_id }
campanile_db::columns! {
    invitation_columns, invitation_at:
    organisation_id = "organisation.id",
    organisation_name = "organisation.name",
    role = "invitation.role",
}
campanile_db::columns! {
    member_columns, member_at:
    id = "person.id",
    email = "person.email",
    name = "person.name",
    role = "membership.role",
    joined_at = "membership.joined_at",
}
campanile_db::columns! {
    invited_columns, invited_at:
    id = "person.id",
    email = "person.email",
    role = "invitation.role",
}

/// Stores a person. A password is stored with the organisation whose owner has chosen it.
pub(super) async fn insert_person(
    tx: &mut Tx,
    id: &PersonId,
    email: &str,
    name: &str,
    password: Option<(&PasswordHash, &OrganisationId)>,
    now: Timestamp,
) -> Result<u64> {
    let (hash, only) = password.map(|(hash, only)| (hash.0.as_str(), only.as_str())).unzip();
    let (sql, params) = insert!("person" {
        id: id.as_str(),
        email: email,
        name: name,
        password_hash: hash,
        password_organisation_id: only,
        created_at: now,
    });
    tx.execute(sql, &params).await
}

pub(super) async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<(PersonId, Option<Password>)>> {
    let sql = concat!("SELECT ", person_columns!(), " FROM person WHERE email = $1");
    tx.first(sql, params![email], |row| {
        let hash = row.get::<Option<String>>(person_at::password_hash)?;
        let only = row.get::<Option<String>>(person_at::password_organisation_id)?;
        let password = hash.map(|hash| Password { hash: PasswordHash(hash), only: only.map(OrganisationId::from) });
        Ok((PersonId::from(row.get::<String>(person_at::id)?), password))
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
    let (sql, params) = insert!("membership" {
        organisation_id: organisation.as_str(),
        person_id: person.as_str(),
        role: role.as_str(),
        created_at: now,
    } "ON CONFLICT (organisation_id, person_id) DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Records that a member has come, if nothing was recorded before.
pub(crate) async fn joined(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &PersonId,
    now: Timestamp,
) -> Result<u64> {
    let sql = "UPDATE membership SET joined_at = $3
        WHERE organisation_id = $1 AND person_id = $2 AND joined_at IS NULL";
    tx.execute(sql, params![organisation.as_str(), person.as_str(), now]).await
}

/// Locks the members of an organisation: one transaction at a time changes memberships and roles.
pub(crate) async fn lock_members(tx: &mut Tx, organisation: &OrganisationId) -> Result<()> {
    tx.lock(&format!("members of {organisation}")).await
}

/// Changes the role of a member or of an invited person; `false` if there is none.
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
    let (sql, params) = insert!("invitation" {
        organisation_id: organisation.as_str(),
        person_id: person.as_str(),
        role: role.as_str(),
        created_at: now,
    } "ON CONFLICT (organisation_id, person_id) DO UPDATE SET role = excluded.role");
    tx.execute(sql, &params).await
}

/// The role of an invitation.
pub(crate) async fn invitation(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> Result<Option<Role>> {
    let sql = "SELECT role FROM invitation WHERE organisation_id = $1 AND person_id = $2";
    tx.first(sql, params![organisation.as_str(), person.as_str()], |row| {
        row.get::<String>(0).map(|role| Role::from_stored(&role))
    })
    .await
}

/// Deletes an invitation; `false` if there was none.
pub(crate) async fn delete_invitation(tx: &mut Tx, organisation: &OrganisationId, person: &PersonId) -> Result<bool> {
    let sql = "DELETE FROM invitation WHERE organisation_id = $1 AND person_id = $2";
    Ok(tx.execute(sql, params![organisation.as_str(), person.as_str()]).await? == 1)
}

/// The invitations of a person: organisation, its name, and role.
pub(crate) async fn invitations_of(tx: &mut Tx, person: &PersonId) -> Result<Vec<(OrganisationId, String, Role)>> {
    let sql = concat!(
        "SELECT ",
        invitation_columns!(),
        " FROM invitation JOIN organisation ON organisation.id = invitation.organisation_id
        WHERE invitation.person_id = $1 ORDER BY invitation.created_at, organisation.id"
    );
    tx.all(sql, params![person.as_str()], |row| {
        let id = OrganisationId::from(row.get::<String>(invitation_at::organisation_id)?);
        let role = Role::from_stored(&row.get::<String>(invitation_at::role)?);
        Ok((id, row.get(invitation_at::organisation_name)?, role))
    })
    .await
}

pub(super) async fn members(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Member>> {
    let sql = concat!(
        "SELECT ",
        member_columns!(),
        " FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.organisation_id = $1 ORDER BY membership.created_at, person.id"
    );
    tx.all(sql, params![organisation.as_str()], |row| {
        Ok(Member {
            id: PersonId::from(row.get::<String>(member_at::id)?),
            email: row.get(member_at::email)?,
            name: row.get(member_at::name)?,
            role: Role::from_stored(&row.get::<String>(member_at::role)?),
            status: MemberStatus::Active,
            joined_at: row.get(member_at::joined_at)?,
        })
    })
    .await
}

/// The invited people. Their display name elsewhere is not revealed.
pub(super) async fn invited(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Member>> {
    let sql = concat!(
        "SELECT ",
        invited_columns!(),
        " FROM invitation JOIN person ON person.id = invitation.person_id
        WHERE invitation.organisation_id = $1 ORDER BY invitation.created_at, person.id"
    );
    tx.all(sql, params![organisation.as_str()], |row| {
        let email: String = row.get(invited_at::email)?;
        Ok(Member {
            id: PersonId::from(row.get::<String>(invited_at::id)?),
            name: super::name_of(&email),
            email,
            role: Role::from_stored(&row.get::<String>(invited_at::role)?),
            status: MemberStatus::Invited,
            joined_at: None,
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

pub(super) async fn others(
    tx: &mut Tx,
    organisation: &OrganisationId,
    but: &PersonId,
    most: i64,
) -> Result<Vec<String>> {
    let sql = "SELECT person_id FROM membership WHERE organisation_id = $1 AND person_id <> $2
        UNION SELECT person_id FROM invitation WHERE organisation_id = $1 AND person_id <> $2 LIMIT $3";
    tx.all(sql, params![organisation.as_str(), but.as_str(), most], |row| row.get(0)).await
}

pub(super) async fn memberships(tx: &mut Tx, person: &PersonId) -> Result<Vec<(OrganisationId, Role)>> {
    let sql = "SELECT organisation_id, role FROM membership WHERE person_id = $1 ORDER BY created_at, organisation_id";
    tx.all(sql, params![person.as_str()], |row| {
        Ok((OrganisationId::from(row.get::<String>(0)?), Role::from_stored(&row.get::<String>(1)?)))
    })
    .await
}
