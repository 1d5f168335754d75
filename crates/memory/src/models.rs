//! The models of the memory, as they are set.

use campanile_models::{ModelSettings, RerankSettings};
use campanile_net::{AddressRules, Client};

use crate::EmbedderSettings;

/// The models of the memory, and their bounds.
#[derive(Debug, Clone, Default)]
pub struct ModelChoice {
    /// Makes vectors.
    pub embedder: EmbedderSettings,
    /// Orders results, if one is set.
    pub reranker: Option<RerankSettings>,
    /// Writes, if one is set.
    pub writer: Option<ModelSettings>,
    /// The tokens that an organisation may have embedded in a month; 0 for no bound.
    pub embeddings_monthly_tokens: u64,
    /// The tokens that an organisation may have read and written in a month; 0 for no bound.
    pub writer_monthly_tokens: u64,
}

/// The models of the memory, and how they are reached.
#[derive(Debug, Clone)]
pub struct Models {
    /// The models.
    pub choice: ModelChoice,
    /// Reaches providers.
    pub client: Client,
}

impl From<EmbedderSettings> for Models {
    /// One model, and no other.
    fn from(embedder: EmbedderSettings) -> Self {
        let client = Client::new(AddressRules::default());
        Self { choice: ModelChoice { embedder, ..ModelChoice::default() }, client }
    }
}
