//! Models over HTTP: language models that write.
//!
//! Calls go through [`campanile_net`], with its rules for addresses, and are bounded in size and time. Whatever a
//! provider answers is checked before it is believed.

mod llm;

pub use llm::{Call, MOST_TOKENS, MessageRole, ModelError, ModelKind, ModelSettings, Prompt, Usage};
