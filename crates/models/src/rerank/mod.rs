//! The order of texts by a query, made by a provider that reads both together.

mod api;

use std::time::Duration;

use campanile_base::{Clock, Secret};
use campanile_net::Client;

use crate::error::ModelError;
use crate::provider::Provider;

/// The characters of a text that are sent.
const CHARACTERS: usize = 1_600;

/// The API of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RerankKind {
    /// `POST {base}/v2/rerank`, as Cohere's.
    Cohere,
    /// `POST {base}/v1/rerank`, as Jina's and many gateways have it.
    Jina,
    /// `POST {base}/rerank`, as Hugging Face's text-embeddings-inference.
    Tei,
    /// `POST {base}/v1/rerank`, as Voyage's.
    Voyage,
}

impl RerankKind {
    /// Reads the word of the setting.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "cohere" => Some(Self::Cohere),
            "jina" => Some(Self::Jina),
            "tei" => Some(Self::Tei),
            "voyage" => Some(Self::Voyage),
            _ => None,
        }
    }

    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cohere => "cohere",
            Self::Jina => "jina",
            Self::Tei => "tei",
            Self::Voyage => "voyage",
        }
    }
}

/// A model that orders texts, and how to reach it.
#[derive(Debug, Clone)]
pub struct RerankSettings {
    /// The base of its addresses, without a slash at the end.
    pub url: String,
    /// The key, if it wants one.
    pub key: Option<Secret>,
    /// Its name at the provider. A server with one model needs none.
    pub model: Option<String>,
    /// The API.
    pub kind: RerankKind,
}

/// The relevance of each text, and the cost.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedTexts {
    /// In the order of the texts: the higher, the better it fits.
    pub relevance: Vec<f32>,
    /// The tokens; estimated if the provider does not count them.
    pub tokens: u64,
}

/// A provider of orders.
pub struct Reranker {
    settings: RerankSettings,
    provider: Provider,
}

impl Reranker {
    /// The provider of these settings.
    pub fn new(settings: RerankSettings, client: Client, clock: Clock) -> Self {
        let provider = Provider::new("rerank", (client, clock), (&settings.url, settings.key.clone()));
        Self { settings, provider }
    }

    /// The settings.
    pub fn settings(&self) -> &RerankSettings {
        &self.settings
    }

    /// The relevance of texts for a query, within a time.
    ///
    /// # Errors
    /// When there is none within the time, or when the reply lacks a text or has one twice.
    pub async fn rank(&self, query: &str, texts: &[String], most: Duration) -> Result<RankedTexts, ModelError> {
        let texts: Vec<&str> = texts.iter().map(|text| cut(text)).collect();
        let outcome = self.call(query, &texts, most).await;
        self.provider.note(&outcome);
        let (relevance, tokens) = outcome?;
        // Each text is read together with the query.
        let characters = texts.iter().map(|text| text.len() + query.len()).sum::<usize>() as u64;
        Ok(RankedTexts { relevance, tokens: tokens.unwrap_or(characters / 4) })
    }

    async fn call(&self, query: &str, texts: &[&str], most: Duration) -> Result<(Vec<f32>, Option<u64>), ModelError> {
        let (path, body) = api::request(&self.settings, query, texts);
        match self.settings.kind {
            RerankKind::Tei => api::bare(self.provider.post(path, &body, most).await?, texts.len()),
            _ => api::listed(self.provider.post(path, &body, most).await?, texts.len()),
        }
    }
}

fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(CHARACTERS).map_or(text.len(), |(at, _)| at);
    &text[..end]
}
