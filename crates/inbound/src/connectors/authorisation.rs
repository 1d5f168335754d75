//! Connects an account: a person consents at the provider and comes back, or enters a token.
//!
//! # By consent
//! [`Connectors::begin`] draws a state and a verifier, and returns the provider's page.
//! [`Connectors::finish`] takes the state out of the table, exchanges the code, asks whose account it
//! is, and stores the connection. The person who comes back must be the one who began, in the same
//! organisation. A state is good once; whatever is wrong, nothing is connected.
//!
//! # The same account again
//! An account that is known keeps its connection and gets the new tokens, whatever its status was.
//! Only while it is being disconnected has one to wait.

use std::collections::BTreeMap;

use campanile_accounts::{Caller, Permission, PersonId, WorkspaceId};
use campanile_base::{Error, Result, Secret};
use campanile_net::oauth::{self, Verifier};

use super::new_connection::NewConnection;
use super::{ConnectRefusal, Connectors};
use crate::Provider;
use crate::connections::states::{self, Authoriser, Purpose, StateData};
use crate::connections::{Connection, ConnectionKind, Credentials, Lifetime};
use crate::remote::{Grant, OauthApp, Trouble, checked_fields};

/// The page of the console after an authorisation, if none is named.
pub(super) const DONE: &str = "/connect/done";
/// The longest path to return to, in bytes.
const PATH_BYTES: usize = 512;
/// The longest token that a person may enter, in bytes.
const TOKEN_BYTES: usize = 4_096;
/// The number of authorisations that a person may have under way.
const STATES: i64 = 20;

/// The parameters with which a provider leads a person back.
#[derive(Debug, Clone, Default)]
pub struct ProviderReturn {
    /// The state that we drew.
    pub state: Option<String>,
    /// The code, if the person has consented.
    pub code: Option<String>,
    /// The provider's code of an error, if they have not.
    pub error: Option<String>,
    /// The provider's sentence on it.
    pub error_description: Option<String>,
    /// The number of the installation of our app. Anybody can write one.
    pub installation_id: Option<String>,
    /// The way in which our app was installed: `install`, `update`, or `request` if an owner has to
    /// install it first.
    pub setup_action: Option<String>,
    /// The id of the installation of our integration at Vercel. Anybody can write one.
    pub configuration_id: Option<String>,
}

impl ProviderReturn {
    /// The code, if the provider has not refused.
    pub(super) fn code_of(&self, provider: Provider) -> std::result::Result<String, ConnectRefusal> {
        let name = provider.name();
        if let Some(error) = &self.error {
            return Err(ConnectRefusal::of_provider(name, error, self.error_description.as_deref()));
        }
        let code = self.code.clone().filter(|code| !code.is_empty());
        code.ok_or_else(|| ConnectRefusal::new("provider_failed", format!("{name} sent no code.")))
    }
}

/// The end of an authorisation.
#[derive(Debug)]
pub struct ConnectOutcome {
    /// The path in the console to go on to.
    pub return_to: String,
    /// The connection, or the reason why there is none.
    pub result: std::result::Result<Connection, ConnectRefusal>,
}

impl Connectors {
    /// Begins an authorisation by a person. Returns the address of the provider's page.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` when the provider cannot be connected like this, or the path is no
    /// path of the console; `TooMany` when the person has begun too many.
    pub async fn begin(
        &self,
        (caller, person): (&Caller, &PersonId),
        workspace: WorkspaceId,
        provider: Provider,
        return_to: Option<String>,
    ) -> Result<String> {
        caller.must(Permission::Configure)?;
        let return_to = checked_path(return_to)?;
        let (by, verifier) = (authoriser(caller, person, provider), Verifier::new());
        if provider == Provider::Github {
            let app = self.app_for(&caller.organisation).await?.ok_or_else(no_app)?;
            let state = self.draw_state(by, workspace, &verifier, return_to).await?;
            return Ok(self.github.install_page(&app.app, &state));
        }
        let app = self.oauth_app(provider)?.clone();
        let state = self.draw_state(by, workspace, &verifier, return_to).await?;
        let remote = self.remote(provider).ok_or_else(|| not_yet(provider))?;
        remote.consent_page(&app, &state, &verifier).map_err(Error::internal)
    }

    /// Draws a state for a person who has not begun too many authorisations.
    pub(super) async fn draw_state(
        &self,
        by: Authoriser,
        workspace: WorkspaceId,
        verifier: &Verifier,
        return_to: String,
    ) -> Result<String> {
        let (vault, now, verifier) = (self.vault.clone(), self.clock.now(), verifier.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if states::queries::number_of(tx, &by.person, now).await? >= STATES {
                        return Err(Error::TooMany);
                    }
                    states::begin(tx, &vault, by, workspace, &verifier, return_to, now).await
                })
            })
            .await
    }

    /// Takes the state of a person out of the table.
    pub(super) async fn take_state(
        &self,
        by: Authoriser,
        state: Option<String>,
    ) -> std::result::Result<StateData, ConnectRefusal> {
        let (vault, now, state) = (self.vault.clone(), self.clock.now(), state.unwrap_or_default());
        let taken =
            self.db.write(move |tx| Box::pin(async move { states::take(tx, &vault, &by, &state, now).await })).await;
        match taken {
            Ok(Ok(known)) => Ok(known),
            Ok(Err(refusal)) => Err(ConnectRefusal::of_state(refusal)),
            Err(error) => Err(ConnectRefusal::of_error(&error)),
        }
    }

    /// Finishes an authorisation: the person has come back from the provider's page.
    pub async fn finish(
        &self,
        (caller, person): (&Caller, &PersonId),
        provider: Provider,
        returned: ProviderReturn,
    ) -> ConnectOutcome {
        let taken = self.take_state(authoriser(caller, person, provider), returned.state.clone()).await;
        let StateData { verifier, return_to } = match taken {
            Ok(known) => known,
            Err(refusal) => return ConnectOutcome { return_to: DONE.to_owned(), result: Err(refusal) },
        };
        if let Err(error) = caller.must(Permission::Configure) {
            return ConnectOutcome { return_to, result: Err(ConnectRefusal::of_error(&error)) };
        }
        let result = match provider {
            Provider::Github => self.connect_installation(caller, returned).await,
            _ => self.exchange(caller, provider, returned, &verifier).await,
        };
        ConnectOutcome { return_to, result }
    }

    async fn exchange(
        &self,
        caller: &Caller,
        provider: Provider,
        returned: ProviderReturn,
        verifier: &Verifier,
    ) -> std::result::Result<Connection, ConnectRefusal> {
        let (name, code) = (provider.name(), returned.code_of(provider)?);
        let app = self.oauth_app(provider).map_err(|error| ConnectRefusal::of_error(&error))?;
        let failed = |trouble: Trouble| ConnectRefusal::of_trouble(name, &trouble);
        let tokens = oauth::exchange(&self.client, &app.flow, &app.client, &code, Some(verifier)).await;
        let now = self.clock.now();
        let tokens = tokens.map_err(|error| failed(Trouble::of_oauth(error, now)))?;
        let grant = Grant { extra: &tokens.extra, configuration: returned.configuration_id.as_deref() };
        let account = self.account_of_grant(provider, &tokens.access, grant).await.map_err(failed)?;
        let (lifetime, removal) = (Lifetime::of(&tokens, now), account.removal.clone());
        let credentials = Credentials { access: tokens.access, refresh: tokens.refresh, removal };
        let kind = ConnectionKind::Oauth;
        let new = NewConnection {
            scopes: tokens.scopes,
            lifetime,
            ..NewConnection::with_tokens(provider, kind, account, credentials)
        };
        self.store_connection(caller, new).await.map_err(|error| ConnectRefusal::of_error(&error))
    }

    /// Connects an account with a token that a person has made at the provider, and the values of the
    /// fields that the provider has beside it.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` when the provider cannot be connected like this; `InvalidField` when it
    /// does not accept the token or a field; `Unavailable` when it does not answer.
    pub async fn connect_by_token(
        &self,
        caller: &Caller,
        provider: Provider,
        token: Secret,
        fields: BTreeMap<String, String>,
    ) -> Result<Connection> {
        caller.must(Permission::Configure)?;
        let token = Secret::new(token.expose().trim());
        let is_plain = token.expose().bytes().all(|byte| byte.is_ascii_graphic());
        if token.expose().is_empty() || token.expose().len() > TOKEN_BYTES || !is_plain {
            let rule = format!("must be 1 to {TOKEN_BYTES} printable characters without blanks");
            return Err(Error::invalid_field("token", rule));
        }
        let remote = self.remote(provider).ok_or_else(|| not_yet(provider))?;
        let fields = checked_fields(remote.token_fields(), fields)?;
        let account = self.account_of_token(provider, &token, &fields).await;
        let account = account.map_err(|trouble| match trouble {
            Trouble::Ours(error) => error,
            Trouble::Unauthorised | Trouble::Forbidden(_) | Trouble::Missing => {
                Error::invalid_field("token", format!("is not accepted by {}", provider.name()))
            }
            Trouble::Limited { .. } => Error::TooMany,
            other => Error::Unavailable { what: provider.name(), source: other.to_string().into() },
        })?;
        let credentials = Credentials { access: token, refresh: None, removal: None };
        let lifetime = Lifetime { expires_at: account.expires_at, refresh_at: None };
        let (kind, scopes) = (ConnectionKind::Token, account.scopes.clone());
        let of_token = NewConnection::with_tokens(provider, kind, account, credentials);
        let new = NewConnection { scopes, lifetime, ..of_token };
        self.store_connection(caller, new).await
    }

    fn oauth_app(&self, provider: Provider) -> Result<&OauthApp> {
        let remote = self.remote(provider).ok_or_else(|| not_yet(provider))?;
        remote.oauth().ok_or_else(|| {
            let word = provider.as_str();
            if !remote.takes_consent() {
                return Error::invalid(format!("{} is connected with a token", provider.name()));
            }
            Error::invalid(format!(
                "this server has no OAuth application at {}. Set connector_{word}_client_id and \
                 connector_{word}_client_secret, or connect it with a token",
                provider.name()
            ))
        })
    }
}

fn authoriser(caller: &Caller, person: &PersonId, provider: Provider) -> Authoriser {
    let (organisation, person) = (caller.organisation.clone(), person.clone());
    Authoriser { organisation, person, provider, purpose: Purpose::Connect }
}

fn no_app() -> Error {
    Error::invalid(
        "there is no app at GitHub. Register one with POST /api/connect/github/app, or connect GitHub with a token",
    )
}

fn not_yet(provider: Provider) -> Error {
    Error::invalid(format!("{} cannot be connected yet; add a source for its webhooks", provider.name()))
}

/// Checks a path of the console. It must not lead to another site.
pub(super) fn checked_path(path: Option<String>) -> Result<String> {
    let Some(path) = path else { return Ok(DONE.to_owned()) };
    let is_local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let is_plain = path.len() <= PATH_BYTES && path.bytes().all(|byte| byte.is_ascii_graphic());
    match is_local && is_plain && !path.contains('#') {
        true => Ok(path),
        false => Err(Error::invalid_field("return_to", "must be a path of the console, such as /sources")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_returned_to_a_path_of_the_console_only() {
        for path in ["/connect/done", "/w/acme?tab=sources"] {
            assert_eq!(checked_path(Some(path.to_owned())).unwrap(), path);
        }
        for path in ["//evil.example", "https://evil.example", "", "x", "/\\evil.example", "/a\r\nb", "/a b", "/a#b"] {
            assert!(checked_path(Some(path.to_owned())).is_err(), "{path:?}");
        }
    }
}
