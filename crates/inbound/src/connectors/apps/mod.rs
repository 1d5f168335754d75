//! The app that the accounts of an organisation install: its own, or that of the whole server.
//!
//! * `registration`: GitHub registers an app of the organisation's own from a manifest.
//! * `installation`: somebody installs the app; it is proven that the installation is theirs.
//! * `account_changes`: what GitHub tells about an account changes its connections.
//! * `redelivery`: deliveries that have failed are asked for again.
//! * `tokens`: tokens of an installation, which live for an hour and are in memory only.

mod account_changes;
mod installation;
mod redelivery;
mod registration;
#[cfg(test)]
mod tests;
mod tokens;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Error, Result};
use campanile_engine::Registry;
use serde_json::json;

use super::Connectors;
use crate::Provider;
use crate::apps::{AppId, AppSecrets, AppWithProgress, ConnectorApp, OF_SERVER, OpenApp, PATH_OF_SERVER, queries};
use crate::connections::{self, Connection};
use crate::github::remote::GithubSettings;
use crate::remote::Trouble;

pub use registration::{AppForm, AppOutcome};
pub(super) use tokens::InstallationTokens;

/// Registers the workflows and jobs of apps.
pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    redelivery::register(registry, connectors);
}

/// The app of the whole server, by the settings of GitHub.
pub(super) fn of_server(settings: &GithubSettings) -> Option<OpenApp> {
    let set = settings.app.as_ref()?;
    let app = ConnectorApp {
        id: AppId::from(OF_SERVER.to_owned()),
        organisation_id: None,
        provider: Provider::Github,
        number: set.app_id.clone(),
        slug: set.slug.clone(),
        url: format!("{}/apps/{}", settings.web_url.trim_end_matches('/'), set.slug),
        client_id: set.client_id.clone(),
        path: PATH_OF_SERVER.to_owned(),
        created_by: String::new(),
        created_at: None,
    };
    let secrets = AppSecrets {
        client_secret: set.client_secret.clone(),
        webhook_secret: set.webhook_secret.clone(),
        private_key: set.private_key.clone(),
    };
    Some(OpenApp { app, secrets })
}

impl Connectors {
    /// The app at GitHub that the accounts of an organisation install; `None` if there is none.
    ///
    /// # Errors
    /// `Internal` when its secrets cannot be opened.
    pub(super) async fn app_for(&self, organisation: &OrganisationId) -> Result<Option<OpenApp>> {
        let of = organisation.clone();
        let read =
            self.db.read(move |tx| Box::pin(async move { queries::of_organisation(tx, &of, Provider::Github).await }));
        match read.await? {
            Some(sealed) => sealed.open(&self.vault).map(Some),
            None => Ok(self.server_app.clone()),
        }
    }

    /// The app whose deliveries arrive at a path.
    pub(crate) async fn app_at(&self, provider: Provider, path: &str) -> Result<Option<OpenApp>> {
        if provider == Provider::Github && path == PATH_OF_SERVER {
            return Ok(self.server_app.clone());
        }
        let path = path.to_owned();
        let read = self.db.read(move |tx| Box::pin(async move { queries::at_path(tx, provider, &path).await }));
        read.await?.map(|sealed| sealed.open(&self.vault)).transpose()
    }

    /// The app by which an account was connected.
    pub(super) async fn app_of(&self, connection: &Connection) -> Result<OpenApp, Trouble> {
        let gone = || Trouble::Invalid("the app that was installed is not set up here any more".to_owned());
        let id = connection.app_id.as_deref().ok_or_else(gone)?;
        let found = match id {
            OF_SERVER => self.server_app.clone(),
            _ => self.app_for(&connection.organisation_id).await?.filter(|open| open.app.id.as_str() == id),
        };
        found.ok_or_else(gone)
    }

    /// The app at GitHub that the accounts of an organisation install, without its secrets.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn app(&self, caller: &Caller) -> Result<Option<AppWithProgress>> {
        let Some(OpenApp { app, .. }) = self.app_for(&caller.organisation).await? else { return Ok(None) };
        let id = app.id.clone();
        let read = self.db.read(move |tx| Box::pin(async move { queries::heard_at(tx, id.as_str()).await }));
        Ok(Some(AppWithProgress { app, heard_at: read.await? }))
    }

    /// Forgets the app of an organisation, with its secrets. It stays registered at GitHub.
    /// Without one, nothing happens.
    ///
    /// # Errors
    /// `Forbidden`; `Conflict` while accounts are connected by it.
    pub async fn remove_app(&self, caller: &Caller) -> Result<()> {
        caller.must(Permission::Configure)?;
        let (caller, clock) = (caller.clone(), self.clock.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let organisation = &caller.organisation;
                    let Some(found) = queries::of_organisation(tx, organisation, Provider::Github).await? else {
                        return Ok(());
                    };
                    let id = found.app.id;
                    if connections::queries::number_of_app(tx, organisation, id.as_str()).await? > 0 {
                        return Err(Error::conflict("accounts are connected by this app; disconnect them first"));
                    }
                    queries::delete(tx, organisation, &id).await?;
                    queries::forget_progress(tx, id.as_str()).await?;
                    let about = json!({ "provider": Provider::Github, "app": found.app.slug });
                    activity::record(tx, &clock, &caller, Action::ConnectorAppRemoved, id.as_str(), about).await
                })
            })
            .await
    }
}
