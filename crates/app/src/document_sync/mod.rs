//! The sync of documents: connectors list and read them, the memory keeps them.
//!
//! # The workflows
//! * `inbound.sync` does one sync of a source, one at a time. It lists, then moves, fetches and
//!   deletes documents until no work is left.
//! * `inbound.files` fetches and stores a batch of documents. Its completion follows the commit of
//!   their passages.
//! * `inbound.first-sync` asks for a sync of a source that was linked.
//! * `inbound.sync-ended` notes the end of a sync whose run failed or was cancelled.
//! * `inbound.forget-documents` removes what is known of the documents of a removed source, and the
//!   documents themselves if that was asked for. If everything is to be deleted that the source has brought,
//!   its deliveries and what they told go first.
//!
//! A document, its passages, its version, the counts of the sync and the webhook
//! `document.processed` commit together.

mod deletion;
mod endings;
mod files;
mod pushes;
mod requests;
mod run;
mod source_data;

use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_engine::flow::{CancelOn, Limit};
use campanile_engine::{Backoff, Registry, Workflow};
use campanile_inbound::connectors::documents::SYNC_REQUESTED;
use campanile_inbound::sources::{SOURCE_DISCONNECTED, SOURCE_LINKED, Source};
use campanile_memory::documents::SourceName;

use crate::App;

pub(crate) use pushes::request_syncs;
pub use source_data::ConnectionData;

const SYNC: &str = "inbound.sync";
const FILES: &str = "inbound.files";
const FIRST: &str = "inbound.first-sync";
const ENDED: &str = "inbound.sync-ended";
const FORGET: &str = "inbound.forget-documents";
/// The documents of a batch.
const BATCH: i64 = 50;
/// The batches that an organisation's workspace fetches at a time, over all of its sources.
const BATCHES_AT_A_TIME: usize = 10;
/// The longest sync. A first sync of a large repository takes hours.
const LONGEST: Duration = Duration::from_secs(8 * 3_600);
/// The longest batch. A provider may want a pause of an hour in between.
const LONGEST_BATCH: Duration = Duration::from_secs(2 * 3_600);

/// Registers the workflows.
pub(crate) fn register(registry: &mut Registry, app: &App) {
    let until_removed = || CancelOn::event(SOURCE_DISCONNECTED).same("data.source");
    let until_closing = || CancelOn::event("connection.closing").same("data.connection");
    let backoff = Backoff::Exponential { first: Duration::from_secs(2), most: Duration::from_secs(300) };

    let within = app.clone();
    let sync = Workflow::new(SYNC, 1, move |ctx, request| run::sync(ctx, within.clone(), request));
    let sync = sync.on_event(SYNC_REQUESTED).limit(Limit::of(1).key("event.data.source")).attempts(3);
    let sync = sync.cancel_on(until_removed()).cancel_on(until_closing()).finish_timeout(LONGEST);
    registry.workflow(sync.backoff(backoff.clone()).step_timeout(Duration::from_secs(900)));

    let within = app.clone();
    let files = Workflow::new(FILES, 1, move |ctx, batch| files::fetch(ctx, within.clone(), batch));
    let files = files.limit(Limit::of(BATCHES_AT_A_TIME).key("event.data.workspace")).attempts(3);
    let files = files.cancel_on(until_removed()).cancel_on(until_closing()).finish_timeout(LONGEST_BATCH);
    registry.workflow(files.backoff(backoff).step_timeout(Duration::from_secs(900)));

    let within = app.clone();
    let first = Workflow::new(FIRST, 1, move |ctx, linked| requests::first_sync(ctx, within.clone(), linked));
    registry.workflow(first.on_event(SOURCE_LINKED));

    let within = app.clone();
    let ended = Workflow::new(ENDED, 1, move |ctx, end| endings::note_end(ctx, within.clone(), end));
    let of_a_sync = "event.data.workflow == 'inbound.sync'";
    let ended = ended.on_event_when("engine/run.failed", of_a_sync);
    registry.workflow(ended.on_event_when("engine/run.cancelled", of_a_sync));

    let within = app.clone();
    let forget = Workflow::new(FORGET, 1, move |ctx, removed| endings::forget(ctx, within.clone(), removed));
    registry.workflow(forget.on_event(SOURCE_DISCONNECTED));
}

/// A source as the memory knows it.
fn name_of(source: &Source) -> SourceName {
    SourceName { kind: source.provider.as_str().to_owned(), id: source.id.to_string() }
}

/// The owner and the workspace of a source.
fn tenant_of(source: &Source) -> (&OrganisationId, &WorkspaceId) {
    (&source.organisation_id, &source.workspace_id)
}
