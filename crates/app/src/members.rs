//! Notifications to members. In the notification pillar each member is a user, by the member's id. A
//! workspace is a tenant, and also an object that its members subscribe to.
//!
//! Users and subscriptions there are updated with each trigger, so no other code needs to do it.

use campanile_accounts::people::Member;
use campanile_accounts::{Caller, PersonId, Workspace, members};
use campanile_base::Result;
use campanile_db::Tx;
use campanile_notify::recipients::RecipientInput;
use campanile_notify::triggers::{self, TriggerRequest};
use campanile_notify::{Reference, recipients, subscriptions};
use serde_json::{Map, Value, json};

use crate::App;
use crate::notices::recipient;

/// The collection of workspaces, as objects that members subscribe to.
const WORKSPACES: &str = "workspaces";

/// The property of a workspace's object with the least significance that its Slack channel is
/// notified of.
const CHANNEL_THRESHOLD: &str = "slack_threshold";

impl App {
    /// Removes a member. Notifications that wait for them, such as a digest that is being gathered, have nobody to
    /// go to from now on.
    ///
    /// # Errors
    /// As [`members::remove`].
    pub async fn remove_member(&self, caller: &Caller, id: &PersonId) -> Result<()> {
        let (clock, caller, id) = (self.clock.clone(), caller.clone(), id.clone());
        let removed = self.db.write(move |tx| {
            Box::pin(async move {
                members::remove(tx, &clock, &caller, &id).await?;
                recipients::delete(tx, &caller.organisation, &Reference::user(id.as_str())).await.map(drop)
            })
        });
        removed.await
    }
}

/// Triggers a workflow for the members of a workspace, and for its Slack channel, once for each of `all`.
pub(crate) async fn tell(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    members: &[Member],
    workflow: &str,
    all: Vec<Value>,
) -> Result<()> {
    subscribe(tx, app, workspace, members).await?;
    for data in all {
        triggers::trigger(tx, &app.notify, asked(workspace, workflow, data)?).await?;
    }
    Ok(())
}

/// Triggers a workflow for the Slack channel of a workspace alone.
pub(crate) async fn tell_channel(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    workflow: &str,
    data: Value,
) -> Result<()> {
    let asked = TriggerRequest { is_alone: true, ..asked(workspace, workflow, data)? };
    triggers::trigger(tx, &app.notify, asked).await.map(drop)
}

/// The least significance that the workspace's Slack channel is told of; `None` without one.
pub(crate) async fn channel_threshold(tx: &mut Tx, workspace: &Workspace) -> Result<Option<f64>> {
    let object = Reference::object(WORKSPACES, workspace.id.as_str());
    let known = recipients::get(tx, &workspace.organisation_id, &object).await?;
    Ok(known.and_then(|object| object.properties.get(CHANNEL_THRESHOLD).and_then(Value::as_f64)))
}

fn asked(workspace: &Workspace, workflow: &str, data: Value) -> Result<TriggerRequest> {
    let object = RecipientInput::named(Reference::object(WORKSPACES, workspace.id.as_str()));
    let tenant = RecipientInput::of(Reference::tenant(workspace.id.as_str()), map(json!({ "name": workspace.name })))?;
    let (organisation, data) = (workspace.organisation_id.clone(), data.as_object().cloned().unwrap_or_default());
    Ok(TriggerRequest { tenant: Some(tenant), ..TriggerRequest::new(organisation, workflow, vec![object], data) })
}

/// Subscribes the members of a workspace to its object, and removes all other subscriptions.
async fn subscribe(tx: &mut Tx, app: &App, workspace: &Workspace, members: &[Member]) -> Result<()> {
    let (notify, organisation) = (&app.notify, &workspace.organisation_id);
    let object = Reference::object(WORKSPACES, workspace.id.as_str());
    let known = subscriptions::next(tx, organisation, &object, None, 10_000).await?;
    let is_member = |reference: &Reference| members.iter().any(|member| member.id.as_str() == reference.id);
    let gone: Vec<Reference> =
        known.iter().map(|one| one.recipient.clone()).filter(|recipient| !is_member(recipient)).collect();
    if !gone.is_empty() {
        subscriptions::remove(tx, notify, organisation, &object, &gone).await?;
    }
    let is_known = |member: &&Member| !known.iter().any(|one| one.recipient.id == member.id.as_str());
    let new: Vec<&Member> = members.iter().filter(is_known).collect();
    for some in new.chunks(subscriptions::TOGETHER) {
        let told = some.iter().map(|member| recipient(member)).collect::<Result<Vec<_>>>()?;
        subscriptions::add(tx, notify, organisation, object.clone(), told, Map::new()).await?;
    }
    Ok(())
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
