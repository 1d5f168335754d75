//! Registers an app of an organisation at GitHub, without a form to fill in.
//!
//! [`Connectors::begin_app`] makes a manifest: addresses, permissions and events. The person's browser
//! sends it to GitHub, where they confirm it. GitHub leads them back with a code, and
//! [`Connectors::finish_app`] fetches the app's secrets for it. They never pass through the browser.

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, Permission, PersonId, WorkspaceId};
use campanile_base::{Error, Result, Secret, random_token};
use campanile_net::oauth::Verifier;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::authorisation::{DONE, checked_path};
use super::super::new_connection::author;
use super::super::{ConnectRefusal, Connectors, ProviderReturn};
use crate::Provider;
use crate::apps::{AppId, ConnectorApp, SealedApp, queries};
use crate::connections::states::{Authoriser, Purpose};
use crate::github::app::manifest::{AppAddresses, manifest};

/// The characters of the path of an app's deliveries.
const PATH: usize = 22;
/// The longest name of an owner at GitHub.
const OWNER: usize = 39;

/// The longest code of a registration.
const CODE: usize = 200;

/// The form that the person's browser sends to GitHub, with the field `manifest`.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppForm {
    /// The address that the form is sent to, by POST.
    pub url: String,
    /// The value of the field `manifest`: JSON as a text.
    pub manifest: String,
    /// True if the app will deliver webhooks: GitHub can reach this server.
    pub has_webhooks: bool,
}

/// The end of a registration.
#[derive(Debug)]
pub struct AppOutcome {
    /// The path in the console to go on to.
    pub return_to: String,
    /// The app, or the reason why there is none.
    pub result: std::result::Result<ConnectorApp, ConnectRefusal>,
}

impl Connectors {
    /// Begins the registration of an app at GitHub, for an organisation there or for the person.
    ///
    /// # Errors
    /// `Forbidden`; `InvalidField` for an owner that cannot be one; `Conflict` when there is an app
    /// already; `TooMany` when the person has begun too many.
    pub async fn begin_app(
        &self,
        (caller, person): (&Caller, &PersonId),
        workspace: WorkspaceId,
        owner: Option<String>,
        return_to: Option<String>,
    ) -> Result<AppForm> {
        caller.must(Permission::Configure)?;
        let return_to = checked_path(return_to)?;
        let is_login = |name: &String| {
            (1..=OWNER).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if owner.as_ref().is_some_and(|name| !is_login(name)) {
            return Err(Error::invalid_field(
                "owner",
                "must be the name of an organisation at GitHub, as in its address",
            ));
        }
        if self.app_for(&caller.organisation).await?.is_some_and(|open| open.app.organisation_id.is_some()) {
            return Err(already());
        }
        let path = random_token("")[..PATH].to_owned();
        let at = AppAddresses {
            base_url: &self.base_url,
            public_url: &self.public_url,
            is_public: self.is_public,
            path: &path,
        };
        let manifest = manifest(&at).to_string();
        let verifier = Verifier::kept(Secret::new(path));
        let state = self.draw_state(registrar(caller, person), workspace, &verifier, return_to).await?;
        let url = self.github.registration_page(owner.as_deref(), &state);
        Ok(AppForm { url, manifest, has_webhooks: self.is_public })
    }

    /// Finishes a registration: the person has come back from GitHub.
    pub async fn finish_app(&self, (caller, person): (&Caller, &PersonId), returned: ProviderReturn) -> AppOutcome {
        let state = match self.take_state(registrar(caller, person), returned.state.clone()).await {
            Ok(state) => state,
            Err(refusal) => return AppOutcome { return_to: DONE.to_owned(), result: Err(refusal) },
        };
        let result = self.fetch_app(caller, returned, state.verifier.expose().to_owned()).await;
        AppOutcome { return_to: state.return_to, result }
    }

    async fn fetch_app(
        &self,
        caller: &Caller,
        returned: ProviderReturn,
        path: String,
    ) -> std::result::Result<ConnectorApp, ConnectRefusal> {
        let refused = |error: Error| ConnectRefusal::of_error(&error);
        caller.must(Permission::Configure).map_err(refused)?;
        let code = returned.code_of(Provider::Github)?;
        // It becomes a part of a path.
        if code.len() > CODE || !code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
            return Err(ConnectRefusal::new("provider_failed", "GitHub does not write codes like this one."));
        }
        let now = self.clock.now();
        let registered = self.github.convert(&self.client, &code, now).await;
        let registered = registered.map_err(|trouble| ConnectRefusal::of_trouble("GitHub", &trouble))?;
        let id = AppId::new(now);
        let sealed = registered.secrets.seal(&self.vault, &caller.organisation, &id);
        let app = ConnectorApp {
            id,
            organisation_id: Some(caller.organisation.clone()),
            provider: Provider::Github,
            number: registered.number,
            slug: registered.slug,
            url: registered.url,
            client_id: registered.client_id,
            path,
            created_by: author(caller).0,
            created_at: Some(now),
        };
        self.store_app(caller, SealedApp { app: app.clone(), sealed }).await.map_err(refused)?;
        Ok(app)
    }

    async fn store_app(&self, caller: &Caller, new: SealedApp) -> Result<()> {
        let (caller, clock) = (caller.clone(), self.clock.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if !queries::insert(tx, &caller.organisation, &new).await? {
                        return Err(already());
                    }
                    let about = json!({ "provider": new.app.provider, "app": new.app.slug });
                    let id = new.app.id.as_str();
                    activity::record(tx, &clock, &caller, Action::ConnectorAppRegistered, id, about).await
                })
            })
            .await
    }
}

fn registrar(caller: &Caller, person: &PersonId) -> Authoriser {
    let (organisation, person) = (caller.organisation.clone(), person.clone());
    Authoriser { organisation, person, provider: Provider::Github, purpose: Purpose::Register }
}

fn already() -> Error {
    Error::conflict("this organisation has an app at GitHub already; remove it here first")
}
