//! Reads documents of one source.

use campanile_base::{Clock, Error};
use campanile_engine::Failure;

use super::super::Connectors;
use super::super::access::Access;
use crate::connections::{Connection, find};
use crate::remote::{Api, DocumentReading, ResourcePlace, ResourceRef, Trouble};
use crate::sources::{LinkedResource, Source};
use crate::sync::plan::ListedDocument;

/// Reads documents of one source.
pub struct DocumentReader {
    connectors: Connectors,
    pub(super) connection: Connection,
    pub(super) api: Api,
    pub(super) place: ResourcePlace,
}

/// The reason why a document could not be read.
#[derive(Debug)]
pub enum ReadFailure {
    /// It concerns this document. Others may be read.
    Document(String),
    /// No document can be read at present.
    Step(Failure),
}

impl Connectors {
    /// Opens the documents of a source.
    ///
    /// # Errors
    /// When the source or its connection is gone, or the provider does not answer.
    pub async fn open_documents(&self, source: &Source) -> Result<DocumentReader, Failure> {
        let connection = self.connection_of(source).await.map_err(|trouble| self.failure_of(trouble))?;
        self.reader(source, connection).await.map_err(|trouble| self.failure_of(trouble))
    }

    pub(super) async fn reader(&self, source: &Source, connection: Connection) -> Result<DocumentReader, Trouble> {
        let linked = || Trouble::Ours(Error::internal("only linked sources are opened"));
        let LinkedResource { kind, provider_id, .. } = source.resource.clone().ok_or_else(linked)?;
        let resource = ResourceRef { kind, id: provider_id };
        let remote = self.document_remote(source.provider).ok_or_else(linked)?;
        let Access { api, generation } = self.access(&connection).await?;
        let (place, api) = match remote.place(&api, &resource, &self.clock).await {
            Err(Trouble::Unauthorised) => {
                let access = self.access_after_refusal(&connection, generation).await?;
                (remote.place(&access.api, &resource, &self.clock).await?, access.api)
            }
            place => (place?, api),
        };
        Ok(DocumentReader { connectors: self.clone(), connection, api, place })
    }

    pub(super) async fn connection_of(&self, source: &Source) -> Result<Connection, Trouble> {
        let linked = || Trouble::Ours(Error::internal("only linked sources are opened"));
        let (of, id) = (source.organisation_id.clone(), source.resource.clone().ok_or_else(linked)?.connection_id);
        let connection = self.db.read(move |tx| Box::pin(async move { find(tx, &of, &id).await })).await?;
        if connection.status.is_usable() { Ok(connection) } else { Err(Trouble::Closed) }
    }
}

impl DocumentReader {
    /// Reads a document.
    ///
    /// # Errors
    /// When it cannot be read, or nothing can be read at present.
    pub async fn read(&self, document: &ListedDocument) -> Result<DocumentReading, ReadFailure> {
        let remote = self.connectors.documents_of(self.connection.provider).map_err(ReadFailure::Step)?;
        remote.read(&self.api, &self.place, document, self.clock()).await.map_err(|trouble| match trouble {
            Trouble::Invalid(_)
            | Trouble::Forbidden(_)
            | Trouble::Missing
            | Trouble::Gone
            | Trouble::Withheld
            | Trouble::Provider(_) => ReadFailure::Document(trouble.to_string()),
            other => ReadFailure::Step(self.connectors.failure_of(other)),
        })
    }

    fn clock(&self) -> &Clock {
        &self.connectors.clock
    }
}
