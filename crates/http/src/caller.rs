//! Authentication of callers: a secret key in `Authorization`, or a session in a cookie.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use campanile_accounts::assistants::tokens;
use campanile_accounts::sessions::Session;
use campanile_accounts::{
    Actor, Caller, OrganisationId, Permission, Workspace, WorkspaceId, keys, memory_keys, organisations, sessions,
};
use campanile_app::App;
use campanile_base::{Cache, Error, Result, Secret, Thing, Timestamp};

use crate::Web;
use crate::error::ApiError;

const COOKIE_NAME: &str = "campanile_session";

/// A recognised caller. As an argument of a handler it also refuses everybody else.
pub struct Authenticated(pub Caller);

impl FromRequestParts<Web> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        Ok(Self(recognise(web, &parts.method, &parts.headers).await?))
    }
}

/// A recognised caller who may change settings. The right is checked before the body is read: a
/// caller without it need not learn what is wrong with the body.
pub struct Configuring(pub Caller);

/// A recognised caller who may change people, roles and keys. This right too is checked before the
/// body is read.
pub struct Administering(pub Caller);

impl FromRequestParts<Web> for Configuring {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, web).await?;
        caller.must(Permission::Configure)?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<Web> for Administering {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, web).await?;
        caller.must(Permission::Administer)?;
        Ok(Self(caller))
    }
}

/// A recognised caller who may read the memory: everybody who is [`Authenticated`], and also the
/// holder of a memory key, who may do nothing else.
pub struct MemoryReader {
    /// The caller.
    pub caller: Caller,
    /// The only workspace that they may read; `None` for all workspaces of the organisation.
    pub bound_to: Option<WorkspaceId>,
}

impl FromRequestParts<Web> for MemoryReader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, ApiError> {
        Ok(Self::recognise(web, &parts.method, &parts.headers).await?)
    }
}

impl MemoryReader {
    /// Recognises a caller by memory key, by secret key or by session.
    pub async fn recognise(web: &Web, method: &Method, headers: &HeaderMap) -> Result<Self> {
        match bearer(headers)? {
            Some(key) if memory_keys::is_memory_key(key) => web.known_keys.memory_reader(&web.app, key).await,
            _ => Ok(Self { caller: recognise(web, method, headers).await?, bound_to: None }),
        }
    }

    /// The workspace that a request names. `None` if neither the request nor the key names one.
    ///
    /// # Errors
    /// `NotFound` when the caller may not read the named workspace.
    pub fn named<'w>(&'w self, named: Option<&'w str>) -> Result<Option<&'w str>> {
        match (&self.bound_to, named) {
            (Some(own), Some(named)) if own.as_str() != named => Err(Error::NotFound(Thing::Workspace)),
            (Some(own), _) => Ok(Some(own.as_str())),
            (None, named) => Ok(named),
        }
    }
}

/// A signed-in person. A secret key is refused, since it has no session.
pub struct SignedIn(pub Session);

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
pub async fn recognise(web: &Web, method: &Method, headers: &HeaderMap) -> Result<Caller> {
    match bearer(headers)? {
        Some(key) => web.known_keys.recognise(&web.app, key).await,
        None => Ok(session(web, method, headers).await?.caller),
    }
}

/// The key of `Authorization: Bearer …`, or `None` without that header. The scheme may be in any
/// case, followed by any number of spaces (RFC 7235, 2.1). Keys have no spaces. A value of several
/// words is looked up as it is and matches no key, except the one key of the official test suites
/// ("My API Key").
///
/// # Errors
/// `Unauthenticated` for another scheme, or no key.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(authorization) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let text = authorization.to_str().unwrap_or_default();
    let (scheme, word) = text.split_once(' ').unwrap_or((text, ""));
    let word = word.trim_matches(' ');
    match scheme.eq_ignore_ascii_case("bearer") && !word.is_empty() {
        true => Ok(Some(word)),
        false => Err(Error::Unauthenticated("the Authorization header must be Bearer and one key")),
    }
}

/// The session of a request. A page of another site cannot use it to change something: the browser
/// does not send the cookie, and the `Origin` header is checked too.
async fn session(web: &Web, method: &Method, headers: &HeaderMap) -> Result<Session> {
    let token = session_token(headers).ok_or(Error::Unauthenticated("a secret key or a session is needed"))?;
    if *method != Method::GET && *method != Method::HEAD && is_foreign(headers) {
        return Err(Error::Forbidden("a session cannot be used from another site"));
    }
    sessions::find(&web.app.db, &web.app.clock, &token).await
}

/// Recently recognised keys. Programs call often, and their keys need not be looked up each time. A
/// key that is revoked on this node stops working at once; on other nodes, within a second.
pub struct KeyCache {
    callers: Cache<String, Caller>,
    /// The holders of memory keys.
    holders: Cache<String, memory_keys::Holder>,
    /// The organisations of known keys, for the limits of each organisation.
    organisations: Cache<String, OrganisationId>,
    /// The ids of keys whose use was recorded within the last hour.
    used: Cache<String, ()>,
}

/// The lifetime of a recognised key.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// The time for which requests with a known key count as those of its organisation. Whether they
/// may do anything is looked up.
const COUNTED_FOR: Duration = Duration::from_secs(3_600);
/// The time between two records of a key's use.
const USE_RECORDED_EVERY: Duration = Duration::from_secs(3_600);
const MOST_KNOWN: usize = 1_000;

impl Default for KeyCache {
    fn default() -> Self {
        Self {
            callers: Cache::new(MOST_KNOWN),
            holders: Cache::new(MOST_KNOWN),
            organisations: Cache::new(MOST_KNOWN),
            used: Cache::new(MOST_KNOWN),
        }
    }
}

impl KeyCache {
    async fn recognise(&self, app: &App, key: &str) -> Result<Caller> {
        if memory_keys::is_memory_key(key) {
            return Err(Error::Forbidden("a memory key opens only searches and the tools for assistants"));
        }
        if let Some(caller) = self.callers.get(key, app.clock.now()) {
            return Ok(caller);
        }
        let recognised = keys::recognise(&app.db, key).await;
        if matches!(recognised, Err(Error::Unauthenticated(_))) {
            self.organisations.remove(key);
        }
        let (caller, now) = (recognised?, app.clock.now());
        self.callers.insert(key.to_owned(), caller.clone(), now, KNOWN_FOR);
        self.organisations.insert(key.to_owned(), caller.organisation.clone(), now, COUNTED_FOR);
        if let Actor::Key(id) = &caller.actor {
            self.record_use(app, KeyKind::Secret, id.clone(), now);
        }
        Ok(caller)
    }

    async fn memory_reader(&self, app: &App, key: &str) -> Result<MemoryReader> {
        let reader =
            |holder: memory_keys::Holder| MemoryReader { caller: holder.caller, bound_to: Some(holder.workspace) };
        if let Some(holder) = self.holders.get(key, app.clock.now()) {
            return Ok(reader(holder));
        }
        let recognised = memory_keys::recognise(&app.db, key).await;
        if matches!(recognised, Err(Error::Unauthenticated(_))) {
            self.organisations.remove(key);
        }
        let (holder, now) = (recognised?, app.clock.now());
        self.holders.insert(key.to_owned(), holder.clone(), now, KNOWN_FOR);
        self.organisations.insert(key.to_owned(), holder.caller.organisation.clone(), now, COUNTED_FOR);
        if let Actor::Key(id) = &holder.caller.actor {
            self.record_use(app, KeyKind::Memory, id.clone(), now);
        }
        Ok(reader(holder))
    }

    /// Records the use of an assistant's connection, as that of a key.
    pub fn connection_used(&self, app: &App, id: &str) {
        self.record_use(app, KeyKind::Connection, id.to_owned(), app.clock.now());
    }

    /// Records the use of a key, at most once an hour and beside the request. A failure is left for
    /// the next hour: nobody waits for it.
    fn record_use(&self, app: &App, kind: KeyKind, id: String, now: Timestamp) {
        if self.used.get(&id, now).is_some() {
            return;
        }
        self.used.insert(id.clone(), (), now, USE_RECORDED_EVERY);
        let db = app.db.clone();
        tokio::spawn(async move {
            let recorded = db.write(move |tx| {
                Box::pin(async move {
                    match kind {
                        KeyKind::Secret => keys::used(tx, &id, now).await,
                        KeyKind::Memory => memory_keys::used(tx, &id, now).await,
                        KeyKind::Connection => tokens::used(tx, &id, now).await,
                    }
                })
            });
            if let Err(error) = recorded.await {
                tracing::warn!(%error, "the use of a key was not recorded");
            }
        });
    }

    /// The organisation of the key in these headers, if the key was recognised within the last
    /// hour.
    pub fn organisation_of(&self, app: &App, headers: &HeaderMap) -> Option<OrganisationId> {
        let key = bearer(headers).ok().flatten()?;
        self.organisations.get(key, app.clock.now())
    }

    /// Empties the cache, so that all keys are looked up again.
    pub fn forget(&self) {
        self.callers.clear();
        self.holders.clear();
        self.organisations.clear();
    }
}

/// The kinds of keys whose use is recorded.
#[derive(Debug, Clone, Copy)]
enum KeyKind {
    Secret,
    Memory,
    Connection,
}

/// The session token from the cookies.
pub fn session_token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value.to_owned())
}

/// The cookie that carries a session, or deletes it when `token` is `None`.
pub fn session_cookie(app: &App, token: Option<&Secret>) -> HeaderValue {
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

/// The workspace that the caller named, or else the first of the organisation.
pub async fn workspace(app: &App, caller: &Caller, named: Option<&str>) -> Result<Workspace> {
    organisations::workspace_of(&app.db, caller, named).await
}

#[cfg(test)]
mod tests;
