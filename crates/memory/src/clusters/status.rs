//! The status of a cluster: of its issues and pull requests, and of the time since anything happened.

use campanile_base::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SILENCE;

/// The status of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClusterStatus {
    /// Something happened in the last five days, and something is open, or nothing is known to be closed.
    Active,
    /// Its issues and pull requests are closed, merged or resolved.
    Completed,
    /// Nothing happened for five days, and it is not completed.
    Stalled,
}

impl ClusterStatus {
    /// The status at a time.
    pub(super) fn at(now: Timestamp, is_completed: bool, last_at: Timestamp) -> Self {
        match (is_completed, last_at < now.minus(SILENCE)) {
            (true, _) => Self::Completed,
            (false, true) => Self::Stalled,
            (false, false) => Self::Active,
        }
    }

    /// The word that is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Stalled => "stalled",
        }
    }

    /// The status of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Completed, Self::Stalled].into_iter().find(|status| status.as_str() == word)
    }
}
