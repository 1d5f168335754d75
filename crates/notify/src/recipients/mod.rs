//! Recipients: users, tenants and objects, and what is known of them.
//!
//! They come to be when something is first told of them: identified by themselves, or inline where a trigger names them.
//! What is told later is merged into what is known: maps key by key, everything else as a whole; `null` is a value.
//! Preferences and channel data that are told along go to [`crate::preferences`] and [`crate::channel_data`].

mod merge;
mod queries;

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::bounds::PROPERTIES_DEPTH;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::{Range, Tx};
use serde_json::{Map, Value, json};

use crate::conditions::{Group, is_within_depth};
use crate::reference::TENANTS;
use crate::signals::{self, Happening};
use crate::{Notify, Reference, channel_data, preferences};

pub use merge::merge;

/// How much may be told of one, as JSON, in bytes.
const MOST: usize = 256 * 1024;
/// What a tenant looks like unless it says otherwise.
const BRANDING: [(&str, &str); 4] = [
    ("primary_color", "#000000"),
    ("primary_color_contrast", "#FFFFFF"),
    ("dark_primary_color", "#FFFFFF"),
    ("dark_primary_color_contrast", "#000000"),
];

/// A recipient as it is stored.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// Its name.
    pub reference: Reference,
    /// Its place in lists.
    pub place: String,
    /// What was told of it.
    pub properties: Map<String, Value>,
    /// Since when it is known.
    pub inserted_at: Timestamp,
    /// When something was last told of it.
    pub updated_at: Timestamp,
}

impl Recipient {
    /// Nothing but a name: what a recipient is that nothing was ever told of.
    pub fn unknown(reference: Reference, now: Timestamp) -> Self {
        Self { reference, place: String::new(), properties: Map::new(), inserted_at: now, updated_at: now }
    }

    /// A property that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.properties.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// As the API shows it: users and tenants flat, objects with their properties apart.
    pub fn view(&self) -> Value {
        let Reference { collection, id } = &self.reference;
        if collection == TENANTS {
            return self.tenant_view();
        }
        if self.reference.is_user() {
            let mut view = Map::new();
            view.insert("__typename".into(), "User".into());
            view.insert("id".into(), id.as_str().into());
            view.extend(self.properties.clone());
            view.entry("created_at").or_insert(Value::Null);
            view.insert("updated_at".into(), json!(self.updated_at));
            return Value::Object(view);
        }
        json!({
            "__typename": "Object", "id": id, "collection": collection, "properties": self.properties,
            "created_at": self.properties.get("created_at").unwrap_or(&Value::Null), "updated_at": self.updated_at,
        })
    }

    fn tenant_view(&self) -> Value {
        let mut view = Map::new();
        view.insert("__typename".into(), "Tenant".into());
        view.insert("id".into(), self.reference.id.as_str().into());
        view.entry("name").or_insert(Value::Null);
        view.extend(self.properties.clone());
        view.insert("settings".into(), self.settings());
        view.entry("created_at").or_insert(json!(self.inserted_at));
        view.insert("updated_at".into(), json!(self.updated_at));
        Value::Object(view)
    }

    /// A tenant's settings, with what they are unless it says otherwise.
    fn settings(&self) -> Value {
        let told = self.properties.get("settings").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut branding = told.get("branding").and_then(Value::as_object).cloned().unwrap_or_default();
        for (name, value) in BRANDING {
            branding.entry(name).or_insert(value.into());
        }
        for name in ["logo_url", "icon_url"] {
            let light = branding.entry(name).or_insert(Value::Null).clone();
            branding.entry(format!("dark_{name}")).or_insert(light);
        }
        let mut preference_set = told.get("preference_set").cloned().unwrap_or(Value::Null);
        if let Value::Object(set) = &mut preference_set {
            set.insert("id".to_owned(), "default".into());
        }
        json!({ "branding": branding, "preference_set": preference_set })
    }

    /// As templates and conditions know it: everything flat.
    pub fn flat(&self) -> Map<String, Value> {
        let mut flat = self.properties.clone();
        flat.insert("id".into(), self.reference.id.as_str().into());
        if !self.reference.is_user() {
            flat.insert("collection".into(), self.reference.collection.as_str().into());
        }
        if self.reference.collection == TENANTS {
            flat.insert("settings".into(), self.settings());
        }
        flat
    }
}

/// What a request tells of a recipient.
#[derive(Debug, Clone)]
pub struct Told {
    /// Whom it is about.
    pub reference: Reference,
    /// Properties, to be merged into what is known. `None` where the recipient is only named.
    pub properties: Option<Map<String, Value>>,
    /// Data by channel.
    pub channel_data: Map<String, Value>,
    /// Preferences by the set's id.
    pub preferences: Map<String, Value>,
    /// What a trigger says for this recipient alone.
    pub trigger_data: Option<Map<String, Value>>,
    /// Of an object, which of its subscriptions a trigger is for.
    pub filter: Option<Group>,
}

impl Told {
    /// A name alone.
    pub fn named(reference: Reference) -> Self {
        let (channel_data, preferences) = Default::default();
        Self { reference, properties: None, channel_data, preferences, trigger_data: None, filter: None }
    }

    /// Out of what a request says of a recipient that it names elsewhere.
    ///
    /// # Errors
    /// `InvalidField`.
    pub fn of(reference: Reference, mut map: Map<String, Value>) -> Result<Self> {
        let reference = reference.checked()?;
        map.remove("id");
        map.remove("collection");
        map.remove("__typename");
        let mut part = |name: &'static str| match map.remove(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(part)) => Ok(part),
            Some(_) => Err(Error::invalid_field(name, "must be an object")),
        };
        let (channel_data, preferences) = (part("channel_data")?, part("preferences")?);
        let trigger_data = Some(part("$trigger_data")?).filter(|data| !data.is_empty());
        let filter = map.remove("$subscription_filter").map(|filter| Group::parse(&filter)).transpose();
        let filter = filter.map_err(|why| Error::invalid_field("$subscription_filter", why))?;
        for name in ["email", "name", "avatar", "phone_number", "timezone", "locale"] {
            if map.get(name).is_some_and(|value| !value.is_string() && !value.is_null()) {
                return Err(Error::invalid_field("properties", format!("{name} must be a string")));
            }
        }
        if map.get("email").and_then(Value::as_str).is_some_and(|email| !is_one_address(email)) {
            return Err(Error::invalid_field("email", "must be one address, without a name, spaces and commas"));
        }
        Ok(Self { reference, properties: Some(map), channel_data, preferences, trigger_data, filter })
    }

    /// Out of a recipient in a request: an id, a reference, or a recipient inline.
    ///
    /// # Errors
    /// `InvalidField`.
    pub fn parse(value: &Value) -> Result<Self> {
        match value {
            Value::Object(map) => {
                let reference = Reference::of_map(map)?;
                let is_reference = !reference.is_user() && map.len() == 2;
                if is_reference { Ok(Self::named(reference.checked()?)) } else { Self::of(reference, map.clone()) }
            }
            other => Reference::parse(other).map(Self::named),
        }
    }

    /// Out of a tenant in a request: an id, or a tenant inline.
    ///
    /// # Errors
    /// `InvalidField`.
    pub fn parse_tenant(value: &Value) -> Result<Self> {
        match value {
            Value::String(id) => Ok(Self::named(Reference::tenant(id).checked()?)),
            Value::Object(map) => {
                let id = map.get("id").and_then(Value::as_str);
                let id = id.ok_or_else(|| Error::invalid_field("tenant", "must have an id"))?;
                Self::of(Reference::tenant(id), map.clone())
            }
            _ => Err(Error::invalid_field("tenant", "must be an id or an object")),
        }
    }
}

/// Whether a text is at most one mail address, as mail programs read lists of them. Whether it is one that exists, its
/// provider tells.
pub(crate) fn is_one_address(email: &str) -> bool {
    let separates = |c: char| c.is_whitespace() || c.is_control() || ",;<>\"()[]:\\".contains(c);
    !email.trim().contains(separates) && email.matches('@').count() <= 1
}

/// Stores what is told of recipients, and answers them all, also those that are only named and known; those that are
/// only named and unknown are left out.
///
/// # Errors
/// `InvalidField` where something cannot be stored.
pub async fn identify(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    told: Vec<Told>,
) -> Result<HashMap<Reference, Recipient>> {
    let now = notify.clock.now();
    if told.iter().any(|told| told.properties.is_some()) {
        // What is merged is read before: nobody may change it in between.
        tx.lock(&format!("recipients {organisation}")).await?;
    }
    let names: Vec<Reference> = told.iter().map(|told| told.reference.clone()).collect();
    let mut known = these(tx, organisation, &names).await?;
    let mut changed: Vec<Reference> = Vec::new();
    let mut happened = Vec::new();
    for told in &told {
        let Some(properties) = &told.properties else { continue };
        let recipient =
            known.entry(told.reference.clone()).or_insert_with(|| Recipient::unknown(told.reference.clone(), now));
        let before = recipient.properties.clone();
        tell(recipient, properties);
        if recipient.properties != before {
            let (whom, properties) = (told.reference.clone(), recipient.properties.clone());
            happened.push(Happening::Recipient { whom, properties });
        } else if !recipient.place.is_empty() {
            // Programs say who somebody is again and again: nothing is new.
            continue;
        }
        recipient.updated_at = now;
        if recipient.place.is_empty() {
            recipient.place = campanile_base::new_ksuid(now);
        }
        if serde_json::to_vec(&recipient.properties).map_or(0, |json| json.len()) > MOST {
            return Err(Error::invalid_field("properties", "must not be larger than 256 kB"));
        }
        if !recipient.properties.values().all(|value| is_within_depth(value, PROPERTIES_DEPTH)) {
            let why = format!("must not lie more than {PROPERTIES_DEPTH} deep in each other");
            return Err(Error::invalid_field("properties", why));
        }
        if !changed.contains(&told.reference) {
            changed.push(told.reference.clone());
        }
    }
    let rows: Vec<&Recipient> = changed.iter().map(|reference| &known[reference]).collect();
    queries::put(tx, organisation, &rows).await?;
    signals::raise(tx, notify, organisation, happened).await?;
    for told in told {
        for (set, body) in &told.preferences {
            preferences::set(tx, notify, organisation, &told.reference, set, body, preferences::Way::Merge).await?;
        }
        for (channel, data) in told.channel_data {
            channel_data::set(tx, notify, organisation, &told.reference, &channel, data).await?;
        }
    }
    Ok(known)
}

/// Merges properties into what is known. A tenant's preferences are replaced where they say so.
fn tell(recipient: &mut Recipient, properties: &Map<String, Value>) {
    let mut properties = properties.clone();
    let told = properties.get_mut("settings").and_then(|settings| settings.get_mut("preference_set"));
    if recipient.reference.collection == TENANTS
        && let Some(Value::Object(told)) = told
        && preferences::Way::said_in(told) == Some(preferences::Way::Replace)
        && let Some(Value::Object(settings)) = recipient.properties.get_mut("settings")
    {
        settings.remove("preference_set");
    }
    merge(&mut recipient.properties, properties);
}

/// One of an organisation's recipients.
///
/// # Errors
/// What the database says.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, reference: &Reference) -> Result<Option<Recipient>> {
    Ok(queries::these(tx, organisation, std::slice::from_ref(reference)).await?.into_iter().next())
}

/// Those of these that are known.
///
/// # Errors
/// What the database says.
pub async fn these(
    tx: &mut Tx,
    organisation: &OrganisationId,
    references: &[Reference],
) -> Result<HashMap<Reference, Recipient>> {
    let found = queries::these(tx, organisation, references).await?;
    Ok(found.into_iter().map(|recipient| (recipient.reference.clone(), recipient)).collect())
}

/// Which of a collection.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this name.
    pub name: Option<String>,
    /// Of this id.
    pub id: Option<String>,
}

/// A stretch of a collection, by place.
///
/// # Errors
/// What the database says.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    collection: &str,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<Recipient>> {
    Ok(queries::list(tx, organisation, collection, filter, range).await?)
}

/// Forgets a recipient with all that belongs to it; answers whether it was known.
///
/// # Errors
/// What the database says.
pub async fn delete(tx: &mut Tx, organisation: &OrganisationId, reference: &Reference) -> Result<bool> {
    queries::delete_belongings(tx, organisation, reference).await?;
    Ok(queries::delete(tx, organisation, reference).await? > 0)
}

/// Makes one user of two: what is known of both stays, the surviving one's words win, and what the other had becomes theirs.
///
/// # Errors
/// `NotFound` when either is not known.
pub async fn merge_users(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    into: &str,
    from: &str,
) -> Result<Recipient> {
    if into == from {
        return Err(Error::invalid_field("from_user_id", "must be another user"));
    }
    tx.lock(&format!("recipients {organisation}")).await?;
    let (into, from) = (Reference::user(into), Reference::user(from));
    let mut both = these(tx, organisation, &[into.clone(), from.clone()]).await?;
    let (Some(mut stays), Some(goes)) = (both.remove(&into), both.remove(&from)) else {
        return Err(Error::NotFound("user"));
    };
    let mut properties = goes.properties;
    merge(&mut properties, stays.properties);
    (stays.properties, stays.updated_at) = (properties, notify.clock.now());
    queries::put(tx, organisation, &[&stays]).await?;
    queries::hand_over(tx, organisation, &from, &into).await?;
    delete(tx, organisation, &from).await?;
    Ok(stays)
}
