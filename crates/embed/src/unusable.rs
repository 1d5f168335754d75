//! The reasons for which a model cannot be used.

/// The model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    File(String, String),
    /// The settings are not understood.
    #[error("config.json is not understood: {0}")]
    Settings(String),
    /// The vocabulary is not understood.
    #[error("vocab.txt is not a WordPiece vocabulary with [UNK], [CLS] and [SEP]")]
    Vocabulary,
    /// The weights do not fit.
    #[error("model.safetensors does not fit: {0}")]
    Weights(String),
}
