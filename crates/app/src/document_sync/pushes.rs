//! Pushes to the default branch of a linked repository start syncs of what they changed.

use std::collections::BTreeSet;

use campanile_accounts::Caller;
use campanile_base::Result;
use campanile_db::Tx;
use campanile_inbound::Provider;
use campanile_inbound::connectors::documents::ChangedFiles;
use campanile_inbound::deliveries::Delivery;
use campanile_inbound::github::pushes::DefaultBranchPush;
use campanile_inbound::sources;
use campanile_inbound::sync::config::FILE_NAMES;
use campanile_inbound::sync::syncs::SyncCause;

use crate::App;

/// Asks for a sync of each source that is the repository of a push, in the workspace of its delivery.
pub(crate) async fn request_syncs(tx: &mut Tx, app: &App, delivery: &Delivery, push: &DefaultBranchPush) -> Result<()> {
    let (of, repository) = ((&delivery.organisation_id, &delivery.workspace_id), push.repository.to_string());
    let linked = sources::of_resource(tx, of, Provider::Github, ("repository", &repository)).await?;
    let (cause, changes) = changes_of(push);
    let by = Caller::system(delivery.organisation_id.clone());
    for source in linked {
        app.connectors.request_sync(tx, &by, &source, cause, changes.clone()).await?;
    }
    Ok(())
}

/// The cause of the sync, and the files to look at; `None` for all. Another configuration file may
/// make others be documents.
fn changes_of(push: &DefaultBranchPush) -> (SyncCause, Option<ChangedFiles>) {
    let Some(changes) = &push.changes else { return (SyncCause::Push, None) };
    let files: BTreeSet<String> = changes.changed.iter().chain(&changes.removed).cloned().collect();
    if FILE_NAMES.iter().any(|name| files.contains(*name)) {
        return (SyncCause::Configuration, None);
    }
    (SyncCause::Push, Some(ChangedFiles { before: Some(push.before.clone()), files }))
}
