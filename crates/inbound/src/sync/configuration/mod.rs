//! The state of a source's documents: its configuration file, the last complete sync, and the number
//! of documents.

pub mod queries;

use campanile_base::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The finding about the configuration file of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigFinding {
    /// The kind of finding.
    pub status: ConfigStatus,
    /// The name of the file; `null` if there is none.
    pub path: Option<String>,
    /// The fault of the file, with its line; `null` unless it is invalid.
    pub error: Option<String>,
}

/// The kinds of finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConfigStatus {
    /// A file says which documents are read.
    Configured,
    /// There is no file: the default rules hold, or the tool has no such file.
    #[default]
    Default,
    /// The file has a fault. Nothing is read until it is mended.
    Invalid,
}

/// The state of a source's documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceConfiguration {
    /// The finding about the configuration file.
    #[serde(flatten)]
    pub finding: ConfigFinding,
    /// The time at which the file was looked for.
    #[schema(value_type = String, format = DateTime)]
    pub checked_at: Timestamp,
    /// The commit up to which all documents are stored; `null` before the first complete sync.
    pub head: Option<String>,
    /// The number of documents.
    pub documents: i64,
}

impl ConfigStatus {
    /// The word as stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Default => "default",
            Self::Invalid => "invalid",
        }
    }

    fn from_stored(word: &str) -> Self {
        match word {
            "configured" => Self::Configured,
            "invalid" => Self::Invalid,
            _ => Self::Default,
        }
    }
}
