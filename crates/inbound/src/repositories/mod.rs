//! The repositories that a source gives access to. They are identified by the provider's number, so
//! a rename changes nothing.

pub mod names;
mod queries;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId};
use campanile_base::{Clock, Result};
use campanile_db::Tx;

use crate::sources::SourceId;

/// A change that a lifecycle event makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepositoryChange {
    /// Access was granted, or the name changed.
    Active {
        /// The provider's number of the repository.
        id: i64,
        /// The installation that it belongs to.
        installation: Option<i64>,
        /// `owner/name`.
        full_name: String,
    },
    /// Access to one repository was withdrawn.
    Inactive(i64),
    /// Access to a whole installation was withdrawn.
    InstallationGone(i64),
    /// Access to a whole installation is suspended.
    InstallationSuspended(i64),
    /// A suspended installation is accessible again. GitHub does not say which repositories that
    /// includes.
    InstallationResumed(i64),
    /// The repository does not exist any more.
    Deleted(i64),
}

/// Applies changes, and records in the activity trail the number of repositories that were
/// disconnected.
pub async fn apply(
    tx: &mut Tx,
    clock: &Clock,
    organisation: &OrganisationId,
    source: &SourceId,
    changes: &[RepositoryChange],
) -> Result<()> {
    let now = clock.now();
    let mut disconnected = 0;
    for change in changes {
        disconnected += match change {
            RepositoryChange::Active { id, installation, full_name } => {
                queries::activate(tx, source, *id, *installation, full_name, now).await?;
                0
            }
            RepositoryChange::Inactive(id) => queries::set_status(tx, source, *id, "inactive", now).await?,
            RepositoryChange::Deleted(id) => queries::set_status(tx, source, *id, "deleted", now).await?,
            RepositoryChange::InstallationGone(id) => {
                queries::move_installation(tx, source, *id, ("suspended", "inactive"), now).await?
                    + queries::move_installation(tx, source, *id, ("active", "inactive"), now).await?
            }
            RepositoryChange::InstallationSuspended(id) => {
                queries::move_installation(tx, source, *id, ("active", "suspended"), now).await?
            }
            RepositoryChange::InstallationResumed(id) => {
                queries::move_installation(tx, source, *id, ("suspended", "active"), now).await?;
                0
            }
        };
    }
    if disconnected > 0 {
        let caller = Caller::system(organisation.clone());
        let about = serde_json::json!({ "repositories": disconnected });
        activity::record(tx, clock, &caller, Action::RepositoriesDisconnected, source.as_str(), about).await?;
    }
    Ok(())
}
