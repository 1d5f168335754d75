//! Finds happenings that another teller has told before, with a time that differs a little.
//!
//! Sentry's webhook of an issue that is resolved, archived or open again does not say when that
//! happened, only when it was sent. The history does say so. Nothing else is common to the
//! two, so they have identities of their own, and are one happening if they are about the same
//! action of the same issue within two minutes. Two webhooks, or two entries of the history, never
//! are.

use std::collections::HashSet;
use std::time::Duration;

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::SourceEvent;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;

use super::queries;

/// The longest time between the two tellings.
const APART: Duration = Duration::from_secs(120);
/// The actions of Sentry's issues that are told like this.
const ACTIONS: [&str; 3] = ["resolved", "archived", "unresolved"];
/// The part of an identity behind the action, in the history of an issue.
const OF_HISTORY: &str = "activity:";

/// An event that may be the retelling of another one.
struct Telling<'e> {
    source_id: &'e str,
    /// The identity up to the action, which both tellings have.
    happening: &'e str,
    at: Timestamp,
}

impl<'e> Telling<'e> {
    fn of(event: &'e SourceEvent) -> Option<Self> {
        let action = event.event_type.strip_prefix("issue.").filter(|action| ACTIONS.contains(action))?;
        let is_sentry = event.provider == "sentry" && event.source_id.starts_with("sentry-issue:");
        let mark = format!(":{action}:");
        let end = event.source_id.find(&mark).filter(|_| is_sentry)? + mark.len();
        Some(Self { source_id: &event.source_id, happening: &event.source_id[..end], at: event.occurred_at })
    }

    /// True for the identity of the same happening, if another teller has made it.
    fn is_told_otherwise(&self, source_id: &str) -> bool {
        let is_of_history = |id: &str| id[self.happening.len()..].starts_with(OF_HISTORY);
        source_id.starts_with(self.happening) && is_of_history(source_id) != is_of_history(self.source_id)
    }

    fn is_retold_by(&self, other: &Self) -> bool {
        self.is_told_otherwise(other.source_id) && self.at.since(other.at).max(other.at.since(self.at)) <= APART
    }
}

/// The identities of those events that another teller has told before, in the workspace or earlier
/// among the events.
pub(crate) async fn retold(tx: &mut Tx, workspace: &WorkspaceId, events: &[SourceEvent]) -> Result<HashSet<String>> {
    let tellings: Vec<Telling<'_>> = events.iter().filter_map(Telling::of).collect();
    let mut retold = HashSet::new();
    for (place, telling) in tellings.iter().enumerate() {
        let Telling { source_id, happening, at } = telling;
        let is_retold = tellings[..place].iter().any(|earlier| telling.is_retold_by(earlier)) || {
            let times = (at.minus(APART), at.plus(APART));
            let told = queries::of_happening(tx, workspace, happening, times).await?;
            told.iter().any(|told| telling.is_told_otherwise(told))
        };
        if is_retold {
            retold.insert((*source_id).to_owned());
        }
    }
    Ok(retold)
}
