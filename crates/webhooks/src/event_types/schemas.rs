//! The JSON Schemas of an event type, by version. Their size and validity are checked before they
//! are stored.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::bounds::{SCHEMA_BYTES, SCHEMA_VERSIONS};
use campanile_base::{Error, Result, schema_budget};
use serde_json::{Map, Value};

use crate::Webhooks;

/// The time limit for work on the schemas of one request.
const TIME: Duration = Duration::from_secs(10);

/// Checked schemas.
#[derive(Debug, Clone)]
pub struct Schemas(Map<String, Value>);

impl Schemas {
    /// Checks that schemas are small enough and valid.
    ///
    /// # Errors
    /// `InvalidField`.
    pub fn checked(schemas: Map<String, Value>) -> Result<Self> {
        let refuse = |why: String| Err(Error::invalid_field("schemas", why));
        if schemas.len() > SCHEMA_VERSIONS {
            return refuse(format!("must not have more than {SCHEMA_VERSIONS} versions"));
        }
        let mut bytes = 0;
        for (version, schema) in &schemas {
            bytes += schema.to_string().len();
            if bytes > SCHEMA_BYTES {
                return refuse(format!("must not be longer than {SCHEMA_BYTES} bytes together"));
            }
            if let Err(why) = schema_budget::check(schema) {
                return refuse(format!("has no JSON Schema as version {version}: {why}"));
            }
            if let Err(why) = jsonschema::draft7::meta::validate(schema) {
                return refuse(format!("has no JSON Schema as version {version}: {why}"));
            }
        }
        Ok(Self(schemas))
    }

    /// Stored schemas: they were checked before.
    pub(super) fn stored(schemas: Map<String, Value>) -> Self {
        Self(schemas)
    }

    pub(super) fn into_inner(self) -> Map<String, Value> {
        self.0
    }
}

/// Checks the schemas of several event types in the sandbox, since their cost depends on input of
/// others.
///
/// # Errors
/// `InvalidField`; `TooMany` while earlier work of the organisation is under way.
pub async fn check_all(
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    all: Vec<Option<Map<String, Value>>>,
) -> Result<Vec<Option<Schemas>>> {
    in_sandbox(webhooks, organisation, move || {
        all.into_iter().map(|schemas| schemas.map(Schemas::checked).transpose()).collect::<Result<_>>()
    })
    .await?
}

/// Runs work on an organisation's input in the sandbox, on a thread of its own.
///
/// # Errors
/// `InvalidField` when it takes too long, `TooMany` while earlier work of the organisation still
/// runs.
pub async fn in_sandbox<T: Send + 'static>(
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    use campanile_sandbox::Failure;
    let done = webhooks.sandbox.run(organisation.as_str(), TIME, work).await;
    done.map_err(|failure| match failure {
        Failure::TooLong(_) => Error::invalid_field("schemas", failure.to_string()),
        Failure::Busy => Error::TooMany,
        Failure::Panicked(why) => Error::internal(why),
    })
}
