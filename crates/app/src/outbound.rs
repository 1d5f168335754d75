//! Sends the events of the [catalogue](crate::catalogue) to endpoints. Each goes, in its envelope,
//! to the application of the workspace that it concerns.

use campanile_accounts::Workspace;
use campanile_base::{Error, Result, Timestamp, new_id};
use campanile_db::Tx;
use campanile_inbound::sources::{Source, SourceEventData};
use campanile_inbound::sync::syncs::{DocumentSync, SyncCounts, SyncStatus};
use campanile_memory::clusters::Cluster;
use campanile_memory::documents::Document;
use campanile_memory::{ClusterId, Observation};
use campanile_webhooks::applications;
use campanile_webhooks::messages::{self, NewMessage};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{App, catalogue};

/// The body that receivers get.
#[derive(Serialize)]
struct Envelope<'e, T> {
    id: &'e str,
    r#type: &'static str,
    timestamp: Timestamp,
    version: &'static str,
    data: T,
}

/// The data of `observation.created`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObservationCreated<'o> {
    observation_id: &'o str,
    observation_type: &'o str,
    significance_score: i64,
    topics: &'o [String],
    /// `null` unless it joined one at once, because of what it refers to. Others are assigned later.
    cluster_id: Option<&'o str>,
    /// `null` while the cluster is not known.
    cluster_is_new: Option<bool>,
    workspace_id: &'o str,
    source_id: &'o str,
    title: &'o str,
    occurred_at: Timestamp,
}

/// The data of `cluster.created`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterCreated<'c> {
    cluster_id: &'c str,
    workspace_id: &'c str,
    observation_count: i64,
    topics: &'c [String],
    label: &'c str,
    title: &'c str,
    first_at: Timestamp,
    last_at: Timestamp,
}

/// The data of `document.processed`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentProcessed<'d> {
    document_id: &'d str,
    source_id: &'d str,
    workspace_id: &'d str,
    external_id: &'d str,
    path: &'d str,
    title: &'d str,
    passages: i64,
}

/// The data of `source.connected`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceConnected<'s> {
    workspace_id: &'s str,
    source_id: &'s str,
    source_type: &'s str,
    source_metadata: Value,
}

/// The data of `source.disconnected`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceDisconnected<'s> {
    source_id: &'s str,
    /// True if the documents of the source are deleted as well.
    delete_data: bool,
}

/// The data of `sync.completed`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SyncCompleted<'s> {
    source_id: &'s str,
    /// The run, or the sync if it was cancelled before it began.
    job_id: &'s str,
    /// True if the documents are now those of the source.
    success: bool,
    /// The documents that were stored, moved or deleted.
    files_processed: i64,
    /// The new passages. Each gets an embedding, soon after.
    embeddings_created: i64,
    sync_id: &'s str,
    status: SyncStatus,
    reason: Option<&'s str>,
}

/// Sends `observation.created` for each of some observations.
pub(crate) async fn observations_created(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    observations: &[Observation],
) -> Result<()> {
    let now = app.clock.now();
    let created = observations.iter().map(|one| message("observation.created", observation_data(workspace, one), now));
    let messages = created.collect::<Result<Vec<_>>>()?;
    let application = applications::get(tx, &workspace.organisation_id, workspace.id.as_str()).await?;
    messages::send_all(tx, &app.webhooks, &application, messages).await
}

fn observation_data<'o>(workspace: &'o Workspace, observation: &'o Observation) -> ObservationCreated<'o> {
    ObservationCreated {
        observation_id: observation.id.as_str(),
        observation_type: &observation.event_type,
        significance_score: observation.significance,
        topics: &observation.topics,
        cluster_id: observation.cluster_id.as_ref().map(ClusterId::as_str),
        cluster_is_new: observation.cluster_id.as_ref().map(|_| false),
        workspace_id: workspace.id.as_str(),
        source_id: &observation.source_id,
        title: &observation.title,
        occurred_at: observation.occurred_at,
    }
}

pub(crate) async fn cluster_created(tx: &mut Tx, app: &App, workspace: &Workspace, cluster: &Cluster) -> Result<()> {
    let data = ClusterCreated {
        cluster_id: cluster.id.as_str(),
        workspace_id: workspace.id.as_str(),
        observation_count: cluster.observation_count,
        topics: &cluster.topics,
        label: &cluster.label,
        title: &cluster.title,
        first_at: cluster.first_at,
        last_at: cluster.last_at,
    };
    send(tx, app, workspace, "cluster.created", data).await
}

pub(crate) async fn document_processed(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    document: &Document,
) -> Result<()> {
    let data = DocumentProcessed {
        document_id: document.id.as_str(),
        source_id: &document.source_id,
        workspace_id: workspace.id.as_str(),
        external_id: &document.external_id,
        path: &document.path,
        title: &document.title,
        passages: document.passages,
    };
    send(tx, app, workspace, "document.processed", data).await
}

pub(crate) async fn source_connected(tx: &mut Tx, app: &App, workspace: &Workspace, source: &Source) -> Result<()> {
    let data = SourceConnected {
        workspace_id: workspace.id.as_str(),
        source_id: source.id.as_str(),
        source_type: source.provider.as_str(),
        source_metadata: source_metadata(source),
    };
    send(tx, app, workspace, "source.connected", data).await
}

/// The path of a source, and the resource that a linked one is.
fn source_metadata(source: &Source) -> Value {
    match &source.resource {
        None => json!({ "path": source.path }),
        Some(resource) => json!({
            "path": source.path, "connectionId": resource.connection_id, "resourceKind": resource.kind,
            "resourceId": resource.provider_id, "resourceName": resource.name,
        }),
    }
}

pub(crate) async fn source_disconnected(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    source: &SourceEventData,
) -> Result<()> {
    let data = SourceDisconnected { source_id: &source.source, delete_data: source.delete_documents };
    send(tx, app, workspace, "source.disconnected", data).await
}

pub(crate) async fn sync_completed(tx: &mut Tx, app: &App, workspace: &Workspace, sync: &DocumentSync) -> Result<()> {
    let SyncCounts { stored, moved, deleted, passages, .. } = sync.counts;
    let data = SyncCompleted {
        source_id: sync.source_id.as_str(),
        job_id: sync.run_id.as_deref().unwrap_or(sync.id.as_str()),
        success: sync.status == SyncStatus::Completed,
        files_processed: stored + moved + deleted,
        embeddings_created: passages,
        sync_id: sync.id.as_str(),
        status: sync.status,
        reason: sync.reason.as_deref(),
    };
    send(tx, app, workspace, "sync.completed", data).await
}

async fn send(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    event_type: &'static str,
    data: impl Serialize,
) -> Result<()> {
    let message = message(event_type, data, app.clock.now())?;
    let application = applications::get(tx, &workspace.organisation_id, workspace.id.as_str()).await?;
    messages::send(tx, &app.webhooks, &application, message).await.map(drop)
}

/// An event in its envelope.
fn message(event_type: &'static str, data: impl Serialize, now: Timestamp) -> Result<NewMessage> {
    let id = new_id("evt", now);
    let envelope = Envelope { id: &id, r#type: event_type, timestamp: now, version: catalogue::VERSION, data };
    let payload = serde_json::to_vec(&envelope).map_err(Error::internal)?;
    Ok(NewMessage {
        event_type: event_type.to_owned(),
        event_id: Some(id),
        payload: payload.into(),
        ..NewMessage::default()
    })
}
