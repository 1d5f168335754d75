//! Guides: what a page shows its user by itself, a banner or a tour, until they are done with it.
//!
//! A guide is a [resource](crate::resources) with steps. A user is shown it while it is switched on, its target is met, and they have not
//! archived it. What they do with a step is kept as a message of theirs, which the first thing they do makes. Guides come one at a
//! time: archiving one begins the group's interval, unless it is said not to.

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp, sha256_hex, uuid_of};
use campanile_db::{Range, Tx};
use serde_json::{Map, Value, json};

use crate::channels::Channel;
use crate::conditions::{Group, Scope};
use crate::messages::{self, Archived, EventKind, Filter, Mark, Message, Source, Status, TenantFilter};
use crate::resources::{self, Kind, Resource};
use crate::signals::{self, Happening};
use crate::{Notify, Reference, audiences, recipients};

/// How many guides an organisation's pages have.
const MOST: i64 = 200;
/// How many of a user's guide messages are read.
const READ: i64 = 1_000;
/// The one group.
const GROUP: &str = "default";

/// What a page asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Within which tenant.
    pub tenant: Option<String>,
    /// Of which type.
    pub kind: Option<String>,
    /// What the page knows, for targets.
    pub data: Map<String, Value>,
    /// Whether targets do not matter.
    pub is_forced: bool,
}

/// What a user did with a step of a guide.
#[derive(Debug, Clone)]
pub struct Engagement {
    /// The guide.
    pub guide: String,
    /// The step.
    pub step: String,
    /// Within which tenant.
    pub tenant: Option<String>,
    /// What.
    pub mark: Mark,
    /// What else there is to say of it.
    pub data: Option<Value>,
    /// Whether the guide is done with, and not this step alone.
    pub is_final: bool,
    /// Whether the next guide need not wait.
    pub is_unthrottled: bool,
}

/// What a page shows its user.
///
/// # Errors
/// What the database says.
pub async fn list(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    user: &str,
    channel: &Channel,
    asked: &Asked,
) -> Result<Value> {
    let found = resources::list(tx, organisation, Kind::Guide, &Range::first(MOST)).await?;
    let is_asked = |guide: &Resource| {
        let word = |name: &str| guide.draft[name].as_str();
        let is_here = word("channel_key").is_none_or(|key| key == channel.key || key == channel.id);
        is_here && asked.kind.as_deref().is_none_or(|kind| word("type") == Some(kind))
    };
    let found: Vec<Resource> = found.into_iter().filter(|guide| is_asked(guide)).collect();
    let messages = of_user(tx, organisation, user, asked.tenant.as_deref(), None).await?;
    let recipient = Reference::user(user);
    let known = recipients::these(tx, organisation, std::slice::from_ref(&recipient)).await?;
    let audiences = audiences::of_users(tx, organisation, &[user]).await?;
    let variables = json!({
        "recipient": known.get(&recipient).map(|known| Value::Object(known.flat())),
        "data": asked.data, "tenant": { "id": asked.tenant },
    });
    let of_user = audiences.get(user).map_or(&[][..], Vec::as_slice);
    let scope = Scope { variables: &variables, audiences: of_user, now: notify.clock.now() };
    let (mut entries, mut ineligible, mut sequence) = (Vec::new(), Vec::new(), Vec::new());
    for guide in &found {
        let why = refusal(guide, &messages, &scope, of_user);
        if let Some((reason, message)) = why {
            ineligible.push(json!({
                "__typename": "GuideIneligibilityMarker", "key": guide.key, "reason": reason, "message": message,
            }));
        }
        if why.is_none() || asked.is_forced {
            entries.push(view(organisation, guide, channel, &messages));
            sequence.push(guide.key.clone());
        }
    }
    let archived = messages.values().filter(|message| message.data.get("unthrottled") != Some(&Value::Bool(true)));
    let last = archived.filter_map(|message| message.marks.archived_at).max();
    let logs = last.map(|at| (GROUP.to_owned(), json!(at)));
    let created = found.iter().map(|guide| guide.created_at).min().unwrap_or_else(|| notify.clock.now());
    Ok(json!({
        "entries": entries,
        "guide_groups": [{
            "__typename": "GuideGroup", "key": GROUP, "display_sequence": sequence, "display_interval": 0,
            "inserted_at": created, "updated_at": created,
        }],
        "guide_group_display_logs": logs.into_iter().collect::<Map<String, Value>>(),
        "ineligible_guides": ineligible,
    }))
}

type Messages = HashMap<(String, String), Message>;

/// A user's messages of guides, by guide and step.
async fn of_user(
    tx: &mut Tx,
    organisation: &OrganisationId,
    user: &str,
    tenant: Option<&str>,
    guide: Option<&str>,
) -> Result<Messages> {
    let filter = Filter {
        recipient: Some(Reference::user(user)),
        tenant: tenant.map_or(TenantFilter::None, |tenant| TenantFilter::Only(tenant.to_owned())),
        workflows: guide.map(str::to_owned).into_iter().collect(),
        archived: Archived::Include,
        ..Filter::default()
    };
    let found = messages::list(tx, organisation, &filter, &Range { oldest_first: true, ..Range::first(READ) }).await?;
    let of_guides = found.into_iter().filter(|message| message.source.kind == "guide");
    Ok(of_guides.map(|message| (place(&message), message)).collect())
}

fn place(message: &Message) -> (String, String) {
    (message.source.key.clone(), message.source.step.clone().unwrap_or_default())
}

fn steps(guide: &Resource) -> &[Value] {
    guide.draft["steps"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Why a guide is not shown.
fn refusal(
    guide: &Resource,
    messages: &Messages,
    scope: &Scope<'_>,
    audiences: &[String],
) -> Option<(&'static str, &'static str)> {
    if !guide.is_active {
        return Some(("guide_not_active", "The guide is not switched on."));
    }
    let message =
        |step: &Value| messages.get(&(guide.key.clone(), step["ref"].as_str().unwrap_or_default().to_owned()));
    let is_final = |message: &Message| message.data.get("is_final") == Some(&Value::Bool(true));
    let archived = steps(guide).iter().filter_map(message).filter(|message| message.marks.archived_at.is_some());
    let archived: Vec<&Message> = archived.collect();
    if archived.iter().any(|message| is_final(message))
        || (!archived.is_empty() && archived.len() == steps(guide).len())
    {
        return Some(("marked_as_archived", "The user is done with the guide."));
    }
    if let Some(key) = guide.draft["target_audience_key"].as_str()
        && !audiences.iter().any(|audience| audience == key)
    {
        return Some(("not_in_target_audience", "The user is not in the guide's audience."));
    }
    let conditions = |name: &str| Group::parse(guide.draft.get(name)?).ok();
    let holds = |name: &str| conditions(name).is_none_or(|group| group.evaluate(scope).0);
    if !holds("target_property_conditions") || !holds("guide_audience_conditions") {
        return Some(("target_conditions_not_met", "The conditions of the guide do not hold."));
    }
    None
}

/// The id of a guide.
fn id(organisation: &OrganisationId, key: &str) -> String {
    uuid_of(&["guide", organisation.as_str(), key])
}

fn view(organisation: &OrganisationId, guide: &Resource, channel: &Channel, messages: &Messages) -> Value {
    let word = |value: &Value, name: &str, usual: &str| value[name].as_str().unwrap_or(usual).to_owned();
    let steps = steps(guide).iter().map(|step| {
        let reference = word(step, "ref", "");
        let message = messages.get(&(guide.key.clone(), reference.clone()));
        let marks = message.map(|message| message.marks).unwrap_or_default();
        json!({
            "ref": reference, "schema_key": word(step, "schema_key", ""),
            "schema_semver": word(step, "schema_semver", "0.0.1"),
            "schema_variant_key": word(step, "schema_variant_key", "default"),
            "content": step.get("values").cloned().unwrap_or_else(|| json!({})),
            "message": {
                "id": message.map(|message| message.id.clone()), "seen_at": marks.seen_at, "read_at": marks.read_at,
                "interacted_at": marks.interacted_at, "archived_at": marks.archived_at,
                "link_clicked_at": marks.link_clicked_at,
            },
        })
    });
    let list = |name: &str| guide.draft.get(name).filter(|list| list.is_array()).cloned().unwrap_or_else(|| json!([]));
    json!({
        "__typename": "Guide", "id": id(organisation, &guide.key), "key": guide.key, "channel_id": channel.id,
        "type": word(&guide.draft, "type", "banner"), "semver": word(&guide.draft, "semver", "0.0.1"),
        "active": guide.is_active, "steps": steps.collect::<Vec<_>>(),
        "activation_url_patterns": list("activation_url_patterns"),
        "activation_url_rules": list("activation_url_rules"),
        "bypass_global_group_limit": guide.draft["bypass_global_group_limit"] == true,
        "inserted_at": guide.created_at, "updated_at": guide.updated_at,
    })
}

/// Writes down what a user did with a step.
///
/// # Errors
/// `NotFound` of the guide; `InvalidField` of its step.
pub async fn engage(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    user: &str,
    channel: &Channel,
    told: Engagement,
) -> Result<()> {
    let guide = resources::get(tx, organisation, Kind::Guide, &told.guide).await?.ok_or(Error::NotFound("guide"))?;
    if !steps(&guide).iter().any(|step| step["ref"] == told.step.as_str()) {
        return Err(Error::invalid_field("guide_step_ref", "is no step of the guide"));
    }
    tx.lock(&format!("guides {organisation} {user}")).await?;
    let known = of_user(tx, organisation, user, told.tenant.as_deref(), Some(&told.guide)).await?;
    let now = notify.clock.now();
    let id = match known.get(&(told.guide.clone(), told.step.clone())) {
        Some(known) => known.id.clone(),
        None => {
            let message = message(&guide, user, channel, &told, now);
            messages::insert(tx, organisation, &[&message]).await?;
            signals::raise(tx, notify, organisation, vec![Happening::message(&message)]).await?;
            message.id
        }
    };
    messages::mark(tx, notify, organisation, None, &[id], (told.mark, told.data.as_ref()), now).await?;
    Ok(())
}

fn message(guide: &Resource, user: &str, channel: &Channel, told: &Engagement, now: Timestamp) -> Message {
    let source = Source {
        kind: "guide".to_owned(),
        key: told.guide.clone(),
        version_id: guide.version_id.clone().unwrap_or_else(|| uuid_of(&[&sha256_hex(guide.draft.to_string())])),
        categories: Vec::new(),
        step: Some(told.step.clone()),
        workflow_run_id: None,
        recipient_run_id: None,
    };
    let mut message = Message {
        tenant: told.tenant.clone(),
        data: Map::from_iter([
            ("is_final".to_owned(), Value::Bool(told.is_final)),
            ("unthrottled".to_owned(), Value::Bool(told.is_unthrottled)),
        ]),
        content: json!({ "blocks": [] }),
        status: Status::Delivered,
        ..Message::new(channel, Reference::user(user), source, now)
    };
    message.note(now, EventKind::Delivered, None);
    message
}

/// Takes back that a user is done with a guide.
///
/// # Errors
/// What the database says.
pub async fn unarchive(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    user: &str,
    (guide, tenant): (&str, Option<&str>),
) -> Result<()> {
    let known = of_user(tx, organisation, user, tenant, Some(guide)).await?;
    let ids: Vec<String> = known.into_values().map(|message| message.id).collect();
    messages::mark(tx, notify, organisation, None, &ids, (Mark::Unarchived, None), notify.clock.now()).await?;
    Ok(())
}

/// Forgets everything that a user did with a guide.
///
/// # Errors
/// What the database says.
pub async fn reset(
    tx: &mut Tx,
    organisation: &OrganisationId,
    user: &str,
    (guide, tenant): (&str, Option<&str>),
) -> Result<()> {
    let known = of_user(tx, organisation, user, tenant, Some(guide)).await?;
    let ids: Vec<String> = known.into_values().map(|message| message.id).collect();
    messages::forget(tx, organisation, &ids).await
}
