//! Recipients: users, tenants and objects, with their properties.
//!
//! A recipient is created when a request first describes it: by identifying it, or inline in a
//! trigger. Later requests are merged into the stored properties: maps key by key, everything else
//! as a whole. `null` is a value. Preferences and channel data in the same request go to
//! [`crate::preferences`] and [`crate::channel_data`].

mod identification;
mod queries;

use std::collections::{HashMap, HashSet};

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::{Range, Tx};
use campanile_documents::conditions::Group;
use campanile_documents::merge;
use serde_json::{Map, Value, json};

use crate::reference::TENANTS;
use crate::{Notify, Reference};

pub use identification::identify;

/// The default branding of a tenant.
const BRANDING: [(&str, &str); 4] = [
    ("primary_color", "#000000"),
    ("primary_color_contrast", "#FFFFFF"),
    ("dark_primary_color", "#FFFFFF"),
    ("dark_primary_color_contrast", "#000000"),
];

/// A recipient as it is stored.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The collection and the id.
    pub reference: Reference,
    /// The sort key in lists.
    pub place: String,
    /// The properties.
    pub properties: Map<String, Value>,
    /// The time of its creation.
    pub inserted_at: Timestamp,
    /// The time of its last change.
    pub updated_at: Timestamp,
}

impl Recipient {
    /// A recipient without properties, for one that is not stored.
    pub fn unknown(reference: Reference, now: Timestamp) -> Self {
        Self { reference, place: String::new(), properties: Map::new(), inserted_at: now, updated_at: now }
    }

    /// A text property; `None` if it is empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.properties.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The recipient in the shape of the API. Properties of users and tenants are at the top level;
    /// those of objects are in `properties`.
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

    /// A tenant's settings, completed with the defaults.
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

    /// The variables of templates and conditions: all properties at the top level.
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

/// The description of a recipient in a request.
#[derive(Debug, Clone)]
pub struct RecipientInput {
    /// The recipient.
    pub reference: Reference,
    /// Properties to merge into the stored ones. `None` if the recipient is only named.
    pub properties: Option<Map<String, Value>>,
    /// Channel data, by channel.
    pub channel_data: Map<String, Value>,
    /// Preferences, by the set's id.
    pub preferences: Map<String, Value>,
    /// Trigger data for this recipient only.
    pub trigger_data: Option<Map<String, Value>>,
    /// For an object, the conditions that select its subscriptions for a trigger.
    pub filter: Option<Group>,
}

impl RecipientInput {
    /// A reference alone.
    pub fn named(reference: Reference) -> Self {
        let (channel_data, preferences) = Default::default();
        Self { reference, properties: None, channel_data, preferences, trigger_data: None, filter: None }
    }

    /// Reads the description of a recipient whose reference is given elsewhere in the request.
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

    /// Reads a recipient of a request: an id, a reference, or an inline recipient.
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

    /// Reads a tenant of a request: an id, or an inline tenant.
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

/// True if mail programs read the text as at most one address. Only the mail provider can tell if
/// the address exists.
pub(crate) fn is_one_address(email: &str) -> bool {
    let separates = |c: char| c.is_whitespace() || c.is_control() || ",;<>\"()[]:\\".contains(c);
    !email.trim().contains(separates) && email.matches('@').count() <= 1
}

/// Creates a recipient without properties, if it does not exist.
pub(crate) async fn ensure(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    reference: &Reference,
) -> Result<()> {
    if get(tx, organisation, reference).await?.is_some() {
        return Ok(());
    }
    tx.lock(&format!("recipients {organisation}")).await?;
    if get(tx, organisation, reference).await?.is_some() {
        return Ok(());
    }
    let now = notify.clock.now();
    let place = campanile_base::new_ksuid(now);
    let recipient = Recipient { place, ..Recipient::unknown(reference.clone(), now) };
    Ok(queries::put(tx, organisation, &[&recipient]).await.map(drop)?)
}

/// A recipient of an organisation.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, reference: &Reference) -> Result<Option<Recipient>> {
    Ok(queries::these(tx, organisation, std::slice::from_ref(reference)).await?.into_iter().next())
}

/// The recipients that are stored, of those given.
pub async fn these(
    tx: &mut Tx,
    organisation: &OrganisationId,
    references: &[Reference],
) -> Result<HashMap<Reference, Recipient>> {
    let found = queries::these(tx, organisation, references).await?;
    Ok(found.into_iter().map(|recipient| (recipient.reference.clone(), recipient)).collect())
}

/// A filter for the recipients of a collection.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The name.
    pub name: Option<String>,
    /// The id.
    pub id: Option<String>,
}

/// One page of a collection, ordered by `place`.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    collection: &str,
    filter: &Filter,
    range: &Range,
) -> Result<Vec<Recipient>> {
    Ok(queries::list(tx, organisation, collection, filter, range).await?)
}

/// The users whose id, name or mail address begins with a text: at most `limit`. Names and addresses
/// are compared without regard to large and small letters.
///
/// # Errors
/// `Invalid` if there is nothing to search for.
pub async fn search(tx: &mut Tx, organisation: &OrganisationId, text: &str, limit: i64) -> Result<Vec<Recipient>> {
    let (id, prefix) = (text.trim(), queries::folded(text));
    if prefix.is_empty() {
        return Err(Error::invalid("a search needs at least one character"));
    }
    let mut found = queries::by_id_prefix(tx, organisation, id, limit).await?;
    found.extend(queries::by_name_prefix(tx, organisation, &prefix, limit).await?);
    found.extend(queries::by_email_prefix(tx, organisation, &prefix, limit).await?);
    let mut seen = HashSet::new();
    found.retain(|recipient| seen.insert(recipient.reference.clone()));
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(found)
}

/// Deletes a recipient with all that belongs to it. The result is false if there was none.
pub async fn delete(tx: &mut Tx, organisation: &OrganisationId, reference: &Reference) -> Result<bool> {
    queries::delete_belongings(tx, organisation, reference).await?;
    Ok(queries::delete(tx, organisation, reference).await? > 0)
}

/// Merges one user into another. The properties of both are kept; where both have a value, that of
/// `into` wins. Preference sets, channel data, subscriptions and audience memberships of `from`
/// move over, unless `into` has the same. Messages and schedules move in any case.
///
/// # Errors
/// `NotFound` if one of them does not exist.
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
        return Err(Error::NotFound(Thing::User));
    };
    let mut properties = goes.properties;
    merge(&mut properties, stays.properties);
    (stays.properties, stays.updated_at) = (properties, notify.clock.now());
    queries::put(tx, organisation, &[&stays]).await?;
    queries::hand_over(tx, organisation, &from, &into).await?;
    delete(tx, organisation, &from).await?;
    Ok(stays)
}
