//! The next work for the vectors of a workspace, on this node.

use std::ops::Range;
use std::sync::Arc;

use campanile_accounts::WorkspaceId;
use campanile_base::Result;

use super::embedder::Embedder;
use crate::serving::{self, Course, Serving};
use crate::vectors::Progress;
use crate::{Memory, passages, vectors};

/// The next work for the vectors of a workspace.
pub(crate) enum Work {
    /// Some passages need vectors of a model.
    Embed {
        /// The model.
        by: Arc<Embedder>,
        /// The passages that have vectors of it.
        begun: Progress,
        /// The passages that are to have them.
        numbers: Range<i64>,
        /// True if another model serves meanwhile.
        is_building: bool,
    },
    /// All passages have vectors of the node's model, which can take the place of the one that serves.
    Swap,
}

/// The next work; `None` if nothing is left to do. What a change of the model needs is noted on the way.
pub(crate) async fn next(memory: &Memory, workspace: &WorkspaceId) -> Result<Option<Work>> {
    let Some(target) = memory.embedders.target().cloned() else { return Ok(None) };
    let of = workspace.clone();
    let serving = memory.db.read(move |tx| Box::pin(async move { serving::of(tx, &of).await })).await?;
    let former = match &serving {
        Some(serving) => memory.embedders.get(&memory.db, &serving.id).await?,
        None => None,
    };
    let course = serving::course(serving.as_ref(), target.id(), former.is_some(), memory.started_at);
    note(memory, workspace, &target, serving.as_ref(), course).await?;
    match course {
        Course::Own | Course::Stay | Course::Replace => left(memory, workspace, target).await,
        Course::Yield => match former {
            Some(former) => left(memory, workspace, former).await,
            None => Ok(None),
        },
        Course::Build => {
            // What is new is found by the model that serves; what it has left out stays so.
            if let Some(former) = former
                && let Some(work) = new(memory, workspace, former).await?
            {
                return Ok(Some(work));
            }
            match left(memory, workspace, target).await? {
                Some(Work::Embed { by, begun, numbers, .. }) => {
                    Ok(Some(Work::Embed { by, begun, numbers, is_building: true }))
                }
                _ => Ok(Some(Work::Swap)),
            }
        }
    }
}

/// Stores what a course changes.
async fn note(
    memory: &Memory,
    workspace: &WorkspaceId,
    target: &Embedder,
    serving: Option<&Serving>,
    course: Course,
) -> Result<()> {
    let is_building = serving.and_then(|serving| serving.building.as_ref()).is_some_and(|(id, _)| id == target.id());
    if matches!(course, Course::Own | Course::Yield) || course == Course::Build && is_building {
        return Ok(());
    }
    let (of, id, stored, now) = (workspace.clone(), target.id().to_owned(), target.stored(), memory.clock.now());
    let noted = memory.db.write(move |tx| {
        Box::pin(async move {
            serving::keep_embedder(tx, &id, &stored, now).await?;
            match course {
                Course::Stay => serving::stop_building(tx, &of, &id, now).await.map(drop)?,
                Course::Replace => serving::swap(tx, &of, &id, now).await.map(drop)?,
                _ => serving::build(tx, &of, &id, now).await?,
            }
            Ok::<_, campanile_base::Error>(())
        })
    });
    noted.await?;
    tracing::info!(%workspace, embedder = target.id(), ?course, "the model of a workspace's vectors changes");
    Ok(())
}

/// The passages without a vector of a model.
async fn left(memory: &Memory, workspace: &WorkspaceId, by: Arc<Embedder>) -> Result<Option<Work>> {
    let (begun, behind_last) = progress(memory, workspace, &by).await?;
    let numbers = begun.next(behind_last);
    Ok(numbers.map(|numbers| Work::Embed { by, begun, numbers, is_building: false }))
}

/// The passages that were stored since the model made its last vector.
async fn new(memory: &Memory, workspace: &WorkspaceId, by: Arc<Embedder>) -> Result<Option<Work>> {
    let (begun, behind_last) = progress(memory, workspace, &by).await?;
    let numbers = begun.next(behind_last).filter(|_| begun.reached() < behind_last);
    Ok(numbers.map(|numbers| Work::Embed { by, begun, numbers, is_building: false }))
}

async fn progress(memory: &Memory, workspace: &WorkspaceId, by: &Embedder) -> Result<(Progress, i64)> {
    let (of, id) = (workspace.clone(), by.id().to_owned());
    let read = memory.db.read(move |tx| {
        Box::pin(async move {
            let head = passages::head(tx, &of).await?;
            let begun = vectors::progress(tx, &of, &id).await?.unwrap_or_default();
            Ok::<_, campanile_db::Error>((begun, head.next_no))
        })
    });
    Ok(read.await?)
}

/// Has the node's model take the place of the one that serves, unless passages without its vectors were
/// stored meanwhile.
pub(super) async fn swap(memory: &Memory, workspace: &WorkspaceId) -> Result<()> {
    let Some(target) = memory.embedders.target().cloned() else { return Ok(()) };
    let (of, id, now) = (workspace.clone(), target.id().to_owned(), memory.clock.now());
    let swapped = memory.db.write(move |tx| {
        Box::pin(async move {
            let head = passages::head(tx, &of).await?;
            let progress = vectors::progress(tx, &of, &id).await?.unwrap_or_default();
            match progress.next(head.next_no) {
                Some(_) => Ok::<_, campanile_db::Error>(0),
                None => serving::swap(tx, &of, &id, now).await,
            }
        })
    });
    if swapped.await? > 0 {
        tracing::info!(%workspace, embedder = target.id(), "another model serves a workspace");
    }
    Ok(())
}
