//! Callers of the Knock API, and the data that each may access.
//!
//! * A secret key: everything of its organisation.
//! * A member's session: the member's own data as a user. With the right to configure, also
//!   everything else: the messages and guides of the organisation's users are read, but not marked,
//!   and those of other members are closed ([`Privacy`]), in whatever role and by whatever
//!   operation: single messages, lists, contents or events.
//! * A public key: the data of one user, as the user's token allows. Without tokens, if the
//!   organisation allows that, the own data of any user.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use campanile_accounts::user_tokens::{self, Rejected, TokenHolder};
use campanile_accounts::{Actor, Caller, OrganisationId, Permission, PersonId, Privacy, public_keys};
use campanile_base::Error;
use campanile_http::Web;
use campanile_http::caller::{bearer, recognise};
use campanile_notify::Reference;

use super::error::{Code, KnockError, KnockResult};

/// The header that carries a user's token.
const USER_TOKEN: &str = "x-knock-user-token";

/// A caller who was recognised.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// The organisation whose data they may access.
    pub(crate) organisation: OrganisationId,
    pub(super) who: Who,
    /// The public key, if a page calls.
    public_key: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Who {
    Program(Caller),
    Member(Caller, PersonId, Privacy),
    Page(Option<TokenHolder>),
}

impl FromRequestParts<Web> for Client {
    type Rejection = KnockError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> KnockResult<Self> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = bearer(&parts.headers)
            .map_err(|error| KnockError::refused(StatusCode::UNAUTHORIZED, Code::ApiKeyMissing, &error.to_string()))?;
        if let Some(key) = bearer.filter(|key| key.starts_with("pk_")) {
            return Self::page(web, key, text(USER_TOKEN).filter(|token| !token.is_empty())).await;
        }
        let caller = recognise(web, &parts.method, &parts.headers).await?;
        let organisation = caller.organisation.clone();
        let who = match caller.actor.clone() {
            Actor::Person(person) => {
                let by = caller.clone();
                let privacy = web.app.db.read(move |tx| Box::pin(async move { Privacy::towards(tx, &by).await }));
                Who::Member(caller, person, privacy.await?)
            }
            _ => Who::Program(caller),
        };
        Ok(Self { organisation, who, public_key: None })
    }
}

/// A caller who may access all data of the organisation. A handler that takes one is called for
/// nobody else.
pub(crate) struct Manager(pub(crate) Client);

impl FromRequestParts<Web> for Manager {
    type Rejection = KnockError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> KnockResult<Self> {
        let client = Client::from_request_parts(parts, web).await?;
        client.must_manage()?;
        Ok(Self(client))
    }
}

impl Client {
    /// Recognises a page by its public key, and by a user's token if there is one.
    ///
    /// # Errors
    /// When the key is unknown, or the token is not valid, or the token is missing where it is
    /// required.
    pub(crate) async fn page(web: &Web, key: &str, token: Option<&str>) -> KnockResult<Self> {
        let (app, refused) = (&web.app, |code, message| KnockError::refused(StatusCode::FORBIDDEN, code, message));
        let holder = public_keys::recognise(&app.db, key).await?;
        let organisation = holder.organisation;
        let Some(token) = token else {
            return match holder.needs_user_tokens {
                true => Err(refused(Code::MissingUserToken, "A user token is needed beside the public key.")),
                false => Ok(Self { organisation, who: Who::Page(None), public_key: Some(key.to_owned()) }),
            };
        };
        let of_page =
            |organisation, holder| Self { organisation, who: Who::Page(holder), public_key: Some(key.to_owned()) };
        match user_tokens::recognise(&app.db, &app.clock, &organisation, token).await? {
            Ok(holder) => Ok(of_page(organisation, Some(holder))),
            // A token that cannot be checked gives the same access as no token.
            Err(Rejected::NoSigningKey) if !holder.needs_user_tokens => Ok(of_page(organisation, None)),
            Err(Rejected::NoSigningKey) => {
                Err(refused(Code::MissingJwtSigningKey, "There is no key that user tokens could be signed with."))
            }
            Err(Rejected::Invalid) => {
                Err(refused(Code::InvalidUserToken, "The user token is not valid, or has expired."))
            }
        }
    }

    /// True if the page still has access: its key is not revoked and its user's token is still
    /// valid. Also true while this cannot be checked. Callers other than pages are not checked
    /// here.
    pub(super) async fn is_still_let_in(&self, web: &Web) -> bool {
        let (Who::Page(token), Some(key)) = (&self.who, &self.public_key) else { return true };
        let app = &web.app;
        let holder = match public_keys::recognise(&app.db, key).await {
            Ok(holder) => holder,
            Err(error) => return !matches!(error, Error::Unauthenticated(_)),
        };
        match token {
            Some(token) => {
                user_tokens::is_still_good(&app.db, &app.clock, &self.organisation, token).await.unwrap_or(true)
            }
            None => !holder.needs_user_tokens,
        }
    }

    /// Refuses callers that may not access all data of the organisation.
    pub(crate) fn must_manage(&self) -> KnockResult<()> {
        match &self.who {
            Who::Program(_) => Ok(()),
            Who::Member(caller, ..) => Ok(caller.must(Permission::Configure)?),
            Who::Page(_) => Err(not_for_pages()),
        }
    }

    /// The caller of an operation that is for those who manage the organisation. The operation
    /// itself asks if this one may.
    pub(super) fn manager(self) -> KnockResult<Caller> {
        match self.who {
            Who::Program(caller) | Who::Member(caller, ..) => Ok(caller),
            Who::Page(_) => Err(not_for_pages()),
        }
    }

    /// True if the caller manages the organisation and does not act for one of its users. The same
    /// check as [`Client::must_manage`].
    pub(super) fn manages(&self) -> bool {
        self.must_manage().is_ok()
    }

    /// Refuses callers that may not access one kind of a user's own data.
    pub(crate) fn must_be(&self, user: &str, permission: &str) -> KnockResult<()> {
        let is_open = match &self.who {
            Who::Program(_) | Who::Page(None) => true,
            Who::Member(caller, person, privacy) => {
                let is_readable = permission.ends_with("_read") && !privacy.closes(user);
                person.as_str() == user
                    || (caller.must(Permission::Configure).is_ok() && (!is_told(permission) || is_readable))
            }
            Who::Page(Some(token)) => {
                (token.user == user && token.grants.opens_own())
                    || token.grants.names_user(user, permission)
                    || self.is_granted_by_tenant(token, user, permission)
            }
        };
        if is_open { Ok(()) } else { Err(elsewhere()) }
    }

    /// True if the token names a tenant that gives this permission. A tenant opens the feed and the
    /// preferences of the token's own user within it.
    fn is_granted_by_tenant(&self, token: &TokenHolder, user: &str, permission: &str) -> bool {
        let mut tenants = token.grants.tenants().into_iter();
        token.user == user && tenants.any(|tenant| token.grants.names_object("$tenants", tenant, permission))
    }

    /// Refuses callers that may not access one kind of a recipient's data. A user is checked as in
    /// [`Client::must_be`]. An object must be named by the token.
    pub(crate) fn must_reach(&self, reference: &Reference, permission: &str) -> KnockResult<()> {
        if reference.is_user() {
            return self.must_be(&reference.id, permission);
        }
        match &self.who {
            Who::Page(Some(token)) if token.grants.names_object(&reference.collection, &reference.id, permission) => {
                Ok(())
            }
            Who::Page(Some(_)) => Err(elsewhere()),
            Who::Page(None) => Err(KnockError::refused(
                StatusCode::FORBIDDEN,
                Code::MissingUserToken,
                "A user token with a grant for this object is needed.",
            )),
            Who::Program(_) | Who::Member(..) => self.must_manage(),
        }
    }

    /// Refuses a request for feeds or preferences of a tenant that the token does not open.
    pub(crate) fn must_stay_within(&self, tenant: Option<&str>) -> KnockResult<()> {
        let Who::Page(Some(token)) = &self.who else { return Ok(()) };
        let tenants = token.grants.tenants();
        let is_open = match tenant {
            Some(tenant) => tenants.is_empty() || tenants.contains(&tenant),
            None => tenants.is_empty() || token.grants.names_user(&token.user, "user/feed_read"),
        };
        if is_open { Ok(()) } else { Err(elsewhere()) }
    }

    /// The users whose messages are closed to the caller.
    pub(super) fn privacy(&self) -> Privacy {
        match &self.who {
            Who::Member(_, _, privacy) => privacy.clone(),
            Who::Program(_) | Who::Page(_) => Privacy::Nobody,
        }
    }

    /// The one user whose messages the caller may mark; `None` means any user.
    pub(crate) fn only_user(&self) -> Option<&str> {
        match &self.who {
            Who::Member(_, person, _) => Some(person.as_str()),
            Who::Page(Some(token)) => Some(&token.user),
            _ => None,
        }
    }
}

/// True if a permission opens the messages or guides of a user.
fn is_told(permission: &str) -> bool {
    permission.starts_with("user/feed") || permission.starts_with("user/guide")
}

fn not_for_pages() -> KnockError {
    let message = "A secret key is needed for this operation.";
    KnockError::refused(StatusCode::FORBIDDEN, Code::IncorrectTokenType, message)
}

fn elsewhere() -> KnockError {
    KnockError::refused(StatusCode::FORBIDDEN, Code::Authorization, "This is not open to the caller.")
}
