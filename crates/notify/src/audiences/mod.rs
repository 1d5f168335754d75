//! Audiences: users by name, whom conditions can ask about. Static: members are added and removed by the API.

mod queries;

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp, new_ksuid};
use campanile_db::{Range, Tx};
use serde_json::{Map, Value, json};

use crate::recipients::{self, Told};
use crate::resources::{self, Kind};
use crate::signals::{self, Happening};
use crate::{Notify, Reference};

/// How many members a request may be about.
pub const TOGETHER: usize = 1_000;

/// A member.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its place in lists.
    pub place: String,
    /// The user.
    pub user: String,
    /// Within which tenant they are one.
    pub tenant: Option<String>,
    /// Since when.
    pub added_at: Timestamp,
}

/// Adds users; where there is no such audience, makes it, if that is wanted.
///
/// # Errors
/// `NotFound` of the audience; `InvalidField`.
pub async fn add(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
    members: Vec<(Told, Option<String>)>,
    makes: bool,
) -> Result<()> {
    match resources::get(tx, organisation, Kind::Audience, key).await? {
        Some(_) => {}
        None if makes => {
            let draft = json!({ "name": key, "type": "static" });
            resources::put(tx, notify, organisation, Kind::Audience, key, &draft).await?;
        }
        None => return Err(Error::NotFound("audience")),
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
/// `NotFound` of the audience.
pub async fn remove(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    key: &str,
    members: &[(String, Option<String>)],
) -> Result<()> {
    resources::get(tx, organisation, Kind::Audience, key).await?.ok_or(Error::NotFound("audience"))?;
    queries::delete(tx, organisation, key, members).await?;
    let left = members.iter().map(|(user, _)| moved("exit", key, user.clone()));
    signals::raise(tx, notify, organisation, left.collect()).await
}

fn moved(event: &'static str, key: &str, user: String) -> Happening {
    Happening::Audience { event, key: key.to_owned(), user }
}

/// A stretch of the members, by place, each as the API shows it.
///
/// # Errors
/// `NotFound` of the audience.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    key: &str,
    range: &Range,
) -> Result<Vec<(String, Value)>> {
    resources::get(tx, organisation, Kind::Audience, key).await?.ok_or(Error::NotFound("audience"))?;
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

/// A stretch of the members, by place.
///
/// # Errors
/// What the database says.
pub(crate) async fn members(
    tx: &mut Tx,
    organisation: &OrganisationId,
    key: &str,
    range: &Range,
) -> Result<Vec<Member>> {
    Ok(queries::list(tx, organisation, key, range).await?)
}

/// Which audiences users are members of.
///
/// # Errors
/// What the database says.
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
