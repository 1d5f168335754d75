//! Requests for syncs, and the state of a source's documents.

use std::collections::BTreeSet;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId};
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::NewEvent;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::super::Connectors;
use super::super::new_connection::author;
use crate::sources::{self, Source, SourceId};
use crate::sync::configuration;
use crate::sync::skips::SkipCounts;
use crate::sync::syncs::{self, DocumentSync, DocumentSyncId, SyncCause, SyncCounts, SyncMode, SyncStatus};

/// The event that starts a sync.
pub const SYNC_REQUESTED: &str = "sync.requested";
/// The most files of a push that are looked at one by one.
const FILES: usize = 1_000;

/// The syncs of a source that are shown.
const SHOWN: i64 = 20;

/// The data of [`SYNC_REQUESTED`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncRequest {
    /// The sync.
    pub sync: DocumentSyncId,
    /// The source.
    pub source: SourceId,
    /// Its workspace.
    pub workspace: String,
    /// Its connection.
    pub connection: String,
    /// The files that have changed; `None` for all.
    pub changes: Option<ChangedFiles>,
}

/// The documents that have changed: the files of a push, or documents that were edited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFiles {
    /// The commit before the push. Documents that are not at this commit are all compared. `None` for a
    /// tool without commits.
    pub before: Option<String>,
    /// The keys of the documents, whether they are there or not.
    pub files: BTreeSet<String>,
}

/// The documents of a source: their configuration, and the newest syncs.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceDocuments {
    /// True if the documents of this source can be read.
    pub has_documents: bool,
    /// The configuration file and the number of documents; `null` before anything was looked for.
    pub configuration: Option<configuration::SourceConfiguration>,
    /// The newest syncs, newest first.
    pub syncs: Vec<DocumentSync>,
}

impl Connectors {
    /// The documents of a source.
    ///
    /// # Errors
    /// `NotFound` for another organisation's source.
    pub async fn source_documents(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        id: &SourceId,
    ) -> Result<SourceDocuments> {
        let source = sources::find(tx, organisation, id).await?;
        let configuration = configuration::queries::find(tx, organisation, id).await?;
        let syncs = syncs::newest(tx, organisation, id, SHOWN).await?;
        Ok(SourceDocuments { has_documents: self.has_documents(&source), configuration, syncs })
    }

    /// Asks for a sync of a source, in the caller's transaction. While a sync of all documents has not
    /// begun, it is returned, and no other is made.
    ///
    /// # Errors
    /// `Conflict` if the source has no documents that can be read.
    pub async fn request_sync(
        &self,
        tx: &mut Tx,
        by: &Caller,
        source: &Source,
        cause: SyncCause,
        changes: Option<ChangedFiles>,
    ) -> Result<DocumentSync> {
        let Some(resource) = source.resource.as_ref().filter(|_| self.has_documents(source)) else {
            return Err(Error::conflict(
                "this source has no documents; link a repository or a team of a connected account",
            ));
        };
        if let Some(queued) = syncs::queries::queued_full(tx, &source.organisation_id, &source.id).await? {
            return Ok(queued);
        }
        let changes = changes.filter(|changes| changes.files.len() <= FILES);
        let (now, (requested_by, _)) = (self.clock.now(), author(by));
        let sync = DocumentSync {
            id: DocumentSyncId::new(now),
            organisation_id: source.organisation_id.clone(),
            workspace_id: source.workspace_id.clone(),
            source_id: source.id.clone(),
            mode: if changes.is_some() { SyncMode::Changes } else { SyncMode::Full },
            cause,
            requested_by,
            run_id: None,
            status: SyncStatus::Queued,
            reason: None,
            counts: SyncCounts::default(),
            skipped: SkipCounts::default(),
            created_at: now,
            started_at: None,
            finished_at: None,
        };
        syncs::queries::insert(tx, &sync).await?;
        if cause == SyncCause::Person {
            let about = json!({ "provider": source.provider, "name": resource.name, "sync": sync.id });
            activity::record(tx, &self.clock, by, Action::SyncRequested, source.id.as_str(), about).await?;
        }
        let request = SyncRequest {
            sync: sync.id.clone(),
            source: source.id.clone(),
            workspace: source.workspace_id.to_string(),
            connection: resource.connection_id.to_string(),
            changes,
        };
        self.engine.send(tx, NewEvent::new(SYNC_REQUESTED, source.organisation_id.as_str(), &request)).await?;
        Ok(sync)
    }
}
