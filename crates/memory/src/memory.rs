//! The handle of the memory: the database, the clock, the engine, and the indexes of this node.

use std::sync::Arc;

use campanile_base::Clock;
use campanile_db::Db;
use campanile_engine::Engine;
use tokio::sync::Semaphore;

use crate::Settings;
use crate::search::cached_index::Indexes;

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
}

impl Memory {
    /// A memory in this database. Its jobs run once they are [registered](crate::register).
    pub fn new(db: Db, clock: Clock, engine: Engine, settings: Settings) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (indexes, turns) = (Arc::new(Indexes::new(settings)), Arc::new(Semaphore::new(processors)));
        Self { db, clock, engine, indexes, settings, turns }
    }

    /// The bytes of the search indexes in memory, and their number.
    pub fn index_size(&self) -> (usize, usize) {
        self.indexes.size()
    }
}
