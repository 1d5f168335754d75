//! A model that makes vectors: within the process, or of a provider.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use campanile_base::{Clock, Error, Result, sha256_hex};
use campanile_embed::Vector;
use campanile_models::usage::Count;
use campanile_models::{EmbeddedTexts, Embeddings, EmbeddingsSettings, ModelError, TextRole};
use campanile_net::Client;
use quick_cache::sync::Cache;

use super::local::LocalModel;
use crate::model_view::ModelView;
use crate::serving::StoredEmbedder;

/// The queries whose vectors are kept.
const CACHED: usize = 10_000;
/// The longest query that is kept, in bytes.
const LONGEST_CACHED: usize = 512;
/// The time of a provider for a query, a second try included, and for a group of passages.
const QUERY: Duration = Duration::from_millis(1_500);
const PASSAGES: Duration = Duration::from_secs(60);
/// The text of a call that only checks a provider, and its time.
const PROBE: &str = "Campanile";
const PROBE_TIME: Duration = Duration::from_secs(10);
/// The share of the vectors of a provider, and the similarities below which nothing fits, and hardly.
const WEIGHT: f32 = 0.5;
const THRESHOLDS: (f32, f32) = (0.30, 0.40);
/// The licence of the model in the binary.
const LICENCE: &str = "Apache-2.0";

/// The model that makes vectors.
#[derive(Debug, Clone, Default)]
pub enum EmbedderSettings {
    /// None: search is by words alone.
    Off,
    /// The one in the binary.
    #[default]
    BuiltIn,
    /// One of a folder with `model.safetensors`, `vocab.txt` and `config.json`.
    Folder(PathBuf),
    /// One of a provider over HTTP.
    Provider(EmbeddingsSettings),
}

/// Makes the vectors of passages and queries.
pub struct Embedder {
    id: String,
    weight: f32,
    thresholds: (f32, f32),
    queries: Cache<String, Arc<Vector>>,
    maker: Maker,
}

enum Maker {
    Local(Box<LocalModel>),
    Provider(Box<Embeddings>),
}

impl Embedder {
    /// The embedder of these settings. `None` if it is off.
    ///
    /// # Errors
    /// `Invalid` when the folder has no model that can be used.
    pub(crate) fn new(settings: EmbedderSettings, client: &Client, clock: &Clock) -> Result<Option<Arc<Self>>> {
        let folder = match settings {
            EmbedderSettings::Off => return Ok(None),
            EmbedderSettings::BuiltIn => None,
            EmbedderSettings::Folder(folder) => Some(folder),
            EmbedderSettings::Provider(settings) => {
                let id = id_of(&settings);
                let maker = Embeddings::new(settings, client.clone(), clock.clone(), None);
                return Ok(Some(Self::of(id, WEIGHT, THRESHOLDS, Maker::Provider(Box::new(maker)))));
            }
        };
        let (model, found) = LocalModel::new(folder)?;
        let (id, weight) = (model.id().to_owned(), found.vector_weight.clamp(0.0, 1.0));
        Ok(Some(Self::of(id, weight, found.thresholds, Maker::Local(Box::new(model)))))
    }

    fn of(id: String, weight: f32, thresholds: (f32, f32), maker: Maker) -> Arc<Self> {
        Arc::new(Self { id, weight, thresholds, queries: Cache::new(CACHED), maker })
    }

    /// Its id: vectors of another one cannot be compared with its own.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The share of the vectors in a result's score.
    pub(crate) fn weight(&self) -> f32 {
        self.weight
    }

    /// The similarity below which nothing fits, and below which it hardly fits.
    pub(crate) fn thresholds(&self) -> (f32, f32) {
        self.thresholds
    }

    /// True if another process makes the vectors.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self.maker, Maker::Provider(_))
    }

    /// The numbers of a vector, once they are known.
    pub(crate) fn dimensions(&self) -> Option<usize> {
        match &self.maker {
            Maker::Local(model) => Some(model.dimensions()),
            Maker::Provider(maker) => maker.dimensions(),
        }
    }

    /// Tells the numbers that the vectors of this model have had.
    pub(crate) fn expect_dimensions(&self, dimensions: usize) {
        if let Maker::Provider(maker) = &self.maker {
            maker.expect_dimensions(dimensions);
        }
    }

    /// The model, as people see it.
    pub(crate) fn view(&self) -> ModelView {
        let (kind, licence) = match &self.maker {
            Maker::Local(model) if model.folder().is_none() => ("built-in", Some(LICENCE.to_owned())),
            Maker::Local(_) => ("folder", None),
            Maker::Provider(maker) => (maker.settings().kind.as_str(), None),
        };
        let has_key = self.provider().is_some_and(|settings| settings.key.is_some());
        ModelView { kind: kind.to_owned(), name: self.stored().name(), dimensions: self.dimensions(), licence, has_key }
    }

    /// The settings of its provider, if it has one.
    pub(crate) fn provider(&self) -> Option<&EmbeddingsSettings> {
        match &self.maker {
            Maker::Local(_) => None,
            Maker::Provider(maker) => Some(maker.settings()),
        }
    }

    /// The form in which it is stored.
    pub(crate) fn stored(&self) -> StoredEmbedder {
        match &self.maker {
            Maker::Local(model) => match model.folder() {
                None => StoredEmbedder::BuiltIn,
                Some(folder) => StoredEmbedder::Folder { path: folder.display().to_string() },
            },
            Maker::Provider(maker) => {
                let of = maker.settings();
                StoredEmbedder::Provider {
                    api: of.kind.as_str().to_owned(),
                    url: of.url.clone(),
                    model: of.model.clone(),
                    dimensions: of.dimensions,
                    query_prefix: of.query_prefix.clone(),
                    document_prefix: of.document_prefix.clone(),
                    max_tokens: of.max_tokens,
                    has_key: of.key.is_some(),
                }
            }
        }
    }

    /// The vector of a query, if it is known.
    pub(crate) fn cached(&self, text: &str) -> Option<Arc<Vector>> {
        self.queries.get(text)
    }

    /// The vector of a query from a model within the process; `None` for a text that has no direction.
    /// Blocks.
    ///
    /// # Errors
    /// `Internal` when the model cannot be loaded, or is one of a provider.
    pub(crate) fn query_here(&self, text: &str) -> Result<Option<Arc<Vector>>> {
        match &self.maker {
            Maker::Local(model) => Ok(model.query(text)?.map(|vector| self.keep(text, vector))),
            Maker::Provider(_) => Err(Error::internal("a provider is not asked on a thread that blocks")),
        }
    }

    /// The vector of a query, and its cost.
    ///
    /// # Errors
    /// `Unavailable` when the provider does not answer in time; `Internal` when the model cannot be loaded.
    pub(crate) async fn query(self: &Arc<Self>, text: &str) -> Result<(Option<Arc<Vector>>, Count)> {
        match &self.maker {
            Maker::Local(_) => {
                let (within, text) = (self.clone(), text.to_owned());
                let made = tokio::task::spawn_blocking(move || within.query_here(&text));
                Ok((made.await.map_err(Error::internal)??, Count::default()))
            }
            Maker::Provider(maker) => {
                let made = maker.query(text, QUERY).await.map_err(unavailable)?;
                let (vectors, count) = read(made);
                Ok((vectors.into_iter().next().flatten().map(|vector| self.keep(text, vector)), count))
            }
        }
    }

    /// The vectors of passages, in their order, and their cost. A passage without a direction has none.
    ///
    /// # Errors
    /// When the model cannot be loaded, or its provider does not answer as it should.
    pub(crate) async fn passages(
        self: &Arc<Self>,
        texts: Vec<String>,
    ) -> Result<(Vec<Option<Vector>>, Count), PassagesError> {
        match &self.maker {
            Maker::Local(_) => {
                let within = self.clone();
                let made = tokio::task::spawn_blocking(move || {
                    let Maker::Local(model) = &within.maker else { return Ok(Vec::new()) };
                    model.passages(&texts.iter().map(String::as_str).collect::<Vec<_>>())
                });
                let vectors = made.await.map_err(Error::internal).flatten();
                Ok((vectors.map_err(PassagesError::Local)?, Count::default()))
            }
            Maker::Provider(maker) => {
                let made = maker.embed(&texts, TextRole::Document, PASSAGES).await;
                Ok(read(made.map_err(PassagesError::Provider)?))
            }
        }
    }

    /// Has a provider make one vector. A model within the process needs no call.
    ///
    /// # Errors
    /// When the provider does not answer, or not as it should.
    pub(crate) async fn probe(&self) -> Result<Count, ModelError> {
        match &self.maker {
            Maker::Local(_) => Ok(Count::default()),
            Maker::Provider(maker) => Ok(read(maker.query(PROBE, PROBE_TIME).await?).1),
        }
    }

    /// Frees a model within the process if it was not used for a while.
    pub(crate) fn rest(&self) {
        if let Maker::Local(model) = &self.maker {
            model.rest();
        }
    }

    fn keep(&self, text: &str, vector: Vector) -> Arc<Vector> {
        let vector = Arc::new(vector);
        if text.len() <= LONGEST_CACHED {
            self.queries.insert(text.to_owned(), vector.clone());
        }
        vector
    }
}

/// The reason why passages have no vectors.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassagesError {
    #[error("{}", .0.chain())]
    Local(Error),
    #[error(transparent)]
    Provider(ModelError),
}

/// A provider that did not make the vector of a query.
fn unavailable(error: ModelError) -> Error {
    Error::Unavailable { what: "the model that makes vectors", source: Box::new(error) }
}

fn read(made: EmbeddedTexts) -> (Vec<Option<Vector>>, Count) {
    let EmbeddedTexts { vectors, calls, tokens } = made;
    (vectors.iter().map(|numbers| Vector::new(numbers)).collect(), Count::read(calls, tokens))
}

/// The id of a provider's model: the same vectors come from another address, but not from another model,
/// prefix or cut.
fn id_of(settings: &EmbeddingsSettings) -> String {
    let EmbeddingsSettings { model, dimensions, kind, query_prefix, document_prefix, max_tokens, .. } = settings;
    let of = (kind, model, dimensions, query_prefix, document_prefix, max_tokens);
    let text = serde_json::to_string(&of).expect("settings are plain data");
    sha256_hex(text).chars().take(16).collect()
}
