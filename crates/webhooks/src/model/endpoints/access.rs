//! Authentication between us and an endpoint, in addition to the signature: an access token (OAuth
//! 2), our client certificate (mutual TLS), and the authority that must have issued the endpoint's
//! certificate.

use std::collections::BTreeMap;
use std::sync::Arc;

use campanile_base::{Error, Result, Secret, Vault};
use campanile_net::Tls;
use serde::{Deserialize, Serialize};

use super::queries::SealedAccess;

/// The authority that issues access tokens, and our credentials there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Oauth {
    /// The grant type of the token request.
    pub grant_type: GrantType,
    /// The way in which our credentials are sent.
    pub auth_method: AuthMethod,
    /// Our client id.
    pub client_id: String,
    /// Our client secret.
    pub client_secret: Option<String>,
    /// The address of the token endpoint.
    pub token_url: String,
    /// The scopes of the token.
    pub scopes: Option<Vec<String>>,
    /// Additional parameters of the token request.
    pub extra_params: Option<BTreeMap<String, String>>,
    /// The refresh token; needed for [`GrantType::RefreshToken`].
    pub refresh_token: Option<String>,
    /// Additional headers of the token request.
    pub extra_headers: Option<BTreeMap<String, String>>,
}

/// The grant type of a token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GrantType {
    /// A token for our own client credentials.
    ClientCredentials,
    /// A token in exchange for a refresh token.
    RefreshToken,
}

/// The way in which our credentials are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthMethod {
    /// In the `Authorization` header.
    ClientSecretBasic,
    /// As form parameters.
    ClientSecretPost,
}

/// The decrypted authentication settings of an endpoint.
#[derive(Default)]
pub(crate) struct Access {
    pub(crate) oauth: Option<Oauth>,
    pub(crate) tls: Option<Arc<Tls>>,
}

/// Decrypts stored authentication settings.
pub(crate) fn opened(vault: &Vault, sealed: &SealedAccess) -> Result<Access> {
    let oauth = sealed.oauth.as_deref().map(|sealed| opened_oauth(vault, sealed)).transpose()?;
    let identity = sealed.identity.as_deref().map(|sealed| vault.open(sealed)).transpose()?;
    let tls = match (&identity, &sealed.server_ca) {
        (None, None) => None,
        (identity, ca) => {
            let tls = Tls::parse(identity.as_ref().map(Secret::expose), ca.as_deref());
            Some(Arc::new(tls.map_err(Error::internal)?))
        }
    };
    Ok(Access { oauth, tls })
}

pub(crate) fn opened_oauth(vault: &Vault, sealed: &str) -> Result<Oauth> {
    serde_json::from_str(vault.open(sealed)?.expose()).map_err(Error::internal)
}
