//! Deletes what a removed source has brought: its deliveries, and the observations that they told.
//!
//! Each batch is a step, so that a crash goes on at the batch. The deliveries go first: one that is being
//! processed meanwhile tells nothing afterwards. What stored answers quote of the observations is
//! forgotten with them, and references to them at the end.

use campanile_accounts::{Caller, OrganisationId, Permission, WorkspaceId};
use campanile_base::Result;
use campanile_db::Tx;
use campanile_engine::{Ctx, Failure};
use campanile_inbound::connections::{self, ConnectionId};
use campanile_inbound::deliveries;
use campanile_inbound::sources::{self, SourceEventData, SourceId};
use campanile_inbound::sync::versions;
use campanile_memory::retention;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// The rows that are removed at a time. Bodies of deliveries may be large.
const DELIVERIES: i64 = 100;
const OBSERVATIONS: i64 = 200;
/// The rows that are counted at most.
const COUNTED: i64 = 10_000;

/// The amount of data that the sources of a connection have brought.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct ConnectionData {
    /// The observations, of those that were remembered since sources are noted with them.
    pub observations: i64,
    /// The documents.
    pub documents: i64,
    /// The deliveries that are still stored.
    pub deliveries: i64,
    /// True if there are more than these numbers say: ten thousand of a kind are counted.
    pub has_more: bool,
}

impl App {
    /// The amount of data that the sources of a connection have brought.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's connection.
    pub async fn connection_data(&self, caller: &Caller, id: &ConnectionId) -> Result<ConnectionData> {
        caller.must(Permission::Configure)?;
        let (of, id) = (caller.organisation.clone(), id.clone());
        self.db.read(move |tx| Box::pin(async move { amount(tx, &of, &id).await })).await
    }
}

async fn amount(tx: &mut Tx, of: &OrganisationId, id: &ConnectionId) -> Result<ConnectionData> {
    connections::find(tx, of, id).await?;
    let mut data = ConnectionData::default();
    for source in sources::of_connection(tx, of, id).await? {
        let left = |counted: i64| (COUNTED + 1 - counted).max(0);
        let tenant = (of, &source.workspace_id);
        data.observations += retention::number_brought(tx, tenant, source.id.as_str(), left(data.observations)).await?;
        data.deliveries += deliveries::number_of_source(tx, of, &source.id, left(data.deliveries)).await?;
        let documents = versions::queries::number_of_documents(tx, (of, &source.id), left(data.documents)).await?;
        data.documents += documents;
    }
    let ConnectionData { observations, documents, deliveries, .. } = data;
    let counted = [observations, documents, deliveries].map(|number| number.min(COUNTED));
    let has_more = [observations, documents, deliveries].into_iter().any(|number| number > COUNTED);
    Ok(ConnectionData { observations: counted[0], documents: counted[1], deliveries: counted[2], has_more })
}

/// Deletes what a removed source has brought, but for its documents.
pub(super) async fn delete(
    ctx: &Ctx,
    app: &App,
    of: &OrganisationId,
    removed: &SourceEventData,
) -> std::result::Result<(), Failure> {
    let (source, workspace) = (SourceId::from(removed.source.clone()), WorkspaceId::from(removed.workspace.clone()));
    let mut gone = (0_u64, 0_u64);
    for number in 0.. {
        let (of, source) = (of.clone(), source.clone());
        let deleted = ctx.transaction(&format!("deliveries {number}"), move |tx| {
            Box::pin(async move { Ok(deliveries::forget_of_source(tx, &of, &source, DELIVERIES).await?) })
        });
        let deleted: u64 = deleted.await?;
        gone.0 += deleted;
        if deleted == 0 {
            break;
        }
    }
    for number in 0.. {
        let (app_of, of_tx, workspace, source) = (app.clone(), of.clone(), workspace.clone(), source.clone());
        let deleted = ctx.transaction(&format!("observations {number}"), move |tx| {
            Box::pin(async move {
                let tenant = (&of_tx, &workspace);
                Ok(retention::forget_brought(tx, &app_of.memory, tenant, source.as_str(), OBSERVATIONS).await?)
            })
        });
        let deleted: Vec<String> = deleted.await?;
        if deleted.is_empty() {
            break;
        }
        gone.1 += deleted.len() as u64;
        let (app, of) = (app.clone(), of.clone());
        let forgotten = ctx.step(&format!("answers {number}"), move || {
            let (app, of, deleted) = (app.clone(), of.clone(), deleted.clone());
            async move {
                for id in &deleted {
                    campanile_answers::forget_document(&app.db, &of, id).await?;
                }
                Ok::<_, Failure>(())
            }
        });
        forgotten.await?;
    }
    let within = app.clone();
    let swept = ctx.step("references", move || {
        let app = within.clone();
        async move { retention::forget_references(&app.memory).await.map_err(Failure::from) }
    });
    swept.await?;
    let Some(connection) = removed.connection.clone().map(ConnectionId::from) else { return Ok(()) };
    let (app, of, name) = (app.clone(), of.clone(), removed.resource.clone().unwrap_or_default());
    let noted = ctx.transaction("note the deletion", move |tx| {
        Box::pin(async move {
            let (deliveries, observations) = gone;
            let said = format!("{name}: {observations} events and {deliveries} deliveries were deleted");
            Ok(app.connectors.note_deletion(tx, &of, &connection, &said).await?)
        })
    });
    noted.await?;
    Ok(())
}
