//! The use of models: calls and tokens, by organisation, month and purpose.
//!
//! Jobs count in the transaction that stores their result. A search writes nothing, so its calls gather
//! in a [`Meter`], which is stored every few seconds; a process that is killed loses those.

mod meter;
mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::llm::Usage;

pub use meter::Meter;
pub use queries::forget_old;

/// The purpose of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Answers to questions.
    Answers,
    /// Categories, entities, and summaries of clusters.
    Understanding,
    /// Vectors.
    Embeddings,
    /// The order of results.
    Rerank,
}

impl Purpose {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Understanding => "understanding",
            Self::Embeddings => "embeddings",
            Self::Rerank => "rerank",
        }
    }
}

/// Calls and their tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// The calls.
    pub calls: u64,
    /// Tokens that were read.
    pub input_tokens: u64,
    /// Tokens that were written.
    pub output_tokens: u64,
}

impl Count {
    /// Calls that wrote nothing.
    pub fn read(calls: u64, input_tokens: u64) -> Self {
        Self { calls, input_tokens, output_tokens: 0 }
    }

    /// One call of a language model.
    pub fn call(usage: Usage) -> Self {
        Self { calls: 1, input_tokens: usage.input_tokens, output_tokens: usage.output_tokens }
    }
}

/// The month of a time: `2026-10`.
pub fn month(at: Timestamp) -> String {
    at.to_string().chars().take(7).collect()
}

/// The tokens that an organisation has used for some purposes in the month of `now`.
///
/// # Errors
/// `Unavailable`.
pub async fn used(tx: &mut Tx, organisation: &OrganisationId, purposes: &[Purpose], now: Timestamp) -> Result<u64> {
    let counted = queries::of_month(tx, organisation, &month(now)).await?;
    let asked = counted.iter().filter(|(purpose, _)| purposes.iter().any(|asked| asked.as_str() == purpose));
    Ok(asked.map(|(_, count)| count.input_tokens + count.output_tokens).sum())
}

/// True if an organisation has used up its tokens of a month for a language model, whatever for. `most` is 0 for no
/// bound.
///
/// # Errors
/// `Unavailable`.
pub async fn is_used_up(tx: &mut Tx, organisation: &OrganisationId, most: u64, now: Timestamp) -> Result<bool> {
    Ok(most > 0 && used(tx, organisation, &[Purpose::Answers, Purpose::Understanding], now).await? >= most)
}

/// The use of an organisation in the month of `now`, by the word of the purpose.
///
/// # Errors
/// `Unavailable`.
pub async fn of_month(tx: &mut Tx, organisation: &OrganisationId, now: Timestamp) -> Result<Vec<(String, Count)>> {
    Ok(queries::of_month(tx, organisation, &month(now)).await?)
}

/// Counts calls.
///
/// # Errors
/// `Unavailable`.
pub async fn count(
    tx: &mut Tx,
    organisation: &OrganisationId,
    purpose: Purpose,
    count: Count,
    now: Timestamp,
) -> Result<()> {
    Ok(queries::add(tx, organisation, &month(now), purpose.as_str(), count).await?)
}
