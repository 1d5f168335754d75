//! Syncs as they are stored: what each has found and done.
//!
//! # Life cycle
//! * **queued**: it was asked for. One sync of a source runs at a time.
//! * **running**: it lists, fetches and stores.
//! * **completed**: the stored documents are those of the source.
//! * **incomplete**: the listing was cut, or some documents could not be read. What was read is stored,
//!   and nothing was deleted because of it.
//! * **failed**: nothing could be listed; the reason says why.
//! * **cancelled**: it was ended, or its source was removed.

pub mod queries;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::skips::SkipCounts;
use crate::sources::SourceId;

campanile_base::id_type!(
    /// One sync of the documents of a source.
    pub DocumentSyncId, "dsy"
);

/// The documents that a sync looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncMode {
    /// All documents of the source.
    Full,
    /// The files that a push has changed.
    Changes,
}

/// The cause of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncCause {
    /// A person or a program asked for it.
    Person,
    /// The source was linked.
    Link,
    /// A push changed files.
    Push,
    /// A push changed the configuration file.
    Configuration,
    /// The tool told that documents were edited, or a poll found it.
    Edit,
    /// The source was compared with its tool, as it is once a day.
    Reconcile,
}

/// The status of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the module says it")]
pub enum SyncStatus {
    Queued,
    Running,
    Completed,
    Incomplete,
    Failed,
    Cancelled,
}

/// A sync of the documents of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentSync {
    /// Its id.
    #[schema(value_type = String)]
    pub id: DocumentSyncId,
    /// The owner.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// The workspace of the source.
    #[serde(skip)]
    pub workspace_id: WorkspaceId,
    /// The source.
    #[schema(value_type = String)]
    pub source_id: SourceId,
    /// The documents that it looks at.
    pub mode: SyncMode,
    /// Its cause.
    pub cause: SyncCause,
    /// The id of the member or the key that asked for it; empty if nobody did.
    pub requested_by: String,
    /// The run that does it; `null` while it is queued.
    pub run_id: Option<String>,
    /// Its status.
    pub status: SyncStatus,
    /// The reason for the status, in a sentence; `null` for one that went well.
    pub reason: Option<String>,
    /// The numbers of documents.
    #[serde(flatten)]
    pub counts: SyncCounts,
    /// The number of files, pages and parts of pages that are in no document, by reason.
    #[schema(value_type = std::collections::HashMap<String, u64>)]
    pub skipped: SkipCounts,
    /// The time at which it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time at which it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// The time at which it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// The numbers of documents of a sync.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncCounts {
    /// The documents that were listed.
    pub listed: i64,
    /// The documents that were as they had been.
    pub unchanged: i64,
    /// The documents that were stored, because they were new or had changed.
    pub stored: i64,
    /// The documents that had moved. Their passages were kept.
    pub moved: i64,
    /// The documents that were gone at the source, and were deleted.
    pub deleted: i64,
    /// The documents that could not be read. The next sync tries them again.
    pub failed: i64,
    /// The new passages.
    pub passages: i64,
}

impl SyncMode {
    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Changes => "changes",
        }
    }

    fn from_stored(word: &str) -> Self {
        if word == "changes" { Self::Changes } else { Self::Full }
    }
}

impl SyncCause {
    const ALL: [Self; 6] = [Self::Person, Self::Link, Self::Push, Self::Configuration, Self::Edit, Self::Reconcile];

    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Link => "link",
            Self::Push => "push",
            Self::Configuration => "configuration",
            Self::Edit => "edit",
            Self::Reconcile => "reconcile",
        }
    }

    fn from_stored(word: &str) -> Self {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word).unwrap_or(Self::Person)
    }
}

impl SyncStatus {
    const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Completed, Self::Incomplete, Self::Failed, Self::Cancelled];

    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    fn from_stored(word: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == word).unwrap_or(Self::Failed)
    }
}

/// The sync with this id.
///
/// # Errors
/// `Unavailable`.
pub async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &DocumentSyncId) -> Result<Option<DocumentSync>> {
    Ok(queries::find(tx, organisation, id).await?)
}

/// The newest syncs of a source, newest first.
///
/// # Errors
/// `Unavailable`.
pub async fn newest(
    tx: &mut Tx,
    organisation: &OrganisationId,
    source: &SourceId,
    most: i64,
) -> Result<Vec<DocumentSync>> {
    Ok(queries::newest(tx, organisation, source, most).await?)
}

/// Adds to the counts of a sync, in the transaction that stores what is counted.
///
/// # Errors
/// `Unavailable`.
pub async fn count(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id: &DocumentSyncId,
    counts: SyncCounts,
    skipped: &SkipCounts,
) -> Result<()> {
    queries::add_counts(tx, organisation, id, counts).await?;
    if !skipped.is_empty()
        && let Some(mut sync) = queries::find(tx, organisation, id).await?
    {
        sync.skipped.add_all(skipped);
        queries::set_skipped(tx, organisation, id, &sync.skipped).await?;
    }
    Ok(())
}
