//! Members as they are told: each is a user of the notification pillar by their own id, a workspace is a tenant and an object that its
//! members subscribe to.
//!
//! What is known of them there is brought up to date with each trigger, so that nothing else has to know.

use campanile_accounts::Workspace;
use campanile_accounts::people::Member;
use campanile_base::Result;
use campanile_db::Tx;
use campanile_notify::recipients::Told;
use campanile_notify::triggers::{self, Asked};
use campanile_notify::{Reference, recipients, subscriptions};
use serde_json::{Map, Value, json};

use crate::App;
use crate::notices::recipient;

/// The collection of workspaces, as objects that members subscribe to.
const WORKSPACES: &str = "workspaces";

/// The property of a workspace's object that says from which significance on its Slack channel is told.
const CHANNEL_THRESHOLD: &str = "slack_threshold";

/// Triggers a workflow for the members of a workspace, and for its Slack channel.
pub(crate) async fn tell(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    members: &[Member],
    workflow: &str,
    data: Value,
) -> Result<()> {
    subscribe(tx, app, workspace, members).await?;
    triggers::trigger(tx, &app.notify, asked(workspace, workflow, data)?).await.map(drop)
}

/// Triggers a workflow for the Slack channel of a workspace alone.
pub(crate) async fn tell_channel(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    workflow: &str,
    data: Value,
) -> Result<()> {
    let asked = Asked { is_alone: true, ..asked(workspace, workflow, data)? };
    triggers::trigger(tx, &app.notify, asked).await.map(drop)
}

/// True where somebody has set the Slack channel of a workspace to hear of what is so significant.
pub(crate) async fn channel_wants(tx: &mut Tx, workspace: &Workspace, significance: i64) -> Result<bool> {
    let object = Reference::object(WORKSPACES, workspace.id.as_str());
    let known = recipients::get(tx, &workspace.organisation_id, &object).await?;
    let least = known.and_then(|object| object.properties.get(CHANNEL_THRESHOLD).and_then(Value::as_f64));
    Ok(least.is_some_and(|least| significance as f64 >= least))
}

fn asked(workspace: &Workspace, workflow: &str, data: Value) -> Result<Asked> {
    let object = Told::named(Reference::object(WORKSPACES, workspace.id.as_str()));
    let tenant = Told::of(Reference::tenant(workspace.id.as_str()), map(json!({ "name": workspace.name })))?;
    let (organisation, data) = (workspace.organisation_id.clone(), data.as_object().cloned().unwrap_or_default());
    Ok(Asked { tenant: Some(tenant), ..Asked::new(organisation, workflow, vec![object], data) })
}

/// Lets the members of a workspace, and nobody else, hear what it hears.
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
