//! The periodic job of webhooks: removes old data and wakes forgotten queues.
//!
//! It removes expired payloads and tokens, old messages with their attempts, finished tasks, and
//! deleted applications and endpoints. It also wakes lines that no job looks after.
//!
//! Ids sort by time, so old rows are at the low end of each application's messages. Each
//! transaction removes a limited number of rows, so that others need not wait for it.

use std::time::Duration;

use campanile_base::Result;
use campanile_engine::flow::Cron;
use campanile_engine::{Backoff, Ctx, Failure, Registry, Workflow};

use crate::{Webhooks, lines, retention};

/// The schedule: every ten minutes.
const EVERY: &str = "*/10 * * * *";
/// The maximum number of transactions in one run.
const ROUNDS: usize = 5_000;

pub(crate) fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let within = webhooks.clone();
    let workflow = Workflow::new("webhooks.tidy", 1, move |_: Ctx, _: serde_json::Value| {
        let webhooks = within.clone();
        async move { tidy(&webhooks).await.map_err(Failure::from) }
    });
    let backoff = Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(60) };
    let schedule = Cron::parse(EVERY).expect("the schedule is a constant");
    registry.workflow(workflow.on_cron(schedule).attempts(3).backoff(backoff));
}

/// Removes old rows. Does nothing but wake lines while the clock is not trusted.
async fn tidy(webhooks: &Webhooks) -> Result<()> {
    let within = webhooks.clone();
    webhooks.db.write(move |tx| Box::pin(async move { lines::queue::wake_all(tx, &within).await })).await?;
    let Some(now) = webhooks.engine.time_to_tidy().await? else { return Ok(()) };
    let mut after = String::new();
    for _ in 0..ROUNDS {
        let (keep, from) = (webhooks.settings.keep_messages, after.clone());
        let (removed, at) = webhooks
            .db
            .write(move |tx| Box::pin(async move { retention::tidy_some(tx, now, now.minus(keep), &from).await }))
            .await?;
        if removed == 0 && at.is_empty() {
            break;
        }
        after = at;
    }
    // Last: an application is removed only after its messages.
    retention::tidy(webhooks, now).await
}
