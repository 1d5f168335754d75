//! The normal form of a delivery: events to remember, or a reason why there are none.

use campanile_base::source_event::SourceEvent;

use crate::repositories::RepositoryChange;

/// The normal form of a delivery.
#[derive(Debug)]
pub enum NormalForm {
    /// Events happened, and repositories may have changed.
    Events {
        /// The events to remember.
        events: Vec<SourceEvent>,
        /// The changes to the source's repositories.
        changes: Vec<RepositoryChange>,
    },
    /// There is nothing to do; the value is the reason.
    Skipped(String),
}

impl NormalForm {
    /// Removes the addresses that are not of the web: they come from texts of others, and end in links.
    pub(crate) fn with_web_addresses(self) -> Self {
        match self {
            Self::Events { events, changes } => {
                Self::Events { events: events.into_iter().map(SourceEvent::with_web_addresses).collect(), changes }
            }
            skipped @ Self::Skipped(_) => skipped,
        }
    }
}
