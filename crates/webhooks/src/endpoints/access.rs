//! Reads and changes the authentication settings of an endpoint: OAuth 2, client certificate,
//! certificate authority.

use campanile_accounts::activity::Action;
use campanile_accounts::{Caller, Permission};
use campanile_base::bounds::OAUTH_BYTES;
use campanile_base::{Error, Result, Secret};
use campanile_db::Tx;
use campanile_net::Tls;

use crate::model::applications::Application;
use crate::model::endpoints::access::opened_oauth;
use crate::model::endpoints::{Endpoint, checked_url, headers, queries};
use crate::{Webhooks, directory, trail};

pub use crate::model::endpoints::access::{AuthMethod, GrantType, Oauth};

/// The maximum length of certificates, in bytes.
const PEM: usize = 65_536;

/// A change of the settings.
#[derive(Debug, Clone)]
pub enum Change {
    /// The OAuth 2 settings; `None` for no tokens. Absent secrets stay as they are, if the token
    /// address does.
    Oauth(Option<Box<Oauth>>),
    /// Our client certificate with its key, in PEM.
    Identity(Option<Secret>),
    /// The authority that must have issued the endpoint's certificate, in PEM.
    ServerCa(Option<String>),
}

/// Changes the authentication settings of an endpoint.
///
/// # Errors
/// `InvalidField` for a malformed address or certificate, `Forbidden`.
pub async fn set(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    change: Change,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    let mut access = queries::access(tx, &endpoint.id).await?;
    match change {
        Change::Oauth(oauth) => access.oauth = sealed_oauth(webhooks, oauth, access.oauth.as_deref())?,
        Change::Identity(identity) => {
            if let Some(identity) = &identity {
                check_pem("identity", identity.expose(), |pem| Tls::parse(Some(pem), None))?;
            }
            access.identity = identity.map(|identity| webhooks.vault.seal(&identity));
        }
        Change::ServerCa(ca) => {
            if let Some(ca) = &ca {
                check_pem("cert", ca, |pem| Tls::parse(None, Some(pem)))?;
            }
            access.server_ca = ca;
        }
    }
    queries::set_access(tx, &endpoint.id, &access).await?;
    tx.forgets(&webhooks.tokens, endpoint.id.clone());
    directory::changed(tx, webhooks, &application.id).await?;
    let part = Some(("part", "authentication"));
    trail::endpoint(tx, webhooks, caller, (application, endpoint), Action::EndpointUpdated, part).await
}

fn sealed_oauth(webhooks: &Webhooks, new: Option<Box<Oauth>>, before: Option<&str>) -> Result<Option<String>> {
    let Some(mut new) = new else { return Ok(None) };
    new.token_url = checked_url(&new.token_url, webhooks.settings.https_only)
        .map_err(|error| Error::invalid_field("tokenUrl", error.to_string()))?;
    let before = before.map(|sealed| opened_oauth(&webhooks.vault, sealed)).transpose()?;
    // Secrets that are known need not be sent with every change. But they are never sent to another
    // address.
    if let Some(before) = before.filter(|before| before.token_url == new.token_url) {
        new.client_secret = new.client_secret.or(before.client_secret);
        new.refresh_token = new.refresh_token.or(before.refresh_token);
    }
    if new.grant_type == GrantType::RefreshToken && new.refresh_token.is_none() {
        return Err(Error::invalid_field("refreshToken", "is needed for this grantType"));
    }
    headers::checked(new.extra_headers.iter().flatten().map(|(n, v)| (n.clone(), v.clone())).collect())?;
    let text = serde_json::to_string(&new).map_err(Error::internal)?;
    if text.len() > OAUTH_BYTES {
        return Err(Error::invalid_field(
            "extraParams",
            format!("and the rest must not be longer than {OAUTH_BYTES} bytes"),
        ));
    }
    Ok(Some(webhooks.vault.seal(&Secret::new(text))))
}

fn check_pem(field: &'static str, text: &str, parse: impl Fn(&str) -> std::result::Result<Tls, String>) -> Result<()> {
    if text.len() > PEM {
        return Err(Error::invalid_field(field, "must be at most 65536 bytes"));
    }
    parse(text).map(drop).map_err(|why| Error::invalid_field(field, why))
}

/// The authentication settings of an endpoint.
#[derive(Debug, Clone)]
pub struct View {
    /// The OAuth 2 settings.
    pub oauth: Option<Oauth>,
    /// True if we present a client certificate.
    pub has_identity: bool,
    /// The authority that must have issued the endpoint's certificate.
    pub server_ca: Option<String>,
}

/// The authentication settings of an endpoint. The caller must remove the secrets before showing
/// them.
///
/// # Errors
/// The vault cannot decrypt the stored settings.
pub async fn get(tx: &mut Tx, webhooks: &Webhooks, endpoint: &Endpoint) -> Result<View> {
    let sealed = queries::access(tx, &endpoint.id).await?;
    let oauth = sealed.oauth.as_deref().map(|sealed| opened_oauth(&webhooks.vault, sealed)).transpose()?;
    Ok(View { oauth, has_identity: sealed.identity.is_some(), server_ca: sealed.server_ca })
}
