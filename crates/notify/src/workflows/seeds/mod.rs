//! The workflows that every organisation has from the start. They can be changed like any other. An
//! existing workflow is not replaced.

use campanile_accounts::{OrganisationId, Role};
use campanile_base::Result;
use campanile_db::Tx;
use serde_json::{Value, json};

use crate::Notify;
use crate::resources::{self, Kind};

/// Notifies the members of a workspace of a significant observation: in the feed at once, and by
/// mail together with the observations that follow.
pub const OBSERVATION_CAPTURED: &str = "observation-captured";

fn observation_captured() -> Value {
    json!({
        "name": "Observation captured",
        "description": "Tells members of what is significant: in the feed at once, by mail together with what else comes meanwhile.",
        "categories": ["observations"],
        "steps": [
            {
                "ref": "feed", "type": "channel", "name": "Feed", "channel_key": "in-app", "channel_type": "in_app_feed",
                "template": {
                    "markdown_body": include_str!("observation-captured/feed.liquid").trim(),
                    "action_url": "{{ url }}",
                },
            },
            {
                "ref": "slack", "type": "channel", "name": "Slack", "channel_key": "slack", "channel_type": "chat",
                "conditions": slack_wants(),
                "template": {
                    "summary": "{{ data.title | escape_mrkdwn }}",
                    "json_body": include_str!("observation-captured/slack.json.liquid"),
                },
            },
            {
                "ref": "digest", "type": "batch", "name": "Gather what else comes",
                "settings": { "batch_until_field_path": "data.digest" },
            },
            {
                "ref": "mail", "type": "channel", "name": "Mail", "channel_key": "email", "channel_type": "email",
                "template": {
                    "subject": include_str!("observation-captured/subject.liquid").trim(),
                    "html_body": include_str!("observation-captured/email.html.liquid"),
                    "text_body": include_str!("observation-captured/email.text.liquid"),
                },
            },
        ],
    })
}

/// The condition for a workspace's Slack channel: the score is at least its `slack_threshold`, or
/// 70 if it has none.
fn slack_wants() -> Value {
    let scores = |least: &str| json!({ "variable": "data.significance", "operator": "greater_than_or_equal_to", "argument": least });
    let has =
        |operator: &str| json!({ "variable": "recipient.slack_threshold", "operator": operator, "argument": null });
    json!({ "any": [
        { "all": [has("empty"), scores("70")] },
        { "all": [has("not_empty"), scores("recipient.slack_threshold")] },
    ] })
}

/// Notifies members that a job is done.
pub const JOB_COMPLETED: &str = "job-completed";
/// Notifies owners and managers that a job has failed for good.
pub const JOB_FAILED: &str = "job-failed";
/// Notifies owners and managers of a problem that they should look at.
pub const ADMIN_ALERT: &str = "admin-alert";

/// A workflow with one short text, in the feed and by mail. Its data are `title`, `detail`, `url`,
/// `action` and `urgent`.
fn notice(name: &str, description: &str, category: &str, has_feed: bool) -> Value {
    let feed = json!({
        "ref": "feed", "type": "channel", "name": "Feed", "channel_key": "in-app", "channel_type": "in_app_feed",
        "template": { "markdown_body": include_str!("notices/feed.liquid").trim(), "action_url": "{{ url }}" },
    });
    let mail = json!({
        "ref": "mail", "type": "channel", "name": "Mail", "channel_key": "email", "channel_type": "email",
        "template": {
            "subject": "{{ title }}", "html_body": include_str!("notices/mail.html.liquid"),
            "text_body": include_str!("notices/mail.text.liquid"),
        },
    });
    let steps: Vec<Value> = has_feed.then_some(feed).into_iter().chain([mail]).collect();
    json!({ "name": name, "description": description, "categories": [category], "steps": steps })
}

fn all() -> Vec<(&'static str, Value)> {
    vec![
        (OBSERVATION_CAPTURED, observation_captured()),
        (JOB_COMPLETED, notice("Job completed", "Tells that a job is done.", "jobs", true)),
        (JOB_FAILED, notice("Job failed", "Tells owners and managers that a job has failed for good.", "jobs", true)),
        (ADMIN_ALERT, alert()),
    ]
}

/// The alert workflow, limited to twenty alerts within an hour for each recipient.
fn alert() -> Value {
    let mut alert = notice("Alert", "Tells owners and managers of what they should look at.", "alerts", true);
    let limit = json!({
        "ref": "limit", "type": "throttle", "name": "Twenty an hour",
        "settings": { "throttle_limit": 20, "throttle_window": { "unit": "hours", "value": 1 } },
    });
    if let Some(steps) = alert["steps"].as_array_mut() {
        steps.insert(0, limit);
    }
    alert
}

/// True if a workflow ever notifies a user of this role. Without a role, the user is no member.
/// Notices to an organisation's own people are not for its customers.
pub(crate) fn is_for(workflow: &str, role: Option<Role>) -> bool {
    match workflow {
        OBSERVATION_CAPTURED | JOB_COMPLETED => role.is_some(),
        JOB_FAILED | ADMIN_ALERT => role.is_some_and(|role| role != Role::Staff),
        _ => true,
    }
}

/// Gives an organisation the standard workflows that it does not have yet.
pub async fn seed(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<()> {
    for (key, document) in all() {
        if resources::get(tx, organisation, Kind::Workflow, key).await?.is_none() {
            super::put(tx, notify, organisation, key, &document, Some(("from the start", "Campanile"))).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
