//! The parts of a node that every run under way needs.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify;

use super::commit::Commits;
use crate::Engine;
use crate::run::Run;
use crate::store::runs;
use crate::workflow::stored_run::Loads;

/// The parts of a node that its running runs share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) commits: Commits,
    /// The lane of the kinds that settle apart.
    pub(crate) commits_apart: Commits,
    pub(crate) loads: Loads,
    /// The current life of this node.
    pub(super) epoch: AtomicI64,
}

impl Shared {
    /// Returns when the run no longer belongs to this life. Each notification of `look` triggers a
    /// check.
    pub(super) async fn ended_elsewhere(&self, epoch: i64, run: &Run, look: &Notify) {
        loop {
            look.notified().await;
            if self.epoch.load(Ordering::Relaxed) != epoch {
                return;
            }
            let id = run.id.clone();
            let row = self.engine.db.read(move |tx| Box::pin(async move { runs::any(tx, &id).await })).await;
            if row.is_ok_and(|row| row.is_none_or(|row| row.generation != run.generation)) {
                return;
            }
        }
    }

    pub(crate) fn lives(&self, epoch: i64) -> bool {
        self.epoch.load(Ordering::Relaxed) == epoch
    }
}
