//! Sources come and go: endpoints hear of each, in `source.connected` and `source.disconnected`.
//!
//! A source is removed by a person, or with the connection that it belongs to. Both send the engine's
//! event, so a workflow sends the webhook.

use campanile_accounts::{Caller, Workspace, WorkspaceId, organisations};
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::{Ctx, Failure, Registry, Workflow};
use campanile_inbound::connections::ConnectionId;
use campanile_inbound::connectors::linking::ResourceChoice;
use campanile_inbound::sources::{self, Documents, SOURCE_DISCONNECTED, Source, SourceEventData, SourceId};

use crate::{App, outbound};

const DISCONNECTED: &str = "campanile.source-disconnected";

pub(crate) fn register(registry: &mut Registry, app: &App) {
    let within = app.clone();
    let disconnected = move |ctx: Ctx, source: SourceEventData| {
        let app = within.clone();
        async move { disconnected(ctx, app, source).await }
    };
    registry.workflow(Workflow::new(DISCONNECTED, 1, disconnected).on_event(SOURCE_DISCONNECTED));
}

async fn disconnected(ctx: Ctx, app: App, data: SourceEventData) -> Result<(), Failure> {
    let sent = ctx.transaction("send", move |tx| {
        Box::pin(async move {
            let workspace = match organisations::workspace(tx, &WorkspaceId::from(data.workspace.clone())).await {
                Ok(workspace) => workspace,
                Err(Error::NotFound(_)) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            Ok(outbound::source_disconnected(tx, &app, &workspace, &data).await?)
        })
    });
    sent.await?;
    Ok(())
}

impl App {
    /// Links resources of a connection in a workspace, and sends `source.connected` to endpoints for
    /// each.
    ///
    /// # Errors
    /// Like [`Connectors::link`](campanile_inbound::Connectors::link).
    pub async fn link(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        workspace: &Workspace,
        connection: &ConnectionId,
        choices: &[ResourceChoice],
    ) -> Result<Vec<Source>> {
        let linked = self.connectors.link(tx, caller, workspace, connection, choices).await?;
        for source in &linked {
            outbound::source_connected(tx, self, workspace, source).await?;
        }
        Ok(linked)
    }

    /// Removes a source. Endpoints hear of it soon after, and its documents are deleted soon after if
    /// that is asked for.
    ///
    /// # Errors
    /// `NotFound` for another organisation's source, `Forbidden`.
    pub async fn disconnect(&self, tx: &mut Tx, caller: &Caller, id: &SourceId, documents: Documents) -> Result<()> {
        sources::delete(tx, (&self.engine, &self.clock), caller, id, documents).await
    }
}
