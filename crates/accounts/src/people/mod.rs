//! People: their accounts, their memberships and their passwords.

mod password;
mod queries;

use campanile_base::{Clock, Error, Result, Secret, Thing, Timestamp};
use campanile_db::{Db, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::{Caller, OrganisationId, Permission, PersonId, Role};

pub(crate) use queries::{
    delete_invitation, delete_membership, insert_membership, invitation, invitations_of, joined, lock_members,
    password, set_password, set_role,
};

pub use password::{PasswordHash, Place, hash, queue, verify};

/// A person within an organisation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Member {
    /// Their id; also their id as a recipient of notifications.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// Their mail address, lower case.
    pub email: String,
    /// Their display name.
    pub name: String,
    /// Their role.
    #[schema(value_type = String)]
    pub role: Role,
    /// `active`, or `invited` until they accept.
    #[schema(value_type = String)]
    pub status: MemberStatus,
    /// The time they accepted, or signed in here for the first time; `null` until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub joined_at: Option<Timestamp>,
}

/// The state of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberStatus {
    /// The person belongs to the organisation.
    Active,
    /// The person has an account elsewhere and has not accepted yet: they have no access here.
    Invited,
}

/// The input to add a person.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// Their mail address, as typed.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// Their password, hashed beforehand. A person without one signs in by a link.
    pub password: Option<PasswordHash>,
}

/// A person's password.
#[derive(Debug, Clone)]
pub(crate) struct Password {
    pub(crate) hash: PasswordHash,
    /// The one organisation that it gives access to, if that organisation's owner has chosen it.
    /// `None` if the person has chosen it: it gives access to all their organisations.
    pub(crate) only: Option<OrganisationId>,
}

/// Adds a person to the caller's organisation. A person who belongs to another organisation is
/// invited, and joins when they accept. Everyone else is a member at once.
///
/// # Errors
/// `Invalid` for a malformed mail address, `InvalidField` for a password if the person has an
/// account already, `Conflict` for a member.
pub async fn add(tx: &mut Tx, clock: &Clock, caller: &Caller, new: NewMember) -> Result<Member> {
    caller.must(Permission::Administer)?;
    let email = checked_email(&new.email)?;
    let (organisation, role, now) = (&caller.organisation, new.role, clock.now());
    tx.lock(&format!("person {email}")).await?;
    let (id, name) = match queries::by_email(tx, &email).await? {
        Some(_) if new.password.is_some() => {
            return Err(Error::invalid_field("password", "cannot be chosen for somebody who has an account already"));
        }
        Some((id, _)) => {
            if queries::role(tx, organisation, &id).await?.is_some() {
                return Err(Error::conflict(format!("{email} is a member already")));
            }
            if !queries::memberships(tx, &id).await?.is_empty() {
                return invite(tx, clock, caller, id, email, role).await;
            }
            queries::delete_invitation(tx, organisation, &id).await?;
            (id, name_of(&email))
        }
        None => {
            let (id, name) = (PersonId::new(now), name_of(&email));
            let password = new.password.as_ref().map(|hash| (hash, organisation));
            queries::insert_person(tx, &id, &email, &name, password, now).await?;
            (id, name)
        }
    };
    if !queries::insert_membership(tx, organisation, &id, role, now).await? {
        return Err(Error::conflict(format!("{email} is a member already")));
    }
    let about = serde_json::json!({ "email": email, "role": role });
    activity::record(tx, clock, caller, Action::MemberAdded, id.as_str(), about).await?;
    Ok(Member { id, email, name, role, status: MemberStatus::Active, joined_at: None })
}

/// True if the person has a password, of their own or chosen for them.
pub async fn has_any_password(tx: &mut Tx, person: &PersonId) -> Result<bool> {
    Ok(queries::password(tx, person).await?.is_some())
}

async fn invite(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    id: PersonId,
    email: String,
    role: Role,
) -> Result<Member> {
    queries::put_invitation(tx, &caller.organisation, &id, role, clock.now()).await?;
    let about = serde_json::json!({ "email": email, "role": role });
    activity::record(tx, clock, caller, Action::MemberInvited, id.as_str(), about).await?;
    Ok(Member { id, name: name_of(&email), email, role, status: MemberStatus::Invited, joined_at: None })
}

/// The display name of a person of whom only the address is known: the part before the `@`.
fn name_of(email: &str) -> String {
    email.split('@').next().unwrap_or_default().to_owned()
}

/// The members of an organisation, in the order of joining.
pub async fn members(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Member>> {
    Ok(queries::members(tx, organisation).await?)
}

/// The invited people who have not accepted yet, oldest first.
pub async fn invited(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Member>> {
    Ok(queries::invited(tx, organisation).await?)
}

/// The role of a member; `None` for a non-member.
pub(crate) async fn role(tx: &mut Tx, organisation: &OrganisationId, id: &PersonId) -> Result<Option<Role>> {
    Ok(queries::role(tx, organisation, id).await?)
}

/// The person with this address.
pub async fn find(tx: &mut Tx, email: &str) -> Result<Option<PersonId>> {
    Ok(by_email(tx, email).await?.map(|(id, _)| id))
}

/// One member.
///
/// # Errors
/// `NotFound` when no member of this organisation has the id.
pub async fn member(tx: &mut Tx, organisation: &OrganisationId, id: &PersonId) -> Result<Member> {
    let all = queries::members(tx, organisation).await?;
    all.into_iter().find(|member| member.id == *id).ok_or(Error::NotFound(Thing::Member))
}

/// The person with this address, and their password.
pub(crate) async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<(PersonId, Option<Password>)>> {
    Ok(queries::by_email(tx, &email.trim().to_lowercase()).await?)
}

/// The ids of the members of an organisation and of those who are invited to it, without one of
/// them. Not more than `most`.
pub(crate) async fn others(
    tx: &mut Tx,
    organisation: &OrganisationId,
    but: &PersonId,
    most: usize,
) -> Result<Vec<String>> {
    Ok(queries::others(tx, organisation, but, most as i64).await?)
}

/// The organisations of a person, oldest membership first.
pub async fn memberships(tx: &mut Tx, id: &PersonId) -> Result<Vec<(OrganisationId, Role)>> {
    Ok(queries::memberships(tx, id).await?)
}

fn checked_email(typed: &str) -> Result<String> {
    let email = typed.trim().to_lowercase();
    let plausible = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !email
            .contains(|letter: char| letter.is_whitespace() || letter.is_control() || "<>()[],;:\\\"".contains(letter))
        && email.matches('@').count() == 1
        && email.len() <= 254;
    if plausible { Ok(email) } else { Err(Error::invalid(format!("{typed:?} is not a mail address"))) }
}

/// True if this is the person's password; `false` if they have none.
///
/// # Errors
/// `Internal` when the stored hash cannot be read.
pub async fn has_password(db: &Db, id: &PersonId, password: Secret, place: Place) -> Result<bool> {
    let id = id.clone();
    let known = db.read(move |tx| Box::pin(async move { queries::password(tx, &id).await })).await?;
    verify(password, known.map(|known| known.hash), place).await
}

/// Checks a password. Only its length matters.
///
/// # Errors
/// `Invalid` below 8 or above 200 characters.
pub fn check_password(password: &Secret) -> Result<()> {
    match password.expose().chars().count() {
        8..=200 => Ok(()),
        _ => Err(Error::invalid("a password must have between 8 and 200 characters")),
    }
}
