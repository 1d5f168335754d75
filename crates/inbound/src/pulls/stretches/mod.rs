//! Stretches of a backfill, as stored: one kind of thing of one source, page by page.
//!
//! # Life cycle
//! * **waiting**: its turn has not come.
//! * **running**: its pages are fetched. `waits_until` is set while the provider wants no calls.
//! * **fetched**: all pages are stored, and some of them are not processed yet.
//! * **completed**: all pages are processed.
//! * **failed**: a page could not be fetched, or could not be processed.
//! * **cancelled**: somebody cancelled the backfill, or its source or connection is gone.

pub(crate) mod queries;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{BackfillId, PullMode};
use crate::connections::ConnectionId;
use crate::sources::SourceId;

/// The number of errors of a stretch that are kept.
pub(crate) const ERRORS: usize = 20;

campanile_base::id_type!(
    /// One stretch of a backfill.
    pub PullRunId, "pull"
);

/// A stretch of a backfill.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PullRun {
    /// Its id.
    #[schema(value_type = String)]
    pub id: PullRunId,
    /// The owner.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// The workspace that remembers it.
    #[schema(value_type = String)]
    pub workspace_id: WorkspaceId,
    /// The connection.
    #[serde(skip)]
    pub connection_id: ConnectionId,
    /// The backfill.
    #[serde(skip)]
    pub backfill_id: BackfillId,
    /// The source.
    #[schema(value_type = String)]
    pub source_id: SourceId,
    /// Its purpose.
    #[serde(skip)]
    pub mode: PullMode,
    /// The kind of thing, such as `issue`.
    pub kind: String,
    /// The time from which on it is pulled. It is later than the depth says if an earlier backfill has
    /// what is before.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The provider's cursor behind the last page.
    #[serde(skip)]
    pub cursor: Option<String>,
    /// The pages that were fetched.
    pub pages: i64,
    /// The pages that were processed, or given up.
    pub pages_processed: i64,
    /// The pages that were given up.
    pub pages_lost: i64,
    /// The events that the pages tell.
    pub produced: i64,
    /// The events that were new to the memory.
    pub remembered: i64,
    /// The items that could not be read.
    pub unreadable: i64,
    /// The reasons for that, and other errors on the way: the first twenty.
    pub errors: Vec<String>,
    /// `waiting`, `running`, `fetched`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// The reason for the status, if it needs one.
    pub reason: Option<String>,
    /// The time until which the provider wants no calls.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub waits_until: Option<Timestamp>,
    /// The time at which the first page was fetched.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// The time of its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}
