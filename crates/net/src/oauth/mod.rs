//! OAuth 2.0 as a client: the address of the consent page, and the requests to the token endpoint.
//!
//! A [`Flow`] describes a provider as data; nothing here names one. The caller keeps the state and
//! the tokens, and brings the clock: an answer says for how long a token lives, not until when.
//!
//! # Life of an authorisation
//! 1. [`Verifier::new`] is drawn, and kept. [`authorize_url`] is the page where a person consents.
//! 2. The provider leads the person back with a code. [`exchange`] makes tokens of it.
//! 3. [`refresh`] makes new tokens before the old ones expire. A provider with [`Refresh::Rotating`]
//!    accepts a refresh token only once: the caller stores the new one before anything else.
//! 4. [`revoke`] ends the authorisation at the provider.
//!
//! Answers are bounded. A refusal keeps the provider's code, because [`OauthError::InvalidGrant`]
//! is final while other refusals may pass.

mod answer;
mod pkce;
#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use campanile_base::Secret;

pub use answer::{OauthError, Tokens};
pub use pkce::Verifier;

use crate::{Client, Request, Response};

/// The time limit of one request to a token endpoint.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The number of bytes of an answer that are read. A longer answer is refused.
const ANSWER: usize = 64 * 1024;

/// A provider, as far as OAuth is concerned.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The page where a person consents.
    pub authorize_url: String,
    /// The token endpoint.
    pub token_url: String,
    /// The endpoint of RFC 7009 that ends a token; `None` if the provider has none.
    pub revoke_url: Option<String>,
    /// The place of the client's credentials in a request.
    pub authentication: Authentication,
    /// The form of a request's body.
    pub encoding: Encoding,
    /// The permissions that are asked for; empty if they are fixed at the provider.
    pub scopes: &'static [&'static str],
    /// The text between two scopes.
    pub scope_separator: &'static str,
    /// The proof that the code is exchanged by the one who began.
    pub pkce: Pkce,
    /// Further parameters of the consent page.
    pub parameters: &'static [(&'static str, &'static str)],
    /// The way to new tokens.
    pub refresh: Refresh,
}

/// The place of the client's credentials in a request to the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// In the body, as `client_id` and `client_secret`.
    Body,
    /// In the header `Authorization: Basic …` (RFC 6749, 2.3.1).
    Basic,
}

/// The form of the body of a request to the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-www-form-urlencoded`, as RFC 6749 has it.
    Form,
    /// A JSON object.
    Json,
}

/// The proof key for a code (RFC 7636).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pkce {
    /// The SHA-256 of the verifier is sent first, and the verifier with the code.
    S256,
    /// The provider refuses the parameters.
    None,
}

/// The way to new tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// Tokens do not expire, or a person has to consent again.
    None,
    /// Each refresh token is accepted once, and the answer has the next one.
    Rotating,
    /// The same refresh token is accepted again and again.
    Static,
}

/// Our registration at a provider.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The public name of the client.
    pub client_id: String,
    /// Its secret; `None` for a public client.
    pub client_secret: Option<Secret>,
    /// The address to which the provider leads people back.
    pub redirect_uri: String,
}

/// The address of the page where a person consents.
///
/// # Errors
/// A sentence, when the flow's address is no URL.
pub fn authorize_url(
    flow: &Flow,
    client: &Registration,
    state: &str,
    verifier: Option<&Verifier>,
) -> Result<String, String> {
    let mut url = crate::parse_url(&flow.authorize_url)?;
    let mut query = url.query_pairs_mut();
    query.append_pair("response_type", "code");
    query.append_pair("client_id", &client.client_id).append_pair("redirect_uri", &client.redirect_uri);
    if !flow.scopes.is_empty() {
        query.append_pair("scope", &flow.scopes.join(flow.scope_separator));
    }
    query.append_pair("state", state);
    if let (Pkce::S256, Some(verifier)) = (flow.pkce, verifier) {
        query.append_pair("code_challenge", &verifier.challenge()).append_pair("code_challenge_method", "S256");
    }
    query.extend_pairs(flow.parameters);
    drop(query);
    Ok(url.into())
}

/// Exchanges a code for tokens.
///
/// # Errors
/// [`OauthError`]; a code that was used or has expired is an `InvalidGrant`.
pub async fn exchange(
    http: &Client,
    flow: &Flow,
    client: &Registration,
    code: &str,
    verifier: Option<&Verifier>,
) -> Result<Tokens, OauthError> {
    let mut fields =
        vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", client.redirect_uri.as_str())];
    if let (Pkce::S256, Some(verifier)) = (flow.pkce, verifier) {
        fields.push(("code_verifier", verifier.expose()));
    }
    answer::tokens(flow, &ask(http, flow, client, &flow.token_url, &fields).await?)
}

/// Exchanges a refresh token for new tokens. The answer of a provider with [`Refresh::Static`] has
/// no refresh token: the old one stays valid.
///
/// # Errors
/// [`OauthError`]; a refresh token that was used, revoked or has expired is an `InvalidGrant`.
pub async fn refresh(
    http: &Client,
    flow: &Flow,
    client: &Registration,
    refresh_token: &Secret,
) -> Result<Tokens, OauthError> {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
    answer::tokens(flow, &ask(http, flow, client, &flow.token_url, &fields).await?)
}

/// Ends a token at the provider (RFC 7009). A provider without an endpoint for it is not asked.
///
/// # Errors
/// [`OauthError`]; a token that is unknown there is no error.
pub async fn revoke(http: &Client, flow: &Flow, client: &Registration, token: &Secret) -> Result<(), OauthError> {
    let Some(url) = &flow.revoke_url else { return Ok(()) };
    let answer = ask(http, flow, client, url, &[("token", token.expose())]).await?;
    answer::accepted(&answer)
}

async fn ask(
    http: &Client,
    flow: &Flow,
    client: &Registration,
    url: &str,
    fields: &[(&str, &str)],
) -> Result<Response, OauthError> {
    let response = http.send(request(flow, client, url, fields)).await?;
    match response.body.len() < ANSWER {
        true => Ok(response),
        false => Err(OauthError::Unreadable("the answer is too long")),
    }
}

fn request(flow: &Flow, client: &Registration, url: &str, fields: &[(&str, &str)]) -> Request {
    let secret = client.client_secret.as_ref().map(Secret::expose);
    let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
    let mut fields = fields.to_vec();
    match flow.authentication {
        Authentication::Body => {
            fields.push(("client_id", &client.client_id));
            fields.extend(secret.map(|secret| ("client_secret", secret)));
        }
        Authentication::Basic => {
            let credentials = basic_authorization(&client.client_id, secret.unwrap_or_default());
            headers.push(("authorization".to_owned(), credentials));
        }
    }
    let (kind, body) = match flow.encoding {
        Encoding::Form => {
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            ("application/x-www-form-urlencoded", form)
        }
        Encoding::Json => {
            let object: serde_json::Map<String, serde_json::Value> =
                fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
            ("application/json", serde_json::Value::Object(object).to_string())
        }
    };
    headers.push(("content-type".to_owned(), kind.to_owned()));
    let (url, body) = (url.to_owned(), Bytes::from(body));
    Request { method: "POST", url, headers, body, timeout: TIMEOUT, keep: ANSWER, tls: None }
}

/// The value of the header `Authorization` for a client's credentials. Both are form-encoded first
/// (RFC 6749, 2.3.1).
pub fn basic_authorization(id: &str, secret: &str) -> String {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}
