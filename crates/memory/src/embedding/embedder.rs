//! The embedder of a node: a model that is loaded when it is used first, and freed when it was not
//! used for ten minutes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use campanile_base::{Error, Result};
use campanile_embed::{Lane, Model, Vector};
use quick_cache::sync::Cache;

/// The queries whose vectors are kept.
const CACHED: usize = 10_000;
/// The longest query that is kept, in bytes.
const LONGEST_CACHED: usize = 512;
/// A model that was not used for this long is freed.
const IDLE: Duration = Duration::from_secs(600);
/// The priority of the thread that embeds passages, beside 0 for all others.
const NICE: i32 = 10;

/// The model that makes vectors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EmbedderSettings {
    /// None: search is by words alone.
    Off,
    /// The one in the binary.
    #[default]
    BuiltIn,
    /// One of a folder with `model.safetensors`, `vocab.txt` and `config.json`.
    Folder(PathBuf),
}

/// Makes the vectors of passages and queries.
pub struct Embedder {
    settings: EmbedderSettings,
    id: String,
    weight: f32,
    thresholds: (f32, f32),
    model: Mutex<Option<Loaded>>,
    queries: Cache<String, Arc<Vector>>,
    lanes: Lanes,
}

/// Threads: a query does not wait behind passages.
struct Lanes {
    queries: Lane,
    passages: Lane,
}

struct Loaded {
    model: Arc<Model>,
    used: Instant,
}

impl Embedder {
    /// The embedder of these settings. `None` if it is off.
    ///
    /// # Errors
    /// `Invalid` when the folder has no model that can be used.
    pub fn new(settings: EmbedderSettings) -> Result<Option<Arc<Self>>> {
        let (found, id) = match &settings {
            EmbedderSettings::Off => return Ok(None),
            EmbedderSettings::BuiltIn => {
                let (found, id) = Model::built_in_settings();
                (found, id.to_owned())
            }
            // It is read whole once, so that a wrong folder is told at the start.
            EmbedderSettings::Folder(folder) => {
                let model = Model::from_folder(folder);
                let model = model.map_err(|why| Error::invalid_field("embedder", why.to_string()))?;
                (model.settings().clone(), model.id().to_owned())
            }
        };
        let lane = |name, nice| Lane::new(name, nice).map_err(Error::internal);
        let lanes = Lanes { queries: lane("embed-query", 0)?, passages: lane("embed", NICE)? };
        Ok(Some(Arc::new(Self {
            settings,
            id,
            weight: found.vector_weight.clamp(0.0, 1.0),
            thresholds: found.thresholds,
            model: Mutex::default(),
            queries: Cache::new(CACHED),
            lanes,
        })))
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

    /// The vector of a query, if it is known.
    pub(crate) fn cached(&self, text: &str) -> Option<Arc<Vector>> {
        self.queries.get(text)
    }

    /// The vector of a query. `None` for a text that has no direction. Blocks.
    ///
    /// # Errors
    /// `Internal` when the model cannot be loaded.
    pub(crate) fn query(&self, text: &str) -> Result<Option<Arc<Vector>>> {
        let model = self.model()?;
        let vector = self.lanes.queries.run(|| model.query(text)).map(Arc::new);
        if let Some(vector) = vector.as_ref().filter(|_| text.len() <= LONGEST_CACHED) {
            self.queries.insert(text.to_owned(), vector.clone());
        }
        Ok(vector)
    }

    /// The vectors of passages, in their order. Blocks.
    ///
    /// # Errors
    /// `Internal` when the model cannot be loaded.
    pub(crate) fn passages(&self, texts: &[&str]) -> Result<Vec<Option<Vector>>> {
        let model = self.model()?;
        Ok(self.lanes.passages.run(|| model.passages(texts)))
    }

    /// Frees the model if it was not used for a while.
    pub(crate) fn rest(&self) {
        // Whoever has it uses it.
        let Ok(mut loaded) = self.model.try_lock() else { return };
        if loaded.as_ref().is_some_and(|loaded| loaded.used.elapsed() >= IDLE) {
            *loaded = None;
        }
    }

    fn model(&self) -> Result<Arc<Model>> {
        let mut loaded = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        let used = Instant::now();
        let model = match loaded.take() {
            Some(loaded) => loaded.model,
            None => Arc::new(self.load()?),
        };
        *loaded = Some(Loaded { model: model.clone(), used });
        Ok(model)
    }

    fn load(&self) -> Result<Model> {
        let model = match &self.settings {
            EmbedderSettings::Folder(folder) => Model::from_folder(folder),
            _ => Model::built_in(),
        };
        let model = model.map_err(Error::internal)?;
        match model.id() == self.id {
            true => Ok(model),
            false => Err(Error::internal("the folder of the embedder has another model than at the start")),
        }
    }
}
