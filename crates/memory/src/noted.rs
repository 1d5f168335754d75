//! The workspaces that may have passages without vectors, or observations without clusters.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use campanile_accounts::WorkspaceId;

/// The workspaces whose passages were committed on this node lately.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<HashSet<WorkspaceId>>);

impl Noted {
    /// Notes a workspace.
    pub(crate) fn add(&self, workspace: WorkspaceId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace);
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<WorkspaceId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Forgets a workspace.
    pub(crate) fn remove(&self, workspace: &WorkspaceId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(workspace);
    }
}
