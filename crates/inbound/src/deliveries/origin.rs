//! The ways in which a delivery reaches us.

use serde::Serialize;
use utoipa::ToSchema;

/// The way in which a delivery reached us. The stored words are never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The provider sent it.
    Webhook,
    /// It was fetched as a part of a tool's history. It rings nobody.
    Backfill,
    /// It was fetched because the provider cannot send it.
    Poll,
    /// It was fetched when the source was compared with its tool: nothing had told it in time. It rings
    /// nobody.
    Reconcile,
    /// A person told it.
    Manual,
    /// A program told it.
    Api,
}

impl Origin {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Webhook, Self::Backfill, Self::Poll, Self::Reconcile, Self::Manual, Self::Api];

    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Backfill => "backfill",
            Self::Poll => "poll",
            Self::Reconcile => "reconcile",
            Self::Manual => "manual",
            Self::Api => "api",
        }
    }

    pub(crate) fn from_stored(text: &str) -> Self {
        Self::ALL.into_iter().find(|origin| origin.as_str() == text).unwrap_or(Self::Webhook)
    }

    /// True for what is no news: it happened before the tool was connected, or was missed when it did. It
    /// is remembered, and rings nobody.
    pub fn is_history(self) -> bool {
        matches!(self, Self::Backfill | Self::Reconcile)
    }

    /// True if its body is a page of items, and not a single event.
    pub(crate) fn is_pulled(self) -> bool {
        matches!(self, Self::Backfill | Self::Poll | Self::Reconcile)
    }
}
