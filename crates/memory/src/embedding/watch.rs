//! Stores the job for workspaces whose passages have no vectors yet, and removes vectors that nothing needs.

use std::time::Duration;

use campanile_accounts::{WorkspaceId, organisations};
use campanile_base::{Error, Result};

use super::{course, job};
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
        if let Some(target) = memory.embedders.target() {
            if look.is_multiple_of(ALL)
                && let Err(error) = look_at_all(&memory, target.id()).await
            {
                tracing::warn!(%error, "the workspaces without vectors are not known");
            }
            memory.embedders.rest();
            look_at_noted(&memory).await;
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Notes the workspaces that have passages without vectors, and removes what nothing needs.
async fn look_at_all(memory: &Memory, target: &str) -> Result<()> {
    let id = target.to_owned();
    let read = memory.db.read(move |tx| {
        Box::pin(async move {
            let mut behind = vectors::behind(tx, &id).await?;
            behind.extend(serving::building(tx).await?);
            Ok::<_, campanile_db::Error>(behind)
        })
    });
    read.await?.into_iter().for_each(|workspace| memory.noted.add(workspace));
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
                tracing::warn!(%error, %workspace, "the vectors of a workspace have to wait");
                memory.noted.add(workspace);
            }
        }
    }
}

/// Stores the job if there is work for the vectors of a workspace. Returns true if so.
async fn is_behind(memory: &Memory, workspace: &WorkspaceId) -> Result<bool> {
    if course::next(memory, workspace).await?.is_none() {
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
