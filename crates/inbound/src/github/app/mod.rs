//! GitHub's side of an app: its registration by a manifest, its installations, and their tokens.
//!
//! An app proves who it is by a token that it signs with its private key. With that, it makes a token
//! for an installation, which is good for an hour. Here are the calls; nothing is stored.

pub(crate) mod hook_deliveries;
mod installations;
pub(crate) mod manifest;
#[cfg(test)]
mod tests;

use campanile_base::{Secret, Timestamp};
use campanile_net::Client;
use campanile_net::oauth::{self, Authentication, Encoding, Flow, Pkce, Refresh, Registration};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use installations::{Installation, MintedToken, granted};

use super::remote::{DIALECT, Github, id};
use crate::apps::{AppSecrets, ConnectorApp, OpenApp};
use crate::connections::ConnectionKind;
use crate::payload::Read as _;
use crate::remote::{Api, RestPage, Trouble, needed_text};

/// The seconds by which our clock may be ahead of GitHub's, and those for which a proof is good:
/// GitHub accepts at most ten minutes.
const BEHIND: i64 = 60;
const LIFE: i64 = 540;
/// The seconds between our clock and GitHub's from which on the clock is named as the fault.
const CLOCK_OFF: u64 = 60;

/// The claims of the proof.
#[derive(Serialize)]
struct Claims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

/// An app that GitHub has just registered.
pub(crate) struct RegisteredApp {
    pub(crate) number: String,
    pub(crate) slug: String,
    pub(crate) url: String,
    pub(crate) client_id: String,
    pub(crate) secrets: AppSecrets,
}

/// A person of GitHub who has consented.
pub(crate) struct GithubUser {
    pub(crate) id: String,
    pub(crate) login: String,
}

impl Github {
    /// The page where somebody installs an app.
    pub(crate) fn install_page(&self, app: &ConnectorApp, state: &str) -> String {
        let folder = if self.is_enterprise_server() { "github-apps" } else { "apps" };
        format!("{}/{folder}/{}/installations/new?state={state}", self.web_url(), app.slug)
    }

    /// The page to which the form with a manifest is sent.
    pub(crate) fn registration_page(&self, owner: Option<&str>, state: &str) -> String {
        let place = owner.map_or_else(String::new, |owner| format!("/organizations/{owner}"));
        format!("{}{place}/settings/apps/new?state={state}", self.web_url())
    }

    /// The exchange of the code that GitHub sends with a person who has installed an app.
    pub(crate) fn user_flow(&self, app: &OpenApp, redirect_uri: String) -> (Flow, Registration) {
        let web = self.web_url();
        let flow = Flow {
            authorize_url: format!("{web}/login/oauth/authorize"),
            token_url: format!("{web}/login/oauth/access_token"),
            revoke_url: None,
            authentication: Authentication::Body,
            encoding: Encoding::Form,
            scopes: &[],
            scope_separator: ",",
            // The code comes with the installation, where no challenge can be sent.
            pkce: Pkce::None,
            parameters: &[],
            refresh: Refresh::None,
        };
        let (client_id, client_secret) = (app.app.client_id.clone(), Some(app.secrets.client_secret.clone()));
        (flow, Registration { client_id, client_secret, redirect_uri })
    }

    /// A client for calls with the token of a person who has consented.
    pub(crate) fn user_api(&self, http: &Client, token: &Secret) -> Api {
        Api::with_bearer(http, self.api_url(), (ConnectionKind::Oauth, token), DIALECT)
    }

    /// A client for calls as the app itself.
    pub(crate) fn app_api(&self, http: &Client, app: &OpenApp, now: Timestamp) -> Result<Api, Trouble> {
        let proof = Secret::new(proof(app, now)?);
        Ok(Api::with_bearer(http, self.api_url(), (ConnectionKind::App, &proof), DIALECT))
    }

    /// Fetches what GitHub has registered for a manifest. The code is good once, within an hour.
    pub(crate) async fn convert(&self, http: &Client, code: &str, now: Timestamp) -> Result<RegisteredApp, Trouble> {
        let api = Api::new(http, self.api_url(), (ConnectionKind::App, Secret::new("")), DIALECT);
        let app = api.call("POST", &format!("/app-manifests/{code}/conversions"), None, now).await?.body;
        let webhook_secret = app.text("webhook_secret").map(Secret::new);
        let (client_secret, private_key) = (needed_text(&app, "client_secret")?, needed_text(&app, "pem")?);
        let secrets = AppSecrets {
            client_secret: Secret::new(client_secret),
            webhook_secret,
            private_key: Secret::new(private_key),
        };
        let slug = needed_text(&app, "slug")?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !slug.chars().all(is_plain) {
            return Err(Trouble::Invalid("the app's slug is no word".to_owned()));
        }
        let url = format!("{}/apps/{slug}", self.web_url());
        Ok(RegisteredApp { number: id(&app)?, url, slug, client_id: needed_text(&app, "client_id")?, secrets })
    }

    /// The person behind a token.
    pub(crate) async fn user(&self, api: &Api, now: Timestamp) -> Result<GithubUser, Trouble> {
        let user = api.get("/user", now).await?.body;
        Ok(GithubUser { id: id(&user)?, login: needed_text(&user, "login")? })
    }

    /// Ends the token of a person.
    pub(crate) async fn end_user_token(
        &self,
        http: &Client,
        app: &OpenApp,
        token: &Secret,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let client = &app.app.client_id;
        let authorization = oauth::basic_authorization(client, app.secrets.client_secret.expose());
        let api = Api::new(http, self.api_url(), (ConnectionKind::App, Secret::new(authorization)), DIALECT);
        let body = json!({ "access_token": token.expose() });
        api.call("DELETE", &format!("/applications/{client}/token"), Some(&body), now).await.map(drop)
    }
}

/// The proof that we are the app, good for some minutes.
fn proof(app: &OpenApp, now: Timestamp) -> Result<String, Trouble> {
    let unusable = |error| Trouble::Invalid(format!("the private key of the app cannot be used: {error}"));
    let key = EncodingKey::from_rsa_pem(app.secrets.private_key.expose().as_bytes()).map_err(unusable)?;
    let seconds = now.as_seconds();
    let claims = Claims { iat: seconds - BEHIND, exp: seconds + LIFE, iss: &app.app.number };
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).map_err(unusable)
}

/// Makes a call as the app. If GitHub refuses the proof while the clocks differ, the clock is named.
async fn as_app(
    api: &Api,
    method: &'static str,
    path: &str,
    body: Option<&Value>,
    now: Timestamp,
) -> Result<RestPage, Trouble> {
    match api.call(method, path, body, now).await {
        Err(Trouble::Unauthorised) => Err(match api.seconds_ahead() {
            Some(seconds) if seconds.unsigned_abs() >= CLOCK_OFF => Trouble::ClockOff(seconds),
            _ => Trouble::Unauthorised,
        }),
        answer => answer,
    }
}
