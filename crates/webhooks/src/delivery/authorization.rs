//! OAuth 2 access tokens for endpoints that require them.
//!
//! A token is requested before the first delivery that needs it. It is cached in memory until 30
//! seconds before it expires, or until the endpoint answers 401. If no token can be had, the
//! attempt fails with the reason.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use campanile_net::{Request, SendError};
use serde::Deserialize;

use crate::Webhooks;
use crate::directory::Target;
use crate::model::endpoints::access::{AuthMethod, GrantType, Oauth};

/// The lifetime of a token when the authority does not state one, and how long before its expiry a
/// new one is requested.
const LASTS: Duration = Duration::from_secs(300);
const EARLY: Duration = Duration::from_secs(30);
/// The maximum length of an authority's answer that is read, in bytes.
const ANSWER: usize = 64 * 1024;

/// The token for a request to an endpoint, if the endpoint requires one.
pub(crate) async fn token(webhooks: &Webhooks, target: &Target) -> std::result::Result<Option<String>, SendError> {
    let Some(oauth) = &target.access.oauth else { return Ok(None) };
    let id = &target.endpoint.id;
    let now = webhooks.clock.now();
    if let Some(token) = webhooks.tokens.get(id, now) {
        return Ok(Some(token));
    }
    let (token, lasts) = ask(webhooks, oauth).await?;
    webhooks.tokens.insert(id.clone(), token.clone(), now, lasts.saturating_sub(EARLY));
    Ok(Some(token))
}

/// Drops the token of an endpoint: the next request asks for a new one.
pub(crate) fn forget_token(webhooks: &Webhooks, target: &Target) {
    webhooks.tokens.remove(&target.endpoint.id);
}

/// The answer of an authority.
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
