//! Applications: the owners of endpoints and messages. Each workspace has one; its uid is the
//! workspace's id.

pub(crate) mod queries;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Clock, Error, Result, Thing, Timestamp};
use campanile_db::{Range, Tx};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::names::{check_metadata, check_uid, check_words};

campanile_base::id_type!(
    /// One application.
    pub ApplicationId, "app"
);

/// The uid of the application for news about the organisation's notifications. Its endpoints get
/// payloads in the format of the hosted notification service, with that service's headers and
/// signature in addition to our own.
pub const NOTIFICATIONS: &str = "campanile.notifications";

/// An application, in the Svix API's shape.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ApplicationId,
    /// The owner.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// The customer's own id for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The display name.
    pub name: String,
    /// The customer's own key-value pairs; all values are strings.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// The maximum number of messages a second to each endpoint that has no limit of its own.
    pub throttle_rate: Option<i64>,
    /// The same as `throttleRate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<i64>,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time of the last change.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// The number of changes to it or its endpoints.
    #[serde(skip)]
    pub(crate) revision: i64,
    /// Its kind.
    #[serde(skip)]
    pub kind: ApplicationKind,
}

/// The kind of an application. All kinds but `Customer` belong to the server: such an application
/// can be neither deleted nor renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationKind {
    /// Created by the organisation for one of its customers.
    Customer,
    /// For the events of a workspace.
    Workspace(WorkspaceId),
    /// For news about the organisation's notifications.
    Notifications,
    /// For news about the endpoints and messages of the other applications.
    Operational,
}

impl ApplicationKind {
    /// The word as stored.
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

    /// The workspace that it belongs to, if any.
    pub(crate) fn workspace(&self) -> Option<&WorkspaceId> {
        match self {
            Self::Workspace(workspace) => Some(workspace),
            _ => None,
        }
    }

    /// Refuses to delete or rename an application that the server itself owns.
    pub(crate) fn must_be_a_customers(&self) -> Result<()> {
        match self {
            Self::Customer => Ok(()),
            ours => Err(Error::conflict(format!(
                "this application is Campanile's own ({}): it can be neither deleted nor renamed",
                ours.as_str()
            ))),
        }
    }
}

/// The input to create or replace an application.
#[derive(Debug, Clone, Default)]
pub struct ApplicationSpec {
    /// The display name.
    pub name: String,
    /// The customer's own id for it.
    pub uid: Option<String>,
    /// The customer's own key-value pairs; all values are strings.
    pub metadata: Map<String, Value>,
    /// The maximum number of messages a second to each endpoint that has no limit of its own.
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

/// Checks a rate: 1 to 65535 messages a second.
///
/// # Errors
/// `InvalidField`.
pub(crate) fn check_rate(rate: Option<i64>) -> Result<()> {
    match rate.is_none_or(|rate| (1..=i64::from(u16::MAX)).contains(&rate)) {
        true => Ok(()),
        false => Err(Error::invalid_field("throttle_rate", "must be at least 1, and at most 65535")),
    }
}

pub(crate) fn made_of(
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

/// Creates an application of the server's own; does nothing if it exists.
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

/// Creates the application of a workspace if there is none. Its uid is the workspace's id.
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

/// An application by its id or uid.
///
/// # Errors
/// `NotFound` when the organisation has none.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, id_or_uid: &str) -> Result<Application> {
    queries::by_id_or_uid(tx, organisation, id_or_uid).await?.ok_or(Error::NotFound(Thing::Application))
}

/// Applications of an organisation, without its operational one and the one for
/// [notifications](NOTIFICATIONS).
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Application>> {
    Ok(queries::list(tx, organisation, range).await?)
}

/// Creates the application for [`NOTIFICATIONS`] if there is none.
pub async fn ensure_notifications(tx: &mut Tx, clock: &Clock, organisation: &OrganisationId) -> Result<()> {
    if queries::by_id_or_uid(tx, organisation, NOTIFICATIONS).await?.is_some() {
        return Ok(());
    }
    let named = ("Notifications", Some(NOTIFICATIONS));
    ensure(tx, clock, organisation, ApplicationKind::Notifications, named).await
}

/// The operational application of an organisation, created on the first call.
pub async fn operational(tx: &mut Tx, clock: &Clock, organisation: &OrganisationId) -> Result<Application> {
    if let Some(known) = queries::operational(tx, organisation).await? {
        return Ok(known);
    }
    ensure(tx, clock, organisation, ApplicationKind::Operational, ("Operational webhooks", None)).await?;
    queries::operational(tx, organisation).await?.ok_or(Error::NotFound(Thing::Application))
}
