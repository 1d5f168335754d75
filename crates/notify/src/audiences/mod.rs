//! Audiences: named groups of users, for use in conditions. They are static: the API adds and
//! removes members.

mod queries;

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, Timestamp, new_ksuid};
use campanile_db::{Range, Tx};
use serde_json::{Map, Value, json};

use crate::recipients::{self, RecipientInput};
use crate::resources::{self, Kind};
use crate::signals::{self, Happening};
use crate::{Notify, Reference};

/// The most members in one request.
pub const TOGETHER: usize = 1_000;

/// A member of an audience.
#[derive(Debug, Clone)]
pub struct Member {
    /// The sort key in lists.
    pub place: String,
    /// The user's id.
    pub user: String,
    /// The tenant of the membership.
    pub tenant: Option<String>,
    /// The time at which it was added.
    pub added_at: Timestamp,
}

/// Adds users. If the audience does not exist and `makes` is true, it is created.
///
/// # Errors
/// `NotFound` for the audience; `InvalidField`.
pub async fn add(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
    members: Vec<(RecipientInput, Option<String>)>,
    makes: bool,
) -> Result<()> {
    match resources::get(tx, organisation, Kind::Audience, key).await? {
        Some(_) => {}
        None if makes => {
            let draft = json!({ "name": key, "type": "static" });
            resources::put(tx, notify, organisation, Kind::Audience, key, &draft).await?;
        }
        None => return Err(Error::NotFound(Thing::Audience)),
    }
    let now = notify.clock.now();
    let new: Vec<Member> = members
        .iter()
        .map(|(told, tenant)| Member {
            place: new_ksuid(now),
            user: told.reference.id.clone(),
            tenant: tenant.clone(),
            added_at: now,
        })
        .collect();
    let told = members.into_iter().map(|(mut told, _)| {
        told.properties.get_or_insert_with(Map::new);
        told
    });
    recipients::identify(tx, notify, organisation, told.collect()).await?;
    queries::put(tx, organisation, key, &new).await?;
    let entered = new.into_iter().map(|member| moved("enter", key, member.user));
    signals::raise(tx, notify, organisation, entered.collect()).await
}

/// Removes users.
///
/// # Errors
/// `NotFound` for the audience.
pub async fn remove(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
    members: &[(String, Option<String>)],
) -> Result<()> {
    resources::get(tx, organisation, Kind::Audience, key).await?.ok_or(Error::NotFound(Thing::Audience))?;
    queries::delete(tx, organisation, key, members).await?;
    let left = members.iter().map(|(user, _)| moved("exit", key, user.clone()));
    signals::raise(tx, notify, organisation, left.collect()).await
}

fn moved(event: &'static str, key: &str, user: String) -> Happening {
    Happening::Audience { event, key: key.to_owned(), user }
}

/// One page of the members, ordered by `place`, each in the shape of the API.
///
/// # Errors
/// `NotFound` for the audience.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    key: &str,
    range: &Range,
) -> Result<Vec<(String, Value)>> {
    resources::get(tx, organisation, Kind::Audience, key).await?.ok_or(Error::NotFound(Thing::Audience))?;
    let members = queries::list(tx, organisation, key, range).await?;
    let names: Vec<Reference> = members.iter().map(|member| Reference::user(&member.user)).collect();
    let known = recipients::these(tx, organisation, &names).await?;
    let view = |member: Member| {
        let user = known.get(&Reference::user(&member.user)).map(recipients::Recipient::view);
        let view = json!({
            "__typename": "AudienceMember", "user_id": member.user, "user": user, "tenant": member.tenant,
            "added_at": member.added_at,
        });
        (member.place, view)
    };
    Ok(members.into_iter().map(view).collect())
}

/// One page of the members, ordered by `place`.
pub(crate) async fn members(
    tx: &mut Tx,
    organisation: &OrganisationId,
    key: &str,
    range: &Range,
) -> Result<Vec<Member>> {
    Ok(queries::list(tx, organisation, key, range).await?)
}

/// The audiences of users, by user.
pub(crate) async fn of_users(
    tx: &mut Tx,
    organisation: &OrganisationId,
    users: &[&str],
) -> Result<HashMap<String, Vec<String>>> {
    let mut known: HashMap<String, Vec<String>> = HashMap::new();
    for (user, audience) in queries::of_users(tx, organisation, users).await? {
        known.entry(user).or_default().push(audience);
    }
    Ok(known)
}
