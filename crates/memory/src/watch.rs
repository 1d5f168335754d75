//! Stores the jobs for workspaces whose passages have no vectors yet, or whose observations have no
//! clusters, and removes vectors that nothing needs.
//!
//! A node notes the workspaces whose passages were committed, and looks at them twice a second: storing
//! an observation costs nothing more. It looks at all workspaces at its start and every ten minutes, so
//! a node that ends loses nothing.

use std::time::Duration;

use campanile_accounts::{WorkspaceId, organisations};
use campanile_base::{Error, Result};
use campanile_engine::NewJob;

use crate::clusters::assignment;
use crate::embedding::{course, job};
use crate::{Memory, serving, vectors};

/// The time between two looks.
const PACE: Duration = Duration::from_millis(500);
/// Every so many looks, all workspaces are looked at: ten minutes.
const ALL: u32 = 1_200;
/// Every so many looks, the calls that were made for searches are counted: five seconds.
const METER: u32 = 10;

/// Watches until it is dropped. Each node has one.
pub async fn watch(memory: Memory) {
    for look in 0_u32.. {
        if look.is_multiple_of(METER)
            && let Err(error) = memory.meter.store(&memory.db, &memory.clock).await
        {
            tracing::warn!(%error, "the calls of models could not be counted");
        }
        if look.is_multiple_of(ALL)
            && let Err(error) = look_at_all(&memory).await
        {
            tracing::warn!(%error, "the workspaces that are behind are not known");
        }
        memory.embedders.rest();
        look_at_noted(&memory).await;
        tokio::time::sleep(PACE).await;
    }
}

/// Notes the workspaces that are behind, and removes what nothing needs.
async fn look_at_all(memory: &Memory) -> Result<()> {
    behind(memory).await?.into_iter().for_each(|workspace| memory.noted.add(workspace));
    tidy(memory).await
}

async fn look_at_noted(memory: &Memory) {
    for workspace in memory.noted.all() {
        // Before the look: passages that are committed during it note the workspace again.
        memory.noted.remove(&workspace);
        match is_behind(memory, &workspace).await {
            Ok(true) => memory.noted.add(workspace),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, %workspace, "the vectors and clusters of a workspace have to wait");
                memory.noted.add(workspace);
            }
        }
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
                behind.extend(serving::building(tx).await?);
            }
            Ok::<_, campanile_db::Error>(behind)
        })
    });
    Ok(read.await?)
}

/// Stores the jobs that a workspace needs. Returns true if there are any.
async fn is_behind(memory: &Memory, workspace: &WorkspaceId) -> Result<bool> {
    let lacks_vectors = course::is_behind(memory, workspace).await?;
    let (within, of) = (memory.clone(), workspace.clone());
    let read = memory.db.read(move |tx| {
        Box::pin(async move { Ok::<_, campanile_db::Error>(assignment::next_range(tx, &within, &of).await?.is_some()) })
    });
    let lacks_clusters = read.await?;
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

/// Removes the vectors of models that serve no more, once their time is over. A node that is killed in the midst
/// goes on at its next look.
///
/// # Errors
/// `Unavailable`.
pub async fn tidy(memory: &Memory) -> Result<()> {
    let now = memory.clock.now();
    let read = memory.db.read(move |tx| Box::pin(async move { serving::abandoned(tx, now).await }));
    for (workspace, embedder) in read.await? {
        loop {
            let (of, id) = (workspace.clone(), embedder.clone());
            let removed = memory.db.write(move |tx| {
                Box::pin(async move {
                    let removed = vectors::forget(tx, &of, &id).await?;
                    if removed == 0 {
                        serving::forget_previous(tx, &of, &id).await?;
                    }
                    Ok::<_, campanile_db::Error>(removed)
                })
            });
            if removed.await? == 0 {
                break;
            }
        }
    }
    Ok(())
}
