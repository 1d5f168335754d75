//! Who is calling: a secret key in `Authorization`, or a session in a cookie.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use campanile_accounts::sessions::Session;
use campanile_accounts::{Caller, OrganisationId, Permission, Workspace, keys, organisations, sessions};
use campanile_app::App;
use campanile_base::{Error, Result, Secret};

use crate::Web;
use crate::error::ApiError;

const COOKIE_NAME: &str = "campanile_session";

/// A recognised caller. In a handler's arguments it is also the permission to go on.
pub(crate) struct Known(pub(crate) Caller);

impl FromRequestParts<Web> for Known {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        Ok(Self(recognise(web, &parts.method, &parts.headers).await?))
    }
}

/// A recognised caller who may change settings: asked before a body is read, since who may not needs not be told what is wrong with theirs.
pub(crate) struct Configuring(pub(crate) Caller);

/// A recognised caller who may change people, roles and keys; likewise.
pub(crate) struct Administering(pub(crate) Caller);

impl FromRequestParts<Web> for Configuring {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        let Known(caller) = Known::from_request_parts(parts, web).await?;
        caller.must(Permission::Configure)?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<Web> for Administering {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        let Known(caller) = Known::from_request_parts(parts, web).await?;
        caller.must(Permission::Administer)?;
        Ok(Self(caller))
    }
}

/// Somebody who is signed in. A secret key is nobody's session.
pub(crate) struct SignedIn(pub(crate) Session);

impl FromRequestParts<Web> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        if bearer(&parts.headers)?.is_some() {
            recognise(web, &parts.method, &parts.headers).await?;
            return Err(Error::Forbidden("a secret key is nobody's session").into());
        }
        Ok(Self(session(web, &parts.method, &parts.headers).await?))
    }
}

/// Recognises a caller by key or by session.
pub(crate) async fn recognise(web: &Web, method: &Method, headers: &HeaderMap) -> Result<Caller> {
    match bearer(headers)? {
        Some(key) => web.known_keys.recognise(&web.app, key).await,
        None => Ok(session(web, method, headers).await?.caller),
    }
}

/// The key of `Authorization: Bearer …`; nothing where there is no such header. The scheme is written in any case, with any number
/// of spaces behind it (RFC 7235, 2.1). A key has none in it; several words are looked up as they stand, and so are nobody's, but
/// for the one key of the official suites ("My API Key").
///
/// # Errors
/// `Unauthenticated` for another scheme, or no key.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(authorization) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let text = authorization.to_str().unwrap_or_default();
    let (scheme, word) = text.split_once(' ').unwrap_or((text, ""));
    let word = word.trim_matches(' ');
    match scheme.eq_ignore_ascii_case("bearer") && !word.is_empty() {
        true => Ok(Some(word)),
        false => Err(Error::Unauthenticated("the Authorization header must be Bearer and one key")),
    }
}

/// The session of a request. A page of another site cannot use it to change something: the browser does not send the cookie, and the
/// origin is looked at too.
async fn session(web: &Web, method: &Method, headers: &HeaderMap) -> Result<Session> {
    let token = session_token(headers).ok_or(Error::Unauthenticated("a secret key or a session is needed"))?;
    if *method != Method::GET && *method != Method::HEAD && is_foreign(headers) {
        return Err(Error::Forbidden("a session cannot be used from another site"));
    }
    sessions::find(&web.app.db, &web.app.clock, &token).await
}

/// Keys that were recognised a moment ago: programs call often, and their keys need not be looked up each time. A key
/// that was revoked on this node ends at once, on others within a second.
#[derive(Default)]
pub(crate) struct KnownKeys(Mutex<HashMap<String, (Caller, Instant)>>);

/// For how long, and how many.
const KNOWN_FOR: Duration = Duration::from_secs(1);
const MOST_KNOWN: usize = 1_000;

impl KnownKeys {
    async fn recognise(&self, app: &App, key: &str) -> Result<Caller> {
        let known = self.keys().get(key).filter(|(_, since)| since.elapsed() < KNOWN_FOR).cloned();
        if let Some((caller, _)) = known {
            return Ok(caller);
        }
        let caller = keys::recognise(&app.db, key).await?;
        let mut known = self.keys();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(key.to_owned(), (caller.clone(), Instant::now()));
        Ok(caller)
    }

    /// Whose a key is, where that is known already.
    pub(crate) fn organisation_of(&self, headers: &HeaderMap) -> Option<OrganisationId> {
        let key = bearer(headers).ok().flatten()?;
        self.keys().get(key).map(|(caller, _)| caller.organisation.clone())
    }

    /// Looks all of them up anew.
    pub(crate) fn forget(&self) {
        self.keys().clear();
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, (Caller, Instant)>> {
        self.0.lock().expect("nobody panics while they hold the keys")
    }
}

/// The session's token in the cookies.
pub(crate) fn session_token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value.to_owned())
}

/// The cookie that carries a session, or ends it when `token` is `None`.
pub(crate) fn session_cookie(app: &App, token: Option<&Secret>) -> HeaderValue {
    let secure = if app.base_url.starts_with("https://") { "; Secure" } else { "" };
    let (value, age) = token.map_or(("", 0), |token| (token.expose(), sessions::LIFETIME.as_secs()));
    let cookie = format!("{COOKIE_NAME}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    HeaderValue::try_from(cookie).expect("tokens are base64")
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text("origin") else { return false };
    let origin_host = origin.split_once("://").map_or(origin, |(_, host)| host);
    text("host") != Some(origin_host)
}

/// The workspace that a caller named, or their first.
pub(crate) async fn workspace(app: &App, caller: &Caller, named: Option<&str>) -> Result<Workspace> {
    organisations::workspace_of(&app.db, caller, named).await
}

#[cfg(test)]
mod tests;
