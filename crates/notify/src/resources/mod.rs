//! Resources: documents with versions. Workflows, layouts, partials, translations, channel groups,
//! guides, audiences.
//!
//! Writing a resource changes its draft. A commit makes the draft a version, which never changes.
//! The last version is the current one. A workflow is switched on and off independently of its
//! versions.

mod check;
mod queries;
mod resource_cache;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing, Timestamp, new_ksuid, new_uuid, sha256_hex};
use campanile_db::{Range, Tx};
use serde_json::{Value, json};

use crate::Notify;
use crate::signals::{self, Happening};

pub use campanile_documents::template::DEFAULT_NAMESPACE;
pub use check::check;
pub(crate) use resource_cache::SharedResources;

/// The only environment of an organisation.
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
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Workflow,
        Self::EmailLayout,
        Self::Partial,
        Self::Translation,
        Self::ChannelGroup,
        Self::Guide,
        Self::Audience,
    ];

    /// The kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The kind, in errors.
    pub fn thing(self) -> Thing {
        match self {
            Self::Workflow => Thing::Workflow,
            Self::EmailLayout => Thing::EmailLayout,
            Self::Partial => Thing::Partial,
            Self::Translation => Thing::Translation,
            Self::ChannelGroup => Thing::ChannelGroup,
            Self::Guide => Thing::Guide,
            Self::Audience => Thing::Audience,
        }
    }

    /// The name, as it is stored and as the API writes it.
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
    /// The key.
    pub key: String,
    /// The current version; `None` before the first commit.
    pub version_id: Option<String>,
    /// True if it is switched on.
    pub is_active: bool,
    /// The document, as it was last written.
    pub draft: Value,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time of the last change of the draft.
    pub updated_at: Timestamp,
}

impl Resource {
    /// The JSON of the management API.
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
    /// The place in lists, which sort by it.
    pub place: String,
    /// The kind of resource.
    pub kind: String,
    /// The key of the resource.
    pub key: String,
    /// The note of the commit.
    pub note: String,
    /// The author of the commit.
    pub author: String,
    /// The time of the commit.
    pub created_at: Timestamp,
}

/// A resource with the document of its current version.
#[derive(Debug, Clone)]
pub(crate) struct CurrentResource {
    /// The key.
    pub(crate) key: String,
    /// The current version.
    pub(crate) version_id: String,
    /// True if it is switched on.
    pub(crate) is_active: bool,
    /// The document of the current version.
    pub(crate) document: Value,
    /// The time of its creation.
    pub(crate) created_at: Timestamp,
    /// The time of the last change.
    pub(crate) updated_at: Timestamp,
}

/// Which versions are listed: all of the organisation, or those that match.
#[derive(Debug, Clone, Default)]
pub struct VersionFilter {
    /// The kind of resource.
    pub kind: Option<Kind>,
    /// The key of the resource.
    pub key: Option<String>,
}

/// Writes a resource's draft.
///
/// # Errors
/// `InvalidField` if the key is not valid.
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
        return Err(Error::invalid_field("key", "must be at most 255 letters, digits, and -, _, ., /, :, @ or +"));
    }
    queries::put(tx, organisation, kind.as_str(), key, draft, notify.clock.now()).await?;
    tx.forgets(&notify.resources, organisation.clone());
    let written = get(tx, organisation, kind, key).await?.ok_or(Error::NotFound(Thing::Resource))?;
    raise(tx, notify, organisation, kind, &written, ("updated", None)).await?;
    Ok(written)
}

/// Raises the signal of a written document, for the kinds that have one.
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

/// Makes the draft of a resource its current version. If the draft equals the current version, no
/// new version is made.
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
    let resource = get(tx, organisation, kind, key).await?.ok_or(Error::NotFound(kind.thing()))?;
    if let Some(id) = &resource.version_id
        && let Some((current, document)) = queries::version(tx, organisation, id).await?
        && document == resource.draft
    {
        return Ok(current);
    }
    let now = notify.clock.now();
    let version = Version {
        id: new_uuid(),
        place: new_ksuid(now),
        kind: kind.as_str().to_owned(),
        key: key.to_owned(),
        note: note.to_owned(),
        author: author.to_owned(),
        created_at: now,
    };
    queries::insert_version(tx, organisation, &version, &resource.draft).await?;
    queries::set_version(tx, organisation, kind.as_str(), key, &version.id).await?;
    tx.forgets(&notify.resources, organisation.clone());
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
        0 => Err(Error::NotFound(kind.thing())),
        _ => Ok(()),
    }
}

/// A resource by its key.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, kind: Kind, key: &str) -> Result<Option<Resource>> {
    Ok(queries::get(tx, organisation, kind.as_str(), key).await?)
}

/// A version by its id, with its document.
pub async fn version(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<(Version, Value)>> {
    Ok(queries::version(tx, organisation, id).await?)
}

/// A page of the resources of a kind, by key.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, kind: Kind, range: &Range) -> Result<Vec<Resource>> {
    Ok(queries::list(tx, organisation, kind.as_str(), range).await?)
}

/// A page of the resources of a kind that have a version, by key.
pub(crate) async fn current(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: Kind,
    range: &Range,
) -> Result<Vec<CurrentResource>> {
    Ok(queries::current(tx, organisation, kind.as_str(), None, range).await?)
}

/// A resource by its key, if it has a version.
pub(crate) async fn current_by_key(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: Kind,
    key: &str,
) -> Result<Option<CurrentResource>> {
    Ok(queries::current(tx, organisation, kind.as_str(), Some(key), &Range::first(1)).await?.pop())
}

/// A page of versions, by place. Their documents are not read.
pub async fn versions(
    tx: &mut Tx,
    organisation: &OrganisationId,
    filter: &VersionFilter,
    range: &Range,
) -> Result<Vec<Version>> {
    Ok(queries::versions(tx, organisation, filter, range).await?)
}

/// Removes a resource. Its versions stay, because waiting runs need them.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, kind: Kind, key: &str) -> Result<()> {
    if queries::delete(tx, organisation, kind.as_str(), key).await? == 0 {
        return Err(Error::NotFound(kind.thing()));
    }
    tx.forgets(&notify.resources, organisation.clone());
    Ok(())
}
