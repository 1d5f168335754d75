//! Changes by those who manage an organisation: of its channels, workflows and other resources.
//!
//! Each operation asks if the caller may configure the organisation, makes the change and records it
//! in the activity trail, in one transaction. What the server itself writes, such as the channels of
//! a new organisation, does not come through here.

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Actor, Caller, Permission};
use campanile_base::{Error, Result};
use campanile_db::{Range, Tx};
use serde_json::{Value, json};

use crate::Notify;
use crate::channels::{self, Channel, ChannelSpec};
use crate::resources::{self, Kind, Resource};
use crate::workflows;

/// The kinds of resources that have drafts, beside workflows.
const WITH_DRAFTS: [Kind; 4] = [Kind::EmailLayout, Kind::Partial, Kind::Translation, Kind::Guide];
/// The number of resources of a kind that are committed together.
const MOST: i64 = 10_000;

/// Creates a channel, or changes the one with this key.
///
/// # Errors
/// `Forbidden`; else like [`channels::put`].
pub async fn put_channel(
    tx: &mut Tx,
    notify: &Notify,
    caller: &Caller,
    key: &str,
    spec: ChannelSpec,
) -> Result<Channel> {
    caller.must(Permission::Configure)?;
    let channel = channels::put(tx, notify, &caller.organisation, key, spec).await?;
    let about = json!({ "key": key, "type": channel.kind, "provider": channel.provider });
    activity::record(tx, &notify.clock, caller, Action::ChannelUpdated, &channel.id, about).await?;
    Ok(channel)
}

/// Removes a channel.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub async fn delete_channel(tx: &mut Tx, notify: &Notify, caller: &Caller, key: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    channels::delete(tx, notify, &caller.organisation, key).await?;
    activity::record(tx, &notify.clock, caller, Action::ChannelDeleted, key, Value::Null).await
}

/// Writes a resource that was checked before, as a draft. With `note` it is committed as well.
///
/// # Errors
/// `Forbidden`; `InvalidField` for a key that cannot be one.
pub async fn put_resource(
    tx: &mut Tx,
    notify: &Notify,
    caller: &Caller,
    kind: Kind,
    key: &str,
    (document, note): (&Value, Option<&str>),
) -> Result<Resource> {
    caller.must(Permission::Configure)?;
    let (organisation, author) = (&caller.organisation, author(caller));
    let commit = note.map(|note| (note, author.as_str()));
    let resource = match kind {
        Kind::Workflow => workflows::put(tx, notify, organisation, key, document, commit).await?,
        kind => {
            let written = resources::put(tx, notify, organisation, kind, key, document).await?;
            if let Some(commit) = commit {
                resources::commit(tx, notify, organisation, kind, key, commit).await?;
            }
            if let Some(is_active) = document.get("active").and_then(Value::as_bool) {
                resources::activate(tx, organisation, kind, key, is_active).await?;
            }
            resources::get(tx, organisation, kind, key).await?.unwrap_or(written)
        }
    };
    let action = if note.is_some() { Action::ResourceCommitted } else { Action::ResourceUpdated };
    record(tx, notify, caller, action, kind, key).await?;
    Ok(resource)
}

/// Switches a workflow or a guide on or off.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub async fn activate_resource(
    tx: &mut Tx,
    notify: &Notify,
    caller: &Caller,
    kind: Kind,
    key: &str,
    is_active: bool,
) -> Result<Resource> {
    caller.must(Permission::Configure)?;
    resources::activate(tx, &caller.organisation, kind, key, is_active).await?;
    let action = if is_active { Action::ResourceActivated } else { Action::ResourceDeactivated };
    record(tx, notify, caller, action, kind, key).await?;
    let found = resources::get(tx, &caller.organisation, kind, key).await?;
    found.ok_or(Error::NotFound(kind.thing()))
}

/// Removes a resource.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub async fn delete_resource(tx: &mut Tx, notify: &Notify, caller: &Caller, kind: Kind, key: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    resources::delete(tx, notify, &caller.organisation, kind, key).await?;
    record(tx, notify, caller, Action::ResourceDeleted, kind, key).await
}

/// Commits all drafts.
///
/// # Errors
/// `Forbidden`.
pub async fn commit_all(tx: &mut Tx, notify: &Notify, caller: &Caller, note: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    let (organisation, author) = (&caller.organisation, author(caller));
    let commit = (note, author.as_str());
    for workflow in resources::list(tx, organisation, Kind::Workflow, &Range::first(MOST)).await? {
        workflows::commit(tx, notify, organisation, &workflow.key, commit).await?;
    }
    for kind in WITH_DRAFTS {
        for resource in resources::list(tx, organisation, kind, &Range::first(MOST)).await? {
            resources::commit(tx, notify, organisation, kind, &resource.key, commit).await?;
        }
    }
    let about = json!({ "note": note });
    activity::record(tx, &notify.clock, caller, Action::ResourcesCommitted, organisation.as_str(), about).await
}

async fn record(tx: &mut Tx, notify: &Notify, caller: &Caller, action: Action, kind: Kind, key: &str) -> Result<()> {
    activity::record(tx, &notify.clock, caller, action, key, json!({ "type": kind.as_str() })).await
}

/// The author of a commit, as commits show it.
fn author(caller: &Caller) -> String {
    match &caller.actor {
        Actor::Person(person) => person.to_string(),
        _ => "a secret key".to_owned(),
    }
}
