//! Stores the jobs for workspaces whose passages have no vectors yet, or whose observations have no
//! clusters.
//!
//! A node notes the workspaces whose passages were committed, and looks at them twice a second: storing
//! an observation costs nothing more. It looks at all workspaces at its start and every ten minutes, so
//! a node that ends loses nothing.

use std::time::Duration;

use campanile_accounts::{WorkspaceId, organisations};
use campanile_base::{Error, Result};
use campanile_engine::NewJob;

use crate::clusters::assignment;
use crate::embedding::job;
use crate::{Memory, passages, vectors};

/// The time between two looks.
const PACE: Duration = Duration::from_millis(500);
/// Every so many looks, all workspaces are looked at: ten minutes.
const ALL: u32 = 1_200;

/// Watches until it is dropped. Each node has one.
pub async fn watch(memory: Memory) {
    for look in 0_u32.. {
        if look.is_multiple_of(ALL) {
            match behind(&memory).await {
                Ok(behind) => behind.into_iter().for_each(|workspace| memory.noted.add(workspace)),
                Err(error) => tracing::warn!(%error, "the workspaces that are behind are not known"),
            }
        }
        if let Some(embedder) = &memory.embedder {
            embedder.rest();
        }
        for workspace in memory.noted.all() {
            // Before the look: passages that are committed during it note the workspace again.
            memory.noted.remove(&workspace);
            match is_behind(&memory, &workspace).await {
                Ok(true) => memory.noted.add(workspace),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, %workspace, "the vectors and clusters of a workspace have to wait");
                    memory.noted.add(workspace);
                }
            }
        }
        tokio::time::sleep(PACE).await;
    }
}

/// The workspaces with passages without vectors, or with observations that are not assigned.
async fn behind(memory: &Memory) -> Result<Vec<WorkspaceId>> {
    let embedder = memory.embedder_id().map(str::to_owned);
    let read = memory.db.read(move |tx| {
        Box::pin(async move {
            let mut behind = assignment::behind(tx).await?;
            if let Some(embedder) = embedder {
                behind.extend(vectors::behind(tx, &embedder).await?);
            }
            Ok::<_, campanile_db::Error>(behind)
        })
    });
    Ok(read.await?)
}

/// Stores the jobs that a workspace needs. Returns true if there are any.
async fn is_behind(memory: &Memory, workspace: &WorkspaceId) -> Result<bool> {
    let (within, of) = (memory.clone(), workspace.clone());
    let read = memory.db.read(move |tx| {
        Box::pin(async move {
            let lacks_vectors = match within.embedder_id() {
                Some(embedder) => {
                    let head = passages::head(tx, &of).await?;
                    let progress = vectors::progress(tx, &of, embedder).await?.unwrap_or_default();
                    progress.next(head.next_no).is_some()
                }
                None => false,
            };
            let lacks_clusters = assignment::next_range(tx, &within, &of).await?.is_some();
            Ok::<_, campanile_db::Error>((lacks_vectors, lacks_clusters))
        })
    });
    let (lacks_vectors, lacks_clusters) = read.await?;
    if !lacks_vectors && !lacks_clusters {
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
            let mut jobs: Vec<NewJob> = Vec::new();
            if lacks_vectors {
                jobs.push(job::job(&organisation, &of));
            }
            if lacks_clusters {
                jobs.push(assignment::job(&organisation, &of));
            }
            engine.enqueue_all(tx, jobs).await?;
            Ok(true)
        })
    });
    stored.await
}
