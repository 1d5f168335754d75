//! A model, as people see it.

use serde::Serialize;
use utoipa::ToSchema;

/// A model that is set.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelView {
    /// `built-in`, `folder`, or the API of its provider.
    pub kind: String,
    /// Its name: at the provider, or its folder.
    pub name: String,
    /// The numbers of a vector, once they are known; only of a model that makes vectors.
    pub dimensions: Option<usize>,
    /// Its licence, if it is known.
    pub licence: Option<String>,
    /// True if a key is set.
    pub has_key: bool,
}
