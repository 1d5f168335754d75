//! Connects an installation of our app at GitHub.
//!
//! The person installs the app at GitHub and comes back with the number of the installation and a
//! code. Anybody can write a number into an address. So the code is exchanged for a token of the
//! person, and the number must be among the installations that they can reach there. The token is
//! ended right after.
//!
//! The app of the whole server serves many organisations, and somebody who may only read one
//! repository can reach its installation too. So with that app the person must govern the account:
//! it is theirs, or they are an owner of the organisation at GitHub.
//!
//! Somebody who may not install the app asks an owner for it. The connection is pending then, until
//! GitHub tells of the installation that they asked for.

use campanile_accounts::Caller;
use campanile_base::Secret;
use campanile_net::oauth;

use super::super::new_connection::NewConnection;
use super::super::{ConnectRefusal, Connectors, ProviderReturn};
use crate::Provider;
use crate::apps::OpenApp;
use crate::connections::{Connection, ConnectionKind, Lifetime};
use crate::github::app::{GithubUser, Installation};
use crate::remote::{Account, Trouble};

const NAME: &str = "GitHub";

/// The connection's account while it is pending: the person who asked for the installation.
pub(super) fn requested_by(user: &str) -> String {
    format!("request:{user}")
}

/// An account whose installation is proven, or was asked for.
enum Proven {
    Installed(Installation, GithubUser),
    Requested(GithubUser),
}

impl Connectors {
    /// Connects the installation with which a person has come back.
    pub(in super::super) async fn connect_installation(
        &self,
        caller: &Caller,
        returned: ProviderReturn,
    ) -> std::result::Result<Connection, ConnectRefusal> {
        let refused = |error| ConnectRefusal::of_error(&error);
        let code = returned.code_of(Provider::Github)?;
        let app = self.app_for(&caller.organisation).await.map_err(refused)?;
        let app = app.ok_or_else(|| ConnectRefusal::new("refused", "There is no app at GitHub any more."))?;
        let token = self.token_of_user(&app, &code).await?;
        let proven = self.prove(&app, &token, &returned).await;
        let ended = self.github.end_user_token(&self.client, &app, &token, self.clock.now()).await;
        if let Err(trouble) = ended {
            tracing::info!(%trouble, "the token of a person at GitHub was not ended; it ends by itself");
        }
        let connected = match proven? {
            Proven::Requested(user) => self.store_connection(caller, request(&app, &user)).await,
            Proven::Installed(installation, user) => {
                let new = NewConnection { replaces: Some(requested_by(&user.id)), ..installed(&app, installation) };
                self.store_connection(caller, new).await
            }
        };
        connected.map_err(refused)
    }

    async fn token_of_user(&self, app: &OpenApp, code: &str) -> std::result::Result<Secret, ConnectRefusal> {
        let (flow, client) = self.github.user_flow(app, self.return_address(Provider::Github));
        let tokens = oauth::exchange(&self.client, &flow, &client, code, None).await;
        let tokens = tokens.map_err(|error| Trouble::of_oauth(error, self.clock.now()));
        Ok(tokens.map_err(|trouble| ConnectRefusal::of_trouble(NAME, &trouble))?.access)
    }

    /// Proves that the installation is the person's, by what GitHub answers to their token.
    async fn prove(
        &self,
        app: &OpenApp,
        token: &Secret,
        returned: &ProviderReturn,
    ) -> std::result::Result<Proven, ConnectRefusal> {
        let failed = |trouble: Trouble| ConnectRefusal::of_trouble(NAME, &trouble);
        let (api, now) = (self.github.user_api(&self.client, token), self.clock.now());
        let user = self.github.user(&api, now).await.map_err(failed)?;
        if returned.setup_action.as_deref() == Some("request") {
            return Ok(Proven::Requested(user));
        }
        let number = returned.installation_id.as_deref().filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
        let number = number.ok_or_else(|| ConnectRefusal::new("provider_failed", "GitHub named no installation."))?;
        let found = self.github.installation_of_user(&api, number, now).await.map_err(failed)?;
        let found = found.ok_or_else(not_theirs)?;
        let is_shared = app.app.organisation_id.is_none();
        if is_shared && !self.github.governs(&api, &user, &found, now).await.map_err(failed)? {
            let account = &found.account;
            let message = format!("Only an owner of {account} at GitHub connects it. Nothing was connected.");
            return Err(ConnectRefusal::new("not_owner", message));
        }
        Ok(Proven::Installed(found, user))
    }
}

fn not_theirs() -> ConnectRefusal {
    ConnectRefusal::new(
        "not_theirs",
        "You cannot reach this installation at GitHub with the account that you have there. Nothing was connected.",
    )
}

/// The connection of an installation.
pub(super) fn installed(app: &OpenApp, installation: Installation) -> NewConnection {
    let account =
        Account { scopes: installation.permissions.clone(), ..Account::new(installation.id, installation.account) };
    NewConnection {
        provider: Provider::Github,
        kind: ConnectionKind::App,
        app: Some(app.app.id.to_string()),
        scopes: account.scopes.clone(),
        account,
        credentials: None,
        lifetime: Lifetime::ENDLESS,
        is_pending: false,
        replaces: None,
        connected_by: None,
    }
}

/// The connection that waits for the installation that a person has asked for.
fn request(app: &OpenApp, user: &GithubUser) -> NewConnection {
    let account = Account::new(requested_by(&user.id), format!("asked for by {}", user.login));
    NewConnection {
        provider: Provider::Github,
        kind: ConnectionKind::App,
        app: Some(app.app.id.to_string()),
        scopes: Vec::new(),
        account,
        credentials: None,
        lifetime: Lifetime::ENDLESS,
        is_pending: true,
        replaces: None,
        connected_by: None,
    }
}
