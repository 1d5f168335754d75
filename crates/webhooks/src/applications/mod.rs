//! Applications: whose endpoints and messages they are. Each workspace owns one, whose uid is its id.
//!
//! Whatever changes an application or its endpoints raises its revision in the same transaction
//! ([`touch`]); the [directory](crate::directory) keeps what it has read for as long as that stands.

pub(crate) mod queries;

use std::sync::Arc;

use campanile_accounts::{Caller, OrganisationId, Permission, WorkspaceId};
use campanile_base::{Clock, Error, Result, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::directory::Entry;
use crate::names::{check_metadata, check_uid, check_words};
use crate::{Webhooks, endpoints};
use campanile_db::Range;

campanile_base::id_type!(
    /// One application.
    pub ApplicationId, "app"
);

/// The uid of the application whose endpoints are told what becomes of the organisation's notifications: in the words, and with the headers
/// and signature, of the hosted service for notifications beside our own.
pub const NOTIFICATIONS: &str = "campanile.notifications";

/// An application, in the Svix API's shape.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ApplicationId,
    /// Whose it is.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// The caller's own id for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// What people call it.
    pub name: String,
    /// The caller's own notes.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// How many messages a second its endpoints are sent at most, unless they say otherwise themselves.
    pub throttle_rate: Option<i64>,
    /// The same again, by its other name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<i64>,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// How often it or its endpoints were changed.
    #[serde(skip)]
    pub(crate) revision: i64,
    /// Whose it is within the organisation.
    #[serde(skip)]
    pub kind: ApplicationKind,
}

/// Whose an application is within its organisation. Those that are not a customer's are our own: they are neither deleted nor renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationKind {
    /// A customer's of the organisation.
    Customer,
    /// Its endpoints are told what happens in a workspace.
    Workspace(WorkspaceId),
    /// Its endpoints are told what becomes of the organisation's notifications.
    Notifications,
    /// Its endpoints are told of what becomes of the others'.
    Operational,
}

impl ApplicationKind {
    /// As it is stored.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Workspace(_) => "workspace",
            Self::Notifications => "notifications",
            Self::Operational => "operational",
        }
    }

    fn stored(kind: &str, workspace: Option<String>) -> Self {
        match (kind, workspace) {
            ("workspace", Some(workspace)) => Self::Workspace(workspace.into()),
            ("notifications", _) => Self::Notifications,
            ("operational", _) => Self::Operational,
            _ => Self::Customer,
        }
    }

    /// The workspace whose it is.
    pub(crate) fn workspace(&self) -> Option<&WorkspaceId> {
        match self {
            Self::Workspace(workspace) => Some(workspace),
            _ => None,
        }
    }

    /// Refuses what would take one of our own away.
    fn must_be_a_customers(&self) -> Result<()> {
        match self {
            Self::Customer => Ok(()),
            ours => Err(Error::conflict(format!(
                "this application is Campanile's own ({}): it can be neither deleted nor renamed",
                ours.as_str()
            ))),
        }
    }
}

/// What an application is made of, or made over with.
#[derive(Debug, Clone, Default)]
pub struct ApplicationSpec {
    /// What people call it.
    pub name: String,
    /// The caller's own id for it.
    pub uid: Option<String>,
    /// The caller's own notes; strings.
    pub metadata: Map<String, Value>,
    /// How many messages a second its endpoints are sent at most.
    pub throttle_rate: Option<i64>,
}

impl ApplicationSpec {
    pub(crate) fn checked(self) -> Result<Self> {
        if self.name.is_empty() {
            return Err(Error::invalid_field("name", "must not be empty"));
        }
        check_words("name", &self.name)?;
        if let Some(uid) = &self.uid {
            check_uid("uid", uid, "app_")?;
        }
        check_metadata(&self.metadata)?;
        check_rate(self.throttle_rate)?;
        Ok(self)
    }
}

impl From<&Application> for ApplicationSpec {
    fn from(application: &Application) -> Self {
        Self {
            name: application.name.clone(),
            uid: application.uid.clone(),
            metadata: application.metadata.clone(),
            throttle_rate: application.throttle_rate,
        }
    }
}

/// Checks a number of messages a second.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_rate(rate: Option<i64>) -> Result<()> {
    match rate.is_none_or(|rate| (1..=i64::from(u16::MAX)).contains(&rate)) {
        true => Ok(()),
        false => Err(Error::invalid_field("throttle_rate", "must be at least 1, and at most 65535")),
    }
}

/// Makes an application.
///
/// # Errors
/// `InvalidField`, or `Conflict` when the uid is taken.
pub async fn create(tx: &mut Tx, clock: &Clock, caller: &Caller, spec: ApplicationSpec) -> Result<Application> {
    caller.must(Permission::Configure)?;
    let now = clock.now();
    let spec = spec.checked()?;
    let application =
        made_of(spec, ApplicationKind::Customer, ApplicationId::new(now), caller.organisation.clone(), now, now);
    match queries::insert(tx, &application).await? {
        true => Ok(application),
        false => Err(taken()),
    }
}

/// Makes an application over.
///
/// # Errors
/// Like [`create`].
pub async fn update(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    before: Application,
    spec: ApplicationSpec,
) -> Result<Application> {
    caller.must(Permission::Configure)?;
    if (&spec.uid, &spec.name) != (&before.uid, &before.name) {
        before.kind.must_be_a_customers()?;
    }
    let (created, now) = (before.created_at, webhooks.clock.now());
    let application = made_of(spec.checked()?, before.kind, before.id, before.organisation_id, created, now);
    if let Some(uid) = &application.uid
        && queries::uid_is_anothers(tx, &application.organisation_id, uid, &application.id).await?
    {
        return Err(taken());
    }
    queries::update(tx, &application).await?;
    touch(tx, webhooks, &application.id).await?;
    Ok(application)
}

fn made_of(
    spec: ApplicationSpec,
    kind: ApplicationKind,
    id: ApplicationId,
    organisation_id: OrganisationId,
    created_at: Timestamp,
    updated_at: Timestamp,
) -> Application {
    let ApplicationSpec { name, uid, metadata, throttle_rate } = spec;
    Application {
        id,
        organisation_id,
        uid,
        name,
        metadata,
        throttle_rate,
        rate_limit: throttle_rate,
        created_at,
        updated_at,
        revision: 0,
        kind,
    }
}

/// Makes one of our own, where the organisation has it not yet.
async fn ensure(
    tx: &mut Tx,
    clock: &Clock,
    organisation: &OrganisationId,
    kind: ApplicationKind,
    (name, uid): (&str, Option<&str>),
) -> Result<()> {
    let now = clock.now();
    let spec = ApplicationSpec { name: name.to_owned(), uid: uid.map(str::to_owned), ..ApplicationSpec::default() };
    queries::insert(tx, &made_of(spec, kind, ApplicationId::new(now), organisation.clone(), now, now)).await?;
    Ok(())
}

/// Makes the application of a workspace, whose uid is the workspace's id, where there is none.
///
/// # Errors
/// What the database says.
pub async fn ensure_of_workspace(
    tx: &mut Tx,
    clock: &Clock,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<()> {
    if queries::by_id_or_uid(tx, organisation, workspace.as_str()).await?.is_some() {
        return Ok(());
    }
    let kind = ApplicationKind::Workspace(workspace.clone());
    ensure(tx, clock, organisation, kind, (name, Some(workspace.as_str()))).await
}

fn taken() -> Error {
    Error::conflict("An application with that id or uid already exists")
}

/// Removes an application with its endpoints. What waits for them is dropped; its uid is free again.
///
/// # Errors
/// `Conflict` for one of our own.
pub async fn delete(tx: &mut Tx, webhooks: &Webhooks, caller: &Caller, application: &Application) -> Result<()> {
    caller.must(Permission::Configure)?;
    application.kind.must_be_a_customers()?;
    let now = webhooks.clock.now();
    queries::delete(tx, &application.id, now).await?;
    endpoints::queries::delete_all(tx, &application.id, now).await?;
    touch(tx, webhooks, &application.id).await
}

/// Says that an application or its endpoints have changed: copies of it are read anew.
///
/// # Errors
/// What the database says.
pub(crate) async fn touch(tx: &mut Tx, webhooks: &Webhooks, id: &ApplicationId) -> Result<()> {
    queries::raise_revision(tx, id).await?;
    let (directory, id) = (webhooks.directory.clone(), id.clone());
    tx.after_commit(move || directory.forget(&id));
    Ok(())
}

/// An application by its id or uid.
///
/// # Errors
/// `NotFound` when the organisation has none.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, id_or_uid: &str) -> Result<Application> {
    queries::by_id_or_uid(tx, organisation, id_or_uid).await?.ok_or(Error::NotFound("application"))
}

/// Applications of an organisation; those of the organisation's own, operational and for [notifications](NOTIFICATIONS), are not listed.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Application>> {
    Ok(queries::list(tx, organisation, range).await?)
}

/// Makes the application for [`NOTIFICATIONS`], where there is none.
///
/// # Errors
/// What the database says.
pub async fn ensure_notifications(tx: &mut Tx, clock: &Clock, organisation: &OrganisationId) -> Result<()> {
    if queries::by_id_or_uid(tx, organisation, NOTIFICATIONS).await?.is_some() {
        return Ok(());
    }
    let named = ("Notifications", Some(NOTIFICATIONS));
    ensure(tx, clock, organisation, ApplicationKind::Notifications, named).await
}

/// The application for [`NOTIFICATIONS`], where it has an endpoint that is told anything. What another node changed is known within a second.
///
/// # Errors
/// What the database says.
pub async fn notified(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
) -> Result<Option<Arc<Application>>> {
    let listens = |entry: &Entry| {
        let is_told = entry.targets.iter().any(|target| !target.endpoint.disabled);
        is_told.then(|| Arc::new(entry.application.clone()))
    };
    if let Some(entry) = webhooks.directory.notifications(webhooks, organisation) {
        return Ok(listens(&entry));
    }
    let Some(found) = queries::by_id_or_uid(tx, organisation, NOTIFICATIONS).await? else { return Ok(None) };
    let entry = webhooks.directory.at_revision(tx, webhooks, &found.id, found.revision).await?;
    Ok(entry.as_deref().and_then(listens))
}

/// The application whose endpoints are told of what becomes of the others'; it is made when it is
/// first asked for.
///
/// # Errors
/// What the database says.
pub async fn operational(tx: &mut Tx, clock: &Clock, organisation: &OrganisationId) -> Result<Application> {
    if let Some(known) = queries::operational(tx, organisation).await? {
        return Ok(known);
    }
    ensure(tx, clock, organisation, ApplicationKind::Operational, ("Operational webhooks", None)).await?;
    queries::operational(tx, organisation).await?.ok_or(Error::NotFound("application"))
}
