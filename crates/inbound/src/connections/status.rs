//! The status of a connection.

use serde::Serialize;
use utoipa::ToSchema;

/// The status of a connection. The module `connections` describes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ConnectionStatus)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Status {
    Pending,
    Active,
    Degraded,
    Revoked,
    Suspended,
    Closing,
    Closed,
}

impl Status {
    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Degraded => "degraded",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Closing => "closing",
            Self::Closed => "closed",
        }
    }

    pub(super) fn from_stored(text: &str) -> Self {
        let open = [Self::Pending, Self::Active, Self::Degraded, Self::Revoked, Self::Suspended];
        let mut all = open.into_iter().chain([Self::Closing, Self::Closed]);
        // A status of a later version is not used by this one.
        all.find(|status| status.as_str() == text).unwrap_or(Self::Closed)
    }

    /// True if calls may be made with its tokens.
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Active | Self::Degraded | Self::Revoked)
    }

    /// True if it can be checked: a call shows whether the provider accepts us again.
    pub fn is_checked(self) -> bool {
        self.is_usable() || self == Self::Suspended
    }

    /// True if it can be disconnected.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closing | Self::Closed)
    }
}
