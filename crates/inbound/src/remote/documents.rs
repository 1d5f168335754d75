//! The questions about documents that can be asked of a provider.

use std::collections::BTreeSet;

use async_trait::async_trait;
use campanile_base::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Api, Trouble};
use crate::sync::configuration::ConfigFinding;
use crate::sync::plan::{Coverage, ListedDocument};
use crate::sync::skips::{SkipCounts, SkipReason};

/// A provider whose resources have documents.
#[async_trait]
pub(crate) trait DocumentRemote: Send + Sync {
    /// True if resources of this kind have documents.
    fn has_documents(&self, kind: &str) -> bool;

    /// The place of a resource at present.
    async fn place(&self, api: &Api, resource: &ResourceRef, clock: &Clock) -> Result<ResourcePlace, Trouble>;

    /// The configuration file of a resource. A tool without such files finds none.
    async fn configuration(&self, _api: &Api, _at: &ResourcePlace, _clock: &Clock) -> Result<ConfigFinding, Trouble> {
        Ok(ConfigFinding::default())
    }

    /// Lists the documents of a resource: all of them, or those of `only` that are there.
    async fn list(
        &self,
        api: &Api,
        place: &ResourcePlace,
        only: Option<&BTreeSet<String>>,
        clock: &Clock,
    ) -> Result<DocumentListing, Trouble>;

    /// The documents that were edited after a time, or a little before. An idle tool is asked once.
    async fn edited_since(
        &self,
        _api: &Api,
        _resource: &ResourceRef,
        _since: Timestamp,
        _clock: &Clock,
    ) -> Result<EditedDocuments, Trouble> {
        Ok(EditedDocuments::Untold)
    }

    /// Reads a document that was listed.
    async fn read(
        &self,
        api: &Api,
        place: &ResourcePlace,
        document: &ListedDocument,
        clock: &Clock,
    ) -> Result<DocumentReading, Trouble>;

    /// The address at which people read a document, if its key says it.
    fn address(&self, place: &ResourcePlace, key: &str) -> Option<String>;
}

/// A resource of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourceRef {
    /// The kind, such as `repository`.
    pub(crate) kind: String,
    /// The provider's id of it.
    pub(crate) id: String,
}

/// The place of a resource: the names by which its documents are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePlace {
    pub(crate) kind: String,
    pub(crate) id: String,
    /// The name, such as `owner/name`.
    pub(crate) name: String,
    /// The default branch of a repository.
    pub(crate) branch: Option<String>,
    /// The commit at the head of the branch; `None` for a repository without one, and for other tools.
    pub(crate) head: Option<String>,
}

impl ResourcePlace {
    /// The commit at the head of the branch.
    pub fn head(&self) -> Option<&str> {
        self.head.as_deref()
    }
}

/// The documents that were edited after a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EditedDocuments {
    /// The tool cannot tell them.
    Untold,
    /// These keys.
    Keys(BTreeSet<String>),
    /// Too many to read them one by one.
    Many,
}

/// The documents of a resource.
#[derive(Debug, Clone)]
pub(crate) struct DocumentListing {
    pub(crate) documents: Vec<ListedDocument>,
    pub(crate) skipped: SkipCounts,
    pub(crate) coverage: Coverage,
    pub(crate) config: ConfigFinding,
    /// The reason why the listing is not complete, or has nothing.
    pub(crate) reason: Option<String>,
}

/// The result of reading a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentReading {
    /// It was read.
    Document(Box<FetchedDocument>),
    /// It is left out.
    Skipped(SkipReason),
}

/// A document that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchedDocument {
    /// Its place, such as `docs/deploy.md`.
    pub path: String,
    /// Its title, if the tool has one.
    pub title: Option<String>,
    /// The address at which people read it.
    pub url: Option<String>,
    /// Its markup; by the ending of the path if absent.
    pub format: Option<&'static str>,
    /// Its text.
    pub content: String,
    /// The parts that are not in it.
    pub skipped: SkipCounts,
}
