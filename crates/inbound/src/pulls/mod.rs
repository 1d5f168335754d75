//! Backfills and their stretches, as stored.
//!
//! A *backfill* brings the history of a connected account along, so many days back. It consists of
//! *stretches*: each is one kind of thing of one source, such as the issues of a team.
//!
//! A backfill is *active* until its last stretch has ended. Then it is *completed*, or *incomplete* if
//! a stretch failed. So a page that is missing never hides behind the word completed.
//!
//! A *reconcile* has the same form, for one source: it fetches what nothing has told in the last days. It
//! is in no list of backfills.
//!
//! Every change of a stretch locks the row of its backfill first, so that two stretches that end
//! together see each other.

pub(crate) mod queries;
pub(crate) mod stretches;

use campanile_accounts::OrganisationId;
use campanile_base::{Cursor, Error, Page, PageSize, Result, Thing, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::connections::ConnectionId;
use crate::deliveries::Origin;

pub use stretches::{PullRun, PullRunId};

campanile_base::id_type!(
    /// One backfill.
    pub BackfillId, "bkf"
);

/// The purpose of fetching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullMode {
    /// The history of sources comes along.
    Backfill,
    /// A source is compared with its tool.
    Reconcile,
}

impl PullMode {
    /// The word as stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Reconcile => "reconcile",
        }
    }

    pub(crate) fn from_stored(word: &str) -> Self {
        if word == "reconcile" { Self::Reconcile } else { Self::Backfill }
    }

    /// The origin of the pages.
    pub(crate) fn origin(self) -> Origin {
        match self {
            Self::Backfill => Origin::Backfill,
            Self::Reconcile => Origin::Reconcile,
        }
    }
}

/// A request to bring history along, and how far it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Backfill {
    /// Its id.
    #[schema(value_type = String)]
    pub id: BackfillId,
    /// The owner.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// The connection.
    #[schema(value_type = String)]
    pub connection_id: ConnectionId,
    /// Its purpose.
    #[serde(skip)]
    pub mode: PullMode,
    /// The number of days that it goes back.
    pub depth: i64,
    /// True if it began by itself, because resources were linked.
    pub is_automatic: bool,
    /// `active`, `completed`, `incomplete` (a stretch failed) or `cancelled`.
    pub status: String,
    /// The reason for the status, if it needs one.
    pub reason: Option<String>,
    /// The id of the member or the key that asked for it.
    pub requested_by: String,
    /// The time of the request.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time of its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// The sums over its stretches.
    pub progress: Progress,
}

/// The sums over the stretches of a backfill.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Progress {
    /// The stretches.
    pub stretches: i64,
    /// The number of them that have ended.
    pub ended: i64,
    /// The pages that were fetched.
    pub pages: i64,
    /// The events that they tell.
    pub produced: i64,
    /// The events that were new to the memory.
    pub remembered: i64,
}

/// A backfill with its stretches, in their order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BackfillDetail {
    /// The backfill.
    #[serde(flatten)]
    pub backfill: Backfill,
    /// Its stretches.
    pub stretches: Vec<PullRun>,
}

/// A page of the backfills of a connection, newest first.
///
/// # Errors
/// `NotFound` for another organisation's connection.
pub async fn page(
    tx: &mut Tx,
    organisation: &OrganisationId,
    connection: &ConnectionId,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<Backfill>> {
    crate::connections::find(tx, organisation, connection).await?;
    let mut found = queries::page(tx, organisation, connection, from, size).await?;
    let ids: Vec<String> = found.iter().map(|backfill| backfill.id.to_string()).collect();
    let sums = stretches::queries::progress(tx, organisation, &ids).await?;
    for backfill in &mut found {
        backfill.progress = sums.get(backfill.id.as_str()).copied().unwrap_or_default();
    }
    Ok(Page::of(found, size, |last| Cursor { at: last.created_at, id: last.id.to_string() }))
}

/// A backfill with its stretches.
///
/// # Errors
/// `NotFound` for another organisation's backfill.
pub async fn find(tx: &mut Tx, organisation: &OrganisationId, id: &BackfillId) -> Result<BackfillDetail> {
    let found = queries::find(tx, organisation, id).await?;
    let mut backfill = found.ok_or(Error::NotFound(Thing::Backfill))?;
    let stretches = stretches::queries::of_backfill(tx, organisation, id).await?;
    backfill.progress = progress(&stretches);
    Ok(BackfillDetail { backfill, stretches })
}

fn progress(stretches: &[PullRun]) -> Progress {
    let sum = |of: fn(&PullRun) -> i64| stretches.iter().map(of).sum();
    Progress {
        stretches: sum(|_| 1),
        ended: sum(|stretch| i64::from(stretch.finished_at.is_some())),
        pages: sum(|stretch| stretch.pages),
        produced: sum(|stretch| stretch.produced),
        remembered: sum(|stretch| stretch.remembered),
    }
}
