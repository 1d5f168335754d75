//! People: who they are, where they belong, how they prove it.

mod password;
mod queries;

use campanile_base::{Clock, Error, Result, Secret};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::{Caller, OrganisationId, Permission, Role};

pub use password::{PasswordHash, hash, verify};

campanile_base::id_type!(
    /// One person.
    pub PersonId, "user"
);

/// A person within an organisation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Member {
    /// Their id; also their id as a recipient of notifications.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// Their mail address, lower case.
    pub email: String,
    /// How they are called.
    pub name: String,
    /// What they may do.
    #[schema(value_type = String)]
    pub role: Role,
}

/// Somebody to be added.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// Their mail address, as typed.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Their password, hashed beforehand; without one they sign in by link.
    pub password: Option<PasswordHash>,
}

/// Adds a person to the caller's organisation; a known address joins as the person it names.
///
/// # Errors
/// `Invalid` for something that is no mail address, `Conflict` for a member.
pub async fn add(tx: &mut Tx, clock: &Clock, caller: &Caller, new: NewMember) -> Result<Member> {
    caller.must(Permission::Administer)?;
    let email = checked_email(&new.email)?;
    let name = email.split('@').next().unwrap_or_default().to_owned();
    let fresh = PersonId::new(clock.now());
    queries::insert_person(tx, &fresh, &email, &name, new.password.as_ref(), clock.now()).await?;
    let id = queries::id_of(tx, &email).await?;
    if !queries::insert_membership(tx, &caller.organisation, &id, new.role, clock.now()).await? {
        return Err(Error::conflict(format!("{email} is a member already")));
    }
    let about = serde_json::json!({ "email": email, "role": new.role });
    activity::record(tx, clock, caller, Action::MemberAdded, id.as_str(), about).await?;
    Ok(Member { id, email, name, role: new.role })
}

/// The members of an organisation, in the order of joining.
///
/// # Errors
/// What the database says.
pub async fn members(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Member>> {
    Ok(queries::members(tx, organisation).await?)
}

/// One member.
///
/// # Errors
/// `NotFound` when nobody of this organisation has the id.
pub async fn member(tx: &mut Tx, organisation: &OrganisationId, id: &PersonId) -> Result<Member> {
    let all = queries::members(tx, organisation).await?;
    all.into_iter().find(|member| member.id == *id).ok_or(Error::NotFound("member"))
}

/// Who has this address and which hash their password has.
pub(crate) async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<(PersonId, Option<PasswordHash>)>> {
    Ok(queries::by_email(tx, &email.trim().to_lowercase()).await?)
}

/// The organisations of a person, oldest membership first.
pub(crate) async fn memberships(tx: &mut Tx, id: &PersonId) -> Result<Vec<(OrganisationId, Role)>> {
    Ok(queries::memberships(tx, id).await?)
}

fn checked_email(typed: &str) -> Result<String> {
    let email = typed.trim().to_lowercase();
    let plausible = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !email.contains(char::is_whitespace)
        && email.len() <= 254;
    if plausible { Ok(email) } else { Err(Error::invalid(format!("{typed:?} is not a mail address"))) }
}

/// Whether a password may be used: length is what counts.
///
/// # Errors
/// `Invalid` below 8 or above 200 characters.
pub fn check_password(password: &Secret) -> Result<()> {
    match password.expose().chars().count() {
        8..=200 => Ok(()),
        _ => Err(Error::invalid("a password must have between 8 and 200 characters")),
    }
}
