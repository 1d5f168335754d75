//! A model that runs within the process: loaded when it is used first, and freed when it was not used for ten
//! minutes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use campanile_base::{Error, Result};
use campanile_embed::{Lane, Model, Settings, Vector};

/// A model that was not used for this long is freed.
const IDLE: Duration = Duration::from_secs(600);
/// The priority of the thread that embeds passages, beside 0 for all others.
const NICE: i32 = 10;

/// A model within the process.
pub(super) struct LocalModel {
    /// The folder; `None` for the model in the binary.
    folder: Option<PathBuf>,
    id: String,
    dimensions: usize,
    model: Mutex<Option<Loaded>>,
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

impl LocalModel {
    /// The model of a folder, or the one in the binary, with its settings.
    ///
    /// # Errors
    /// `Invalid` when the folder has no model that can be used.
    pub(super) fn new(folder: Option<PathBuf>) -> Result<(Self, Settings)> {
        let (settings, id, dimensions) = match &folder {
            None => {
                let (settings, id) = Model::built_in_settings();
                (settings, id.to_owned(), Model::BUILT_IN_DIMENSIONS)
            }
            // It is read whole once, so that a wrong folder is told at the start.
            Some(folder) => {
                let model = Model::from_folder(folder);
                let model = model.map_err(|why| Error::invalid_field("embedder", why.to_string()))?;
                (model.settings().clone(), model.id().to_owned(), model.dimensions())
            }
        };
        let lane = |name, nice| Lane::new(name, nice).map_err(Error::internal);
        let lanes = Lanes { queries: lane("embed-query", 0)?, passages: lane("embed", NICE)? };
        Ok((Self { folder, id, dimensions, model: Mutex::default(), lanes }, settings))
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn folder(&self) -> Option<&PathBuf> {
        self.folder.as_ref()
    }

    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The vector of a query. Blocks.
    ///
    /// # Errors
    /// `Internal` when the model cannot be loaded.
    pub(super) fn query(&self, text: &str) -> Result<Option<Vector>> {
        let model = self.model()?;
        Ok(self.lanes.queries.run(|| model.query(text)))
    }

    /// The vectors of passages, in their order. Blocks.
    ///
    /// # Errors
    /// `Internal` when the model cannot be loaded.
    pub(super) fn passages(&self, texts: &[&str]) -> Result<Vec<Option<Vector>>> {
        let model = self.model()?;
        Ok(self.lanes.passages.run(|| model.passages(texts)))
    }

    /// Frees the model if it was not used for a while.
    pub(super) fn rest(&self) {
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
        let model = match &self.folder {
            Some(folder) => Model::from_folder(folder),
            None => Model::built_in(),
        };
        let model = model.map_err(Error::internal)?;
        match model.id() == self.id {
            true => Ok(model),
            false => Err(Error::internal("the folder of the embedder has another model than at the start")),
        }
    }
}
