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
use campanile_notify::{Reference, subscriptions};
use serde_json::{Map, Value, json};

use crate::App;
use crate::notices::recipient;

/// The collection of workspaces, as objects that members subscribe to.
const WORKSPACES: &str = "workspaces";

/// Triggers a workflow for the members of a workspace.
pub(crate) async fn tell(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    members: &[Member],
    workflow: &str,
    data: Value,
) -> Result<()> {
    let object = Reference::object(WORKSPACES, workspace.id.as_str());
    subscribe(tx, app, workspace, members).await?;
    let data = data.as_object().cloned().unwrap_or_default();
    let tenant = Told::of(Reference::tenant(workspace.id.as_str()), map(json!({ "name": workspace.name })))?;
    let organisation = workspace.organisation_id.clone();
    let asked = Asked { tenant: Some(tenant), ..Asked::new(organisation, workflow, vec![Told::named(object)], data) };
    triggers::trigger(tx, &app.notify, asked).await.map(drop)
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
