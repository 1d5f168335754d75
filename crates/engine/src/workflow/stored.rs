//! What is stored of a run that goes on. Runs that wake up at the same time are read together.

use std::collections::HashMap;
use std::sync::Arc;

use campanile_db::{Apply, Lane, Result, Tx};

use crate::Engine;
use crate::run::{Run, RunId};
use crate::store::runs;
use crate::store::steps::{self, Arrival, StepRow};

/// What is stored of an active run.
#[derive(Default)]
pub(crate) struct Stored {
    pub(super) generation: i64,
    /// How much was put into its inbox; what came after that is perhaps not in here.
    pub(super) pokes: i64,
    pub(super) steps: Vec<StepRow>,
    pub(super) inbox: Vec<Arrival>,
}

/// The lane of those who want to know; `None` for a run that is not active any more.
pub(crate) type Loads = Lane<RunId, Option<Stored>>;

pub(crate) fn lane(engine: &Engine) -> Loads {
    let read: Apply<RunId, Option<Stored>> = Arc::new(|tx, ids| Box::pin(async move { load(tx, &ids).await }));
    Lane::start_reading(engine.db.clone(), read)
}

/// The rows first: what comes into an inbox after they have been read is not counted as known.
async fn load(tx: &mut Tx, ids: &[RunId]) -> Result<Vec<Option<Stored>>> {
    let rows = runs::these(tx, ids).await?;
    let active: HashMap<&str, &Run> =
        rows.iter().filter(|run| run.status.is_active()).map(|run| (run.id.as_str(), run)).collect();
    let steps = steps::journals(tx, ids).await?;
    let inboxes = steps::inboxes(tx, ids).await?;
    let stored = |id: &RunId| {
        active.get(id.as_str()).map(|run| Stored {
            generation: run.generation,
            pokes: run.pokes,
            steps: steps.get(id.as_str()).cloned().unwrap_or_default(),
            inbox: inboxes.get(id.as_str()).cloned().unwrap_or_default(),
        })
    };
    Ok(ids.iter().map(stored).collect())
}
