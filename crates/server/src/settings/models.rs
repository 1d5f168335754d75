//! The settings of models. The parts of each make sense together only.

use std::str::FromStr as _;

use campanile_memory::EmbedderSettings;
use campanile_models::{
    EmbeddingsKind, EmbeddingsSettings, MOST_DIMENSIONS, ModelKind, ModelSettings, RerankKind, RerankSettings,
};

use super::Layers;

/// The schemes of a provider's address.
const SCHEMES: [&str; 2] = ["http://", "https://"];

impl Layers {
    /// The model that makes vectors.
    pub(super) fn embedder(&self) -> Result<EmbedderSettings, String> {
        let here = match self.text("memory_embedder") {
            "built-in" => EmbedderSettings::BuiltIn,
            "off" => EmbedderSettings::Off,
            folder if folder.contains('/') => EmbedderSettings::Folder(folder.into()),
            _ => return Err(self.wrong("memory_embedder", "must be built-in, off or the path of a folder")),
        };
        match (self.embeddings()?, here) {
            (Some(provider), EmbedderSettings::BuiltIn) => Ok(EmbedderSettings::Provider(provider)),
            (Some(_), _) => Err(self.wrong("memory_embedder", "names a model, and embeddings_url another one")),
            (None, here) => Ok(here),
        }
    }

    fn embeddings(&self) -> Result<Option<EmbeddingsSettings>, String> {
        let kind = EmbeddingsKind::parse(self.text("embeddings_kind"))
            .ok_or_else(|| self.wrong("embeddings_kind", "must be openai or cohere"))?;
        let dimensions = match self.some("embeddings_dimensions") {
            None => None,
            Some(text) => match usize::from_str(&text) {
                Ok(count) if (1..=MOST_DIMENSIONS).contains(&count) => Some(count),
                _ => {
                    return Err(
                        self.wrong("embeddings_dimensions", &format!("must be between 1 and {MOST_DIMENSIONS}"))
                    );
                }
            },
        };
        let max_tokens: usize = self.number("embeddings_max_tokens")?;
        if !(64..=8_192).contains(&max_tokens) {
            return Err(self.wrong("embeddings_max_tokens", "must be between 64 and 8192"));
        }
        let Some(url) = self.provider_url("embeddings_url", &["embeddings_key", "embeddings_model"])? else {
            return Ok(None);
        };
        let model = self.some("embeddings_model");
        let model =
            model.ok_or_else(|| self.wrong("embeddings_model", "must name the model, since embeddings_url is set"))?;
        Ok(Some(EmbeddingsSettings {
            url,
            key: self.hidden("embeddings_key"),
            model,
            dimensions,
            kind,
            // The space at the end of a prefix counts.
            query_prefix: self.0["embeddings_query_prefix"].value.clone(),
            document_prefix: self.0["embeddings_document_prefix"].value.clone(),
            max_tokens,
        }))
    }

    /// The model that orders results.
    pub(super) fn reranker(&self) -> Result<Option<RerankSettings>, String> {
        let kind = RerankKind::parse(self.text("rerank_kind"))
            .ok_or_else(|| self.wrong("rerank_kind", "must be cohere, jina, tei or voyage"))?;
        let Some(url) = self.provider_url("rerank_url", &["rerank_key", "rerank_model"])? else { return Ok(None) };
        let model = self.some("rerank_model");
        if model.is_none() && kind != RerankKind::Tei {
            return Err(self.wrong("rerank_model", "must name the model, since rerank_url is set"));
        }
        Ok(Some(RerankSettings { url, key: self.hidden("rerank_key"), model, kind }))
    }

    /// The language model.
    pub(super) fn writer(&self) -> Result<Option<ModelSettings>, String> {
        let kind = ModelKind::parse(self.text("llm_kind"))
            .ok_or_else(|| self.wrong("llm_kind", "must be anthropic or openai"))?;
        let Some(url) = self.provider_url("llm_url", &["llm_key", "llm_model"])? else { return Ok(None) };
        let model = self.some("llm_model");
        let model = model.ok_or_else(|| self.wrong("llm_model", "must name the model, since llm_url is set"))?;
        Ok(Some(ModelSettings { url, key: self.hidden("llm_key"), model, kind }))
    }

    /// The base URL of a provider, without a slash at the end. Without one, its other settings are useless.
    pub(super) fn provider_url(&self, name: &'static str, others: &[&str]) -> Result<Option<String>, String> {
        match self.url(name, &SCHEMES)? {
            Some(url) => {
                campanile_net::parse_url(&url).map_err(|why| self.wrong(name, &format!("is no URL: {why}")))?;
                let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next());
                if authority.is_some_and(|authority| authority.contains('@')) {
                    return Err(self.wrong(name, "must have no user and password: a key has a setting of its own"));
                }
                Ok(Some(url.trim_end_matches('/').to_owned()))
            }
            None => match others.iter().find(|other| self.some(other).is_some()) {
                Some(other) => Err(self.wrong(other, &format!("needs {name}, the model's base URL"))),
                None => Ok(None),
            },
        }
    }
}
