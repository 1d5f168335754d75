//! The upkeep of linked sources, as stored: when each is polled and reconciled next, what that has
//! found, and which kinds of things cannot be read for want of a permission.
//!
//! A *poll* fetches news from a tool that sends no webhooks. A *reconcile* compares a source with its
//! tool once a day, and finds what webhooks have missed. The calls are in `connectors::upkeep`.

pub(crate) mod kinds;
pub(crate) mod queries;

use std::collections::HashMap;
use std::time::Duration;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Result, Timestamp, sha256_hex};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::handshakes::{self, Handshake};
use crate::sources::{self, Source};

pub use kinds::{BlockedKind, MissingPermission};

/// The time between two reconciles of a source.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3_600);
/// The sources whose upkeep is read by one statement.
const TOGETHER: usize = 1_000;

/// The upkeep of a linked source.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceUpkeep {
    /// The time of the last webhook that came for it, to ten minutes; `null` without one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Timestamp>,
    /// The time of the last poll that read everything; `null` if none was needed. A source is polled
    /// if no webhook comes for it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub polled_at: Option<Timestamp>,
    /// The reason why the last polls failed; `null` if the last one did not.
    pub poll_error: Option<String>,
    /// The time at which the next reconcile is due, unless a setting of the server switches them off.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reconcile_at: Option<Timestamp>,
    /// The time at which the last reconcile ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reconciled_at: Option<Timestamp>,
    /// The number of events that no webhook and no poll had told, in the last reconcile that found some.
    pub missed: i64,
    /// The time of that reconcile; `null` if nothing was ever missed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub missed_at: Option<Timestamp>,
    /// The kinds of things that the tool does not let us read.
    pub blocked: Vec<BlockedKind>,
    /// The state of the token that the tool sends before its webhooks; `null` if none is awaited.
    pub handshake: Option<Handshake>,
}

/// A source with its upkeep.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceWithUpkeep {
    /// The source.
    #[serde(flatten)]
    pub source: Source,
    /// The upkeep of a linked source; `null` for one that was set up by hand.
    pub upkeep: Option<SourceUpkeep>,
}

/// The sources of a workspace, oldest first, with their upkeep.
///
/// # Errors
/// `Unavailable`.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
) -> Result<Vec<SourceWithUpkeep>> {
    let sources = sources::list(tx, workspace).await?;
    let linked: Vec<&str> =
        sources.iter().filter(|it| it.resource.is_some()).map(|source| source.id.as_str()).collect();
    let mut found = of_sources(tx, organisation, &linked).await?;
    Ok(sources
        .into_iter()
        .map(|source| SourceWithUpkeep { upkeep: found.remove(source.id.as_str()), source })
        .collect())
}

async fn of_sources(
    tx: &mut Tx,
    organisation: &OrganisationId,
    sources: &[&str],
) -> Result<HashMap<String, SourceUpkeep>> {
    let mut all = HashMap::new();
    for some in sources.chunks(TOGETHER) {
        let mut found = queries::of_sources(tx, organisation, some).await?;
        for (source, blocked) in kinds::queries::blocked_of_sources(tx, organisation, some).await? {
            if let Some(upkeep) = found.get_mut(&source) {
                upkeep.blocked.push(blocked);
            }
        }
        for (source, handshake) in handshakes::of_sources(tx, organisation, some).await? {
            if let Some(upkeep) = found.get_mut(&source) {
                upkeep.handshake = Some(handshake);
            }
        }
        all.extend(found);
    }
    Ok(all)
}

/// The time of the next reconcile after `now`. Each source has a time of the day of its own, so that
/// sources are spread over the day.
pub(crate) fn next_reconcile(source: &str, now: Timestamp) -> Timestamp {
    let hash = u64::from_str_radix(&sha256_hex(source)[..8], 16).unwrap_or_default();
    let day = DAY.as_micros() as i64;
    let slot = (hash % DAY.as_secs()) as i64 * 1_000_000;
    let midnight = now.as_micros() - now.as_micros().rem_euclid(day);
    let today = midnight + slot;
    Timestamp::from_micros(if today > now.as_micros() { today } else { today + day })
}

#[cfg(test)]
mod tests;
