//! The lifetime of every kind of row, and the hourly chore that removes old rows.
//!
//! The engine, notifications and webhooks remove their own old rows. Here are the settings of the
//! others, and [`TABLES`], the one list with a rule for each table. A test fails for a table that is
//! not in it. Rows are removed in small transactions, and none while the clock cannot be trusted
//! (`Engine::time_to_tidy`). Unused space in the embedded database's file is given back to the disk
//! a little at a time.

use std::time::Duration;

use campanile_base::Result;
use campanile_engine::flow::Cron;
use campanile_engine::{Backoff, Ctx, Failure, Registry, Workflow};
use campanile_models::usage;

use crate::App;

/// The chore's name.
pub const TIDY: &str = "campanile.tidy";
/// The schedule: once an hour.
const EVERY: &str = "7 * * * *";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The time for which the use of models is kept.
const USAGE_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);
/// The number of unused pages that are given back at a time, and the pause in between.
const PAGES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(50);
/// The number of unused pages that stay in the file: they will be used again.
const SPARE: u64 = 1_000;

/// Lifetimes of deliveries, observations, activity and notifications; `None` keeps rows for ever.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Deliveries with their raw bodies, counted from when they were processed.
    pub deliveries: Option<Duration>,
    /// Observations, with their references and edges.
    pub observations: Option<Duration>,
    /// The activity trail.
    pub activity: Option<Duration>,
    /// Sessions of questions, counted from the last question.
    pub answers: Option<Duration>,
    /// The verdicts of people on results and answers.
    pub feedback: Option<Duration>,
    /// The rows of notifications.
    pub notify: campanile_notify::Keep,
}

impl Default for Retention {
    fn default() -> Self {
        let notify = campanile_notify::Keep::default();
        Self {
            deliveries: Some(30 * DAY),
            observations: None,
            activity: Some(365 * DAY),
            answers: Some(30 * DAY),
            feedback: Some(365 * DAY),
            notify,
        }
    }
}

/// The rule for the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepRule {
    /// Removed after the time in this setting, or these settings.
    For(&'static str),
    /// Removed when the row has expired or is done, or together with the row that it belongs to.
    WhileNeeded(&'static str),
    /// Kept on purpose until somebody removes it, for this reason.
    OnPurpose(&'static str),
}

/// The rule for every table. It is for operators (docs/operating.md) and for the test that compares
/// it with the database.
pub const TABLES: &[(&str, KeepRule)] = &[
    ("schema_version", KeepRule::OnPurpose("a row for each part of the program")),
    // The engine's.
    ("run", KeepRule::For("engine_keep_completed, engine_keep_failed")),
    ("step", KeepRule::WhileNeeded("with its run")),
    ("step_failure", KeepRule::WhileNeeded("with its run")),
    ("inbox", KeepRule::WhileNeeded("until its run takes it in")),
    ("event", KeepRule::For("engine_keep_events")),
    ("wait", KeepRule::WhileNeeded("with its run")),
    ("wait_path", KeepRule::OnPurpose("the program's own workflows name them: there are as many as it has waits")),
    ("limiter", KeepRule::WhileNeeded("until its time is over")),
    ("idempotency", KeepRule::WhileNeeded("until it runs out")),
    ("singleton", KeepRule::WhileNeeded("with its run")),
    ("gathering", KeepRule::WhileNeeded("with its run")),
    ("gathered", KeepRule::WhileNeeded("with its run")),
    ("bulk_cancel", KeepRule::For("engine_keep_failed")),
    ("paused", KeepRule::OnPurpose("somebody has paused a workflow")),
    ("engine_epoch", KeepRule::OnPurpose("one row")),
    ("engine_node", KeepRule::WhileNeeded("while the node lives")),
    ("engine_beat", KeepRule::WhileNeeded("while the node lives")),
    ("engine_queue", KeepRule::WhileNeeded("while the node lives")),
    ("engine_clock", KeepRule::OnPurpose("one row")),
    ("shard_lease", KeepRule::OnPurpose("64 rows")),
    ("nudge", KeepRule::WhileNeeded("until the owner has looked")),
    ("tally", KeepRule::WhileNeeded("until it is folded")),
    ("run_stat", KeepRule::WhileNeeded("400 days of counters by the hour")),
    ("run_active", KeepRule::OnPurpose("a row for each workflow of an organisation")),
    // Accounts.
    ("organisation", KeepRule::OnPurpose("what belongs to customers")),
    ("workspace", KeepRule::OnPurpose("what belongs to customers")),
    ("person", KeepRule::OnPurpose("what belongs to customers")),
    ("membership", KeepRule::OnPurpose("what belongs to customers")),
    ("secret_key", KeepRule::OnPurpose("settings; revoked keys are shown as such")),
    ("memory_key", KeepRule::OnPurpose("settings; revoked keys are shown as such")),
    ("assistant_client", KeepRule::WhileNeeded("an hour, unless somebody connects it")),
    ("assistant_code", KeepRule::WhileNeeded("until it runs out")),
    ("assistant_connection", KeepRule::WhileNeeded("until it runs out")),
    ("assistant_token", KeepRule::WhileNeeded("until it runs out")),
    ("public_key", KeepRule::OnPurpose("settings; revoked keys are shown as such")),
    ("signing_key", KeepRule::OnPurpose("settings; revoked keys are shown as such")),
    ("session", KeepRule::WhileNeeded("until it runs out")),
    ("invitation", KeepRule::OnPurpose("until it is accepted, declined or taken back")),
    ("sign_in_link", KeepRule::WhileNeeded("until it runs out")),
    ("activity", KeepRule::For("accounts_keep_activity")),
    ("live_head", KeepRule::OnPurpose("a row for each organisation")),
    ("live_event", KeepRule::WhileNeeded("the newest 1,000 of each organisation")),
    // Inbound deliveries, and the memory.
    ("source", KeepRule::OnPurpose("settings")),
    ("delivery", KeepRule::For("inbound_keep_deliveries")),
    ("repository", KeepRule::OnPurpose("a row for each repository of a source")),
    ("repository_name", KeepRule::OnPurpose("a row for each name that a repository has had")),
    ("stray", KeepRule::WhileNeeded("until its account is connected, or for seven days")),
    ("unlinked_delivery", KeepRule::WhileNeeded("until its connection is closed")),
    ("app_progress", KeepRule::OnPurpose("a row for each app")),
    ("connector_app", KeepRule::OnPurpose("settings")),
    ("connection", KeepRule::OnPurpose("a row for each account that was ever connected")),
    ("connection_log", KeepRule::WhileNeeded("365 days")),
    ("connection_resource", KeepRule::WhileNeeded("until its connection is closed")),
    ("backfill", KeepRule::WhileNeeded("365 days; seven of a reconcile")),
    ("pull_run", KeepRule::WhileNeeded("with its backfill")),
    ("oauth_state", KeepRule::WhileNeeded("until it is used, or for ten minutes")),
    ("document_sync", KeepRule::WhileNeeded("90 days, or with its source")),
    ("source_document", KeepRule::WhileNeeded("with its source")),
    ("source_configuration", KeepRule::WhileNeeded("with its source")),
    ("source_upkeep", KeepRule::WhileNeeded("with its source")),
    ("source_handshake", KeepRule::WhileNeeded("until its token is taken, or with its source")),
    ("source_kind", KeepRule::WhileNeeded("with its source")),
    ("observation", KeepRule::For("memory_keep_observations")),
    ("observation_reference", KeepRule::For("memory_keep_observations")),
    ("passage", KeepRule::For("memory_keep_observations")),
    ("embedding_progress", KeepRule::WhileNeeded("with its workspace")),
    ("passage_vector", KeepRule::WhileNeeded("with its passage")),
    ("embedder", KeepRule::OnPurpose("a row for each model that was ever set")),
    ("workspace_embedder", KeepRule::OnPurpose("a row for each workspace")),
    ("memory_setting", KeepRule::OnPurpose("settings")),
    ("document", KeepRule::OnPurpose("what belongs to customers")),
    ("document_text", KeepRule::WhileNeeded("with its document")),
    ("chunk", KeepRule::WhileNeeded("with its document")),
    ("passage_removed", KeepRule::WhileNeeded("until no segment has the passage")),
    ("search_head", KeepRule::OnPurpose("a row for each workspace")),
    ("search_segment", KeepRule::WhileNeeded("until a larger one takes its place")),
    ("search_segment_part", KeepRule::WhileNeeded("with its segment")),
    ("cluster", KeepRule::WhileNeeded("with the last of its observations")),
    ("cluster_redirect", KeepRule::WhileNeeded("with the cluster that it leads to")),
    ("cluster_progress", KeepRule::OnPurpose("a row for each workspace")),
    ("cluster_topic", KeepRule::OnPurpose("a row for each topic of a workspace")),
    ("temporal_state", KeepRule::For("memory_keep_observations")),
    ("edge", KeepRule::For("memory_keep_observations")),
    ("entity", KeepRule::For("memory_keep_observations")),
    ("actor_identity", KeepRule::For("memory_keep_observations")),
    ("actor_profile", KeepRule::For("memory_keep_observations")),
    ("actor_person", KeepRule::WhileNeeded("while events name the account")),
    ("actor_apart", KeepRule::WhileNeeded("while events name both accounts")),
    // Answers.
    ("answer_session", KeepRule::For("answers_keep")),
    ("answer_turn", KeepRule::For("answers_keep")),
    ("answer_quote", KeepRule::WhileNeeded("with its answer")),
    ("search_feedback", KeepRule::For("answers_keep_feedback")),
    ("provider_usage", KeepRule::WhileNeeded("400 days of counters by the month")),
    // Notifications.
    ("notification", KeepRule::OnPurpose("of the first version; nothing writes it any more")),
    ("recipient", KeepRule::OnPurpose("what belongs to customers")),
    ("subscription", KeepRule::OnPurpose("what belongs to customers")),
    ("preference_set", KeepRule::OnPurpose("what belongs to customers")),
    ("suppression", KeepRule::OnPurpose("what keeps mail away")),
    ("channel_data", KeepRule::OnPurpose("what belongs to customers")),
    ("audience_member", KeepRule::OnPurpose("what belongs to customers")),
    ("notify_channel", KeepRule::OnPurpose("settings")),
    ("resource", KeepRule::OnPurpose("settings")),
    ("resource_version", KeepRule::For("notify_keep_versions")),
    ("recipient_run", KeepRule::For("notify_keep_messages")),
    ("cancellation", KeepRule::WhileNeeded("for a day")),
    ("workflow_once", KeepRule::OnPurpose("whoever has had a workflow once must not have it again")),
    ("batch", KeepRule::WhileNeeded("until it closes")),
    ("batch_activity", KeepRule::WhileNeeded("until its batch closes")),
    ("throttle_window", KeepRule::WhileNeeded("until it is over")),
    ("notify_message", KeepRule::For("notify_keep_messages, notify_keep_feeds")),
    ("delivery_log", KeepRule::For("notify_keep_messages")),
    ("schedule", KeepRule::For("notify_keep_messages")),
    ("bulk_operation", KeepRule::For("notify_keep_messages")),
    ("trigger_request", KeepRule::WhileNeeded("until it runs out")),
    ("event_wait", KeepRule::WhileNeeded("with its run")),
    // Webhooks.
    ("application", KeepRule::For("webhooks_keep_messages")),
    ("endpoint", KeepRule::For("webhooks_keep_messages")),
    ("endpoint_old_secret", KeepRule::WhileNeeded("until it runs out")),
    ("endpoint_line", KeepRule::WhileNeeded("with its endpoint")),
    ("endpoint_waiting", KeepRule::WhileNeeded("with its message")),
    ("endpoint_consumer", KeepRule::WhileNeeded("with its endpoint")),
    ("event_type", KeepRule::OnPurpose("settings")),
    ("message", KeepRule::For("webhooks_keep_messages")),
    ("webhook_tally", KeepRule::WhileNeeded("until it is folded")),
    ("webhook_stat", KeepRule::WhileNeeded("400 days of counters by the hour")),
    ("message_attempt", KeepRule::For("webhooks_keep_messages")),
    ("application_token", KeepRule::WhileNeeded("until it runs out")),
    ("answered_request", KeepRule::WhileNeeded("until it runs out")),
    ("webhook_task", KeepRule::For("webhooks_keep_messages")),
    ("integration", KeepRule::OnPurpose("settings")),
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

/// Removes old rows, and gives unused space back.
async fn tidy(app: &App, retention: Retention) -> Result<()> {
    if let Some(now) = app.engine.time_to_tidy().await? {
        campanile_accounts::retention::tidy(&app.db, now, retention.activity).await?;
        campanile_inbound::retention::tidy(&app.db, now, retention.deliveries).await?;
        campanile_memory::retention::tidy(&app.memory, now, retention.observations).await?;
        let Retention { answers, feedback, observations, .. } = retention;
        campanile_answers::retention::tidy(&app.db, now, answers, feedback, observations).await?;
        let old = usage::month(now.minus(USAGE_KEPT));
        app.db.write(move |tx| Box::pin(async move { usage::forget_old(tx, &old).await })).await?;
    }
    while app.db.give_back(PAGES).await? > SPARE {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
