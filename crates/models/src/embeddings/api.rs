//! The requests and replies of both APIs.
//!
//! Sources: the API references of OpenAI (*Create embeddings*) and Cohere (*Embed API v2*).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{EmbeddingsKind, EmbeddingsSettings, TextRole};
use crate::error::ModelError;

type Read = Result<(Vec<Vec<f32>>, Option<u64>), ModelError>;

pub(super) fn request(settings: &EmbeddingsSettings, texts: &[String], role: TextRole) -> (&'static str, Value) {
    let (path, mut body, dimensions) = match settings.kind {
        EmbeddingsKind::OpenAi => {
            let body = json!({ "model": settings.model, "input": texts, "encoding_format": "float" });
            ("/embeddings", body, "dimensions")
        }
        EmbeddingsKind::Cohere => {
            let input_type = match role {
                TextRole::Query => "search_query",
                TextRole::Document => "search_document",
            };
            let body = json!({
                "model": settings.model, "texts": texts, "input_type": input_type, "embedding_types": ["float"],
            });
            ("/v2/embed", body, "output_dimension")
        }
    };
    if let Some(count) = settings.dimensions {
        body[dimensions] = count.into();
    }
    (path, body)
}

/// A reply of `/embeddings`.
#[derive(Deserialize)]
pub(super) struct OpenAiReply {
    data: Vec<OpenAiVector>,
    #[serde(default)]
    usage: OpenAiUsage,
}

#[derive(Deserialize)]
struct OpenAiVector {
    index: usize,
    embedding: Numbers,
}

/// The numbers of a vector. Some servers send them as base64, whatever was asked for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    List(Vec<f32>),
    Base64(String),
}

#[derive(Default, Deserialize)]
struct OpenAiUsage {
    total_tokens: Option<u64>,
    prompt_tokens: Option<u64>,
}

/// The vectors of a reply in the order of the texts, and the tokens.
pub(super) fn openai(reply: OpenAiReply, texts: usize) -> Read {
    let listed: Result<Vec<_>, ModelError> =
        reply.data.into_iter().map(|vector| Ok((vector.index, vector.embedding.read()?))).collect();
    let tokens = reply.usage.total_tokens.or(reply.usage.prompt_tokens);
    Ok((by_index(listed?, texts)?, tokens))
}

impl Numbers {
    fn read(self) -> Result<Vec<f32>, ModelError> {
        let text = match self {
            Self::List(numbers) => return Ok(numbers),
            Self::Base64(text) => text,
        };
        let bytes = STANDARD.decode(text).map_err(|_| ModelError::Unreadable)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if rest.is_empty() {
            Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        } else {
            Err(ModelError::Unreadable)
        }
    }
}

/// A reply of `/v2/embed`.
#[derive(Deserialize)]
pub(super) struct CohereReply {
    embeddings: CohereVectors,
    #[serde(default)]
    meta: CohereMeta,
}

#[derive(Deserialize)]
struct CohereVectors {
    float: Vec<Vec<f32>>,
}

#[derive(Default, Deserialize)]
struct CohereMeta {
    #[serde(default)]
    billed_units: CohereUnits,
}

#[derive(Default, Deserialize)]
struct CohereUnits {
    input_tokens: Option<f64>,
}

/// The vectors of a reply, which are in the order of the texts, and the tokens.
pub(super) fn cohere(reply: CohereReply, texts: usize) -> Read {
    let listed = reply.embeddings.float.into_iter().enumerate().collect();
    let tokens = reply.meta.billed_units.input_tokens.map(|tokens| tokens.max(0.0) as u64);
    Ok((by_index(listed, texts)?, tokens))
}

/// Puts things into the order of their indexes: each once, and none missing.
pub(crate) fn by_index<T>(listed: Vec<(usize, T)>, count: usize) -> Result<Vec<T>, ModelError> {
    let unusable = |why: String| Err(ModelError::Unusable(why));
    if listed.len() != count {
        return unusable(format!("it has {} results for {count} texts", listed.len()));
    }
    let mut places: Vec<Option<T>> = (0..count).map(|_| None).collect();
    for (index, thing) in listed {
        match places.get_mut(index) {
            None => return unusable(format!("it has a result for text {index} of {count}")),
            Some(Some(_)) => return unusable(format!("it has two results for text {index}")),
            Some(place) => *place = Some(thing),
        }
    }
    Ok(places.into_iter().flatten().collect())
}
