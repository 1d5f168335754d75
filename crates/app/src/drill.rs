//! A fire drill: a workflow that does nothing of use, with everything that a workflow can do.
//!
//! An operator starts it (`POST /api/workflows/campanile.drill/runs`) to see that the engine works here,
//! survives what is done to it, and how fast it is. Each step is told by an event, in the transaction
//! that stores the step's result: where an event is there twice, or missing, the engine has failed.

use std::time::Duration;

use campanile_engine::{Ctx, Failure, Matching, Registry, Workflow};
use serde::Deserialize;
use serde_json::json;

/// The workflow, and the event of each of its steps.
const DRILL: &str = "campanile.drill";
/// A drill is no load test of its own.
const MOST_STEPS: u32 = 100;

/// What can be asked of a drill.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Drill {
    /// How many steps it has.
    steps: u32,
    /// How long it sleeps after each, in milliseconds.
    pause_ms: u64,
}

impl Default for Drill {
    fn default() -> Self {
        Self { steps: 3, pause_ms: 0 }
    }
}

pub(crate) fn register(registry: &mut Registry) {
    registry.workflow(Workflow::new(DRILL, 1, drill));
}

/// Tells of each step, and at the end looks back for what it told last.
async fn drill(ctx: Ctx, Drill { steps, pause_ms }: Drill) -> Result<u32, Failure> {
    if !(1..=MOST_STEPS).contains(&steps) {
        return Err(Failure::permanent(format!("a drill has 1 to {MOST_STEPS} steps")));
    }
    let mut done = 0;
    for step in 0..steps {
        ctx.send_event(DRILL, &json!({ "run": ctx.run_id(), "step": step })).await?;
        done = ctx.step("count", || async move { Ok::<_, Failure>(done + 1) }).await?;
        if pause_ms > 0 {
            ctx.sleep(Duration::from_millis(pause_ms)).await;
        }
    }
    let last = Matching::equal("data.run", ctx.run_id().as_str()).when(&format!("async.data.step == {}", steps - 1));
    match ctx.wait_for_event(DRILL, last, Duration::from_secs(60)).await? {
        Some(_) => Ok(done),
        None => Err(Failure::permanent("its own last event was not found")),
    }
}
