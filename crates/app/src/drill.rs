//! A test workflow that does no useful work, but uses all features of a workflow.
//!
//! An operator starts it (`POST /api/workflows/campanile.drill/runs`) to see that the engine works
//! on this installation, survives failures, and how fast it is. Each step sends an event, in the
//! transaction that stores the step's result. If an event is missing, or there twice, the engine
//! has failed.

use std::time::Duration;

use campanile_engine::{Ctx, Failure, Matching, Registry, Workflow};
use serde::Deserialize;
use serde_json::json;

/// The name of the workflow, and of the event that each step sends.
const DRILL: &str = "campanile.drill";
/// The most steps of one run: a drill is not a load test.
const MOST_STEPS: u32 = 100;

/// The input of a drill.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Drill {
    /// The number of steps.
    steps: u32,
    /// The pause after each step, in milliseconds.
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

/// Sends an event for each step. At the end it looks back for the last of these events.
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
