//! Commits the results of runs.
//!
//! Most commits concern their run alone. Such commits that come at the same time share one
//! transaction and its statements. A commit that affects others (it listens, starts a run, sends an
//! event, or includes changes of a handler) has a transaction of its own. Each transaction first
//! checks that this life of the node may still write. Each commit takes effect only if the run
//! still belongs to its owner.

use std::collections::BTreeMap;
use std::sync::Arc;

use campanile_base::{Result, Timestamp};
use campanile_db::{Apply, Lane, Tx};

use crate::run::{Note, Run, RunId};
use crate::run_commit::{Next, RunCommit};
use crate::store::lease;
use crate::store::runs::{self, EndedRun, OwnedRun, ParkedRun, PostponedJob, Progress};
use crate::store::stats;
use crate::store::steps::{self, FailureRow, StepRow};
use crate::{Engine, trace};

/// The lane of plain commits. Each gets `true` if it took effect.
pub(crate) type Commits = Lane<Arc<RunCommit>, bool>;

pub(crate) fn lane(engine: &Engine) -> Commits {
    let within = engine.clone();
    let apply: Apply<Arc<RunCommit>, bool> = Arc::new(move |tx, commits| {
        let (engine, now) = (within.clone(), within.clock.now());
        Box::pin(async move { apply(tx, &engine, &commits, now).await })
    });
    Lane::start(engine.db.clone(), apply)
}

/// Applies commits of one node in one transaction. Returns `true` for each that took effect.
pub(crate) async fn apply(
    tx: &mut Tx,
    engine: &Engine,
    commits: &[Arc<RunCommit>],
    now: Timestamp,
) -> campanile_db::Result<Vec<bool>> {
    let mut done = vec![false; commits.len()];
    let mut epochs: Vec<i64> = commits.iter().map(|commit| commit.epoch).collect();
    epochs.sort_unstable();
    epochs.dedup();
    for epoch in epochs {
        change_rows(tx, commits, epoch, now, &mut done).await?;
    }
    let of_run = |run: &Arc<Run>| run.id.clone();
    let mut of_commit = Vec::new();
    let mut steps: Vec<(RunId, StepRow)> = Vec::new();
    for (index, commit) in commits.iter().enumerate().filter(|(index, _)| done[*index]) {
        steps.extend(commit.steps.iter().map(|step| (of_run(&commit.run), step.clone())));
        of_commit.resize(steps.len(), index);
    }
    let stored = steps::put(tx, &steps).await?;
    // An attempt whose commit got no reply may have been committed after all.
    for index in of_commit.into_iter().zip(stored).filter(|(_, stored)| !stored).map(|(index, _)| index) {
        done[index] &= !commits[index].is_once;
    }
    let effective = || commits.iter().zip(&done).filter(|(_, done)| **done).map(|(commit, _)| commit);
    let failures: Vec<(RunId, FailureRow)> = effective()
        .flat_map(|commit| commit.failures.iter().map(|failure| (of_run(&commit.run), failure.clone())))
        .collect();
    steps::put_failures(tx, &failures).await?;
    let taken: Vec<(RunId, String)> =
        effective().flat_map(|commit| commit.taken_in.iter().map(|key| (of_run(&commit.run), key.clone()))).collect();
    steps::take_in(tx, &taken).await?;
    stats::count(tx, effective().filter_map(|commit| commit.count(now)), now).await?;
    settle_notes(tx, engine, effective()).await?;
    trace::tell(tx, &engine.tracing, effective(), now);
    Ok(done)
}

/// Changes the rows of the runs, grouped by kind of change. Nothing changes if this life of the
/// node is over.
async fn change_rows(
    tx: &mut Tx,
    commits: &[Arc<RunCommit>],
    epoch: i64,
    now: Timestamp,
    done: &mut [bool],
) -> campanile_db::Result<()> {
    let (mut removed, mut begun, mut going_on) = (Vec::new(), Vec::new(), Vec::new());
    let (mut parked, mut ended, mut postponed) = (Vec::new(), Vec::new(), Vec::new());
    for (index, commit) in commits.iter().enumerate().filter(|(_, commit)| commit.epoch == epoch) {
        match &commit.next {
            Next::Remove(run) => removed.push((index, run.clone())),
            Next::On(progress) if progress.begins.is_some() => begun.push((index, progress.clone())),
            Next::On(progress) => going_on.push((index, progress.run.clone())),
            Next::Park(row) => parked.push((index, row.clone())),
            Next::Postpone(row) => postponed.push((index, row.clone())),
            Next::End(row) => ended.push((index, row.clone())),
        }
    }
    let mut note = |indexes: Vec<usize>, changed: Vec<bool>| {
        indexes.into_iter().zip(changed).for_each(|(index, changed)| done[index] = changed);
    };
    let (indexes, rows): (Vec<usize>, Vec<OwnedRun>) = going_on.into_iter().unzip();
    note(indexes, runs::are_owned(tx, &rows, epoch).await?);
    let others = removed.len() + postponed.len() + begun.len() + parked.len() + ended.len();
    if others == 0 || !lease::still_lives(tx, epoch).await? {
        return Ok(());
    }
    let (indexes, rows): (Vec<usize>, Vec<OwnedRun>) = removed.into_iter().unzip();
    note(indexes, runs::remove(tx, &rows).await?);
    let (indexes, rows): (Vec<usize>, Vec<PostponedJob>) = postponed.into_iter().unzip();
    note(indexes, runs::postpone(tx, &rows).await?);
    let (indexes, rows): (Vec<usize>, Vec<Progress>) = begun.into_iter().unzip();
    note(indexes, runs::begin(tx, &rows).await?);
    let (indexes, rows): (Vec<usize>, Vec<ParkedRun>) = parked.into_iter().unzip();
    note(indexes, runs::park(tx, &rows, now).await?);
    let (indexes, rows): (Vec<usize>, Vec<EndedRun>) = ended.into_iter().unzip();
    note(indexes, runs::end(tx, &rows, now).await?);
    Ok(())
}

/// Stores the notes of handlers, grouped by job kind.
async fn settle_notes<'c>(
    tx: &mut Tx,
    engine: &Engine,
    commits: impl Iterator<Item = &'c Arc<RunCommit>>,
) -> campanile_db::Result<()> {
    let mut of_kinds: BTreeMap<&str, Vec<Note>> = BTreeMap::new();
    for commit in commits {
        if let Some(note) = &commit.note {
            of_kinds.entry(&commit.run.name).or_default().push(note.clone());
        }
    }
    for (kind, notes) in of_kinds {
        if let Some(settle) = engine.catalogue().jobs.get(kind).and_then(|job| job.settle.clone()) {
            settle(tx, notes).await?;
        }
    }
    Ok(())
}

/// Applies one commit. Returns `false` when it came too late and changed nothing.
pub(crate) async fn apply_one(tx: &mut Tx, engine: &Engine, commit: &Arc<RunCommit>, now: Timestamp) -> Result<bool> {
    Ok(apply(tx, engine, std::slice::from_ref(commit), now).await?[0])
}
