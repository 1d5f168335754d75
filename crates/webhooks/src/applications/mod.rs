//! Applications: who has endpoints. Each workspace owns one, whose uid is the workspace's id.

mod queries;

use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Clock, Error, Result, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::names::check_uid;

campanile_base::id_type!(
    /// One application.
    pub ApplicationId, "app"
);

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
    /// Its name.
    pub name: String,
    /// The caller's own notes.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Always `null` as yet: deliveries are not throttled.
    #[schema(value_type = Option<i64>)]
    pub throttle_rate: (),
}

/// An application to be made.
#[derive(Debug, Clone)]
pub struct NewApplication {
    /// Its name.
    pub name: String,
    /// The caller's own id for it.
    pub uid: Option<String>,
    /// The caller's own notes.
    pub metadata: Map<String, Value>,
}

/// Makes an application.
///
/// # Errors
/// `Conflict` when the uid is taken.
pub async fn create(tx: &mut Tx, clock: &Clock, caller: &Caller, new: NewApplication) -> Result<Application> {
    caller.must(Permission::Configure)?;
    if new.name.trim().is_empty() {
        return Err(Error::invalid("name must not be empty"));
    }
    if let Some(uid) = &new.uid {
        check_uid(uid, "app_")?;
    }
    let now = clock.now();
    let application = Application {
        id: ApplicationId::new(now),
        organisation_id: caller.organisation.clone(),
        uid: new.uid,
        name: new.name,
        metadata: new.metadata,
        created_at: now,
        updated_at: now,
        throttle_rate: (),
    };
    if !queries::insert(tx, &application).await? {
        return Err(Error::conflict("An application with that id or uid already exists"));
    }
    Ok(application)
}

/// An application by its id or uid.
///
/// # Errors
/// `NotFound` when the organisation has none.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, id_or_uid: &str) -> Result<Application> {
    queries::by_id_or_uid(tx, organisation, id_or_uid).await?.ok_or(Error::NotFound("application"))
}

/// Applications after an id, oldest first, with one to spare.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, after: &str, limit: i64) -> Result<Vec<Application>> {
    Ok(queries::list(tx, organisation, after, limit + 1).await?)
}
