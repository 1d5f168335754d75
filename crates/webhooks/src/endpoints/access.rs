//! How an endpoint is shown who is calling, beside the signature: an access token that we ask its authority for (OAuth 2), a
//! certificate of ours (mutual TLS). And whom we believe, where its certificate is of a private authority.
//!
//! A token is asked for before the first request that needs it, and kept in memory until shortly before it runs out or is
//! refused. Where there is none to be had, the attempt has failed and says why.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use campanile_accounts::{Caller, Permission};
use campanile_base::bounds::OAUTH_BYTES;
use campanile_base::{Error, Result, Secret};
use campanile_db::Tx;
use campanile_net::{Request, SendError, Tls};
use serde::{Deserialize, Serialize};

use super::queries::{self, SealedAccess};
use super::{Endpoint, EndpointId, checked_url};
use crate::Webhooks;
use crate::applications::{self, Application};
use crate::directory::Target;

/// How long a token lasts whose authority does not say, and how long before its end another is asked for.
const LASTS: Duration = Duration::from_secs(300);
const EARLY: Duration = Duration::from_secs(30);
/// How much of an authority's answer is read.
const ANSWER: usize = 64 * 1024;
/// How long certificates may be.
const PEM: usize = 65_536;

/// Where access tokens are asked for, and with what.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Oauth {
    /// What is asked for.
    pub grant_type: GrantType,
    /// How we show who we are.
    pub auth_method: AuthMethod,
    /// Who we are there.
    pub client_id: String,
    /// What we show for it.
    pub client_secret: Option<String>,
    /// Where to ask.
    pub token_url: String,
    /// What the token is to be good for.
    pub scopes: Option<Vec<String>>,
    /// What else the authority wants to be told.
    pub extra_params: Option<BTreeMap<String, String>>,
    /// What a new token is given for, where that is what is asked.
    pub refresh_token: Option<String>,
    /// Headers of the question.
    pub extra_headers: Option<BTreeMap<String, String>>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GrantType {
    /// A token for ourselves.
    ClientCredentials,
    /// Another one in place of an old one.
    RefreshToken,
}

/// How we show who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthMethod {
    /// By the Authorization header.
    ClientSecretBasic,
    /// By parameters.
    ClientSecretPost,
}

/// What a delivery needs of all this.
#[derive(Default)]
pub(crate) struct Access {
    oauth: Option<Oauth>,
    pub(crate) tls: Option<Arc<Tls>>,
}

/// What is stored, opened.
pub(crate) fn opened(webhooks: &Webhooks, sealed: &SealedAccess) -> Result<Access> {
    let oauth = sealed.oauth.as_deref().map(|sealed| opened_oauth(webhooks, sealed)).transpose()?;
    let identity = sealed.identity.as_deref().map(|sealed| webhooks.vault.open(sealed)).transpose()?;
    let tls = match (&identity, &sealed.server_ca) {
        (None, None) => None,
        (identity, ca) => {
            let tls = Tls::parse(identity.as_ref().map(Secret::expose), ca.as_deref());
            Some(Arc::new(tls.map_err(Error::internal)?))
        }
    };
    Ok(Access { oauth, tls })
}

fn opened_oauth(webhooks: &Webhooks, sealed: &str) -> Result<Oauth> {
    serde_json::from_str(webhooks.vault.open(sealed)?.expose()).map_err(Error::internal)
}

/// Tokens that are good for now, and until when.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<EndpointId, (String, Instant)>>);

impl Tokens {
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<EndpointId, (String, Instant)>> {
        self.0.lock().expect("nobody panics while they hold it")
    }
}

/// The token for a request to an endpoint, if it wants one.
pub(crate) async fn token(webhooks: &Webhooks, target: &Target) -> std::result::Result<Option<String>, SendError> {
    let Some(oauth) = &target.access.oauth else { return Ok(None) };
    let id = &target.endpoint.id;
    let kept = webhooks.tokens.known().get(id).filter(|(_, until)| *until > Instant::now()).cloned();
    if let Some((token, _)) = kept {
        return Ok(Some(token));
    }
    let (token, lasts) = ask(webhooks, oauth).await?;
    let until = Instant::now() + lasts.saturating_sub(EARLY);
    webhooks.tokens.known().insert(id.clone(), (token.clone(), until));
    Ok(Some(token))
}

/// The next request to an endpoint asks for a token anew.
pub(crate) fn forget_token(webhooks: &Webhooks, target: &Target) {
    webhooks.tokens.known().remove(&target.endpoint.id);
}

/// What an authority answers.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<f64>,
}

async fn ask(webhooks: &Webhooks, oauth: &Oauth) -> std::result::Result<(String, Duration), SendError> {
    let failed = |why: String| SendError::Malformed(format!("there is no access token: {why}"));
    let answer = webhooks.client.send(question(webhooks, oauth)).await.map_err(|error| failed(error.to_string()))?;
    if !(200..300).contains(&answer.status) {
        return Err(failed(format!("its authority answers with status {}", answer.status)));
    }
    let granted: Granted = serde_json::from_slice(&answer.body)
        .map_err(|_| failed("its authority does not answer with one".to_owned()))?;
    let lasts = granted.expires_in.filter(|seconds| (0.0..1e9).contains(seconds));
    Ok((granted.access_token, lasts.map_or(LASTS, Duration::from_secs_f64)))
}

fn question(webhooks: &Webhooks, oauth: &Oauth) -> Request {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    match oauth.grant_type {
        GrantType::ClientCredentials => form.append_pair("grant_type", "client_credentials"),
        GrantType::RefreshToken => form
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", oauth.refresh_token.as_deref().unwrap_or_default()),
    };
    let secret = oauth.client_secret.as_deref().unwrap_or_default();
    let mut headers = vec![
        ("accept".to_owned(), "application/json".to_owned()),
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
    ];
    match oauth.auth_method {
        AuthMethod::ClientSecretBasic => {
            // RFC 6749 §2.3.1: both are form-encoded first.
            let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encoded(&oauth.client_id), encoded(secret));
            headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
        }
        AuthMethod::ClientSecretPost => {
            form.append_pair("client_id", &oauth.client_id).append_pair("client_secret", secret);
        }
    }
    if let Some(scopes) = oauth.scopes.as_ref().filter(|scopes| !scopes.is_empty()) {
        form.append_pair("scope", &scopes.join(" "));
    }
    form.extend_pairs(oauth.extra_params.iter().flatten());
    headers.extend(oauth.extra_headers.iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    Request {
        method: "POST",
        url: oauth.token_url.clone(),
        headers,
        body: Bytes::from(form.finish()),
        timeout: webhooks.settings.request_timeout,
        keep: ANSWER,
        tls: None,
    }
}

/// What is to change.
#[derive(Debug, Clone)]
pub enum Change {
    /// Where tokens are asked for; `None` for no tokens. A secret that is not given stays what it is.
    Oauth(Option<Box<Oauth>>),
    /// The certificate that we show, with its key, in PEM.
    Identity(Option<Secret>),
    /// The authority that its certificate is of, in PEM.
    ServerCa(Option<String>),
}

/// Changes how an endpoint is shown who is calling.
///
/// # Errors
/// `InvalidField` for an address or certificates that cannot be, `Forbidden`.
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
    let (within, id) = (webhooks.clone(), endpoint.id.clone());
    tx.after_commit(move || drop(within.tokens.known().remove(&id)));
    applications::touch(tx, webhooks, &application.id).await
}

fn sealed_oauth(webhooks: &Webhooks, new: Option<Box<Oauth>>, before: Option<&str>) -> Result<Option<String>> {
    let Some(mut new) = new else { return Ok(None) };
    new.token_url = checked_url(&new.token_url, webhooks.settings.https_only)
        .map_err(|error| Error::invalid_field("tokenUrl", error.to_string()))?;
    let before = before.map(|sealed| opened_oauth(webhooks, sealed)).transpose()?;
    // What was said once need not be said with every change; but never to another authority.
    if let Some(before) = before.filter(|before| before.token_url == new.token_url) {
        new.client_secret = new.client_secret.or(before.client_secret);
        new.refresh_token = new.refresh_token.or(before.refresh_token);
    }
    if new.grant_type == GrantType::RefreshToken && new.refresh_token.is_none() {
        return Err(Error::invalid_field("refreshToken", "is needed for this grantType"));
    }
    super::headers::checked(new.extra_headers.iter().flatten().map(|(n, v)| (n.clone(), v.clone())).collect())?;
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

/// How an endpoint is shown who is calling.
#[derive(Debug, Clone)]
pub struct View {
    /// Where tokens are asked for.
    pub oauth: Option<Oauth>,
    /// Whether we show a certificate.
    pub has_identity: bool,
    /// The authority that its certificate is of.
    pub server_ca: Option<String>,
}

/// How an endpoint is shown who is calling. Its secrets are for the caller to leave out.
///
/// # Errors
/// What the database says, or the vault.
pub async fn get(tx: &mut Tx, webhooks: &Webhooks, endpoint: &Endpoint) -> Result<View> {
    let sealed = queries::access(tx, &endpoint.id).await?;
    let oauth = sealed.oauth.as_deref().map(|sealed| opened_oauth(webhooks, sealed)).transpose()?;
    Ok(View { oauth, has_identity: sealed.identity.is_some(), server_ca: sealed.server_ca })
}
