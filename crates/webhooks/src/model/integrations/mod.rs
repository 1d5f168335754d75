//! Integrations: the key of another system, and what that system may see.

pub(crate) mod queries;

use campanile_base::Timestamp;
use serde::Serialize;

campanile_base::id_type!(
    /// One integration.
    pub IntegrationId, "integ"
);

/// The prefix of every key.
pub const PREFIX: &str = "integsk_";
/// An integration, in the Svix API's shape.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// The display name.
    pub name: String,
    /// The feature flags whose event types it sees, in addition to those without a flag.
    pub feature_flags: Vec<String>,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}
