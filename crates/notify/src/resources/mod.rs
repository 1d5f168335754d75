//! Resources: what is kept like code. Workflows, layouts, partials, translations, channel groups, guides, audiences.
//!
//! What is written is a draft. A commit makes it a version, which never changes; what counts is the last one. A workflow is
//! switched on and off beside its versions.

mod check;
mod queries;
mod shelf;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp, new_ksuid, new_uuid, sha256_hex};
use campanile_db::{Range, Tx};
use serde_json::{Value, json};

use crate::Notify;
use crate::signals::{self, Happening};

pub use crate::template::DEFAULT_NAMESPACE;
pub use check::check;
pub(crate) use shelf::{Shelf, Shelves};

/// The one environment that an organisation has.
pub const ENVIRONMENT: &str = "production";

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Workflow,
    EmailLayout,
    Partial,
    Translation,
    ChannelGroup,
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
            Self::ChannelGroup => "channel_group",
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

impl Resource {
    /// As the management API shows it.
    pub fn view(&self) -> Value {
        let mut view = self.draft.clone();
        let sha = sha256_hex(view.to_string());
        if let Value::Object(map) = &mut view {
            map.insert("key".to_owned(), self.key.as_str().into());
            map.insert("active".to_owned(), self.is_active.into());
            map.insert("valid".to_owned(), true.into());
            map.insert("sha".to_owned(), sha.into());
            map.insert("environment".to_owned(), ENVIRONMENT.into());
            map.insert("created_at".to_owned(), json!(self.created_at));
            map.insert("inserted_at".to_owned(), json!(self.created_at));
            map.insert("updated_at".to_owned(), json!(self.updated_at));
        }
        view
    }
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
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@+".contains(c));
    if key.is_empty() || key.len() > 255 || !is_key(key) {
        return Err(Error::invalid_field("key", "must be letters, digits, and -, _, ., :, @ or +"));
    }
    queries::put(tx, organisation, kind.as_str(), key, draft, notify.clock.now()).await?;
    Shelf::changes(tx, notify, organisation);
    let written = get(tx, organisation, kind, key).await?.ok_or(Error::NotFound("resource"))?;
    raise(tx, notify, organisation, kind, &written, ("updated", None)).await?;
    Ok(written)
}

/// Lets an organisation's systems know of what was written, where they are told of its kind.
async fn raise(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    kind: Kind,
    written: &Resource,
    (what, event_data): (&str, Option<Value>),
) -> Result<()> {
    if !matches!(kind, Kind::Workflow | Kind::EmailLayout | Kind::Translation | Kind::Partial) {
        return Ok(());
    }
    let event = format!("{}.{what}", kind.as_str());
    let happened = Happening::Document { event, view: written.view(), event_data };
    signals::raise(tx, notify, organisation, vec![happened]).await
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
    Shelf::changes(tx, notify, organisation);
    if let Some(written) = get(tx, organisation, kind, key).await? {
        let about = json!({ "commit_id": version.id });
        raise(tx, notify, organisation, kind, &written, ("committed", Some(about))).await?;
    }
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
