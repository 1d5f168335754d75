//! The settings of a model: the shape of its network, and how texts are given to it.
//!
//! The names are those of `config.json` of the usual exports; the last six are ours, and may be
//! absent.

use serde::{Deserialize, Serialize};

/// The settings of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The name of the model.
    #[serde(default = "Settings::no_name")]
    pub name: String,
    /// Numbers for each token, between layers.
    pub hidden_size: usize,
    /// Numbers for each token, within a layer.
    pub intermediate_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Heads of attention in each layer.
    pub num_attention_heads: usize,
    /// Added to a variance, so that nothing is divided by zero.
    #[serde(default = "Settings::usual_epsilon")]
    pub layer_norm_eps: f32,
    /// The most tokens of a text, its borders included; the rest is not looked at.
    #[serde(default = "Settings::usual_tokens")]
    pub max_tokens: usize,
    /// Turns the vectors of the tokens into one.
    #[serde(default)]
    pub pooling: Pooling,
    /// Stands before a query.
    #[serde(default)]
    pub query_prefix: String,
    /// Stands before a passage.
    #[serde(default)]
    pub document_prefix: String,
    /// The share of the vectors in a result's score, from 0 to 1; words have the rest.
    #[serde(default = "Settings::usual_weight")]
    pub vector_weight: f32,
    /// The similarity below which the best passage fits nothing, and below which it hardly fits.
    #[serde(default = "Settings::usual_thresholds")]
    pub thresholds: (f32, f32),
}

/// Turns the vectors of the tokens into one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// Their mean.
    #[default]
    Mean,
    /// The vector of the first token.
    Cls,
}

impl Settings {
    fn no_name() -> String {
        "custom".to_owned()
    }

    fn usual_epsilon() -> f32 {
        1e-12
    }

    fn usual_tokens() -> usize {
        256
    }

    fn usual_weight() -> f32 {
        0.5
    }

    fn usual_thresholds() -> (f32, f32) {
        (0.30, 0.40)
    }
}
