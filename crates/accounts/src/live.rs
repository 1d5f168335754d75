//! News for whoever is watching: what just became durable in a workspace.
//!
//! A hint, not a record: a watcher that falls behind is told to look again. Sent after a commit
//! only, so what a watcher then reads is there.

use serde::Serialize;
use tokio::sync::broadcast;

use crate::WorkspaceId;

/// How far a watcher may fall behind.
const BACKLOG: usize = 1_024;

/// Something new in a workspace.
#[derive(Debug, Clone, Serialize)]
pub struct News {
    /// Where.
    pub workspace: WorkspaceId,
    /// What kind of thing.
    pub kind: NewsKind,
    /// Which one.
    pub id: String,
}

/// What there can be news of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum NewsKind {
    Delivery,
    Observation,
    Notification,
    Attempt,
}

/// Where news are told and heard. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live(broadcast::Sender<News>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Live {
    /// Tells everyone who is listening; nobody is fine too.
    pub fn tell(&self, workspace: &WorkspaceId, kind: NewsKind, id: impl Into<String>) {
        if self.0.receiver_count() > 0 {
            let _ = self.0.send(News { workspace: workspace.clone(), kind, id: id.into() });
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.0.subscribe()
    }
}
