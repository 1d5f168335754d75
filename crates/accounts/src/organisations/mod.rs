//! Organisations and their workspaces.
//!
//! An organisation has at least one workspace. Whoever does not say which workspace they mean
//! gets the first.

mod queries;

use campanile_base::{Clock, Error, Result};
use campanile_db::{Db, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::activity::{self, Action};
use crate::{Caller, Permission};

campanile_base::id_type!(
    /// One organisation.
    pub OrganisationId, "org"
);
campanile_base::id_type!(
    /// One workspace.
    pub WorkspaceId, "ws"
);

/// From this significance on an observation is told to the members, unless a workspace says otherwise.
pub const NOTIFY_THRESHOLD: i64 = 70;

/// An isolated body of memory inside an organisation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Workspace {
    /// Its id; also the uid of its webhook application and its notification tenant.
    #[schema(value_type = String)]
    pub id: WorkspaceId,
    /// Whose it is.
    #[schema(value_type = String)]
    pub organisation_id: OrganisationId,
    /// Its name.
    pub name: String,
    /// Observations from this significance on (0 to 100) are told to the members.
    pub notify_threshold: i64,
}

/// Creates an organisation.
///
/// # Errors
/// What the database says.
pub async fn create(tx: &mut Tx, clock: &Clock, name: &str) -> Result<OrganisationId> {
    let id = OrganisationId::new(clock.now());
    queries::insert_organisation(tx, &id, name, clock.now()).await?;
    Ok(id)
}

/// The most characters of a workspace's name.
const LONGEST_NAME: usize = 100;

/// A name as it is kept: without spaces around it, and without what is not seen.
fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    // Marks of direction and of no width let one name pass for another.
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
/// `Conflict` when the name is taken, `InvalidField` when it is none, `Forbidden` for staff.
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

/// Changes from which significance on members are told.
///
/// # Errors
/// `Invalid` outside 0 to 100, `NotFound` for another organisation's workspace.
pub async fn set_notify_threshold(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    id: &WorkspaceId,
    threshold: i64,
) -> Result<Workspace> {
    caller.must(Permission::Configure)?;
    if !(0..=100).contains(&threshold) {
        return Err(Error::invalid("notify_threshold must be between 0 and 100"));
    }
    let before = queries::workspace(tx, &caller.organisation, id).await?.ok_or(Error::NotFound("workspace"))?;
    queries::set_threshold(tx, &caller.organisation, id, threshold).await?;
    let about = serde_json::json!({ "notify_threshold": { "from": before.notify_threshold, "to": threshold } });
    activity::record(tx, clock, caller, Action::WorkspaceUpdated, id.as_str(), about).await?;
    Ok(Workspace { notify_threshold: threshold, ..before })
}

/// The workspaces of an organisation, oldest first.
///
/// # Errors
/// What the database says.
pub async fn workspaces(tx: &mut Tx, organisation: &OrganisationId) -> Result<Vec<Workspace>> {
    Ok(queries::workspaces(tx, organisation).await?)
}

/// The workspace that the caller named, or the first of their organisation.
///
/// # Errors
/// `NotFound` when it is not theirs.
pub async fn workspace_of(db: &Db, caller: &Caller, named: Option<&str>) -> Result<Workspace> {
    let organisation = caller.organisation.clone();
    let named = named.map(str::to_owned);
    let all = db.read(move |tx| Box::pin(async move { queries::workspaces(tx, &organisation).await })).await?;
    all.into_iter()
        .find(|workspace| named.as_deref().is_none_or(|id| workspace.id.as_str() == id))
        .ok_or(Error::NotFound("workspace"))
}

/// A workspace by its id alone, for work that was stored with it.
///
/// # Errors
/// `NotFound` when it is gone.
pub async fn workspace(tx: &mut Tx, id: &WorkspaceId) -> Result<Workspace> {
    queries::workspace_by_id(tx, id).await?.ok_or(Error::NotFound("workspace"))
}

/// How an organisation is called.
///
/// # Errors
/// `NotFound`.
pub async fn name(tx: &mut Tx, id: &OrganisationId) -> Result<String> {
    queries::name(tx, id).await?.ok_or(Error::NotFound("organisation"))
}

/// All organisations, oldest first.
///
/// # Errors
/// What the database says.
pub async fn all(tx: &mut Tx) -> Result<Vec<OrganisationId>> {
    Ok(queries::all(tx).await?)
}

/// How many organisations there are: none means that nobody has set anything up yet.
///
/// # Errors
/// What the database says.
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
