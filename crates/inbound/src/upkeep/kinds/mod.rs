//! The kinds of things of linked sources: how far polls have read them, and which of them cannot be
//! read for want of a permission.

pub(crate) mod queries;

use campanile_base::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A kind of thing that the tool does not let us read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BlockedKind {
    /// The kind, such as `issue`.
    pub kind: String,
    /// The permission that is missing, as the tool calls it; `null` if the tool does not say.
    pub permission: Option<String>,
    /// The tool's sentence.
    pub reason: String,
    /// The time since when it is refused.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// A permission that a connection lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissingPermission {
    /// Its name, as the tool calls it.
    pub permission: String,
    /// The kinds of things that cannot be read without it.
    pub kinds: Vec<String>,
    /// The reason why it is asked for, in a sentence; `null` if it is not known here.
    pub reason: Option<String>,
}
