//! The workflow of one sync.

use campanile_accounts::activity::{self, Action};
use campanile_accounts::live::LiveEventKind;
use campanile_accounts::{Caller, OrganisationId, organisations};
use campanile_base::Result;
use campanile_db::Tx;
use campanile_engine::{Ctx, Failure, NewEvent, StepError};
use campanile_inbound::ResourcePlace;
use campanile_inbound::connectors::documents::{ListedWork, SyncRequest};
use campanile_inbound::sources::{self, Source};
use campanile_inbound::sync::configuration;
use campanile_inbound::sync::skips::SkipCounts;
use campanile_inbound::sync::syncs::{self, DocumentSync, SyncCause, SyncCounts, SyncMode, SyncStatus};
use campanile_inbound::sync::versions::{self, Work, WorkItem};
use campanile_memory::documents::{self, MovedDocument, NewPlace};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::deletion::delete;
use super::files::BatchRequest;
use super::{BATCH, FILES, tenant_of};
use crate::{App, outbound};

/// The end of a sync.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SyncEnd {
    status: SyncStatus,
    reason: Option<String>,
    /// The commit up to which all documents are stored.
    head: Option<String>,
}

pub(super) async fn sync(ctx: Ctx, app: App, request: SyncRequest) -> Result<SyncEnd, Failure> {
    let organisation = OrganisationId::from(ctx.tenant().to_owned());
    let (of, id, run, now) = (organisation.clone(), request.sync.clone(), ctx.run_id().to_string(), ctx.now());
    let begun = ctx.transaction("begin", move |tx| {
        Box::pin(async move { Ok(syncs::queries::start(tx, &of, &id, &run, now).await?) })
    });
    if !begun.await? {
        return Ok(SyncEnd { status: SyncStatus::Cancelled, reason: None, head: None });
    }
    let end = match work(&ctx, &app, &organisation, &request).await {
        Ok(end) => end,
        Err(error) => SyncEnd { status: SyncStatus::Failed, reason: Some(error.message), head: None },
    };
    let (of, ending) = (organisation, end.clone());
    let finished = ctx
        .transaction("finish", move |tx| Box::pin(async move { Ok(finish(tx, &app, &of, &request, ending).await?) }));
    finished.await?;
    Ok(end)
}

async fn work(ctx: &Ctx, app: &App, of: &OrganisationId, request: &SyncRequest) -> Result<SyncEnd, StepError> {
    let (connectors, organisation, wanted) = (app.connectors.clone(), of.clone(), request.clone());
    let listed = ctx.step("list", move || {
        let (connectors, organisation, wanted) = (connectors.clone(), organisation.clone(), wanted.clone());
        async move { connectors.list_documents(&organisation, &wanted).await }
    });
    let ListedWork { place, is_complete, is_failure, reason } = listed.await?;
    if is_failure {
        return Ok(SyncEnd { status: SyncStatus::Failed, reason, head: None });
    }
    // Moves come first: a document that has moved need not be fetched.
    for number in 0.. {
        let (app, of, request, place) = (app.clone(), of.clone(), request.clone(), place.clone());
        let moved = ctx.transaction(&format!("move {number}"), move |tx| {
            Box::pin(async move { Ok(move_some(tx, &app, &of, &request, &place).await?) })
        });
        if !moved.await? {
            break;
        }
    }
    for number in 0.. {
        let batch = BatchRequest {
            sync: request.sync.clone(),
            source: request.source.clone(),
            workspace: request.workspace.clone(),
            connection: request.connection.clone(),
            number,
        };
        let has_more: bool = ctx.invoke(FILES, &batch).await?;
        if !has_more {
            break;
        }
    }
    for number in 0.. {
        let (app, of, request) = (app.clone(), of.clone(), request.clone());
        let deleted = ctx.transaction(&format!("delete {number}"), move |tx| {
            Box::pin(async move { Ok(delete_some(tx, &app, &of, &request).await?) })
        });
        if !deleted.await? {
            break;
        }
    }
    let status = if is_complete { SyncStatus::Completed } else { SyncStatus::Incomplete };
    Ok(SyncEnd { status, reason, head: place.head().map(str::to_owned) })
}

/// Moves some documents. Returns `false` when none is left.
async fn move_some(
    tx: &mut Tx,
    app: &App,
    of: &OrganisationId,
    request: &SyncRequest,
    place: &ResourcePlace,
) -> Result<bool> {
    let Some(source) = sources::find_any(tx, of, &request.source).await? else { return Ok(false) };
    let items = versions::next(tx, of, &source.id, Work::Move, BATCH).await?;
    let workspace = organisations::workspace(tx, &source.workspace_id).await?;
    let mut counts = SyncCounts::default();
    for item in &items {
        let WorkItem { key, target, .. } = item;
        let url = app.connectors.document_address(source.provider, place, target);
        let to = NewPlace { external_id: target.clone(), path: target.clone(), url };
        let moved = documents::relocate(tx, &app.memory, &source.workspace_id, source.id.as_str(), key, to).await?;
        let needs_content = moved.as_ref().is_none_or(|moved| moved.needs_content);
        versions::queries::rename(tx, (of, &source.id), item, needs_content).await?;
        if let Some(MovedDocument { document, .. }) = moved {
            counts.moved += 1;
            outbound::document_processed(tx, app, &workspace, &document).await?;
        }
    }
    syncs::count(tx, of, &request.sync, counts, &SkipCounts::default()).await?;
    Ok(!items.is_empty())
}

/// Deletes some documents that are gone. Returns `false` when none is left.
async fn delete_some(tx: &mut Tx, app: &App, of: &OrganisationId, request: &SyncRequest) -> Result<bool> {
    let Some(source) = sources::find_any(tx, of, &request.source).await? else { return Ok(false) };
    let items = versions::next(tx, of, &source.id, Work::Delete, BATCH).await?;
    let mut counts = SyncCounts::default();
    for item in &items {
        counts.deleted += i64::from(delete(tx, app, tenant_of(&source), &source.id, &item.key).await?);
    }
    syncs::count(tx, of, &request.sync, counts, &SkipCounts::default()).await?;
    Ok(!items.is_empty())
}

/// Ends a sync: its status, the state of the source, the activity trail, and the webhook.
async fn finish(tx: &mut Tx, app: &App, of: &OrganisationId, request: &SyncRequest, end: SyncEnd) -> Result<()> {
    let Some(source) = sources::find_any(tx, of, &request.source).await? else { return Ok(()) };
    let Some(sync) = syncs::find(tx, of, &request.sync).await? else { return Ok(()) };
    let SyncEnd { mut status, mut reason, head } = end;
    if status == SyncStatus::Completed && sync.counts.failed > 0 {
        status = SyncStatus::Incomplete;
        reason = Some(format!("{} documents could not be read; the next sync tries them again", sync.counts.failed));
    }
    if status == SyncStatus::Completed
        && let Some(head) = head
    {
        configuration::queries::set_head(tx, (of, &source.id), &head).await?;
    }
    configuration::queries::count_documents(tx, of, &source.id).await?;
    if !syncs::queries::finish(tx, (of, &sync.id), status, reason.as_deref(), app.clock.now()).await? {
        return Ok(());
    }
    let sync = DocumentSync { status, reason, ..sync };
    announce(tx, app, &source, &sync).await
}

/// Tells of a sync that has ended: people, endpoints, and workflows.
pub(super) async fn announce(tx: &mut Tx, app: &App, source: &Source, sync: &DocumentSync) -> Result<()> {
    let action = match (sync.status, sync.mode, sync.cause) {
        (SyncStatus::Failed | SyncStatus::Cancelled, ..) => Some(Action::SyncFailed),
        // These are done many times a day, or every day.
        (_, SyncMode::Changes, _) | (_, _, SyncCause::Push | SyncCause::Reconcile) => None,
        _ => Some(Action::SyncCompleted),
    };
    if let Some(action) = action {
        let name = source.resource.as_ref().and_then(|resource| resource.name.as_deref());
        let about = json!({
            "provider": source.provider, "name": name, "sync": sync.id, "status": sync.status, "reason": sync.reason,
            "stored": sync.counts.stored, "moved": sync.counts.moved, "deleted": sync.counts.deleted,
        });
        let by = Caller::system(source.organisation_id.clone());
        activity::record(tx, &app.clock, &by, action, source.id.as_str(), about).await?;
    }
    let workspace = organisations::workspace(tx, &source.workspace_id).await?;
    outbound::sync_completed(tx, app, &workspace, sync).await?;
    let data = json!({ "source": source.id, "workspace": source.workspace_id, "sync": sync.id, "status": sync.status });
    app.engine.send(tx, NewEvent::new("sync.completed", source.organisation_id.as_str(), &data)).await?;
    let (live, organisation) = (app.live.clone(), source.organisation_id.clone());
    let (workspace, id) = (source.workspace_id.clone(), sync.id.clone());
    tx.after_commit(move || live.tell(&organisation, &workspace, LiveEventKind::Document, id.as_str()));
    metrics::counter!("campanile_syncs_total", "provider" => source.provider.as_str(), "status" => sync.status.as_str())
        .increment(1);
    Ok(())
}
