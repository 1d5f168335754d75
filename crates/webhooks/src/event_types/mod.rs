//! Event types: the kinds of messages that an organisation sends, with a schema and an example for
//! receivers. Messages may have an unknown type; endpoints can filter only by known ones.

pub mod openapi;
mod queries;
pub mod schemas;

use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Webhooks;
use crate::model::applications::{Application, ApplicationKind};
use crate::names::{check_flags, check_name, check_words};
use campanile_db::Range;
pub use schemas::Schemas;

/// The type of a test message. Every endpoint may filter by it.
pub const PING: &str = "svix.ping";

/// An event type, in the Svix API's shape.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventType {
    /// Its name, which identifies it.
    pub name: String,
    /// Its description.
    pub description: String,
    /// True if endpoints can no longer choose it.
    pub archived: bool,
    /// True if it is deprecated.
    pub deprecated: bool,
    /// JSON Schemas by version; `null` when they were not requested.
    #[schema(value_type = Option<Object>)]
    pub schemas: Option<Map<String, Value>>,
    /// The feature flags that show it: viewers without any of these flags do not see it.
    pub feature_flags: Option<Vec<String>>,
    /// The first of the feature flags.
    pub feature_flag: Option<String>,
    /// The group that it is shown in.
    pub group_name: Option<String>,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time of the last change.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// The input to create or replace an event type.
#[derive(Debug, Clone, Default)]
pub struct EventTypeSpec {
    /// Its description.
    pub description: String,
    /// True if endpoints can no longer choose it.
    pub archived: bool,
    /// True if it is deprecated.
    pub deprecated: bool,
    /// JSON Schemas by version.
    pub schemas: Option<Schemas>,
    /// The feature flags that show it: viewers without any of these flags do not see it.
    pub feature_flags: Option<Vec<String>>,
    /// The group that it is shown in.
    pub group_name: Option<String>,
}

impl EventTypeSpec {
    fn checked(self) -> Result<Self> {
        check_words("description", &self.description)?;
        check_flags(self.feature_flags.as_deref())?;
        if let Some(group) = &self.group_name {
            check_name("groupName", group)?;
        }
        Ok(self)
    }
}

impl From<&EventType> for EventTypeSpec {
    fn from(event_type: &EventType) -> Self {
        Self {
            description: event_type.description.clone(),
            archived: event_type.archived,
            deprecated: event_type.deprecated,
            schemas: event_type.schemas.clone().map(Schemas::stored),
            feature_flags: event_type.feature_flags.clone(),
            group_name: event_type.group_name.clone(),
        }
    }
}

/// A viewer of event types: the whole organisation, or a holder of feature flags.
#[derive(Debug, Clone, Copy)]
pub enum Viewer<'v> {
    /// Sees everything.
    Organisation,
    /// Sees event types without a flag, or with one of these.
    Flags(&'v [String]),
}

impl Viewer<'_> {
    fn sees(&self, event_type: &EventType) -> bool {
        match self {
            Self::Organisation => true,
            Self::Flags(flags) => {
                event_type.feature_flags.as_ref().is_none_or(|needed| needed.iter().any(|flag| flags.contains(flag)))
            }
        }
    }
}

/// Creates an event type. An archived one of this name is replaced.
///
/// # Errors
/// `InvalidField`, or `Conflict` when an event type of this name exists and is not archived.
pub async fn create(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    name: &str,
    spec: EventTypeSpec,
) -> Result<EventType> {
    caller.must(Permission::Configure)?;
    check_name("name", name)?;
    let spec = spec.checked()?;
    match queries::by_name(tx, &caller.organisation, name).await? {
        Some(known) if !known.archived => Err(Error::conflict("An event_type with this name already exists")),
        known => put(tx, webhooks, caller, name, spec, known).await,
    }
}

/// Creates or replaces an event type. Returns `true` if it existed.
///
/// # Errors
/// `InvalidField`.
pub async fn upsert(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    name: &str,
    spec: EventTypeSpec,
) -> Result<(bool, EventType)> {
    caller.must(Permission::Configure)?;
    // The API takes any name here, unlike at creation.
    if name.is_empty() || name.len() > 256 {
        return Err(Error::invalid_field("name", "must be 1 to 256 bytes"));
    }
    let spec = spec.checked()?;
    let known = queries::by_name(tx, &caller.organisation, name).await?;
    let was_there = known.is_some();
    Ok((was_there, put(tx, webhooks, caller, name, spec, known).await?))
}

async fn put(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    name: &str,
    spec: EventTypeSpec,
    known: Option<EventType>,
) -> Result<EventType> {
    let now = webhooks.clock.now();
    let event_type = EventType {
        name: name.to_owned(),
        description: spec.description,
        archived: spec.archived,
        deprecated: spec.deprecated,
        schemas: spec.schemas.map(Schemas::into_inner),
        feature_flag: spec.feature_flags.as_ref().and_then(|flags| flags.first().cloned()),
        feature_flags: spec.feature_flags,
        group_name: spec.group_name,
        created_at: known.map_or(now, |known| known.created_at),
        updated_at: now,
    };
    queries::put(tx, &caller.organisation, &event_type).await?;
    Ok(event_type)
}

/// Creates one of the server's own event types, if the organisation has none of this name.
pub async fn ensure(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    name: &str,
    spec: EventTypeSpec,
) -> Result<()> {
    if queries::by_name(tx, organisation, name).await?.is_none() {
        put(tx, webhooks, &Caller::system(organisation.clone()), name, spec, None).await?;
    }
    Ok(())
}

/// Checks a payload against a schema.
///
/// # Errors
/// `Invalid`, with the first mismatch, or the reason why the schema cannot be compiled.
pub fn check_against(schema: &Value, payload: &Value) -> Result<()> {
    campanile_base::schema_budget::check(schema).map_err(Error::Invalid)?;
    let compiled = jsonschema::validator_for(schema).map_err(|e| Error::invalid(e.to_string()))?;
    compiled.validate(payload).map_err(|e| Error::invalid(format!("{}: {e}", e.instance_path())))
}

/// Archives an event type, or deletes it if `for_good`. Endpoints that use an archived type keep
/// it; others can no longer choose it.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, webhooks: &Webhooks, caller: &Caller, name: &str, for_good: bool) -> Result<()> {
    caller.must(Permission::Configure)?;
    let done = match for_good {
        true => queries::delete(tx, &caller.organisation, name).await?,
        false => queries::archive(tx, &caller.organisation, name, webhooks.clock.now()).await?,
    };
    if done { Ok(()) } else { Err(Error::NotFound(Thing::EventType)) }
}

/// An event type by its name; archived ones are included.
///
/// # Errors
/// `NotFound`, also for a viewer who may not see it.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, viewer: Viewer<'_>, name: &str) -> Result<EventType> {
    let found = queries::by_name(tx, organisation, name).await?;
    found.filter(|event_type| viewer.sees(event_type)).ok_or(Error::NotFound(Thing::EventType))
}

/// Event types, ordered by name.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    viewer: Viewer<'_>,
    include_archived: bool,
    range: &Range,
) -> Result<Vec<EventType>> {
    // Few are hidden from a viewer. They are skipped here, page after page.
    let mut shown = Vec::new();
    let mut rest = range.clone();
    while (shown.len() as i64) < range.limit {
        let page = queries::list(tx, organisation, include_archived, &rest).await?;
        let is_last = (page.len() as i64) < rest.limit;
        if let Some(last) = page.last() {
            *(if rest.oldest_first { &mut rest.low } else { &mut rest.high }) = last.name.clone();
        }
        shown.extend(page.into_iter().filter(|event_type| viewer.sees(event_type)));
        if is_last {
            break;
        }
    }
    shown.truncate(range.limit as usize);
    Ok(shown)
}

/// Refuses event types that do not exist or are archived.
///
/// # Errors
/// `InvalidField`, with the missing names.
pub(crate) async fn must_be_known(tx: &mut Tx, application: &Application, names: Option<&[String]>) -> Result<()> {
    let mut missing = Vec::new();
    for name in names.into_iter().flatten() {
        let is_built_in =
            application.kind == ApplicationKind::Operational && crate::notice::TYPES.contains(&name.as_str());
        if name == PING || is_built_in {
            continue;
        }
        let known = queries::by_name(tx, &application.organisation_id, name).await?;
        if known.is_none_or(|known| known.archived) {
            missing.push(name.as_str());
        }
    }
    match missing.is_empty() {
        true => Ok(()),
        false => {
            Err(Error::invalid_field("eventTypes", format!("has types that do not exist: {}", missing.join(", "))))
        }
    }
}
