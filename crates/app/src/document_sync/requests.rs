//! Requests of people and of events for syncs.

use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::Result;
use campanile_engine::{Ctx, Failure};
use campanile_inbound::sources::{self, SourceEventData, SourceId};
use campanile_inbound::sync::configuration::ConfigFinding;
use campanile_inbound::sync::syncs::{DocumentSync, SyncCause};

use crate::App;

impl App {
    /// Asks for a sync of all documents of a source. While one has not begun, it is returned.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's source; `Conflict` if it has no documents.
    pub async fn sync_documents(&self, caller: Caller, id: SourceId) -> Result<DocumentSync> {
        caller.must(Permission::Configure)?;
        let app = self.clone();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let source = sources::find(tx, &caller.organisation, &id).await?;
                    app.connectors.request_sync(tx, &caller, &source, SyncCause::Person, None).await
                })
            })
            .await
    }

    /// Looks for the configuration file of a source. Nothing is synced.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's source; `Conflict` if it has no documents;
    /// `Unavailable` when the tool does not answer.
    pub async fn detect_configuration(&self, caller: &Caller, id: &SourceId) -> Result<ConfigFinding> {
        caller.must(Permission::Configure)?;
        let (of, id) = (caller.organisation.clone(), id.clone());
        let source = self.db.read(move |tx| Box::pin(async move { sources::find(tx, &of, &id).await })).await?;
        self.connectors.detect_configuration(&source).await
    }
}

/// Asks for the first sync of a source that was linked.
pub(super) async fn first_sync(ctx: Ctx, app: App, linked: SourceEventData) -> Result<(), Failure> {
    let of = OrganisationId::from(ctx.tenant().to_owned());
    let asked = ctx.transaction("request", move |tx| {
        Box::pin(async move {
            let source = sources::find_any(tx, &of, &SourceId::from(linked.source)).await?;
            let Some(source) = source else { return Ok(()) };
            if app.connectors.has_documents(&source) {
                let by = Caller::system(of);
                app.connectors.request_sync(tx, &by, &source, SyncCause::Link, None).await?;
            }
            Ok(())
        })
    });
    asked.await?;
    Ok(())
}
