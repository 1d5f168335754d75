//! Members: accept invitations, change roles and passwords, leave.
//!
//! # Two organisations share nothing but a person
//! A person with an account is invited, and has no access to the organisation until they accept.
//! They can accept only in a session that was opened by their own password. A link that another
//! organisation has sent, or a password that one of its owners has chosen, is not enough.
//!
//! # A removed member has no access left
//! Leaving ends all sessions and links of the person in the organisation. A new password ends all
//! their other sessions everywhere. The last owner can neither leave nor get a lower role.

use std::time::Duration;

use campanile_base::{Clock, Error, Result, Thing};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::assistants;
use crate::people::{self, Member, MemberStatus, Password, PasswordHash};
use crate::sessions::{self, OpenedBy, Session};
use crate::{Actor, Caller, OrganisationId, Permission, PersonId, Role};

/// The time after the use of a sign-in link in which a forgotten password can be replaced.
const AFTER_LINK: Duration = Duration::from_secs(3600);

/// An invitation to an organisation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Invitation {
    /// The organisation.
    #[schema(value_type = String)]
    pub organisation_id: OrganisationId,
    /// The name of the organisation.
    pub organisation: String,
    /// The role that the person will have.
    #[schema(value_type = String)]
    pub role: Role,
}

/// The invitations of a person, oldest first.
pub async fn invitations(tx: &mut Tx, person: &PersonId) -> Result<Vec<Invitation>> {
    let found = people::invitations_of(tx, person).await?;
    let view = |(organisation_id, organisation, role)| Invitation { organisation_id, organisation, role };
    Ok(found.into_iter().map(view).collect())
}

/// Accepts an invitation: the session's person joins the organisation.
///
/// # Errors
/// `Forbidden` in a session that was not opened by a password of the person's own; `NotFound`
/// without an invitation.
pub async fn accept(tx: &mut Tx, clock: &Clock, session: &Session, to: &OrganisationId) -> Result<()> {
    sessions::must_go_on(tx, clock, session).await?;
    must_have_own_password(tx, session).await?;
    people::lock_members(tx, to).await?;
    let role = people::invitation(tx, to, &session.person).await?.ok_or(Error::NotFound(Thing::Invitation))?;
    people::delete_invitation(tx, to, &session.person).await?;
    people::insert_membership(tx, to, &session.person, role, clock.now()).await?;
    people::joined(tx, to, &session.person, clock.now()).await?;
    let joined = Caller { organisation: to.clone(), actor: Actor::Person(session.person.clone()), role };
    let about = serde_json::json!({ "role": role });
    activity::record(tx, clock, &joined, Action::MemberJoined, session.person.as_str(), about).await
}

async fn must_have_own_password(tx: &mut Tx, session: &Session) -> Result<()> {
    if session.opened_by != OpenedBy::Password {
        return Err(Error::Forbidden("sign in with your password to accept an invitation"));
    }
    match people::password(tx, &session.person).await? {
        Some(Password { only: None, .. }) => Ok(()),
        _ => Err(Error::Forbidden(
            "your password was chosen by somebody else: sign in by a link, and choose one of your own first",
        )),
    }
}

/// Declines an invitation.
///
/// # Errors
/// `NotFound` without an invitation.
pub async fn decline(tx: &mut Tx, clock: &Clock, session: &Session, to: &OrganisationId) -> Result<()> {
    if !people::delete_invitation(tx, to, &session.person).await? {
        return Err(Error::NotFound(Thing::Invitation));
    }
    let declined = Caller { organisation: to.clone(), actor: Actor::Person(session.person.clone()), role: Role::Staff };
    let about = serde_json::json!({});
    activity::record(tx, clock, &declined, Action::InvitationDeclined, session.person.as_str(), about).await
}

/// A member of the caller's organisation, or an invited person.
///
/// # Errors
/// `NotFound`.
pub async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &PersonId) -> Result<Member> {
    let active = people::members(tx, organisation).await?;
    let all = active.into_iter().chain(people::invited(tx, organisation).await?);
    all.into_iter().find(|member| member.id == *id).ok_or(Error::NotFound(Thing::Member))
}

/// Changes the role of a member or of an invited person.
///
/// # Errors
/// `Conflict` for the last owner, `Forbidden` for anyone but an owner.
pub async fn set_role(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &PersonId, role: Role) -> Result<Member> {
    caller.must(Permission::Administer)?;
    let organisation = &caller.organisation;
    people::lock_members(tx, organisation).await?;
    let member = find(tx, organisation, id).await?;
    if role != Role::Owner {
        must_not_be_last_owner(tx, organisation, &member).await?;
    }
    people::set_role(tx, organisation, id, role, member.status).await?;
    let about = serde_json::json!({ "role": { "from": member.role, "to": role } });
    activity::record(tx, clock, caller, Action::MemberUpdated, id.as_str(), about).await?;
    Ok(Member { role, ..member })
}

/// Removes a member from the organisation, or withdraws an invitation. Only an owner can remove
/// others; everyone can remove themselves.
///
/// # Errors
/// `Conflict` for the last owner.
pub async fn remove(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &PersonId) -> Result<()> {
    let is_self = matches!(&caller.actor, Actor::Person(own) if own == id);
    if !is_self {
        caller.must(Permission::Administer)?;
    }
    let organisation = &caller.organisation;
    people::lock_members(tx, organisation).await?;
    let member = find(tx, organisation, id).await?;
    must_not_be_last_owner(tx, organisation, &member).await?;
    people::delete_invitation(tx, organisation, id).await?;
    people::delete_membership(tx, organisation, id).await?;
    sessions::end_in(tx, organisation, id).await?;
    assistants::connections::end_all_of(tx, organisation, id, clock.now()).await?;
    let password = people::password(tx, id).await?;
    if password.is_some_and(|password| password.only.as_ref() == Some(organisation)) {
        people::set_password(tx, id, None).await?;
    }
    let about = serde_json::json!({ "email": member.email, "role": member.role, "status": member.status });
    activity::record(tx, clock, caller, Action::MemberRemoved, id.as_str(), about).await
}

async fn must_not_be_last_owner(tx: &mut Tx, organisation: &OrganisationId, member: &Member) -> Result<()> {
    if member.status == MemberStatus::Invited || member.role != Role::Owner {
        return Ok(());
    }
    let members = people::members(tx, organisation).await?;
    match members.iter().any(|other| other.role == Role::Owner && other.id != member.id) {
        true => Ok(()),
        false => Err(Error::conflict("an organisation needs an owner: make somebody else one first")),
    }
}

/// The proof that a person may replace their password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldPassword {
    /// The old password was given, and is right.
    Right,
    /// The old password was not given.
    NotGiven,
}

/// Refuses a new password without the old one. It is allowed if there is no old one, or if the
/// session was opened by a link within the last hour and the person belongs to this organisation
/// only.
///
/// # Errors
/// `Forbidden`.
async fn must_do_without_old(tx: &mut Tx, clock: &Clock, session: &Session, has_password: bool) -> Result<()> {
    let is_fresh = clock.now().since(session.created_at) < AFTER_LINK;
    let is_of_one = people::memberships(tx, &session.person).await?.len() == 1;
    match !has_password || (session.opened_by == OpenedBy::Link && is_fresh && is_of_one) {
        true => Ok(()),
        false => Err(Error::Forbidden("the old password is needed")),
    }
}

/// Replaces the password of the session's person, and ends all their other sessions. In a session
/// opened by a link, the new password is the person's own. Otherwise it is limited to the same
/// organisation as the old one, if that was limited.
///
/// # Errors
/// `Forbidden` without the old password, if it is needed.
pub async fn change_password(
    tx: &mut Tx,
    clock: &Clock,
    session: &Session,
    old: OldPassword,
    hash: PasswordHash,
) -> Result<()> {
    sessions::must_go_on(tx, clock, session).await?;
    let known = people::password(tx, &session.person).await?;
    if old == OldPassword::NotGiven {
        must_do_without_old(tx, clock, session, known.is_some()).await?;
    }
    let only = match session.opened_by {
        OpenedBy::Link => None,
        OpenedBy::Password | OpenedBy::Unknown => known.and_then(|known| known.only),
    };
    people::set_password(tx, &session.person, Some(&Password { hash, only })).await?;
    sessions::end_others(tx, &session.person, Some(session)).await?;
    let about = serde_json::json!({});
    activity::record(tx, clock, &session.caller, Action::PasswordChanged, session.person.as_str(), about).await
}

/// Sets a password for a member, and ends all their sessions. The password gives access to this
/// organisation only.
///
/// # Errors
/// `NotFound` for a non-member; `Conflict` for a member who belongs, or is invited, to another
/// organisation: their password is not this organisation's to change.
pub async fn reset_password(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    id: &PersonId,
    hash: PasswordHash,
) -> Result<()> {
    caller.must(Permission::Administer)?;
    let organisation = &caller.organisation;
    people::role(tx, organisation, id).await?.ok_or(Error::NotFound(Thing::Member))?;
    if people::memberships(tx, id).await?.len() != 1 || !people::invitations_of(tx, id).await?.is_empty() {
        return Err(Error::conflict("they have to do with another organisation as well: send them a link instead"));
    }
    let password = Password { hash, only: Some(organisation.clone()) };
    people::set_password(tx, id, Some(&password)).await?;
    sessions::end_others(tx, id, None).await?;
    activity::record(tx, clock, caller, Action::PasswordReset, id.as_str(), serde_json::json!({})).await
}
