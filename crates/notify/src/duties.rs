//! What is done from time to time: messages but for feed items, runs, delivery logs and repeated requests are forgotten when they have had their time,
//! throttles and cancellations when they are over.
//!
//! Messages and runs are found by their ids and places, which sort by time, organisation by organisation. A little is removed at a time,
//! so that nobody waits for it.

use std::time::Duration;

use campanile_accounts::organisations;
use campanile_base::{Error, Result, lowest_ksuid};
use campanile_db::{Tx, params};
use campanile_engine::flow::Cron;
use campanile_engine::{Backoff, Ctx, Failure, Registry, Workflow};

use crate::Notify;

/// How often.
const EVERY: &str = "*/10 * * * *";
/// How long messages, runs and logs are kept.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3_600);
/// How long a cancellation can be about triggers that were accepted before.
const UNDERWAY: Duration = Duration::from_secs(24 * 3_600);
/// How many rows go in one transaction, and how many transactions follow each other at most.
const TOGETHER: i64 = 1_000;
const ROUNDS: usize = 5_000;

/// What ends at a time of its own, or so long after it.
const BY_TIME: [(&str, Duration); 3] = [
    (
        "DELETE FROM trigger_request WHERE (organisation_id, key) IN
            (SELECT organisation_id, key FROM trigger_request WHERE until < $1 LIMIT $2)",
        Duration::ZERO,
    ),
    (
        "DELETE FROM throttle_window WHERE (organisation_id, word) IN
            (SELECT organisation_id, word FROM throttle_window WHERE ends_at < $1 LIMIT $2)",
        Duration::ZERO,
    ),
    (
        "DELETE FROM cancellation WHERE (organisation_id, workflow, key, collection, recipient_id) IN
            (SELECT organisation_id, workflow, key, collection, recipient_id FROM cancellation WHERE at < $1 LIMIT $2)",
        UNDERWAY,
    ),
];
/// What is old, of an organisation: before a place in its own order.
const BY_PLACE: [&str; 3] = [
    "DELETE FROM delivery_log WHERE organisation_id = $1 AND (message_id, id) IN
        (SELECT message_id, id FROM delivery_log WHERE organisation_id = $1 AND message_id < $2
         ORDER BY message_id LIMIT $3)",
    "DELETE FROM recipient_run WHERE organisation_id = $1 AND id IN
        (SELECT id FROM recipient_run WHERE organisation_id || '' = $1 AND place < $2
            AND status IN ('completed', 'cancelled') ORDER BY place LIMIT $3)",
    "DELETE FROM notify_message WHERE organisation_id = $1 AND id IN
        (SELECT id FROM notify_message WHERE organisation_id = $1 AND id < $2
            AND channel_type <> 'in_app_feed' AND status <> 'queued' ORDER BY id LIMIT $3)",
];

pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    let within = notify.clone();
    let workflow = Workflow::new("notify.tidy", 1, move |_: Ctx, _: serde_json::Value| {
        let notify = within.clone();
        async move { tidy(&notify).await.map_err(Failure::from) }
    });
    let backoff = Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(60) };
    let schedule = Cron::parse(EVERY).expect("the schedule is a constant");
    registry.workflow(workflow.on_cron(schedule).attempts(3).backoff(backoff));
}

/// Removes what has had its time.
async fn tidy(notify: &Notify) -> Result<()> {
    for _ in 0..ROUNDS {
        let within = notify.clone();
        let removed = notify.db.write(move |tx| Box::pin(async move { tidy_some(tx, &within).await })).await?;
        if removed == 0 {
            return Ok(());
        }
    }
    Ok(())
}

async fn tidy_some(tx: &mut Tx, notify: &Notify) -> Result<u64> {
    let (now, mut removed) = (notify.clock.now(), 0);
    for (sql, later) in BY_TIME {
        removed += tx.execute(sql, params![now.minus(later), TOGETHER]).await?;
    }
    let old = lowest_ksuid(now.minus(KEPT));
    for organisation in organisations::all(tx).await? {
        for sql in BY_PLACE {
            removed += tx.execute(sql, params![organisation.as_str(), &old, TOGETHER]).await?;
        }
    }
    Ok::<_, Error>(removed)
}
