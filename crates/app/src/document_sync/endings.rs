//! The ends of syncs that did not end themselves, and the end of a source's documents.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Result;
use campanile_db::Tx;
use campanile_engine::{Ctx, Failure};
use campanile_inbound::connectors::documents::SyncRequest;
use campanile_inbound::sources::{self, SourceEventData, SourceId};
use campanile_inbound::sync::syncs::{self, DocumentSync, SyncStatus};
use campanile_inbound::sync::{removal, versions};
use serde::Deserialize;

use super::BATCH;
use super::deletion::delete;
use super::run::announce;
use super::source_data;
use crate::App;

/// The reason that people see for a sync that was ended from outside.
const CANCELLED: &str = "the sync was cancelled, or took longer than eight hours";
/// The reason that people see for a sync whose run failed.
const FAILED: &str = "the sync failed, for a reason that the log tells";

/// The data of an event about the end of a run.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RunEnd {
    /// The event that had started the run.
    event: StartEvent,
}

#[derive(Debug, Clone, Deserialize)]
struct StartEvent {
    data: SyncRequest,
}

/// Notes the end of a sync whose run failed or was cancelled.
pub(super) async fn note_end(ctx: Ctx, app: App, end: RunEnd) -> Result<(), Failure> {
    let of = OrganisationId::from(ctx.tenant().to_owned());
    let is_cancelled = ctx.event().name == "engine/run.cancelled";
    let noted =
        ctx.transaction("note", move |tx| Box::pin(async move { Ok(note(tx, &app, &of, end, is_cancelled).await?) }));
    noted.await?;
    Ok(())
}

async fn note(tx: &mut Tx, app: &App, of: &OrganisationId, end: RunEnd, is_cancelled: bool) -> Result<()> {
    let request = end.event.data;
    let (status, reason) = if is_cancelled { (SyncStatus::Cancelled, CANCELLED) } else { (SyncStatus::Failed, FAILED) };
    if !syncs::queries::finish(tx, (of, &request.sync), status, Some(reason), app.clock.now()).await? {
        return Ok(());
    }
    let (source, sync) = (sources::find_any(tx, of, &request.source).await?, syncs::find(tx, of, &request.sync).await?);
    let (Some(source), Some(sync)) = (source, sync) else { return Ok(()) };
    announce(tx, app, &source, &DocumentSync { status, reason: Some(reason.to_owned()), ..sync }).await
}

/// Removes what is known of the documents of a removed source, and the documents if that was asked for.
pub(super) async fn forget(ctx: Ctx, app: App, removed: SourceEventData) -> Result<(), Failure> {
    let of = OrganisationId::from(ctx.tenant().to_owned());
    if removed.delete_data {
        source_data::delete(&ctx, &app, &of, &removed).await?;
    }
    if removed.delete_documents {
        for number in 0.. {
            let (app, of, removed) = (app.clone(), of.clone(), removed.clone());
            let deleted = ctx.transaction(&format!("delete {number}"), move |tx| {
                Box::pin(async move { Ok(delete_some(tx, &app, &of, &removed).await?) })
            });
            if !deleted.await? {
                break;
            }
        }
    }
    for number in 0.. {
        let (of, id) = (of.clone(), SourceId::from(removed.source.clone()));
        let forgotten = ctx.transaction(&format!("forget {number}"), move |tx| {
            Box::pin(async move { Ok(removal::forget_some(tx, &of, &id).await?) })
        });
        if !forgotten.await? {
            break;
        }
    }
    Ok(())
}

/// Deletes some documents of a removed source. Returns `false` when none is left.
async fn delete_some(tx: &mut Tx, app: &App, of: &OrganisationId, removed: &SourceEventData) -> Result<bool> {
    let (id, workspace) = (SourceId::from(removed.source.clone()), WorkspaceId::from(removed.workspace.clone()));
    let keys = versions::queries::some_documents(tx, (of, &id), BATCH).await?;
    for key in &keys {
        delete(tx, app, (of, &workspace), &id, key).await?;
    }
    Ok(!keys.is_empty())
}
