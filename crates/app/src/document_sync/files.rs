//! The workflow of a batch: fetches documents, and stores each with its passages.
//!
//! A document is stored in a transaction of its own, so that deliveries do not wait for a batch. A
//! batch that is interrupted goes on with those that are left.

use campanile_accounts::{OrganisationId, organisations};
use campanile_base::{Error, Result, is_web_address};
use campanile_engine::{Ctx, Failure};
use campanile_inbound::connectors::documents::ReadFailure;
use campanile_inbound::sources::{self, Source, SourceId};
use campanile_inbound::sync::plan::ListedDocument;
use campanile_inbound::sync::skips::{SkipCounts, SkipReason};
use campanile_inbound::sync::syncs::{self, DocumentSyncId, SyncCounts};
use campanile_inbound::sync::versions::{self, Work, WorkItem};
use campanile_inbound::{DocumentReading, FetchedDocument};
use campanile_memory::documents::{self, Change, DocumentInput, PreparedDocument, is_generated_code, prepare};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::deletion::delete_document;
use super::{BATCH, name_of, tenant_of};
use crate::App;

/// The event of a batch whose passages are committed.
const COMPLETED: &str = "files.batch.completed";
/// The documents that may fail one after the other until the batch is tried again.
const FAILURES: usize = 5;
/// The longest title, in characters.
const TITLE: usize = 300;

/// The input of a batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BatchRequest {
    pub(super) sync: DocumentSyncId,
    pub(super) source: SourceId,
    pub(super) workspace: String,
    pub(super) connection: String,
    /// The number of the batch within the sync.
    pub(super) number: usize,
}

/// Fetches a batch. Returns true if there may be more.
pub(super) async fn fetch(ctx: Ctx, app: App, batch: BatchRequest) -> Result<bool, Failure> {
    let organisation = OrganisationId::from(ctx.tenant().to_owned());
    let (within, of) = (app.clone(), batch.clone());
    let fetched = ctx.step("fetch", move || {
        let (app, organisation, batch) = (within.clone(), organisation.clone(), of.clone());
        async move { fetch_some(&app, &organisation, &batch).await }
    });
    let number: usize = fetched.await?;
    if number > 0 {
        let BatchRequest { sync, source, number: at, .. } = &batch;
        ctx.send_event(COMPLETED, &json!({ "sync": sync, "source": source, "batch": at, "processed": number })).await?;
    }
    Ok(number > 0)
}

/// Fetches and stores the next documents. Returns their number.
async fn fetch_some(app: &App, organisation: &OrganisationId, batch: &BatchRequest) -> Result<usize, Failure> {
    let source = app.connectors.source(organisation, &batch.source).await?;
    let (of, id) = (organisation.clone(), source.id.clone());
    let items =
        app.db.read(move |tx| Box::pin(async move { versions::next(tx, &of, &id, Work::Fetch, BATCH).await })).await?;
    if items.is_empty() {
        return Ok(0);
    }
    let reader = app.connectors.open_documents(&source).await?;
    let mut failures = 0;
    for item in &items {
        let document = ListedDocument { key: item.key.clone(), version: item.target.clone() };
        let outcome = match reader.read(&document).await {
            Ok(reading) => prepared(&source, item, reading).await?,
            Err(ReadFailure::Step(failure)) => return Err(failure),
            Err(ReadFailure::Document(reason)) => {
                failures += 1;
                if failures == FAILURES {
                    return Err(Failure::new(reason));
                }
                tracing::warn!(source = %source.id, key = item.key, reason, "a document could not be read");
                Outcome::Failed
            }
        };
        if !matches!(outcome, Outcome::Failed) {
            failures = 0;
        }
        store(app, &source, batch, item, outcome).await?;
    }
    Ok(items.len())
}

/// The outcome of fetching a document.
enum Outcome {
    Document(Box<PreparedDocument>, SkipCounts),
    Skipped(SkipReason),
    Failed,
}

/// Checks and splits a document that was read.
async fn prepared(source: &Source, item: &WorkItem, reading: DocumentReading) -> Result<Outcome> {
    let fetched = match reading {
        DocumentReading::Skipped(reason) => return Ok(Outcome::Skipped(reason)),
        DocumentReading::Document(fetched) => *fetched,
    };
    let FetchedDocument { path, title, url, format, content, skipped } = fetched;
    if format.is_none() && is_generated_code(&path, &content) {
        return Ok(Outcome::Skipped(SkipReason::Generated));
    }
    let input = DocumentInput {
        external_id: Some(item.key.clone()),
        path: Some(path),
        title: title.map(|title| title.chars().take(TITLE).collect()),
        url: url.filter(|url| is_web_address(url)),
        format: format.map(str::to_owned),
        parent: None,
        content,
    };
    match tokio::task::spawn_blocking(move || prepare(input)).await.map_err(Error::internal)? {
        Ok(prepared) => Ok(Outcome::Document(Box::new(prepared), skipped)),
        Err(Error::InvalidField { field: "content", .. }) => Ok(Outcome::Skipped(SkipReason::TooLarge)),
        Err(error @ Error::InvalidField { .. }) => {
            tracing::info!(source = %source.id, key = item.key, %error, "a document cannot be kept");
            Ok(Outcome::Skipped(SkipReason::BadName))
        }
        Err(error) => Err(error),
    }
}

/// Stores the outcome for one document, and counts it.
async fn store(app: &App, source: &Source, batch: &BatchRequest, item: &WorkItem, outcome: Outcome) -> Result<()> {
    let (app, batch, item, of) = (app.clone(), batch.clone(), item.clone(), source.organisation_id.clone());
    app.db
        .clone()
        .write(move |tx| {
            Box::pin(async move {
                // It may have been removed meanwhile.
                let Some(source) = sources::find_any(tx, &of, &batch.source).await? else { return Ok(()) };
                let (owned, mut counts) = ((&of, &source.id), SyncCounts::default());
                let mut left_out = SkipCounts::default();
                match outcome {
                    Outcome::Document(prepared, skipped) => {
                        let (name, tenant) = (name_of(&source), tenant_of(&source));
                        let put = documents::put(tx, &app.memory, tenant, &name, None, &prepared).await?;
                        match put.change {
                            Change::Unchanged => counts.unchanged += 1,
                            Change::Created | Change::Updated => {
                                counts.stored += 1;
                                let workspace = organisations::workspace(tx, &source.workspace_id).await?;
                                app.document_processed(tx, &workspace, &put).await?;
                            }
                        }
                        counts.passages += i64::try_from(put.added).map_err(Error::internal)?;
                        left_out = skipped;
                        versions::queries::set_read(tx, owned, &item.key, &item.target, None).await?;
                    }
                    Outcome::Skipped(reason) => {
                        // It was a document before.
                        counts.deleted +=
                            i64::from(delete_document(tx, &app, tenant_of(&source), &source.id, &item.key).await?);
                        left_out.add(reason);
                        versions::queries::set_read(tx, owned, &item.key, &item.target, Some(reason)).await?;
                    }
                    Outcome::Failed => {
                        counts.failed += 1;
                        versions::queries::give_up(tx, owned, &item.key).await?;
                    }
                }
                syncs::count(tx, &of, &batch.sync, counts, &left_out).await
            })
        })
        .await
}
