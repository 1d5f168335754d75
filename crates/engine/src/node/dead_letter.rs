//! Gives up a run: it becomes a dead letter, with its reason, and can be retried.

use std::sync::Arc;

use campanile_base::{Result, Timestamp};
use campanile_db::Tx;

use super::commit::apply_one;
use crate::registry::OnDeath;
use crate::run::{Run, Status};
use crate::run_commit::{Next, RunCommit};
use crate::store::runs::{EndedRun, OwnedRun};
use crate::{Engine, lifecycle};

/// Ends a run as failed, together with the effects of its end.
pub(crate) async fn give_up(
    engine: &Engine,
    epoch: i64,
    run: &Run,
    error: &str,
    on_death: Option<OnDeath>,
) -> Result<()> {
    let (engine, run, error) = (engine.clone(), run.clone(), error.to_owned());
    let db = engine.db.clone();
    db.write(move |tx| {
        Box::pin(async move {
            let now = engine.clock.now();
            let buried = end_as_failed(tx, &engine, epoch, &run, &error, now).await?;
            if let (true, Some(write)) = (buried, on_death) {
                write(tx, &run, &error).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Ends a run as failed: a dead letter, with its reason. Returns `false` if the run is no longer
/// this node's.
async fn end_as_failed(
    tx: &mut Tx,
    engine: &Engine,
    epoch: i64,
    run: &Run,
    error: &str,
    now: Timestamp,
) -> Result<bool> {
    let commit = Arc::new(RunCommit::new(epoch, Arc::new(run.clone()), Next::End(ended_as_failed(run, error))));
    let ours = apply_one(tx, engine, &commit, now).await?;
    if ours {
        lifecycle::follow_up(tx, engine, run, Status::Failed, Err(error), now).await?;
    }
    Ok(ours)
}

/// The final row of a run that is given up.
pub(super) fn ended_as_failed(run: &Run, error: &str) -> EndedRun {
    EndedRun {
        run: OwnedRun::of(run),
        status: Status::Failed,
        attempt: run.attempt + 1,
        seq: run.seq,
        started_at: None,
        output: None,
        error: Some(storable(error)),
    }
}

/// Replaces NUL characters, which PostgreSQL cannot store: the error may contain foreign text.
pub(super) fn storable(error: &str) -> String {
    error.replace('\0', "\u{fffd}")
}
