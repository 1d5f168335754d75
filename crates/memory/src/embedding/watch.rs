//! Stores the job for workspaces whose passages have no vectors yet.

use std::time::Duration;

use campanile_accounts::{WorkspaceId, organisations};
use campanile_base::{Error, Result};

use super::job;
use crate::{Memory, vectors};

/// The time between two looks.
const PACE: Duration = Duration::from_millis(500);
/// Every so many looks, all workspaces are looked at: ten minutes.
const ALL: u32 = 1_200;

/// Watches until it is dropped. Each node has one.
pub async fn watch(memory: Memory) {
    let Some(embedder) = memory.embedder.clone() else { return };
    for look in 0_u32.. {
        if look.is_multiple_of(ALL) {
            let id = embedder.id().to_owned();
            match memory.db.read(move |tx| Box::pin(async move { vectors::behind(tx, &id).await })).await {
                Ok(behind) => behind.into_iter().for_each(|workspace| memory.noted.add(workspace)),
                Err(error) => tracing::warn!(%error, "the workspaces without vectors are not known"),
            }
        }
        embedder.rest();
        for workspace in memory.noted.all() {
            // Before the look: passages that are committed during it note the workspace again.
            memory.noted.remove(&workspace);
            match is_behind(&memory, embedder.id(), &workspace).await {
                Ok(true) => memory.noted.add(workspace),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, %workspace, "the vectors of a workspace have to wait");
                    memory.noted.add(workspace);
                }
            }
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Stores the job if passages of a workspace have no vectors. Returns true if so.
async fn is_behind(memory: &Memory, embedder: &str, workspace: &WorkspaceId) -> Result<bool> {
    let (of, id) = (workspace.clone(), embedder.to_owned());
    let is_behind = memory.db.read(move |tx| {
        Box::pin(async move {
            let head = crate::passages::head(tx, &of).await?;
            let progress = vectors::progress(tx, &of, &id).await?.unwrap_or_default();
            Ok::<_, campanile_db::Error>(progress.next(head.next_no).is_some())
        })
    });
    if !is_behind.await? {
        return Ok(false);
    }
    let (engine, of) = (memory.engine.clone(), workspace.clone());
    let stored = memory.db.write(move |tx| {
        Box::pin(async move {
            let organisation = match organisations::workspace(tx, &of).await {
                Ok(found) => found.organisation_id,
                Err(Error::NotFound(_)) => return Ok(false),
                Err(error) => return Err(error),
            };
            engine.enqueue(tx, job::job(&organisation, &of)).await?;
            Ok(true)
        })
    });
    stored.await
}
