//! Workflows: what a trigger does.
//!
//! They are seeds as yet, versioned with the program: a key, and the templates of its steps. The
//! steps run in order: the feed, then mail.

use std::sync::LazyLock;

use campanile_accounts::live::NewsKind;
use campanile_accounts::people::Member;
use campanile_accounts::{OrganisationId, WorkspaceId, people};
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::{JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::channels::email::{SEND, SendArgs};
use crate::messages::{self, Channel, NewNotification, NotificationId};
use crate::{Notify, Template};

/// The kind of job that runs a workflow.
pub const RUN: &str = "notify.run";

/// Tells the members of a workspace of a significant observation.
pub const OBSERVATION_CAPTURED: &str = "observation-captured";

/// A trigger, as its job is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trigger {
    /// Which workflow.
    pub workflow: String,
    /// For whose members.
    pub organisation: OrganisationId,
    /// Within which workspace.
    pub tenant: WorkspaceId,
    /// What the templates are given.
    pub data: Value,
}

struct Workflow {
    key: &'static str,
    feed: Template,
    subject: Template,
    html: Template,
    text: Template,
}

static WORKFLOWS: LazyLock<Vec<Workflow>> = LazyLock::new(|| {
    let seed = |text| Template::parse(text).expect("the seeds are tested");
    vec![Workflow {
        key: OBSERVATION_CAPTURED,
        feed: seed(include_str!("observation-captured/feed.liquid")),
        subject: seed(include_str!("observation-captured/subject.liquid")),
        html: seed(include_str!("observation-captured/email.html.liquid")),
        text: seed(include_str!("observation-captured/email.text.liquid")),
    }]
});

/// Stores a trigger in the caller's transaction.
///
/// # Errors
/// What the database says.
pub async fn trigger(tx: &mut Tx, notify: &Notify, trigger: Trigger) -> Result<()> {
    let job = NewJob::new(RUN, trigger.organisation.as_str(), &trigger);
    notify.engine.enqueue(tx, job).await?;
    Ok(())
}

pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    let options = JobOptions { max_attempts: 4, concurrency: 20, ..JobOptions::default() };
    let notify = notify.clone();
    registry.register(RUN, options, move |attempt| {
        let notify = notify.clone();
        async move { run(notify, attempt.job.args()?).await }
    });
}

async fn run(notify: Notify, trigger: Trigger) -> Result<Outcome> {
    let workflow = WORKFLOWS.iter().find(|workflow| workflow.key == trigger.workflow);
    let workflow = workflow.ok_or(Error::NotFound("workflow"))?;
    let organisation = trigger.organisation.clone();
    let members = notify.db.read(move |tx| Box::pin(async move { people::members(tx, &organisation).await })).await?;
    let notifications = render(&notify, workflow, &trigger, &members)?;
    Ok(Outcome::done().with(move |tx| Box::pin(async move { store(tx, &notify, trigger, notifications).await })))
}

/// Everything that the workflow makes for these recipients: feed items first, then mails.
fn render(notify: &Notify, workflow: &Workflow, trigger: &Trigger, members: &[Member]) -> Result<Vec<NewNotification>> {
    let rendered = |template: &Template| template.render(&trigger.data).map_err(Error::internal);
    let (subject, feed) = (rendered(&workflow.subject)?, rendered(&workflow.feed)?);
    let (html, text) = (rendered(&workflow.html)?, rendered(&workflow.text)?);
    let now = notify.clock.now();
    let new = |member: &Member, channel, body: &str, text_body: Option<&str>| NewNotification {
        id: NotificationId::new(now),
        workflow: workflow.key,
        channel,
        recipient: member.id.clone(),
        address: (channel == Channel::Email).then(|| member.email.clone()),
        subject: subject.trim().to_owned(),
        body: body.to_owned(),
        text_body: text_body.map(str::to_owned),
    };
    let feed = members.iter().map(|member| new(member, Channel::InApp, feed.trim(), None));
    let mails = members.iter().map(|member| new(member, Channel::Email, &html, Some(&text)));
    Ok(feed.chain(mails).collect())
}

async fn store(tx: &mut Tx, notify: &Notify, trigger: Trigger, notifications: Vec<NewNotification>) -> Result<()> {
    let now = notify.clock.now();
    messages::insert(tx, &trigger.organisation, &trigger.tenant, &trigger.data, &notifications, now).await?;
    let mails = notifications
        .iter()
        .filter(|new| new.channel == Channel::Email)
        .map(|new| NewJob::new(SEND, trigger.organisation.as_str(), &SendArgs { notification: new.id.to_string() }));
    notify.engine.enqueue_all(tx, mails.collect()).await?;
    let live = notify.live.clone();
    tx.after_commit(move || {
        let items = notifications.iter().filter(|new| new.channel == Channel::InApp);
        items.for_each(|item| live.tell(&trigger.tenant, NewsKind::Notification, item.id.as_str()));
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_seeds_render_and_escape_what_came_from_outside() {
        let workflow = &WORKFLOWS[0];
        let data = json!({
            "title": "<b>Fix</b>", "significance": 80, "type": "push", "topics": ["fix", "ci"],
            "workspace": "default", "url": "http://x/observations/obs_1",
        });
        let html = workflow.html.render(&data).unwrap();
        assert!(html.contains("&lt;b&gt;Fix&lt;/b&gt;") && !html.contains("<b>Fix"));
        assert!(html.contains("Push, significance 80 of 100") && html.contains("fix, ci"));
        let text = workflow.text.render(&data).unwrap();
        assert!(text.contains("http://x/observations/obs_1") && text.contains("Topics: fix, ci"));
    }
}
