//! What becomes of members: invitations they accept, roles, passwords, leaving.
//!
//! # Two organisations never share more than a person
//! Somebody who has an account is invited, and is nothing in the organisation until they accept. They accept in a session that they
//! have opened by a password of their own: neither a link that one organisation had made, nor a password that one of its owners
//! has chosen, says anything about another organisation.
//!
//! # Nobody stays in who was shut out
//! Leaving ends all of somebody's sessions and links in the organisation; a new password ends all others they have anywhere. The last
//! owner can neither leave nor become something less.

use std::time::Duration;

use campanile_base::{Clock, Error, Result};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::people::{self, Member, MemberStatus, Password, PasswordHash, PersonId};
use crate::sessions::{self, OpenedBy, Session};
use crate::{Actor, Caller, OrganisationId, Permission, Role};

/// For how long after a link was used a forgotten password can be replaced.
const AFTER_LINK: Duration = Duration::from_secs(3600);

/// An organisation that somebody may join.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Invitation {
    /// The organisation.
    #[schema(value_type = String)]
    pub organisation_id: OrganisationId,
    /// How it is called.
    pub organisation: String,
    /// As what.
    #[schema(value_type = String)]
    pub role: Role,
}

/// Where a person is invited to, oldest first.
pub async fn invitations(tx: &mut Tx, person: &PersonId) -> Result<Vec<Invitation>> {
    let found = people::invitations_of(tx, person).await?;
    let view = |(organisation_id, organisation, role)| Invitation { organisation_id, organisation, role };
    Ok(found.into_iter().map(view).collect())
}

/// Joins an organisation that has invited the session's person.
///
/// # Errors
/// `Forbidden` in a session that no password of their own has opened; `NotFound` without an invitation.
pub async fn accept(tx: &mut Tx, clock: &Clock, session: &Session, to: &OrganisationId) -> Result<()> {
    sessions::must_go_on(tx, clock, session).await?;
    must_have_own_password(tx, session).await?;
    people::lock_members(tx, to).await?;
    let role = people::invitation(tx, to, &session.person).await?.ok_or(Error::NotFound("invitation"))?;
    people::delete_invitation(tx, to, &session.person).await?;
    people::insert_membership(tx, to, &session.person, role, clock.now()).await?;
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

/// Turns an invitation down.
///
/// # Errors
/// `NotFound` without an invitation.
pub async fn decline(tx: &mut Tx, clock: &Clock, session: &Session, to: &OrganisationId) -> Result<()> {
    if !people::delete_invitation(tx, to, &session.person).await? {
        return Err(Error::NotFound("invitation"));
    }
    let declined = Caller { organisation: to.clone(), actor: Actor::Person(session.person.clone()), role: Role::Staff };
    let about = serde_json::json!({});
    activity::record(tx, clock, &declined, Action::InvitationDeclined, session.person.as_str(), about).await
}

/// A member of the caller's organisation, or somebody who was invited to it.
///
/// # Errors
/// `NotFound`.
pub async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &PersonId) -> Result<Member> {
    let active = people::members(tx, organisation).await?;
    let all = active.into_iter().chain(people::invited(tx, organisation).await?);
    all.into_iter().find(|member| member.id == *id).ok_or(Error::NotFound("member"))
}

/// Changes a role.
///
/// # Errors
/// `Conflict` for the last owner, `Forbidden` below an owner.
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

/// Takes somebody out of the organisation, or an invitation back. Who may not administer can take themselves out.
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

/// How somebody shows that they may replace their password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldPassword {
    /// They know it: it was checked.
    Right,
    /// They have not said it.
    NotGiven,
}

/// Whether a new password may be set without the old one: there is none, or its person has just used a link and belongs to this
/// organisation alone.
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

/// Replaces the password of the session's person, and ends all their other sessions. After a link it is their own; after a password
/// that somebody else has chosen it opens what that one did.
///
/// # Errors
/// `Forbidden` without the old one, where it is needed.
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

/// Chooses a password for a member, which opens this organisation alone, and ends all their sessions.
///
/// # Errors
/// `Conflict` for somebody who belongs, or is invited, to another organisation: theirs is not this one's to change.
pub async fn reset_password(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    id: &PersonId,
    hash: PasswordHash,
) -> Result<()> {
    caller.must(Permission::Administer)?;
    let organisation = &caller.organisation;
    people::role(tx, organisation, id).await?.ok_or(Error::NotFound("member"))?;
    if people::memberships(tx, id).await?.len() != 1 || !people::invitations_of(tx, id).await?.is_empty() {
        return Err(Error::conflict("they have to do with another organisation as well: send them a link instead"));
    }
    let password = Password { hash, only: Some(organisation.clone()) };
    people::set_password(tx, id, Some(&password)).await?;
    sessions::end_others(tx, id, None).await?;
    activity::record(tx, clock, caller, Action::PasswordReset, id.as_str(), serde_json::json!({})).await
}
