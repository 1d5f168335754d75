//! Webhooks that name things without their content: it is fetched, and then they are told with it.
//!
//! A webhook at one source of an account is about all of the account, since the tool has one address for it.
//! So what it tells goes to each source of the connection that has the thing, in any workspace.
//!
//! Polls ask for the documents that were edited as well, of a tool that tells them. A document of which a
//! webhook says that it was edited is read again once its edits have come to rest: thirty seconds after the
//! last webhook, and five minutes after the first.

use std::collections::BTreeSet;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::flow::{CancelOn, Debounce};
use campanile_engine::{Attempt, Ctx, Failure, JobOptions, NewEvent, NewJob, Outcome, Registry, Verdict, Workflow};
use serde::{Deserialize, Serialize};

use super::super::Connectors;
use super::super::access::Access;
use super::super::documents::ChangedFiles;
use super::SourceInUse;
use super::poll::DOCUMENTS;
use crate::connections::Connection;
use crate::deliveries::{self, Delivery, DeliveryId, Origin, process_job};
use crate::normalisation;
use crate::remote::{EditedDocuments, ResourceRef, Trouble, WebhookContent};
use crate::sources::{self, Source, SourceId};
use crate::sync::syncs::SyncCause;
use crate::upkeep::kinds::queries as kinds;

/// The job that fetches what a webhook names.
const FETCH: &str = "inbound.fetch-content";
/// The workflow that reads an edited document again, and the event that asks for it.
const REREAD: &str = "inbound.reread-document";
const EDITED: &str = "document.edited";
/// The rest after the last edit, and the longest wait after the first.
const REST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(300);
/// The fetches of a node at a time, and those of one connection: Notion takes three calls a second.
const CONCURRENCY: usize = 8;
const PER_CONNECTION: usize = 1;

/// The arguments of the job.
#[derive(Debug, Serialize, Deserialize)]
struct FetchArgs {
    delivery: String,
}

/// The data of an edit.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct DocumentEdit {
    source: SourceId,
    key: String,
    /// Both, to gather the edits of a document.
    of: String,
}

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    let within = connectors.clone();
    let options = JobOptions { concurrency: CONCURRENCY, per_key: PER_CONNECTION, ..JobOptions::default() };
    registry.register(FETCH, options, move |attempt: Attempt| {
        let connectors = within.clone();
        async move { fetch_job(&connectors, &attempt).await }
    });
    let within = connectors.clone();
    let workflow = Workflow::new(REREAD, 1, move |ctx: Ctx, edit: DocumentEdit| {
        let connectors = within.clone();
        async move { reread(ctx, connectors, edit).await }
    });
    let at_rest = Debounce::of(REST).most(LONGEST).key("event.data.of");
    let until_removed = CancelOn::event(sources::SOURCE_DISCONNECTED).same("data.source");
    registry.workflow(workflow.on_event(EDITED).debounce(at_rest).cancel_on(until_removed));
}

async fn fetch_job(connectors: &Connectors, attempt: &Attempt) -> Result<Outcome> {
    let FetchArgs { delivery } = attempt.job.args()?;
    match connectors.fetch_content(&delivery).await {
        Ok(()) => Ok(Outcome::done()),
        Err(Trouble::Ours(error)) => Err(error),
        Err(Trouble::Limited { until }) => {
            let (after, reason) = (until.since(connectors.clock.now()), "the tool wants fewer calls".to_owned());
            Ok(Outcome::of(Verdict::PutOff { after, reason }))
        }
        Err(trouble @ (Trouble::Network(_) | Trouble::Provider(_))) => {
            Err(Error::Unavailable { what: "the tool", source: trouble.to_string().into() })
        }
        // It was disconnected, or the tool does not give it out. The next reconcile sees what is there.
        Err(trouble) => {
            tracing::info!(delivery, %trouble, "what a webhook names could not be fetched");
            Ok(Outcome::done())
        }
    }
}

async fn reread(ctx: Ctx, connectors: Connectors, edit: DocumentEdit) -> Result<(), Failure> {
    let of = OrganisationId::from(ctx.tenant().to_owned());
    let asked = ctx.transaction("request", move |tx| {
        Box::pin(async move {
            let Some(in_use) = SourceInUse::find(tx, &of, &edit.source).await? else { return Ok(()) };
            let changes = ChangedFiles { before: None, files: BTreeSet::from([edit.key]) };
            connectors.request_sync(tx, &in_use.by(), &in_use.source, SyncCause::Edit, Some(changes)).await?;
            Ok(())
        })
    });
    asked.await?;
    Ok(())
}

impl Connectors {
    /// Has what a webhook names fetched, soon after this transaction.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn request_content(&self, tx: &mut Tx, delivery: &Delivery) -> Result<()> {
        let args = FetchArgs { delivery: delivery.id.to_string() };
        let organisation = delivery.organisation_id.as_str();
        let job = NewJob::new(FETCH, organisation, &args).key(delivery.source_id.as_str());
        self.engine.enqueue(tx, job).await?;
        Ok(())
    }

    async fn fetch_content(&self, id: &str) -> Result<(), Trouble> {
        let wanted = id.to_owned();
        let loaded =
            self.db.read(move |tx| Box::pin(async move { deliveries::load(tx, &wanted, usize::MAX >> 1).await }));
        let Some(delivery) = loaded.await?.map(|row| row.delivery) else { return Ok(()) };
        let Some(in_use) = self.in_use(&delivery.organisation_id, &delivery.source_id).await? else { return Ok(()) };
        let connection = in_use.connection;
        let remote = self.remote_of(connection.provider)?;
        let payload = delivery.payload()?;
        let Access { api, generation } = self.access(&connection).await?;
        let (content, limits) = match remote.content(&api, &delivery.event, &payload, &self.clock).await {
            Err(Trouble::Unauthorised) => {
                let access = self.access_after_refusal(&connection, generation).await?;
                let content = remote.content(&access.api, &delivery.event, &payload, &self.clock).await?;
                (content, access.api.limits())
            }
            content => (content?, api.limits()),
        };
        self.note_success(&connection, None, limits).await?;
        Ok(self.tell_content(&connection, delivery, content).await?)
    }

    /// Tells what was fetched to the sources of a connection.
    async fn tell_content(&self, connection: &Connection, webhook: Delivery, content: WebhookContent) -> Result<()> {
        let (connectors, connection) = (self.clone(), connection.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let organisation = &connection.organisation_id;
                    for source in sources::of_connection(tx, organisation, &connection.id).await? {
                        // A source that is a part of the account sees its documents alone: only they say
                        // whether a thing belongs to it.
                        let is_whole = source.resource.as_ref().is_some_and(|it| it.kind == "workspace");
                        if is_whole && let Some(item) = &content.event {
                            connectors.store_content(tx, &source, &webhook, item.clone()).await?;
                        }
                        if let Some(key) = &content.document {
                            connectors.send_edit(tx, &source, key).await?;
                        }
                    }
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    async fn store_content(
        &self,
        tx: &mut Tx,
        source: &Source,
        webhook: &Delivery,
        item: (String, serde_json::Value),
    ) -> Result<()> {
        let now = self.clock.now();
        let delivery = Delivery {
            id: DeliveryId::new(now),
            organisation_id: source.organisation_id.clone(),
            workspace_id: source.workspace_id.clone(),
            source_id: source.id.clone(),
            provider: source.provider,
            delivery_id: deliveries::storable(&format!("content:{}", webhook.delivery_id)),
            event: format!("content:{}", webhook.event),
            headers: Vec::new(),
            body: normalisation::page_body(&[item]),
            received_at: now,
            origin: Origin::Poll,
        };
        if deliveries::insert_many(tx, &[&delivery]).await? == [1] {
            let job = process_job(&delivery.organisation_id, delivery.id.as_str(), delivery.origin);
            self.engine.enqueue(tx, job).await?;
        }
        Ok(())
    }

    async fn send_edit(&self, tx: &mut Tx, source: &Source, key: &str) -> Result<()> {
        let of = format!("{} {key}", source.id);
        let edit = DocumentEdit { source: source.id.clone(), key: key.to_owned(), of };
        self.engine.send(tx, NewEvent::new(EDITED, source.organisation_id.as_str(), &edit)).await?;
        Ok(())
    }

    /// Asks for the documents that were edited since the last poll to be read again.
    pub(super) async fn poll_documents(&self, in_use: &SourceInUse) -> Result<(), Trouble> {
        let SourceInUse { source, resource, connection } = in_use;
        let Some(remote) = self.document_remote(source.provider) else { return Ok(()) };
        let (began, since) = (self.clock.now(), self.pulled_from(in_use, DOCUMENTS).await?);
        let of = ResourceRef { kind: resource.kind.clone(), id: resource.provider_id.clone() };
        let Access { api, generation } = self.access(connection).await?;
        let edited = match remote.edited_since(&api, &of, since, &self.clock).await {
            Err(Trouble::Unauthorised) => {
                let access = self.access_after_refusal(connection, generation).await?;
                remote.edited_since(&access.api, &of, since, &self.clock).await?
            }
            edited => edited?,
        };
        let changes = match edited {
            EditedDocuments::Untold => return Ok(()),
            EditedDocuments::Keys(files) => Some(ChangedFiles { before: None, files }),
            EditedDocuments::Many => None,
        };
        let (connectors, in_use) = (self.clone(), in_use.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let SourceInUse { source, connection, .. } = &in_use;
                    if changes.as_ref().is_none_or(|changes| !changes.files.is_empty()) {
                        connectors.request_sync(tx, &in_use.by(), source, SyncCause::Edit, changes).await?;
                    }
                    let of = (&source.id, &connection.id);
                    kinds::set_polled_to(tx, &source.organisation_id, of, DOCUMENTS, began).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        Ok(())
    }
}
