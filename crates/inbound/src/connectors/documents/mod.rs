//! The documents of a linked source: asked for, listed and read with the tokens of its connection.
//!
//! * `requests`: a sync is asked for, and what syncs have found is shown.
//! * `reader`: documents are read, one after the other.
//!
//! Here the documents of a source are listed and compared with those that are stored.

mod reader;
mod requests;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId};
use campanile_base::{Error, Result, Thing};
use campanile_db::Tx;
use campanile_engine::Failure;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Connectors;
use crate::Provider;
use crate::remote::{DocumentListing, DocumentRemote, ResourcePlace, Trouble};
use crate::sources::{self, Source, SourceId};
use crate::sync::configuration::{self, ConfigFinding};
use crate::sync::plan::plan;
use crate::sync::skips::SkipCounts;
use crate::sync::syncs::{self, DocumentSyncId};
use crate::sync::versions;

pub use reader::{DocumentReader, ReadFailure};
pub use requests::{ChangedFiles, SYNC_REQUESTED, SourceDocuments, SyncRequest};

/// The work that a listing has found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListedWork {
    /// The place of the resource.
    pub place: ResourcePlace,
    /// True if all documents were listed that had to be.
    pub is_complete: bool,
    /// True if the documents could not be listed at all, such as with an invalid configuration file.
    pub is_failure: bool,
    /// The reason for either, in a sentence.
    pub reason: Option<String>,
}

impl Connectors {
    /// The documents of a provider; `None` if it has none that can be read.
    pub(super) fn document_remote(&self, provider: Provider) -> Option<&dyn DocumentRemote> {
        match provider {
            Provider::Github => Some(&self.github),
            Provider::Linear => Some(&self.linear),
            Provider::Notion => Some(&self.notion),
            Provider::Vercel | Provider::Sentry | Provider::Pagerduty | Provider::Gitlab => None,
        }
    }

    /// True if the documents of this source can be read.
    pub fn has_documents(&self, source: &Source) -> bool {
        let kind = source.resource.as_ref().map(|resource| resource.kind.as_str());
        kind.is_some_and(|kind| self.document_remote(source.provider).is_some_and(|it| it.has_documents(kind)))
    }

    /// Lists the documents of a source, compares them with those that are stored, and writes the work
    /// that follows.
    ///
    /// # Errors
    /// When the provider does not answer, or refuses.
    pub async fn list_documents(
        &self,
        organisation: &OrganisationId,
        request: &SyncRequest,
    ) -> std::result::Result<ListedWork, Failure> {
        let source = self.source(organisation, &request.source).await?;
        let reader = self.open_documents(&source).await?;
        let place = reader.place.clone();
        let known = self.configuration(&source).await?;
        let known_head = known.as_ref().and_then(|known| known.head.clone());
        // A push that was missed, or a sync that was not completed, makes all documents be compared.
        let is_next = |changes: &&ChangedFiles| changes.before.is_none() || changes.before == known_head;
        let changes = request.changes.as_ref().filter(is_next);
        if request.changes.is_some() && known_head.is_some() && known_head.as_deref() == place.head() {
            return Ok(ListedWork { place, is_complete: true, is_failure: false, reason: None });
        }
        let only = changes.map(|changes| &changes.files);
        let remote = self.documents_of(source.provider)?;
        let listing = remote.list(&reader.api, &place, only, &self.clock).await;
        let DocumentListing { documents, mut skipped, coverage, config, reason } =
            listing.map_err(|trouble| self.failure_of(trouble))?;
        self.note_success(&reader.connection, None, reader.api.limits()).await?;
        let stored = versions::stored(&self.db, organisation, &source.id).await?;
        let listed = documents.len();
        let plan = plan(&stored.versions, documents, &coverage);
        if only.is_none() {
            skipped.add_all(&stored.skipped_besides(&plan));
        }
        versions::write_plan(&self.db, organisation, &source.id, &plan).await?;
        let (is_failure, is_complete) = (config.error.is_some(), reason.is_none());
        let numbers = (listed as i64, plan.unchanged as i64);
        self.store_listing(&source, &request.sync, (numbers, skipped), config).await?;
        Ok(ListedWork { place, is_complete, is_failure, reason })
    }

    /// Looks for the configuration file of a source, and stores what it found.
    ///
    /// # Errors
    /// `Conflict` if the source has no documents; `Unavailable` when the provider does not answer.
    pub async fn detect_configuration(&self, source: &Source) -> Result<ConfigFinding> {
        if !self.has_documents(source) {
            return Err(Error::conflict(
                "this source has no documents; link a repository or a team of a connected account",
            ));
        }
        let refused = |trouble: Trouble| match trouble {
            Trouble::Ours(error) => error,
            Trouble::Limited { .. } => Error::TooMany,
            other => Error::Unavailable { what: source.provider.name(), source: other.to_string().into() },
        };
        let connection = self.connection_of(source).await.map_err(refused)?;
        let reader = self.reader(source, connection).await.map_err(refused)?;
        let remote = self.document_remote(source.provider).ok_or(Error::NotFound(Thing::Source))?;
        let finding = remote.configuration(&reader.api, &reader.place, &self.clock).await.map_err(refused)?;
        let (connectors, of, found) = (self.clone(), source.clone(), finding.clone());
        let stored = self.db.write(move |tx| Box::pin(async move { connectors.store_finding(tx, &of, &found).await }));
        stored.await?;
        Ok(finding)
    }

    /// The source with this id.
    ///
    /// # Errors
    /// A permanent failure if it is gone.
    pub async fn source(&self, organisation: &OrganisationId, id: &SourceId) -> std::result::Result<Source, Failure> {
        let (of, id) = (organisation.clone(), id.clone());
        let found = self.db.read(move |tx| Box::pin(async move { sources::find_any(tx, &of, &id).await })).await?;
        found.ok_or_else(|| Failure::permanent("the source was removed"))
    }

    fn documents_of(&self, provider: Provider) -> std::result::Result<&dyn DocumentRemote, Failure> {
        self.document_remote(provider).ok_or_else(|| Failure::permanent("this tool has no documents"))
    }

    async fn configuration(&self, source: &Source) -> Result<Option<configuration::SourceConfiguration>> {
        let (of, id) = (source.organisation_id.clone(), source.id.clone());
        let found =
            self.db.read(move |tx| Box::pin(async move { configuration::queries::find(tx, &of, &id).await })).await?;
        Ok(found)
    }

    async fn store_listing(
        &self,
        source: &Source,
        sync: &DocumentSyncId,
        (numbers, skipped): ((i64, i64), SkipCounts),
        config: ConfigFinding,
    ) -> Result<()> {
        let (connectors, source, sync) = (self.clone(), source.clone(), sync.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    syncs::queries::set_listed(tx, &source.organisation_id, &sync, numbers, &skipped).await?;
                    connectors.store_finding(tx, &source, &config).await
                })
            })
            .await
    }

    /// Stores the finding about a configuration file. A finding that is another than before is noted
    /// in the activity trail.
    async fn store_finding(&self, tx: &mut Tx, source: &Source, found: &ConfigFinding) -> Result<()> {
        let of = (&source.organisation_id, &source.id);
        let known = configuration::queries::find(tx, of.0, of.1).await?;
        configuration::queries::put_finding(tx, of, found, self.clock.now()).await?;
        if known.is_some_and(|known| known.finding == *found) {
            return Ok(());
        }
        let name = source.resource.as_ref().and_then(|resource| resource.name.as_deref());
        let ConfigFinding { status, path, error } = found;
        let about = json!({
            "provider": source.provider, "name": name, "status": status, "path": path, "error": error,
        });
        let by = Caller::system(source.organisation_id.clone());
        activity::record(tx, &self.clock, &by, Action::SourceConfigured, source.id.as_str(), about).await
    }

    /// The address at which people read a document of a provider, if its key says it.
    pub fn document_address(&self, provider: Provider, place: &ResourcePlace, key: &str) -> Option<String> {
        self.document_remote(provider)?.address(place, key)
    }
}
