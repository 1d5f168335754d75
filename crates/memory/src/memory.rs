//! The handle of the memory: the database, the clock, the engine, and the indexes of this node.

use std::sync::Arc;

use campanile_accounts::WorkspaceId;
use campanile_base::{Clock, Result, Timestamp};
use campanile_db::{Db, Tx};
use campanile_engine::Engine;
use tokio::sync::Semaphore;

use campanile_models::usage::Meter;
use campanile_models::{Reranker, Writer};

use crate::embedding::embedders::Embedders;
use crate::noted::Noted;
use crate::search::cached_index::Indexes;
use crate::{Models, Settings};

/// The memory of all workspaces. Cheap to clone.
#[derive(Clone)]
pub struct Memory {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) engine: Engine,
    pub(crate) indexes: Arc<Indexes>,
    pub(crate) settings: Settings,
    /// Searches that run at a time.
    pub(crate) turns: Arc<Semaphore>,
    /// Make vectors.
    pub(crate) embedders: Arc<Embedders>,
    /// Orders results; `None` when none is set.
    pub(crate) reranker: Option<Arc<Reranker>>,
    /// Writes texts for jobs; `None` when none is set.
    pub(crate) writer: Option<Arc<Writer>>,
    /// The settings of all models.
    pub(crate) models: Arc<Models>,
    /// Calls of models that are not stored yet.
    pub(crate) meter: Arc<Meter>,
    /// The start of this node.
    pub(crate) started_at: Timestamp,
    pub(crate) noted: Arc<Noted>,
}

impl Memory {
    /// A memory in this database. Its jobs run once they are [registered](crate::register), and vectors and
    /// clusters are made while [`watch`](crate::watch::watch) runs.
    ///
    /// # Errors
    /// `Invalid` when the embedder of the settings cannot be used.
    pub fn new(db: Db, clock: Clock, engine: Engine, settings: Settings, models: impl Into<Models>) -> Result<Self> {
        let models: Models = models.into();
        let embedders = Arc::new(Embedders::new(models.choice.embedder.clone(), &models.client, &clock)?);
        let reranker = models.choice.reranker.clone().map(|of| Reranker::new(of, models.client.clone(), clock.clone()));
        let writer = models.choice.writer.clone().map(|of| Arc::new(Writer::new(of, models.client.clone())));
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let indexes = Arc::new(Indexes::new(settings, embedders.target().is_some()));
        let (turns, noted) = (Arc::new(Semaphore::new(processors)), Arc::default());
        let started_at = clock.now();
        Ok(Self {
            db,
            clock,
            engine,
            indexes,
            settings,
            turns,
            embedders,
            reranker: reranker.map(Arc::new),
            writer,
            models: Arc::new(models),
            meter: Arc::default(),
            started_at,
            noted,
        })
    }

    /// The id of the model that makes vectors.
    pub fn embedder_id(&self) -> Option<&str> {
        self.embedders.target().map(|embedder| embedder.id())
    }

    /// Has the new passages of a workspace embedded, and its observations assigned to clusters, once
    /// they are committed.
    pub(crate) fn work_later(&self, tx: &mut Tx, workspace: &WorkspaceId) {
        let (noted, workspace) = (self.noted.clone(), workspace.clone());
        tx.after_commit(move || noted.add(workspace));
    }

    /// The bytes of the search indexes in memory, and their number.
    pub fn index_size(&self) -> (usize, usize) {
        self.indexes.size()
    }
}
