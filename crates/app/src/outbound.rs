//! Sends the events of the [catalogue](crate::catalogue) to endpoints. Each goes, in its envelope,
//! to the application of the workspace that it concerns.

use campanile_accounts::Workspace;
use campanile_base::{Error, Result, Timestamp, new_id};
use campanile_db::Tx;
use campanile_inbound::sources::Source;
use campanile_memory::Observation;
use campanile_memory::documents::Document;
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
    /// Always `null` so far: there are no clusters yet.
    cluster_id: Option<String>,
    workspace_id: &'o str,
    source_id: &'o str,
    title: &'o str,
    occurred_at: Timestamp,
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
    /// Always false: the data of a removed source is kept.
    delete_data: bool,
}

pub(crate) async fn observation_created(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    observation: &Observation,
) -> Result<()> {
    let data = ObservationCreated {
        observation_id: observation.id.as_str(),
        observation_type: &observation.event_type,
        significance_score: observation.significance,
        topics: &observation.topics,
        cluster_id: None,
        workspace_id: workspace.id.as_str(),
        source_id: &observation.source_id,
        title: &observation.title,
        occurred_at: observation.occurred_at,
    };
    send(tx, app, workspace, "observation.created", data).await
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
        source_metadata: json!({ "path": source.path }),
    };
    send(tx, app, workspace, "source.connected", data).await
}

pub(crate) async fn source_disconnected(tx: &mut Tx, app: &App, workspace: &Workspace, source: &Source) -> Result<()> {
    let data = SourceDisconnected { source_id: source.id.as_str(), delete_data: false };
    send(tx, app, workspace, "source.disconnected", data).await
}

async fn send(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    event_type: &'static str,
    data: impl Serialize,
) -> Result<()> {
    let now = app.clock.now();
    let id = new_id("evt", now);
    let envelope = Envelope { id: &id, r#type: event_type, timestamp: now, version: catalogue::VERSION, data };
    let payload = serde_json::to_vec(&envelope).map_err(Error::internal)?;
    let application = applications::get(tx, &workspace.organisation_id, workspace.id.as_str()).await?;
    let message = NewMessage {
        event_type: event_type.to_owned(),
        event_id: Some(id),
        payload: payload.into(),
        ..NewMessage::default()
    };
    messages::send(tx, &app.webhooks, &application, message).await.map(drop)
}
