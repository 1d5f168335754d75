//! Resources: what is kept like code. Workflows, layouts, partials, translations, guides, audiences.
//!
//! What is written is a draft. A commit makes it a version, which never changes; what counts is the last one. A workflow is
//! switched on and off beside its versions.

mod queries;
mod shelf;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp, new_ksuid, new_uuid};
use campanile_db::{Range, Tx};
use serde_json::Value;

use crate::Notify;

pub(crate) use shelf::{Shelf, Shelves};

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Workflow,
    EmailLayout,
    Partial,
    Translation,
    Guide,
    Audience,
}

impl Kind {
    /// As it is stored and written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::EmailLayout => "email_layout",
            Self::Partial => "partial",
            Self::Translation => "translation",
            Self::Guide => "guide",
            Self::Audience => "audience",
        }
    }
}

/// A resource, as it was last written.
#[derive(Debug, Clone)]
pub struct Resource {
    /// What it is called by.
    pub key: String,
    /// The version that counts.
    pub version_id: Option<String>,
    /// Whether it is switched on.
    pub is_active: bool,
    /// As it was last written.
    pub draft: Value,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// A version.
#[derive(Debug, Clone)]
pub struct Version {
    /// A UUID.
    pub id: String,
    /// Its place in lists.
    pub place: String,
    /// The kind of resource.
    pub kind: String,
    /// What the resource is called by.
    pub key: String,
    /// What it says.
    pub body: Value,
    /// Why it was made.
    pub note: String,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
}

/// Writes a resource's draft.
///
/// # Errors
/// `InvalidField` for a key that cannot be one.
pub async fn put(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    kind: Kind,
    key: &str,
    draft: &Value,
) -> Result<Resource> {
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if key.is_empty() || key.len() > 255 || !is_key(key) {
        return Err(Error::invalid_field("key", "must be letters, digits, -, _ and ."));
    }
    queries::put(tx, organisation, kind.as_str(), key, draft, notify.clock.now()).await?;
    get(tx, organisation, kind, key).await?.ok_or(Error::NotFound("resource"))
}

/// Makes the draft of a resource a version, which counts from now on. A draft that is the version already makes none.
///
/// # Errors
/// `NotFound`.
pub async fn commit(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    kind: Kind,
    key: &str,
    (note, author): (&str, &str),
) -> Result<Version> {
    let resource = get(tx, organisation, kind, key).await?.ok_or(Error::NotFound(kind.as_str()))?;
    if let Some(id) = &resource.version_id
        && let Some(current) = queries::version(tx, organisation, id).await?
        && current.body == resource.draft
    {
        return Ok(current);
    }
    let now = notify.clock.now();
    let version = Version {
        id: new_uuid(),
        place: new_ksuid(now),
        kind: kind.as_str().to_owned(),
        key: key.to_owned(),
        body: resource.draft,
        note: note.to_owned(),
        author: author.to_owned(),
        created_at: now,
    };
    queries::insert_version(tx, organisation, &version).await?;
    queries::set_version(tx, organisation, kind.as_str(), key, &version.id).await?;
    Ok(version)
}

/// Switches a resource on, or off.
///
/// # Errors
/// `NotFound`.
pub async fn activate(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: Kind,
    key: &str,
    is_active: bool,
) -> Result<()> {
    match queries::set_active(tx, organisation, kind.as_str(), key, is_active).await? {
        0 => Err(Error::NotFound(kind.as_str())),
        _ => Ok(()),
    }
}

/// A resource by its key.
///
/// # Errors
/// What the database says.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, kind: Kind, key: &str) -> Result<Option<Resource>> {
    Ok(queries::get(tx, organisation, kind.as_str(), key).await?)
}

/// A version by its id.
///
/// # Errors
/// What the database says.
pub async fn version(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<Version>> {
    Ok(queries::version(tx, organisation, id).await?)
}

/// A stretch of the resources of a kind, by key.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, kind: Kind, range: &Range) -> Result<Vec<Resource>> {
    Ok(queries::list(tx, organisation, kind.as_str(), range).await?)
}

/// A stretch of the versions of all resources, by place.
///
/// # Errors
/// What the database says.
pub async fn versions(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Version>> {
    Ok(queries::versions(tx, organisation, range).await?)
}

/// Removes a resource; its versions stay, for the runs that go on.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, organisation: &OrganisationId, kind: Kind, key: &str) -> Result<()> {
    match queries::delete(tx, organisation, kind.as_str(), key).await? {
        0 => Err(Error::NotFound(kind.as_str())),
        _ => Ok(()),
    }
}
