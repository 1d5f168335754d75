//! How long every kind of row is kept, and the chore that removes what has had its time.
//!
//! The engine, notifications and webhooks tidy their own tables; here are the settings of the others, and [`TABLES`], the one
//! list of what becomes of each table. A table that is not in it fails a test. Rows are removed in small transactions, and
//! none while the clock may not be believed (`Engine::time_to_tidy`). What that leaves unused in the embedded database's file
//! is given back to the disk a little at a time.

use std::time::Duration;

use campanile_base::Result;
use campanile_engine::flow::Cron;
use campanile_engine::{Backoff, Ctx, Failure, Registry, Workflow};

use crate::App;

/// The chore's name.
pub const TIDY: &str = "campanile.tidy";
/// When: once an hour.
const EVERY: &str = "7 * * * *";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How many unused pages are given back at a time, and the wait between two times.
const PAGES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(50);
/// How many unused pages a file may have: they will be used again.
const SPARE: u64 = 1_000;

/// How long is kept what others bring; where nothing is said, for ever.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Deliveries with their raw bodies, once they have been dealt with.
    pub deliveries: Option<Duration>,
    /// Observations with what belongs to them.
    pub observations: Option<Duration>,
    /// The activity trail.
    pub activity: Option<Duration>,
    /// What notifications leave behind.
    pub notify: campanile_notify::Keep,
}

impl Default for Retention {
    fn default() -> Self {
        let notify = campanile_notify::Keep::default();
        Self { deliveries: Some(30 * DAY), observations: None, activity: Some(365 * DAY), notify }
    }
}

/// What becomes of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Removed after as long as this setting says.
    For(&'static str),
    /// Removed when it has run out or is done, with what it belongs to.
    WhileNeeded(&'static str),
    /// Kept on purpose, until somebody removes it: why.
    OnPurpose(&'static str),
}

/// What becomes of the rows of every table, for operators (docs/operating.md) and for the test that knows them all.
pub const TABLES: &[(&str, Kept)] = &[
    ("schema_version", Kept::OnPurpose("a row for each part of the program")),
    // The engine's.
    ("run", Kept::For("engine_keep_completed, engine_keep_failed")),
    ("step", Kept::WhileNeeded("with its run")),
    ("step_failure", Kept::WhileNeeded("with its run")),
    ("inbox", Kept::WhileNeeded("until its run takes it in")),
    ("event", Kept::For("engine_keep_events")),
    ("wait", Kept::WhileNeeded("with its run")),
    ("wait_path", Kept::OnPurpose("the program's own workflows name them: there are as many as it has waits")),
    ("limiter", Kept::WhileNeeded("until its time is over")),
    ("idempotency", Kept::WhileNeeded("until it runs out")),
    ("singleton", Kept::WhileNeeded("with its run")),
    ("gathering", Kept::WhileNeeded("with its run")),
    ("gathered", Kept::WhileNeeded("with its run")),
    ("bulk_cancel", Kept::For("engine_keep_failed")),
    ("paused", Kept::OnPurpose("somebody has paused a workflow")),
    ("engine_epoch", Kept::OnPurpose("one row")),
    ("engine_node", Kept::WhileNeeded("while the node lives")),
    ("engine_beat", Kept::WhileNeeded("while the node lives")),
    ("engine_clock", Kept::OnPurpose("one row")),
    ("shard_lease", Kept::OnPurpose("64 rows")),
    ("nudge", Kept::WhileNeeded("until the owner has looked")),
    ("tally", Kept::WhileNeeded("until it is folded")),
    ("run_stat", Kept::WhileNeeded("400 days of counters by the hour")),
    ("run_active", Kept::OnPurpose("a row for each workflow of an organisation")),
    // Accounts.
    ("organisation", Kept::OnPurpose("what belongs to customers")),
    ("workspace", Kept::OnPurpose("what belongs to customers")),
    ("person", Kept::OnPurpose("what belongs to customers")),
    ("membership", Kept::OnPurpose("what belongs to customers")),
    ("secret_key", Kept::OnPurpose("settings; revoked keys are shown as such")),
    ("public_key", Kept::OnPurpose("settings; revoked keys are shown as such")),
    ("signing_key", Kept::OnPurpose("settings; revoked keys are shown as such")),
    ("session", Kept::WhileNeeded("until it runs out")),
    ("invitation", Kept::OnPurpose("until it is accepted, declined or taken back")),
    ("sign_in_link", Kept::WhileNeeded("until it runs out")),
    ("activity", Kept::For("accounts_keep_activity")),
    // What comes in, and is remembered.
    ("source", Kept::OnPurpose("settings")),
    ("delivery", Kept::For("inbound_keep_deliveries")),
    ("repository", Kept::OnPurpose("a row for each repository of a source")),
    ("repository_name", Kept::OnPurpose("a row for each name that a repository has had")),
    ("observation", Kept::For("memory_keep_observations")),
    ("observation_reference", Kept::For("memory_keep_observations")),
    ("edge", Kept::For("memory_keep_observations")),
    ("entity", Kept::For("memory_keep_observations")),
    ("actor_identity", Kept::For("memory_keep_observations")),
    ("actor_profile", Kept::For("memory_keep_observations")),
    // Notifications.
    ("notification", Kept::OnPurpose("of the first version; nothing writes it any more")),
    ("recipient", Kept::OnPurpose("what belongs to customers")),
    ("subscription", Kept::OnPurpose("what belongs to customers")),
    ("preference_set", Kept::OnPurpose("what belongs to customers")),
    ("suppression", Kept::OnPurpose("what keeps mail away")),
    ("channel_data", Kept::OnPurpose("what belongs to customers")),
    ("audience_member", Kept::OnPurpose("what belongs to customers")),
    ("notify_channel", Kept::OnPurpose("settings")),
    ("resource", Kept::OnPurpose("settings")),
    ("resource_version", Kept::For("notify_keep_versions")),
    ("recipient_run", Kept::For("notify_keep_messages")),
    ("cancellation", Kept::WhileNeeded("for a day")),
    ("workflow_once", Kept::OnPurpose("whoever has had a workflow once must not have it again")),
    ("batch", Kept::WhileNeeded("until it closes")),
    ("batch_activity", Kept::WhileNeeded("until its batch closes")),
    ("throttle_window", Kept::WhileNeeded("until it is over")),
    ("notify_message", Kept::For("notify_keep_messages, notify_keep_feeds")),
    ("delivery_log", Kept::For("notify_keep_messages")),
    ("schedule", Kept::For("notify_keep_messages")),
    ("bulk_operation", Kept::For("notify_keep_messages")),
    ("trigger_request", Kept::WhileNeeded("until it runs out")),
    ("event_wait", Kept::WhileNeeded("with its run")),
    // Webhooks.
    ("application", Kept::For("webhooks_keep_messages")),
    ("endpoint", Kept::For("webhooks_keep_messages")),
    ("endpoint_old_secret", Kept::WhileNeeded("until it runs out")),
    ("endpoint_line", Kept::WhileNeeded("with its endpoint")),
    ("endpoint_waiting", Kept::WhileNeeded("with its message")),
    ("endpoint_consumer", Kept::WhileNeeded("with its endpoint")),
    ("event_type", Kept::OnPurpose("settings")),
    ("message", Kept::For("webhooks_keep_messages")),
    ("message_attempt", Kept::For("webhooks_keep_messages")),
    ("application_token", Kept::WhileNeeded("until it runs out")),
    ("answered_request", Kept::WhileNeeded("until it runs out")),
    ("webhook_task", Kept::For("webhooks_keep_messages")),
    ("integration", Kept::OnPurpose("settings")),
];

pub(crate) fn register(registry: &mut Registry, app: &App, retention: Retention) {
    let within = app.clone();
    let workflow = Workflow::new(TIDY, 1, move |_: Ctx, _: serde_json::Value| {
        let app = within.clone();
        async move { tidy(&app, retention).await.map_err(Failure::from) }
    });
    let backoff = Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(60) };
    let schedule = Cron::parse(EVERY).expect("the schedule is a constant");
    registry.workflow(workflow.on_cron(schedule).attempts(3).backoff(backoff));
}

/// Removes what has had its time, and gives the space back.
async fn tidy(app: &App, retention: Retention) -> Result<()> {
    if let Some(now) = app.engine.time_to_tidy().await? {
        campanile_accounts::retention::tidy(&app.db, now, retention.activity).await?;
        campanile_inbound::retention::tidy(&app.db, now, retention.deliveries).await?;
        campanile_memory::retention::tidy(&app.db, now, retention.observations).await?;
    }
    while app.db.give_back(PAGES).await? > SPARE {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
