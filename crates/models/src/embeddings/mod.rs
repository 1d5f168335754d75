//! Vectors of texts, made by a provider.
//!
//! Queries and documents are told apart: some models want a prefix, others an input type. A reply is
//! checked as a whole: as many vectors as texts, each index once, the same number of numbers in all, all of
//! them finite, and none without a direction.

pub(crate) mod api;
mod check;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use campanile_base::{Clock, Secret};
use campanile_net::Client;
use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::provider::Provider;

/// The most numbers of a vector that is stored.
pub const MOST_DIMENSIONS: usize = 1_024;
/// The most texts of a call.
const TEXTS: usize = 96;
/// The most tokens of a call.
const TOKENS: usize = 250_000;
/// The bytes of a token, about: so a text is cut before it is sent.
const BYTES_PER_TOKEN: f64 = 3.6;

/// The API of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmbeddingsKind {
    /// `POST {base}/embeddings`, as OpenAI's and most servers have it.
    OpenAi,
    /// `POST {base}/v2/embed`, as Cohere's.
    Cohere,
}

impl EmbeddingsKind {
    /// Reads the word of the setting.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "openai" => Some(Self::OpenAi),
            "cohere" => Some(Self::Cohere),
            _ => None,
        }
    }

    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Cohere => "cohere",
        }
    }
}

/// A model that makes vectors, and how to reach it.
#[derive(Debug, Clone)]
pub struct EmbeddingsSettings {
    /// The base of its addresses, without a slash at the end.
    pub url: String,
    /// The key, if it wants one.
    pub key: Option<Secret>,
    /// Its name at the provider.
    pub model: String,
    /// The numbers of a vector. `None` for as many as the model gives. A longer vector is cut: the
    /// first numbers of a Matryoshka model are a vector by themselves.
    pub dimensions: Option<usize>,
    /// The API.
    pub kind: EmbeddingsKind,
    /// Stands before a query.
    pub query_prefix: String,
    /// Stands before a passage.
    pub document_prefix: String,
    /// The most tokens of a text; the rest is not sent.
    pub max_tokens: usize,
}

/// The purpose of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextRole {
    /// A text that is searched for.
    Query,
    /// A text that is found.
    Document,
}

/// The vectors of texts, in their order, and the cost.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddedTexts {
    /// All have the same number of numbers.
    pub vectors: Vec<Vec<f32>>,
    /// The calls.
    pub calls: u64,
    /// The tokens; estimated if the provider does not count them.
    pub tokens: u64,
}

/// A provider of vectors.
pub struct Embeddings {
    settings: EmbeddingsSettings,
    provider: Provider,
    /// The numbers of its vectors, once they are known: it may not change them.
    known: Mutex<Option<usize>>,
}

impl Embeddings {
    /// The provider of these settings. `known` are the numbers of the vectors that it has made before.
    pub fn new(settings: EmbeddingsSettings, client: Client, clock: Clock, known: Option<usize>) -> Self {
        let provider = Provider::new("embeddings", (client, clock), (&settings.url, settings.key.clone()));
        let known = Mutex::new(settings.dimensions.or(known));
        Self { settings, provider, known }
    }

    /// The settings.
    pub fn settings(&self) -> &EmbeddingsSettings {
        &self.settings
    }

    /// The numbers of its vectors, once they are known.
    pub fn dimensions(&self) -> Option<usize> {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the numbers that vectors of this model have had. The settings are stronger.
    pub fn expect_dimensions(&self, dimensions: usize) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = self.settings.dimensions.or(Some(dimensions));
    }

    /// The vector of a query. A call that failed in passing is made once more within the time.
    ///
    /// # Errors
    /// When there is none within the time.
    pub async fn query(&self, text: &str, most: Duration) -> Result<EmbeddedTexts, ModelError> {
        let began = Instant::now();
        let texts = [text.to_owned()];
        match self.embed(&texts, TextRole::Query, most).await {
            Err(error) if error.is_passing() => {
                self.embed(&texts, TextRole::Query, most.saturating_sub(began.elapsed())).await
            }
            outcome => outcome,
        }
    }

    /// The vectors of texts, in their order. `most` is the time of each call.
    ///
    /// # Errors
    /// When one of the calls fails, or its reply cannot be used.
    pub async fn embed(&self, texts: &[String], role: TextRole, most: Duration) -> Result<EmbeddedTexts, ModelError> {
        let mut all = EmbeddedTexts { vectors: Vec::with_capacity(texts.len()), calls: 0, tokens: 0 };
        for group in texts.chunks(self.texts_of_a_call()) {
            let sent: Vec<String> = group.iter().map(|text| self.prepared(text, role)).collect();
            let outcome = self.call(&sent, role, most).await;
            self.provider.note(&outcome);
            let (vectors, tokens) = outcome?;
            all.vectors.extend(vectors);
            all.calls += 1;
            all.tokens += tokens.unwrap_or_else(|| estimated_tokens(&sent));
        }
        Ok(all)
    }

    async fn call(
        &self,
        texts: &[String],
        role: TextRole,
        most: Duration,
    ) -> Result<(Vec<Vec<f32>>, Option<u64>), ModelError> {
        let (path, body) = api::request(&self.settings, texts, role);
        let (vectors, tokens) = match self.settings.kind {
            EmbeddingsKind::OpenAi => api::openai(self.provider.post(path, &body, most).await?, texts.len())?,
            EmbeddingsKind::Cohere => api::cohere(self.provider.post(path, &body, most).await?, texts.len())?,
        };
        let known = self.dimensions();
        let (vectors, dimensions) = check::sound(vectors, (self.settings.dimensions, known))?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(dimensions);
        Ok((vectors, tokens))
    }

    fn texts_of_a_call(&self) -> usize {
        (TOKENS / self.settings.max_tokens.max(1)).clamp(1, TEXTS)
    }

    /// The text that is sent: with its prefix, and cut.
    fn prepared(&self, text: &str, role: TextRole) -> String {
        let prefix = match role {
            TextRole::Query => &self.settings.query_prefix,
            TextRole::Document => &self.settings.document_prefix,
        };
        let most = (self.settings.max_tokens as f64 * BYTES_PER_TOKEN) as usize;
        let end = text.floor_char_boundary(most.saturating_sub(prefix.len()).min(text.len()));
        // Some servers refuse an empty text.
        let text = if text[..end].trim().is_empty() { "-" } else { &text[..end] };
        format!("{prefix}{text}")
    }
}

/// The tokens of texts that nobody has counted.
fn estimated_tokens(texts: &[String]) -> u64 {
    let bytes: usize = texts.iter().map(String::len).sum();
    (bytes as f64 / BYTES_PER_TOKEN).ceil() as u64
}
