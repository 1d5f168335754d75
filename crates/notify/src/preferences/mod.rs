//! Preferences: the notifications that recipients want, and the channels for them.
//!
//! A *set* has a value for channel types, channels, categories and workflows: yes, no, or
//! conditions.
//!
//! * A recipient has a set `default`, and one for each tenant.
//! * A tenant has a set for its users.
//! * The organisation has a set for everybody.
//!
//! The sets are layered, with the recipient's own on top, unless a lower one says
//! `"__strategy__": "replace"`. In the context of a tenant, a recipient's `default` is not used if
//! there is a set for that tenant, of the recipient or of the tenant itself.

mod decide;
mod layers;
mod queries;

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::bounds::PREFERENCES_BYTES;
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_documents::conditions::Group;
use campanile_documents::merge;
use serde_json::{Map, Value, json};

use crate::{Notify, Reference, recipients};

pub use decide::{Decision, Question, decide, wants_commercial};
pub use layers::layered;

/// The set that is used outside of tenants.
pub const DEFAULT: &str = "default";
/// The parts of a set with settings by name.
const PARTS: [&str; 4] = ["channel_types", "channels", "categories", "workflows"];
const CHANNEL_TYPES: [&str; 7] = ["email", "in_app_feed", "in_app_guide", "sms", "push", "chat", "http"];

/// The content of a set, by part.
pub type Body = Map<String, Value>;

/// The treatment of the earlier content of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeStrategy {
    /// The new content is merged into it.
    Merge,
    /// The new content replaces it.
    Replace,
}

impl MergeStrategy {
    /// The strategy that the content names. It is removed from the content.
    pub fn said_in(body: &mut Body) -> Option<Self> {
        let words = ["__persistence_strategy__", "__persistence_strategy", "_persistence_strategy_"];
        let said = words.into_iter().filter_map(|word| body.remove(word)).next_back();
        match said.as_ref().and_then(Value::as_str) {
            Some("merge") => Some(Self::Merge),
            Some("replace") => Some(Self::Replace),
            _ => None,
        }
    }
}

/// Stores a set, and returns it with the layers below it. `way` applies unless the content names a
/// strategy.
///
/// # Errors
/// `InvalidField` if a value is not yes, no, or conditions.
pub async fn set(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    owner: &Reference,
    id: &str,
    body: &Value,
    way: MergeStrategy,
) -> Result<Body> {
    let mut told = body.as_object().cloned().ok_or_else(|| Error::invalid_field("preferences", "must be an object"))?;
    let way = MergeStrategy::said_in(&mut told).unwrap_or(way);
    told.remove("id");
    told.remove("__typename");
    check(&told)?;
    tx.lock(&format!("preferences {organisation} {owner}")).await?;
    let mut body = match way {
        MergeStrategy::Replace => Body::new(),
        MergeStrategy::Merge => queries::one(tx, organisation, owner, id).await?.unwrap_or_default(),
    };
    merge(&mut body, told);
    body.retain(|_, value| !value.is_null());
    check_size(&body)?;
    let now = notify.clock.now();
    queries::put(tx, organisation, owner, id, &body, now).await?;
    recipients::ensure(tx, notify, organisation, owner).await?;
    merged(tx, organisation, owner, id, None).await
}

/// Stores the set that is the lowest layer for everybody.
///
/// # Errors
/// Like [`set`].
pub async fn set_for_all(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, body: &Value) -> Result<Body> {
    let mut told = body.as_object().cloned().ok_or_else(|| Error::invalid_field("preferences", "must be an object"))?;
    MergeStrategy::said_in(&mut told);
    told.remove("id");
    check(&told)?;
    check_size(&told)?;
    queries::put(tx, organisation, &everybody(), DEFAULT, &told, notify.clock.now()).await?;
    tx.forgets(&notify.resources, organisation.clone());
    Ok(told)
}

/// The set that is the lowest layer for everybody.
pub async fn for_all(tx: &mut Tx, organisation: &OrganisationId) -> Result<Body> {
    Ok(queries::one(tx, organisation, &everybody(), DEFAULT).await?.unwrap_or_default())
}

fn everybody() -> Reference {
    Reference::object("", "")
}

/// A set with the layers below it. `tenant` is the context; by default it is the tenant that the
/// set is for.
pub async fn merged(
    tx: &mut Tx,
    organisation: &OrganisationId,
    owner: &Reference,
    id: &str,
    tenant: Option<&str>,
) -> Result<Body> {
    let own = queries::one(tx, organisation, owner, id).await?;
    let tenant = tenant.or((id != DEFAULT).then_some(id));
    let mut layers = vec![for_all(tx, organisation).await?];
    if let Some(tenant) = tenant {
        layers.extend(of_tenant(tx, organisation, tenant).await?);
    }
    layers.extend(own);
    Ok(layered(layers))
}

/// The effective preferences of recipients, in the context of a tenant or of none. `all` is the
/// lowest layer.
pub async fn resolved(
    tx: &mut Tx,
    organisation: &OrganisationId,
    owners: &[Reference],
    tenant: Option<&str>,
    all: &Body,
) -> Result<HashMap<Reference, Body>> {
    let of_tenant = match tenant {
        Some(tenant) => of_tenant(tx, organisation, tenant).await?,
        None => None,
    };
    let ids: Vec<&str> = std::iter::once(DEFAULT).chain(tenant).collect();
    let mut own = queries::these(tx, organisation, owners, &ids).await?;
    let resolved = owners.iter().map(|owner| {
        let mut take = |id: &str| own.remove(&(owner.clone(), id.to_owned()));
        let within = tenant.and_then(&mut take);
        let layers = match of_tenant.is_some() || within.is_some() {
            true => [Some(all.clone()), of_tenant.clone(), within],
            false => [Some(all.clone()), None, take(DEFAULT)],
        };
        (owner.clone(), layered(layers.into_iter().flatten()))
    });
    Ok(resolved.collect())
}

/// The set of a tenant for its users.
async fn of_tenant(tx: &mut Tx, organisation: &OrganisationId, tenant: &str) -> Result<Option<Body>> {
    let tenant = recipients::get(tx, organisation, &Reference::tenant(tenant)).await?;
    let settings = tenant.as_ref().and_then(|tenant| tenant.properties.get("settings"));
    Ok(settings.and_then(|settings| settings.get("preference_set")).and_then(Value::as_object).cloned())
}

/// The sets of a recipient, each with the layers below it, `default` first.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, owner: &Reference) -> Result<Vec<(String, Body)>> {
    let mut ids = queries::ids(tx, organisation, owner).await?;
    ids.retain(|id| id != DEFAULT);
    ids.insert(0, DEFAULT.to_owned());
    let mut sets = Vec::with_capacity(ids.len());
    for id in ids {
        let body = merged(tx, organisation, owner, &id, None).await?;
        sets.push((id, body));
    }
    Ok(sets)
}

/// Deletes a set. The result is false if there was none.
pub async fn delete(tx: &mut Tx, organisation: &OrganisationId, owner: &Reference, id: &str) -> Result<bool> {
    Ok(queries::delete(tx, organisation, owner, id).await? > 0)
}

/// A set in the shape of the API.
pub fn view(id: &str, body: &Body) -> Value {
    let part = |name: &str| body.get(name).cloned().unwrap_or_else(|| json!({}));
    json!({
        "id": id,
        "categories": part("categories"),
        "channel_types": part("channel_types"),
        "channels": part("channels"),
        "workflows": part("workflows"),
        "commercial_subscribed": body.get("commercial_subscribed").unwrap_or(&Value::Null),
    })
}

/// Checks the size: a set is read for each message to its owner.
fn check_size(body: &Body) -> Result<()> {
    let bytes = serde_json::to_vec(body).map_or(0, |json| json.len());
    match bytes > PREFERENCES_BYTES {
        true => Err(Error::invalid_field("preferences", format!("must not be larger than {PREFERENCES_BYTES} bytes"))),
        false => Ok(()),
    }
}

fn check(body: &Body) -> Result<()> {
    for (part, value) in body {
        match (part.as_str(), value) {
            (_, Value::Null) => {}
            ("commercial_subscribed", value) => check_setting(part, value)?,
            ("categories" | "workflows", Value::Object(map)) => {
                for (name, value) in map.iter().filter(|(name, _)| *name != "__strategy__") {
                    check_whole(name, value)?;
                }
            }
            ("channel_types" | "channels", Value::Object(map)) => check_channels(part, map)?,
            (part, _) if PARTS.contains(&part) => {
                return Err(Error::invalid_field("preferences", format!("{part} must be an object")));
            }
            (part, _) => return Err(Error::invalid_field("preferences", format!("{part} is no part of a set"))),
        }
    }
    Ok(())
}

fn check_channels(part: &str, map: &Map<String, Value>) -> Result<()> {
    for (name, value) in map.iter().filter(|(name, _)| *name != "__strategy__") {
        if part == "channel_types" && !CHANNEL_TYPES.contains(&name.as_str()) {
            return Err(Error::invalid_field("channel_types", format!("{name} is no type of channel")));
        }
        check_setting(name, value)?;
    }
    Ok(())
}

/// Checks the value of a workflow or a category.
fn check_whole(name: &str, value: &Value) -> Result<()> {
    let Value::Object(map) = value else { return check_setting(name, value) };
    for (part, value) in map {
        match (part.as_str(), value) {
            ("__strategy__", _) | (_, Value::Null) => {}
            ("conditions", conditions) => check_conditions(name, conditions)?,
            ("channel_types" | "channels", Value::Object(map)) => check_channels(part, map)?,
            _ => return Err(Error::invalid_field("preferences", format!("{name}: {part} is not understood"))),
        }
    }
    Ok(())
}

/// Checks that a value is yes, no, or conditions.
fn check_setting(name: &str, value: &Value) -> Result<()> {
    match value {
        Value::Bool(_) | Value::Null => Ok(()),
        Value::Object(map) if map.contains_key("conditions") => check_conditions(name, &map["conditions"]),
        _ => Err(Error::invalid_field("preferences", format!("{name} must be true, false, or have conditions"))),
    }
}

fn check_conditions(name: &str, conditions: &Value) -> Result<()> {
    match (conditions, Group::parse(conditions)) {
        (Value::Array(_), Ok(_)) | (Value::Null, _) => Ok(()),
        (Value::Array(_), Err(why)) if why.contains("more than") => {
            Err(Error::invalid_field("preferences", format!("{name}: {why}")))
        }
        _ => Err(Error::invalid_field("preferences", format!("{name}: conditions must be a list of conditions"))),
    }
}
