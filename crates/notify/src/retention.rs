//! Removes old data, every ten minutes.
//!
//! Messages, runs, delivery logs, ended schedules, records of bulk operations and replaced versions
//! of documents are removed after the times in [`Keep`]. Idempotency keys and throttles are removed
//! when they end, and cancellations a day after they were made. Nothing is removed while the clock
//! cannot be trusted.
//!
//! Messages and runs are found by their ids and places, which sort by time, for each organisation.
//! Each transaction removes few rows, so that other work does not wait for it.

use std::time::Duration;

use campanile_accounts::organisations;
use campanile_base::{Error, Result, Timestamp, lowest_ksuid};
use campanile_db::{Sweep, Tx, params};
use campanile_engine::flow::Cron;
use campanile_engine::{Backoff, Ctx, Failure, Registry, Workflow};

use crate::Notify;

/// The schedule: every ten minutes.
const EVERY: &str = "*/10 * * * *";
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The time for which old data are kept. `None` keeps them for ever.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// Messages except feed items, ended runs, delivery logs, schedules that have ended, and
    /// records of bulk operations.
    pub messages: Option<Duration>,
    /// Items of feeds.
    pub feeds: Option<Duration>,
    /// Replaced versions of documents, counted from the time at which a newer version was made.
    pub versions: Option<Duration>,
}

impl Default for Keep {
    fn default() -> Self {
        Self { messages: Some(90 * DAY), feeds: Some(365 * DAY), versions: Some(365 * DAY) }
    }
}

/// The time after which a cancellation no longer matters: triggers that were accepted before it
/// have been handled by then.
const UNDERWAY: Duration = Duration::from_secs(24 * 3_600);
/// The number of rows that one statement removes at most.
const TOGETHER: i64 = 1_000;
/// The number of transactions of one pass at most.
const ROUNDS: usize = 5_000;

/// Rows that are removed at their own end time, or at a fixed time after it.
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
/// Old feed items of an organisation.
const FEED_ITEMS: &str = "DELETE FROM notify_message WHERE organisation_id = $1 AND id IN
    (SELECT id FROM notify_message WHERE organisation_id = $1 AND id < $2 AND channel_type = 'in_app_feed'
     ORDER BY id LIMIT $3)";
/// Versions that were replaced before the given time. The order of `place` is the order of time.
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
/// Old records of bulk operations.
const BULK_OPERATIONS: Sweep = Sweep {
    keys: 2,
    page: "SELECT organisation_id, id, updated_at < $3 FROM bulk_operation
        WHERE (organisation_id, id) > ($1, $2) ORDER BY organisation_id, id LIMIT $4",
    remove: "DELETE FROM bulk_operation WHERE organisation_id = $1 AND id = $2 AND updated_at < $3",
};
/// Schedules that have ended: they have no next time.
const SCHEDULES: Sweep = Sweep {
    keys: 2,
    page: "SELECT organisation_id, id, next_at IS NULL AND updated_at < $3 FROM schedule
        WHERE (organisation_id, id) > ($1, $2) ORDER BY organisation_id, id LIMIT $4",
    remove: "DELETE FROM schedule WHERE organisation_id = $1 AND id = $2 AND next_at IS NULL AND updated_at < $3",
};
/// Old rows of an organisation: those before a place in the order of time.
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

/// Removes all data that are older than their retention time.
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
