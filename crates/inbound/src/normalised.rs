//! The normal form of a delivery: events to remember, or a reason why there are none.

use campanile_base::source_event::SourceEvent;

use crate::github::pushes::DefaultBranchPush;
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
        /// A push to the default branch, whose files may be documents.
        push: Option<DefaultBranchPush>,
    },
    /// It names things without their content, which is fetched first.
    Reference,
    /// There is nothing to do; the value is the reason.
    Skipped(String),
}

impl NormalForm {
    /// One event, which changes no repositories.
    pub(crate) fn of(event: SourceEvent) -> Self {
        Self::Events { events: vec![event], changes: Vec::new(), push: None }
    }

    /// Makes the texts of others harmless, which end in links and terminals: addresses that are not of the web,
    /// and characters that nobody sees, are removed.
    pub(crate) fn made_harmless(self) -> Self {
        let harmless = |event: SourceEvent| event.with_web_addresses().with_plain_texts();
        match self {
            Self::Events { events, changes, push } => {
                Self::Events { events: events.into_iter().map(harmless).collect(), changes, push }
            }
            other @ (Self::Reference | Self::Skipped(_)) => other,
        }
    }
}
