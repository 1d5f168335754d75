//! Stores the lengths of this node's queues, for the readers of all nodes.
//!
//! The loop of the node does not wait for it. While one storing is under way there is no other, so
//! an older one never replaces a newer one. Nothing is written while nothing changes.

use std::time::{Duration, Instant};

use campanile_db::Db;
use tokio::task::JoinHandle;

use crate::store::queues::{self, NodeQueue};

/// The minimum interval between two storings.
const EVERY: Duration = Duration::from_secs(2);

/// The queues that were stored last.
#[derive(Default)]
pub(super) struct StoredQueues {
    last: Option<Instant>,
    /// The life and its queues; `None` if it is not known what is stored.
    stored: Option<(i64, Vec<NodeQueue>)>,
    /// The storing under way. It returns `false` if it failed.
    under_way: Option<JoinHandle<bool>>,
}

impl StoredQueues {
    /// True if the queues may be stored now.
    pub(super) fn is_due(&self) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= EVERY)
            && self.under_way.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Begins to store the queues, if they have changed.
    pub(super) async fn store(&mut self, db: &Db, epoch: i64, queues: Vec<NodeQueue>) {
        self.finish().await;
        let next = Some((epoch, queues.clone()));
        if self.stored == next {
            return;
        }
        (self.last, self.stored) = (Some(Instant::now()), next);
        let db = db.clone();
        self.under_way = Some(tokio::spawn(async move {
            let stored = db.write(move |tx| Box::pin(async move { queues::replace(tx, epoch, &queues).await })).await;
            if let Err(error) = &stored {
                tracing::warn!(%error, "the lengths of queues could not be stored");
            }
            stored.is_ok()
        }));
    }

    /// Waits for the storing under way.
    pub(super) async fn finish(&mut self) {
        if let Some(under_way) = self.under_way.take()
            && !under_way.await.unwrap_or(false)
        {
            self.stored = None;
        }
    }
}
