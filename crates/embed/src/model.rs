//! A model: from a text to its vector.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::bert::Bert;
use crate::settings::{Pooling, Settings};
use crate::tokenizer::Tokenizer;
use crate::unusable::Unusable;
use crate::vector::Vector;
use crate::weights::Weights;

static BUILT_IN_WEIGHTS: &[u8] = include_bytes!("../model/model.safetensors");
const BUILT_IN_VOCABULARY: &str = include_str!("../model/vocab.txt");
const BUILT_IN_SETTINGS: &str = include_str!("../model/config.json");
/// Known without reading 23 MB at each start; a test compares it.
const BUILT_IN_ID: &str = "af7f0a20bd589325";
/// The largest file of weights: that of a model of 300 million numbers.
const LARGEST_WEIGHTS: u64 = 1_300 << 20;
/// The tokens that go through the network together, if no text alone has more.
const TOGETHER: usize = 512;
/// The most characters of a text that are looked at, for each token: no piece of a word is longer
/// on average, and the rest of a huge text is not even read.
const CHARACTERS_A_TOKEN: usize = 64;

/// A model in memory.
pub struct Model {
    settings: Settings,
    id: String,
    tokenizer: Tokenizer,
    network: Bert,
    /// A row for each number of the result.
    projection: Option<Vec<f32>>,
    dimensions: usize,
}

impl Model {
    /// The model in the binary.
    ///
    /// # Errors
    /// The binary is damaged.
    pub fn built_in() -> Result<Self, Unusable> {
        Self::new(BUILT_IN_WEIGHTS, BUILT_IN_VOCABULARY, BUILT_IN_SETTINGS)
    }

    /// The settings and the id of the model in the binary, without reading its weights.
    pub fn built_in_settings() -> (Settings, &'static str) {
        let settings = serde_json::from_str(BUILT_IN_SETTINGS).expect("a test reads the settings");
        (settings, BUILT_IN_ID)
    }

    /// The numbers of a vector of the model in the binary.
    pub const BUILT_IN_DIMENSIONS: usize = 256;

    /// A model of a folder with `model.safetensors`, `vocab.txt` and `config.json`.
    ///
    /// # Errors
    /// A file is absent, too large, or does not fit the others.
    pub fn from_folder(folder: &Path) -> Result<Self, Unusable> {
        let file = |name: &str| {
            let path = folder.join(name);
            let unreadable = |error: std::io::Error| Unusable::File(path.display().to_string(), error.to_string());
            let length = std::fs::metadata(&path).map_err(unreadable)?.len();
            if length > LARGEST_WEIGHTS {
                return Err(Unusable::File(path.display().to_string(), format!("it has {length} bytes")));
            }
            std::fs::read(&path).map_err(unreadable)
        };
        let text = |name: &str| String::from_utf8(file(name)?).map_err(|_| Unusable::Vocabulary);
        Self::new(&file("model.safetensors")?, &text("vocab.txt")?, &text("config.json")?)
    }

    pub(crate) fn new(weights: &[u8], vocabulary: &str, settings: &str) -> Result<Self, Unusable> {
        let id = id(weights, vocabulary, settings);
        let settings: Settings =
            serde_json::from_str(settings).map_err(|error| Unusable::Settings(error.to_string()))?;
        let is_odd = |why: &str| Unusable::Settings(why.to_owned());
        if settings.num_attention_heads == 0 || !settings.hidden_size.is_multiple_of(settings.num_attention_heads) {
            return Err(is_odd("hidden_size is no multiple of num_attention_heads"));
        }
        let tokenizer = Tokenizer::new(vocabulary).ok_or(Unusable::Vocabulary)?;
        let weights = Weights::new(weights)?;
        let network = Bert::read(&weights, &settings)?;
        if tokenizer.size() > network.words() {
            return Err(Unusable::Weights(format!(
                "vocab.txt has {} pieces, the weights {}",
                tokenizer.size(),
                network.words()
            )));
        }
        if !(3..=network.most_tokens()).contains(&settings.max_tokens) {
            return Err(is_odd("max_tokens is not between 3 and the positions of the model"));
        }
        let projection = match weights.has("projection.weight") {
            true => Some(weights.numbers("projection.weight", settings.hidden_size)?),
            false => None,
        };
        let dimensions = projection.as_ref().map_or(settings.hidden_size, |rows| rows.len() / settings.hidden_size);
        Ok(Self { settings, id, tokenizer, network, projection, dimensions })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A name that another model, or the same with other settings, does not have.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The numbers of a vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The vector of a query.
    pub fn query(&self, text: &str) -> Option<Vector> {
        let text = format!("{}{text}", self.settings.query_prefix);
        self.vectors(&[self.ids(&text)]).pop().flatten()
    }

    /// The vectors of passages, in their order. `None` for one that has no direction.
    pub fn passages(&self, texts: &[&str]) -> Vec<Option<Vector>> {
        let ids = |text: &&str| self.ids(&format!("{}{text}", self.settings.document_prefix));
        self.vectors(&texts.iter().map(ids).collect::<Vec<_>>())
    }

    /// Sends a text through and shows the input of each dense layer.
    pub(crate) fn watch(&self, text: &str, watch: impl FnMut(usize, &[&str], &[f32])) {
        self.network.forward(&[&self.ids(text)], watch);
    }

    pub(crate) fn ids(&self, text: &str) -> Vec<u32> {
        let most = self.settings.max_tokens;
        let end = text.char_indices().nth(most * CHARACTERS_A_TOKEN).map_or(text.len(), |(at, _)| at);
        self.tokenizer.ids(&text[..end], most)
    }

    /// Texts of about the same length go through together.
    fn vectors(&self, texts: &[Vec<u32>]) -> Vec<Option<Vector>> {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|text| texts[*text].len());
        let mut vectors = vec![None; texts.len()];
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let mut tokens = 0;
            let fits = |text: &&usize| {
                tokens += texts[**text].len();
                tokens <= TOGETHER
            };
            let count = rest.iter().take_while(fits).count().max(1);
            let (group, later) = rest.split_at(count);
            let ids: Vec<&[u32]> = group.iter().map(|text| texts[*text].as_slice()).collect();
            let hidden = self.network.forward(&ids, |_, _, _| {});
            let mut tokens = hidden.as_slice();
            for (text, ids) in group.iter().zip(ids) {
                let (own, others) = tokens.split_at(ids.len() * self.settings.hidden_size);
                vectors[*text] = Vector::new(&self.projected(self.pooled(own)));
                tokens = others;
            }
            rest = later;
        }
        vectors
    }

    /// The direction of a text's tokens together; its length does not matter.
    fn pooled(&self, tokens: &[f32]) -> Vec<f32> {
        let (first, others) = tokens.split_at(self.settings.hidden_size);
        let mut pooled = first.to_vec();
        if self.settings.pooling == Pooling::Mean {
            let add = |token: &[f32]| pooled.iter_mut().zip(token).for_each(|(sum, number)| *sum += number);
            others.chunks(first.len()).for_each(add);
        }
        pooled
    }

    fn projected(&self, numbers: Vec<f32>) -> Vec<f32> {
        let Some(rows) = &self.projection else { return numbers };
        let product = |row: &[f32]| row.iter().zip(&numbers).map(|(a, b)| a * b).sum();
        rows.chunks(self.settings.hidden_size).map(product).collect()
    }
}

/// The first half of the SHA-256 of all that a vector depends on.
fn id(weights: &[u8], vocabulary: &str, settings: &str) -> String {
    let parts = [weights, vocabulary.as_bytes(), settings.as_bytes()];
    let digest = parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part)).finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
