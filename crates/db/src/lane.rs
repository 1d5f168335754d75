//! A lane: typed changes that share transactions and statements.
//!
//! Callers submit a change and await their own answer. While one commit is in progress, the next
//! changes gather. Then one function applies all of them together, with multi-row statements. When
//! a group fails, its changes are tried one by one, so that only a bad one fails. If the database
//! turns out to be unavailable, the rest are not tried. Reads can share a lane of their own in the
//! same way.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::queue::Source;
use crate::{BoxFuture, Db, Error, Result, Tx};

/// The maximum number of changes that share one transaction.
const GROUP: usize = 256;
/// The maximum number of waiting changes. Beyond it, callers wait to submit theirs.
const QUEUE: usize = 4_096;

/// Applies a group of changes in one transaction. Returns one answer for each, in order.
pub type Apply<C, R> = Arc<dyn for<'t> Fn(&'t mut Tx, Vec<C>) -> BoxFuture<'t, Result<Vec<R>>> + Send + Sync>;

/// The entrance to a lane. Cheap to clone. The lane ends when the last clone is dropped.
pub struct Lane<C, R> {
    queue: mpsc::Sender<(C, oneshot::Sender<Result<R>>)>,
}

impl<C, R> Clone for Lane<C, R> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<C, R> Lane<C, R>
where
    C: Clone + Send + Sync + 'static,
    R: Send + 'static,
{
    /// Starts a lane on the current runtime.
    pub fn start(db: Db, apply: Apply<C, R>) -> Self {
        Self::start_as(db, LaneKind::Write, apply)
    }

    /// Starts a lane of reads: `apply` must only read.
    pub fn start_reading(db: Db, apply: Apply<C, R>) -> Self {
        Self::start_as(db, LaneKind::Read, apply)
    }

    fn start_as(db: Db, way: LaneKind, apply: Apply<C, R>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(Source::new_lane().scope(serve(db, way, apply, waiting)));
        Self { queue }
    }

    /// Submits a change and waits until it is durable.
    ///
    /// # Errors
    /// The error of the database for this change.
    pub async fn submit(&self, change: C) -> Result<R> {
        let (caller, answer) = oneshot::channel();
        let stopped = || Error::Unavailable("the lane has stopped".into());
        self.queue.send((change, caller)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

#[derive(Debug, Clone, Copy)]
enum LaneKind {
    Write,
    Read,
}

async fn serve<C, R>(
    db: Db,
    way: LaneKind,
    apply: Apply<C, R>,
    mut waiting: mpsc::Receiver<(C, oneshot::Sender<Result<R>>)>,
) where
    C: Clone + Send + Sync + 'static,
    R: Send + 'static,
{
    let mut group = Vec::with_capacity(GROUP);
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        let (changes, callers): (Vec<C>, Vec<_>) = group.drain(..).unzip();
        match apply_group(&db, way, &apply, changes.clone()).await {
            Ok(answers) => callers.into_iter().zip(answers).for_each(|(caller, answer)| drop(caller.send(Ok(answer)))),
            Err(error) if changes.len() == 1 => callers.into_iter().for_each(|caller| {
                let _ = caller.send(Err(error.clone()));
            }),
            Err(_) => one_by_one(&db, way, &apply, changes, callers).await,
        }
    }
}

async fn one_by_one<C, R>(
    db: &Db,
    way: LaneKind,
    apply: &Apply<C, R>,
    changes: Vec<C>,
    callers: Vec<oneshot::Sender<Result<R>>>,
) where
    C: Send + 'static,
    R: Send + 'static,
{
    let mut away: Option<Error> = None;
    for (change, caller) in changes.into_iter().zip(callers) {
        let answer = match &away {
            Some(error) => Err(error.clone()),
            None => apply_group(db, way, apply, vec![change]).await.map(|mut answers| answers.remove(0)),
        };
        away = answer.as_ref().err().filter(|error| error.is_unavailable()).cloned();
        let _ = caller.send(answer);
    }
}

async fn apply_group<C, R>(db: &Db, way: LaneKind, apply: &Apply<C, R>, changes: Vec<C>) -> Result<Vec<R>>
where
    C: Send + 'static,
    R: Send + 'static,
{
    let apply = apply.clone();
    match way {
        LaneKind::Write => db.write(move |tx| Box::pin(async move { apply(tx, changes).await })).await,
        LaneKind::Read => db.read(move |tx| Box::pin(async move { apply(tx, changes).await })).await,
    }
}
