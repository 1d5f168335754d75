//! Models over HTTP: language models that write, models that make vectors, and models that order results.
//!
//! # The cast
//! * [`ModelSettings`] is a language model: a [`Call`] streams its text. A [`Writer`] is one for jobs, with a
//!   [circuit](circuit).
//! * [`Embeddings`] makes vectors of texts, and [`Reranker`] orders texts by a query.
//! * A provider of the last two has a [circuit](circuit), four calls at a time, and a bound for
//!   each reply.
//! * [`usage`] counts calls and tokens by organisation and month.
//!
//! # Failure
//! Calls go through [`campanile_net`], with its rules for addresses, and are bounded in size and time. Whatever a
//! provider answers is checked before it is believed: a list that lacks an index, or a vector that is no
//! direction, is refused as a whole. Each caller goes on without the model.

mod circuit;
mod embeddings;
mod error;
mod llm;
mod provider;
mod rerank;
pub mod usage;

use campanile_db::Migrations;

pub use embeddings::{EmbeddedTexts, Embeddings, EmbeddingsKind, EmbeddingsSettings, MOST_DIMENSIONS, TextRole};
pub use error::ModelError;
pub use llm::{Call, MessageRole, ModelKind, ModelSettings, Prompt, Usage, Writer, Written, fenced, json_object};
pub use rerank::{RankedTexts, RerankKind, RerankSettings, Reranker};

/// The tables of models.
pub const MIGRATIONS: Migrations =
    Migrations { component: "models", files: &[include_str!("../migrations/1_usage.sql")] };
