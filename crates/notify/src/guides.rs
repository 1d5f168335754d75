//! Guides: banners and tours that a page shows to its user until the user is done with them.
//!
//! A guide is a [resource](crate::resources) with steps. A user sees its current version while it is
//! active, its target conditions hold, and the user has not archived it. A draft is seen by nobody. The user's actions on a step are marks
//! of a message. The first action creates that message. Guides come one at a time: archiving one
//! starts the interval of its group, unless the action says `is_unthrottled`.

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, Timestamp, uuid_of};
use campanile_db::{Range, Tx};
use campanile_documents::conditions::{Group, Scope};
use serde_json::{Map, Value, json};

use crate::channels::Channel;
use crate::messages::{self, Archived, EventKind, Filter, Mark, Message, Source, Status, TenantFilter};
use crate::resources::{self, CurrentResource, Kind};
use crate::signals::{self, Happening};
use crate::{Notify, Reference, audiences, recipients};

/// The number of guides that are read for a page.
const MOST: i64 = 200;
/// The number of a user's guide messages that are read, oldest first.
const READ: i64 = 1_000;
/// The only group of guides.
const GROUP: &str = "default";

/// The request of a page for its user's guides.
#[derive(Debug, Clone, Default)]
pub struct GuideQuery {
    /// The tenant, if any.
    pub tenant: Option<String>,
    /// The type of guide; `None` for all types.
    pub kind: Option<String>,
    /// Data of the page, for target conditions.
    pub data: Map<String, Value>,
    /// True if guides are listed even where the user is not eligible for them.
    pub is_forced: bool,
}

/// A user's action on a step of a guide.
#[derive(Debug, Clone)]
pub struct Engagement {
    /// The guide's key.
    pub guide: String,
    /// The step's reference.
    pub step: String,
    /// The tenant, if any.
    pub tenant: Option<String>,
    /// The action.
    pub mark: Mark,
    /// Further data of the action.
    pub data: Option<Value>,
    /// True if the user is done with the whole guide, not only with this step.
    pub is_final: bool,
    /// True if the next guide need not wait.
    pub is_unthrottled: bool,
}

/// Lists the guides that a page shows to its user, and the reasons why others are not shown.
pub async fn list(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    user: &str,
    channel: &Channel,
    asked: &GuideQuery,
) -> Result<Value> {
    let found = resources::current(tx, organisation, Kind::Guide, &Range::first(MOST)).await?;
    let is_asked = |guide: &CurrentResource| {
        let word = |name: &str| guide.document[name].as_str();
        let is_here = word("channel_key").is_none_or(|key| key == channel.key || key == channel.id);
        is_here && asked.kind.as_deref().is_none_or(|kind| word("type") == Some(kind))
    };
    let found: Vec<CurrentResource> = found.into_iter().filter(|guide| is_asked(guide)).collect();
    let of_channel = Filter { channel: Some(channel.id.clone()), ..Filter::default() };
    let messages = of_user(tx, organisation, user, asked.tenant.as_deref(), of_channel).await?;
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

/// A user's guide messages of this filter, by guide and step. The filter names the channel or the
/// guide, so that messages of other kinds do not use up the limit.
async fn of_user(
    tx: &mut Tx,
    organisation: &OrganisationId,
    user: &str,
    tenant: Option<&str>,
    filter: Filter,
) -> Result<Messages> {
    let filter = Filter {
        recipient: Some(Reference::user(user)),
        tenant: tenant.map_or(TenantFilter::None, |tenant| TenantFilter::Only(tenant.to_owned())),
        archived: Archived::Include,
        ..filter
    };
    let found = messages::list(tx, organisation, &filter, &Range { oldest_first: true, ..Range::first(READ) }).await?;
    let of_guides = found.into_iter().filter(|message| message.source.kind == "guide");
    Ok(of_guides.map(|message| (place(&message), message)).collect())
}

fn of_guide(key: &str) -> Filter {
    Filter { workflows: vec![key.to_owned()], ..Filter::default() }
}

fn place(message: &Message) -> (String, String) {
    (message.source.key.clone(), message.source.step.clone().unwrap_or_default())
}

fn steps(guide: &CurrentResource) -> &[Value] {
    guide.document["steps"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The reason why a guide is not shown, if there is one: its code and a sentence.
fn refusal(
    guide: &CurrentResource,
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
    if let Some(key) = guide.document["target_audience_key"].as_str()
        && !audiences.iter().any(|audience| audience == key)
    {
        return Some(("not_in_target_audience", "The user is not in the guide's audience."));
    }
    let conditions = |name: &str| Group::parse(guide.document.get(name)?).ok();
    let holds = |name: &str| conditions(name).is_none_or(|group| group.evaluate(scope).0);
    if !holds("target_property_conditions") || !holds("guide_audience_conditions") {
        return Some(("target_conditions_not_met", "The conditions of the guide do not hold."));
    }
    None
}

/// The id of a guide, always the same for one key.
fn id(organisation: &OrganisationId, key: &str) -> String {
    uuid_of(&["guide", organisation.as_str(), key])
}

fn view(organisation: &OrganisationId, guide: &CurrentResource, channel: &Channel, messages: &Messages) -> Value {
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
    let list =
        |name: &str| guide.document.get(name).filter(|list| list.is_array()).cloned().unwrap_or_else(|| json!([]));
    json!({
        "__typename": "Guide", "id": id(organisation, &guide.key), "key": guide.key, "channel_id": channel.id,
        "type": word(&guide.document, "type", "banner"), "semver": word(&guide.document, "semver", "0.0.1"),
        "active": guide.is_active, "steps": steps.collect::<Vec<_>>(),
        "activation_url_patterns": list("activation_url_patterns"),
        "activation_url_rules": list("activation_url_rules"),
        "bypass_global_group_limit": guide.document["bypass_global_group_limit"] == true,
        "inserted_at": guide.created_at, "updated_at": guide.updated_at,
    })
}

/// Stores a user's action on a step of a guide.
///
/// # Errors
/// `NotFound` if there is no such guide; `InvalidField` if the guide has no such step.
pub async fn engage(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    user: &str,
    channel: &Channel,
    told: Engagement,
) -> Result<()> {
    let guide = resources::current_by_key(tx, organisation, Kind::Guide, &told.guide).await?;
    let guide = guide.ok_or(Error::NotFound(Thing::Guide))?;
    if !steps(&guide).iter().any(|step| step["ref"] == told.step.as_str()) {
        return Err(Error::invalid_field("guide_step_ref", "is no step of the guide"));
    }
    tx.lock(&format!("guides {organisation} {user}")).await?;
    let known = of_user(tx, organisation, user, told.tenant.as_deref(), of_guide(&told.guide)).await?;
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

fn message(guide: &CurrentResource, user: &str, channel: &Channel, told: &Engagement, now: Timestamp) -> Message {
    let source = Source {
        kind: "guide".to_owned(),
        key: told.guide.clone(),
        version_id: guide.version_id.clone(),
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

/// Reverses the archiving of a guide's steps, so that the user sees the guide again.
pub async fn unarchive(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    user: &str,
    (guide, tenant): (&str, Option<&str>),
) -> Result<()> {
    let known = of_user(tx, organisation, user, tenant, of_guide(guide)).await?;
    let ids: Vec<String> = known.into_values().map(|message| message.id).collect();
    messages::mark(tx, notify, organisation, None, &ids, (Mark::Unarchived, None), notify.clock.now()).await?;
    Ok(())
}

/// Deletes a user's messages of a guide, and thereby all of the user's actions on it.
pub async fn reset(
    tx: &mut Tx,
    organisation: &OrganisationId,
    user: &str,
    (guide, tenant): (&str, Option<&str>),
) -> Result<()> {
    let known = of_user(tx, organisation, user, tenant, of_guide(guide)).await?;
    let ids: Vec<String> = known.into_values().map(|message| message.id).collect();
    messages::forget(tx, organisation, &ids).await
}
