//! Apps: our registrations at a provider, which accounts there install.
//!
//! An organisation registers an app of its own; its row has the sealed secrets. The operator may
//! set up one for the whole server by settings. An organisation's own app comes first.
//!
//! All installations of an app deliver to one address, which ends with the app's path.

pub(crate) mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Place, Result, Secret, Timestamp, Vault};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Provider;

campanile_base::id_type!(
    /// One app.
    pub AppId, "cap"
);

/// The id of the app of the whole server. It has no row.
pub(crate) const OF_SERVER: &str = "server";
/// The end of the address of its deliveries.
pub(crate) const PATH_OF_SERVER: &str = "app";

/// Our app at a provider.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConnectorApp {
    /// Its id; `server` for the app of the whole server.
    #[schema(value_type = String)]
    pub id: AppId,
    /// The owner; `None` for the app of the whole server.
    #[serde(skip)]
    pub organisation_id: Option<OrganisationId>,
    /// The tool.
    #[schema(value_type = String)]
    pub provider: Provider,
    /// The provider's number of it.
    pub number: String,
    /// Its short name at the provider.
    pub slug: String,
    /// Its page at the provider.
    pub url: String,
    /// Its public name in OAuth.
    pub client_id: String,
    /// The last part of the address that its deliveries are sent to.
    pub path: String,
    /// The id of the member who registered it; empty for the app of the whole server.
    pub created_by: String,
    /// The time of its registration; `null` for the app of the whole server.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
}

/// An app, and its last delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AppWithProgress {
    /// The app.
    #[serde(flatten)]
    pub app: ConnectorApp,
    /// The time of the last delivery that was accepted; `null` before the first one, by which the
    /// provider tries the address.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Timestamp>,
}

/// The secrets of an app.
#[derive(Debug, Clone)]
pub(crate) struct AppSecrets {
    pub(crate) client_secret: Secret,
    /// Signs its deliveries; `None` if the provider sends none.
    pub(crate) webhook_secret: Option<Secret>,
    /// Proves that we are the app, in PEM.
    pub(crate) private_key: Secret,
}

/// An app with its secrets.
#[derive(Debug, Clone)]
pub(crate) struct OpenApp {
    pub(crate) app: ConnectorApp,
    pub(crate) secrets: AppSecrets,
}

/// A row of an app.
#[derive(Debug, Clone)]
pub(crate) struct SealedApp {
    pub(crate) app: ConnectorApp,
    pub(crate) sealed: String,
}

fn place<'a>(organisation: &'a OrganisationId, id: &'a AppId) -> Place<'a> {
    Place { organisation: organisation.as_str(), table: "connector_app", id: id.as_str(), column: "secrets" }
}

impl AppSecrets {
    /// Seals them for the row of an app.
    pub(crate) fn seal(&self, vault: &Vault, organisation: &OrganisationId, id: &AppId) -> String {
        let object = json!({
            "client_secret": self.client_secret.expose(),
            "webhook_secret": self.webhook_secret.as_ref().map(Secret::expose),
            "private_key": self.private_key.expose(),
        });
        vault.seal_for(place(organisation, id), &Secret::new(object.to_string()))
    }
}

impl SealedApp {
    /// Opens the secrets.
    ///
    /// # Errors
    /// `Internal` when they were sealed with another key or for another row.
    pub(crate) fn open(self, vault: &Vault) -> Result<OpenApp> {
        let Self { app, sealed } = self;
        let owner = app.organisation_id.as_ref().ok_or_else(|| Error::internal("a stored app has no owner"))?;
        let opened = vault.open_for(place(owner, &app.id), &sealed)?;
        let object: Value = serde_json::from_str(opened.expose()).map_err(Error::internal)?;
        let word = |name: &str| object[name].as_str().map(Secret::new);
        let needed = |name: &str| word(name).ok_or_else(|| Error::internal(format!("the stored app has no {name}")));
        let secrets = AppSecrets {
            client_secret: needed("client_secret")?,
            webhook_secret: word("webhook_secret"),
            private_key: needed("private_key")?,
        };
        Ok(OpenApp { app, secrets })
    }
}
