//! The handle of the memory: the database, the clock, the engine, and the indexes of this node.

use std::sync::Arc;

use campanile_accounts::WorkspaceId;
use campanile_base::{Clock, Result};
use campanile_db::{Db, Tx};
use campanile_engine::Engine;
use tokio::sync::Semaphore;

use crate::embedding::Embedder;
use crate::noted::Noted;
use crate::search::cached_index::Indexes;
use crate::{EmbedderSettings, Settings};

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
    /// Makes vectors; `None` when search is by words alone.
    pub(crate) embedder: Option<Arc<Embedder>>,
    pub(crate) noted: Arc<Noted>,
}

impl Memory {
    /// A memory in this database. Its jobs run once they are [registered](crate::register), and vectors and
    /// clusters are made while [`watch`](crate::watch::watch) runs.
    ///
    /// # Errors
    /// `Invalid` when the embedder of the settings cannot be used.
    pub fn new(db: Db, clock: Clock, engine: Engine, settings: Settings, embedder: EmbedderSettings) -> Result<Self> {
        let embedder = Embedder::new(embedder)?;
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let indexes = Arc::new(Indexes::new(settings, embedder.as_ref().map(|embedder| embedder.id().to_owned())));
        let (turns, noted) = (Arc::new(Semaphore::new(processors)), Arc::default());
        Ok(Self { db, clock, engine, indexes, settings, turns, embedder, noted })
    }

    /// The id of the model that makes vectors.
    pub fn embedder_id(&self) -> Option<&str> {
        self.embedder.as_ref().map(|embedder| embedder.id())
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
