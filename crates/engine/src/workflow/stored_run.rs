//! Loads the stored state of runs that continue. Runs that wake up at the same time are read
//! together.

use std::collections::HashMap;
use std::sync::Arc;

use campanile_db::{Apply, Lane, Result, Tx};

use crate::Engine;
use crate::run::{Run, RunId};
use crate::store::runs;
use crate::store::steps::{self, Arrival, StepRow};

/// The stored state of an active run.
#[derive(Default)]
pub(crate) struct StoredRun {
    pub(super) generation: i64,
    /// The number of results that were put into its inbox. Later results may be missing here.
    pub(super) pokes: i64,
    pub(super) steps: Vec<StepRow>,
    pub(super) inbox: Vec<Arrival>,
}

/// The lane of loads. It returns `None` for a run that is no longer active.
pub(crate) type Loads = Lane<RunId, Option<StoredRun>>;

pub(crate) fn lane(engine: &Engine) -> Loads {
    let read: Apply<RunId, Option<StoredRun>> = Arc::new(|tx, ids| Box::pin(async move { load(tx, &ids).await }));
    Lane::start_reading(engine.db.clone(), read)
}

/// Reads the rows before the inboxes: a result that arrives between the two reads is not counted as
/// known.
async fn load(tx: &mut Tx, ids: &[RunId]) -> Result<Vec<Option<StoredRun>>> {
    let rows = runs::these(tx, ids).await?;
    let active: HashMap<&str, &Run> =
        rows.iter().filter(|run| run.status.is_active()).map(|run| (run.id.as_str(), run)).collect();
    let steps = steps::journals(tx, ids).await?;
    let inboxes = steps::inboxes(tx, ids).await?;
    let stored = |id: &RunId| {
        active.get(id.as_str()).map(|run| StoredRun {
            generation: run.generation,
            pokes: run.pokes,
            steps: steps.get(id.as_str()).cloned().unwrap_or_default(),
            inbox: inboxes.get(id.as_str()).cloned().unwrap_or_default(),
        })
    };
    Ok(ids.iter().map(stored).collect())
}
