//! What is done from time to time: messages, runs, delivery logs, old versions of documents, records of what was done in
//! bulk and repeated requests are forgotten when they have had their time, throttles and cancellations when they are over.
//! Nothing is, while the clock may not be believed.
//!
//! Messages and runs are found by their ids and places, which sort by time, organisation by organisation. A little is removed at a time,
//! so that nobody waits for it.

use std::time::Duration;

use campanile_accounts::organisations;
use campanile_base::{Error, Result, Timestamp, lowest_ksuid};
use campanile_db::{Sweep, Tx, params};
use campanile_engine::flow::Cron;
use campanile_engine::{Backoff, Ctx, Failure, Registry, Workflow};

use crate::Notify;

/// How often.
const EVERY: &str = "*/10 * * * *";
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// How long is kept what notifications leave behind; where nothing is said, for ever.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// Messages but for feed items, runs, logs of deliveries, schedules that are over, records of bulk operations.
    pub messages: Option<Duration>,
    /// Items of feeds.
    pub feeds: Option<Duration>,
    /// Versions of documents, from when another one has taken their place.
    pub versions: Option<Duration>,
}

impl Default for Keep {
    fn default() -> Self {
        Self { messages: Some(90 * DAY), feeds: Some(365 * DAY), versions: Some(365 * DAY) }
    }
}

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
/// Feed items that are old, of an organisation.
const FEED_ITEMS: &str = "DELETE FROM notify_message WHERE organisation_id = $1 AND id IN
    (SELECT id FROM notify_message WHERE organisation_id = $1 AND id < $2 AND channel_type = 'in_app_feed'
     ORDER BY id LIMIT $3)";
/// Versions that another one has taken the place of, so long ago. Versions are made in the order of their places.
const VERSIONS: Sweep = Sweep {
    keys: 2,
    page: "SELECT organisation_id, id, NOT EXISTS (SELECT 1 FROM resource WHERE
                resource.organisation_id = old.organisation_id AND resource.kind = old.kind
                AND resource.key = old.key AND resource.version_id = old.id)
            AND EXISTS (SELECT 1 FROM resource_version AS newer WHERE newer.organisation_id = old.organisation_id
                AND newer.kind = old.kind AND newer.key = old.key AND newer.place > old.place
                AND newer.created_at < $3)
        FROM resource_version AS old WHERE (organisation_id, id) > ($1, $2) ORDER BY organisation_id, id LIMIT $4",
    remove: "DELETE FROM resource_version WHERE organisation_id = $1 AND id = $2 AND created_at < $3",
};
/// Records of bulk operations that have ended.
const BULK_OPERATIONS: Sweep = Sweep {
    keys: 2,
    page: "SELECT organisation_id, id, updated_at < $3 FROM bulk_operation
        WHERE (organisation_id, id) > ($1, $2) ORDER BY organisation_id, id LIMIT $4",
    remove: "DELETE FROM bulk_operation WHERE organisation_id = $1 AND id = $2 AND updated_at < $3",
};
/// Schedules that will not come again.
const SCHEDULES: Sweep = Sweep {
    keys: 2,
    page: "SELECT organisation_id, id, next_at IS NULL AND updated_at < $3 FROM schedule
        WHERE (organisation_id, id) > ($1, $2) ORDER BY organisation_id, id LIMIT $4",
    remove: "DELETE FROM schedule WHERE organisation_id = $1 AND id = $2 AND next_at IS NULL AND updated_at < $3",
};
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

pub(crate) fn register(registry: &mut Registry, notify: &Notify, keep: Keep) {
    let within = notify.clone();
    let workflow = Workflow::new("notify.tidy", 1, move |_: Ctx, _: serde_json::Value| {
        let notify = within.clone();
        async move { tidy(&notify, keep).await.map_err(Failure::from) }
    });
    let backoff = Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(60) };
    let schedule = Cron::parse(EVERY).expect("the schedule is a constant");
    registry.workflow(workflow.on_cron(schedule).attempts(3).backoff(backoff));
}

/// Removes what has had its time.
async fn tidy(notify: &Notify, keep: Keep) -> Result<()> {
    let Some(now) = notify.engine.time_to_tidy().await? else { return Ok(()) };
    if let Some(kept) = keep.versions {
        notify.db.sweep(VERSIONS, now.minus(kept), TOGETHER).await?;
    }
    if let Some(kept) = keep.messages {
        notify.db.sweep(BULK_OPERATIONS, now.minus(kept), TOGETHER).await?;
        notify.db.sweep(SCHEDULES, now.minus(kept), TOGETHER).await?;
    }
    for _ in 0..ROUNDS {
        let removed = notify.db.write(move |tx| Box::pin(async move { tidy_some(tx, keep, now).await })).await?;
        if removed == 0 {
            return Ok(());
        }
    }
    Ok(())
}

async fn tidy_some(tx: &mut Tx, keep: Keep, now: Timestamp) -> Result<u64> {
    let mut removed = 0;
    for (sql, later) in BY_TIME {
        removed += tx.execute(sql, params![now.minus(later), TOGETHER]).await?;
    }
    for organisation in organisations::all(tx).await? {
        if let Some(kept) = keep.messages {
            let old = lowest_ksuid(now.minus(kept));
            for sql in BY_PLACE {
                removed += tx.execute(sql, params![organisation.as_str(), &old, TOGETHER]).await?;
            }
        }
        if let Some(kept) = keep.feeds {
            let old = lowest_ksuid(now.minus(kept));
            removed += tx.execute(FEED_ITEMS, params![organisation.as_str(), &old, TOGETHER]).await?;
        }
    }
    Ok::<_, Error>(removed)
}
