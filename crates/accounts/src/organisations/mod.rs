//! Organisations and their workspaces.
//!
//! An organisation has at least one workspace. A request that names none uses the first.

mod queries;

use campanile_base::{Clock, Error, Result, Thing};
use campanile_db::{Db, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::{Caller, OrganisationId, Permission, PersonId, Role, WorkspaceId};

/// The default significance from which on members are notified of an observation.
pub const NOTIFY_THRESHOLD: i64 = 70;

/// An isolated memory inside an organisation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Workspace {
    /// Its id; also the uid of its webhook application and its notification tenant.
    #[schema(value_type = String)]
    pub id: WorkspaceId,
    /// The owner.
    #[schema(value_type = String)]
    pub organisation_id: OrganisationId,
    /// Its name.
    pub name: String,
    /// The significance (0 to 100) from which on members are notified of an observation.
    pub notify_threshold: i64,
}

/// Creates an organisation.
pub async fn create(tx: &mut Tx, clock: &Clock, name: &str) -> Result<OrganisationId> {
    let id = OrganisationId::new(clock.now());
    queries::insert_organisation(tx, &id, name, clock.now()).await?;
    Ok(id)
}

/// The maximum length of a workspace's name, in characters.
const LONGEST_NAME: usize = 100;

/// A name as it is stored: without spaces around it. Names with invisible characters are refused.
fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    // Direction marks and zero-width characters can make two names look the same.
    let is_unseen = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(is_unseen) {
        let why = format!("must have between 1 and {LONGEST_NAME} characters, all of which are seen");
        return Err(Error::invalid_field("name", why));
    }
    Ok(name)
}

/// Creates a workspace in the caller's organisation.
///
/// # Errors
/// `Conflict` when the name is taken, `InvalidField` for a malformed name, `Forbidden` for staff.
pub async fn create_workspace(tx: &mut Tx, clock: &Clock, caller: &Caller, name: &str) -> Result<Workspace> {
    caller.must(Permission::Configure)?;
    let name = checked_name(name)?;
    let workspace = Workspace {
        id: WorkspaceId::new(clock.now()),
        organisation_id: caller.organisation.clone(),
        name: name.to_owned(),
        notify_threshold: NOTIFY_THRESHOLD,
    };
    if !queries::insert_workspace(tx, &workspace, clock.now()).await? {
        return Err(Error::conflict(format!("a workspace named {name:?} exists already")));
    }
    let about = serde_json::json!({ "name": name });
    activity::record(tx, clock, caller, Action::WorkspaceCreated, workspace.id.as_str(), about).await?;
    Ok(workspace)
}

/// Changes to a workspace. What is absent stays.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceChanges {
    /// Another name.
    pub name: Option<String>,
    /// The significance, 0 to 100, from which on members are notified.
    pub notify_threshold: Option<i64>,
}

/// Changes a workspace.
///
/// # Errors
/// `InvalidField` for a malformed name and for a significance outside 0 to 100, `Conflict` when the
/// name is taken, `NotFound` for another organisation's workspace, `Forbidden` for staff.
pub async fn update_workspace(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    id: &WorkspaceId,
    changes: WorkspaceChanges,
) -> Result<Workspace> {
    caller.must(Permission::Configure)?;
    let before = queries::workspace(tx, &caller.organisation, id).await?.ok_or(Error::NotFound(Thing::Workspace))?;
    let mut after = before.clone();
    let mut about = serde_json::Map::new();
    if let Some(name) = &changes.name {
        after.name = checked_name(name)?.to_owned();
        about.insert("name".to_owned(), serde_json::json!({ "from": before.name, "to": after.name }));
    }
    if let Some(threshold) = changes.notify_threshold {
        if !(0..=100).contains(&threshold) {
            return Err(Error::invalid_field("notify_threshold", "must be between 0 and 100"));
        }
        after.notify_threshold = threshold;
        let change = serde_json::json!({ "from": before.notify_threshold, "to": threshold });
        about.insert("notify_threshold".to_owned(), change);
    }
    if about.is_empty() {
        return Err(Error::invalid("a change needs name or notify_threshold"));
    }
    if !queries::update_workspace(tx, &after).await? {
        return Err(Error::conflict("another workspace has this name"));
    }
    activity::record(tx, clock, caller, Action::WorkspaceUpdated, id.as_str(), about.into()).await?;
    Ok(after)
}

/// The workspaces of an organisation, oldest first.
pub async fn workspaces(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Workspace>> {
    Ok(queries::workspaces(tx, organisation).await?)
}

/// The workspace that the caller named, or the first of their organisation.
///
/// # Errors
/// `NotFound` when it belongs to another organisation.
pub async fn workspace_of(db: &Db, caller: &Caller, named: Option<&str>) -> Result<Workspace> {
    let organisation = caller.organisation.clone();
    let named = named.map(str::to_owned);
    let all = db.read(move |tx| Box::pin(async move { queries::workspaces(tx, &organisation).await })).await?;
    all.into_iter()
        .find(|workspace| named.as_deref().is_none_or(|id| workspace.id.as_str() == id))
        .ok_or(Error::NotFound(Thing::Workspace))
}

/// A workspace by its id alone, for work that was stored with it.
///
/// # Errors
/// `NotFound` when it no longer exists.
pub async fn workspace(tx: &mut Tx, id: &WorkspaceId) -> Result<Workspace> {
    queries::workspace_by_id(tx, id).await?.ok_or(Error::NotFound(Thing::Workspace))
}

/// An organisation, as one of its members sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Membership {
    /// The id of the organisation.
    #[schema(value_type = String)]
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
    /// The person's role in it.
    #[schema(value_type = String)]
    pub role: Role,
}

/// The organisations that a person belongs to, oldest membership first.
pub async fn of_person(tx: &mut Tx, person: &PersonId) -> Result<Vec<Membership>> {
    Ok(queries::of_person(tx, person).await?)
}

/// The name of an organisation.
///
/// # Errors
/// `NotFound`.
pub async fn name(tx: &mut Tx, id: &OrganisationId) -> Result<String> {
    queries::name(tx, id).await?.ok_or(Error::NotFound(Thing::Organisation))
}

/// All organisations, oldest first.
pub async fn all(tx: &mut Tx) -> Result<Vec<OrganisationId>> {
    Ok(queries::all(tx).await?)
}

/// True if any organisation exists. If not, the server has not been set up yet.
pub async fn any(tx: &mut Tx) -> Result<bool> {
    Ok(queries::any_organisation(tx).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_has_a_name_that_can_be_read() {
        assert_eq!(checked_name("  Bell tower ").unwrap(), "Bell tower");
        assert_eq!(checked_name("Glockenturm \u{1f514}").unwrap(), "Glockenturm \u{1f514}");
        for name in ["", "   ", "a\nb", "a\u{7}", "a\u{202e}b", &"x".repeat(101)] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
    }
}
