//! One real call of a model, for whoever wants to see whether it works.

use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_models::usage::{self, Count, Purpose};
use campanile_models::{MessageRole, ModelError, Prompt};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Memory;

/// The time of the call, but for a language model, which has its own.
const TIME: Duration = Duration::from_secs(10);
const QUERY: &str = "a bell that rings";
const TEXTS: [&str; 2] = ["The tower has a bell.", "The garden has a well."];
const REPLY: usize = 200;

/// A model to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TriedModel {
    /// The one that makes vectors.
    Embedder,
    /// The one that orders results.
    Reranker,
    /// The language model.
    Writer,
}

/// The outcome of a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// True if the model has answered as it should.
    pub works: bool,
    /// The time in milliseconds.
    pub took: f64,
    /// The reply in short, or the reason why there is none.
    pub said: String,
    /// The numbers of a vector; only of a model that makes vectors.
    pub dimensions: Option<usize>,
    /// The tokens that the call has cost.
    pub tokens: u64,
}

/// Makes one call of a model, and counts it. A model that is not set has the reason in `said`.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub async fn try_model(memory: &Memory, organisation: &OrganisationId, model: TriedModel) -> Result<Trial> {
    let began = Instant::now();
    let (outcome, purpose) = match model {
        TriedModel::Embedder => (embed(memory).await, Purpose::Embeddings),
        TriedModel::Reranker => (rank(memory).await, Purpose::Rerank),
        TriedModel::Writer => (write(memory).await, Purpose::Understanding),
    };
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    let Reply { said, dimensions, count } = match outcome {
        Ok(reply) => reply,
        Err(said) => return Ok(Trial { works: false, took, said, dimensions: None, tokens: 0 }),
    };
    if count.calls > 0 {
        let (payer, now) = (organisation.clone(), memory.clock.now());
        let counted =
            memory.db.write(move |tx| Box::pin(async move { usage::count(tx, &payer, purpose, count, now).await }));
        counted.await?;
    }
    Ok(Trial { works: true, took, said, dimensions, tokens: count.input_tokens + count.output_tokens })
}

/// The reply of a model that works.
struct Reply {
    said: String,
    dimensions: Option<usize>,
    count: Count,
}

async fn embed(memory: &Memory) -> Result<Reply, String> {
    let Some(embedder) = memory.embedders.target() else {
        return Err("No model is set: memory_embedder is off.".to_owned());
    };
    let count = embedder.probe().await.map_err(told)?;
    // A model within the process is loaded for it.
    let made = if embedder.is_remote() { Ok(()) } else { embedder.query(QUERY).await.map(drop) };
    made.map_err(|error| error.chain())?;
    let dimensions = embedder.dimensions();
    let said = format!("A vector of {} numbers.", dimensions.unwrap_or_default());
    Ok(Reply { said, dimensions, count })
}

async fn rank(memory: &Memory) -> Result<Reply, String> {
    let Some(reranker) = &memory.reranker else { return Err("No model is set: rerank_url is empty.".to_owned()) };
    let order = reranker.rank(QUERY, &TEXTS.map(str::to_owned), TIME).await.map_err(told)?;
    let said = match order.relevance[..] {
        [bell, well] => format!("Relevance {bell:.3} for a text that fits, {well:.3} for one that does not."),
        _ => String::new(),
    };
    Ok(Reply { said, dimensions: None, count: Count::read(1, order.tokens) })
}

async fn write(memory: &Memory) -> Result<Reply, String> {
    let Some(writer) = &memory.models.choice.writer else {
        return Err("No model is set: llm_url is empty.".to_owned());
    };
    let messages = vec![(MessageRole::User, "Reply with the one word: ready".to_owned())];
    let system = "You are asked whether you can be reached.".to_owned();
    let prompt = Prompt { system, messages, temperature: 0.0, most_tokens: 20 };
    let written = writer.write(&memory.models.client, &prompt).await.map_err(told)?;
    let said = written.text.trim().chars().take(REPLY).collect();
    Ok(Reply { said, dimensions: None, count: Count::call(written.usage) })
}

/// The reason, as a sentence.
fn told(error: ModelError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
