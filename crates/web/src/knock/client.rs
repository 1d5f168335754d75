//! Who calls the Knock API, and what they may touch.
//!
//! * A secret key: everything of its organisation.
//! * A member's session: what is the member's own as a user; with the right to configure, everything but what other users are told.
//!   Nobody reads another's messages, whatever their role and whichever operation shows them: one, lists, contents, events.
//! * A public key: of one user what the user's token opens; without tokens, where the organisation allows that, any
//!   user's own things.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use campanile_accounts::user_tokens::{self, Rejected, TokenHolder};
use campanile_accounts::{Actor, Caller, OrganisationId, Permission, PersonId, public_keys};
use campanile_base::Error;
use campanile_notify::Reference;

use super::error::{KnockError, KnockResult};
use crate::Web;
use crate::caller::{bearer, recognise};

/// What a user's token must carry for the user's own things, where it says that only what it names is open.
const USER_TOKEN: &str = "x-knock-user-token";

/// A caller who was recognised.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Whose data they may see.
    pub(crate) organisation: OrganisationId,
    pub(super) who: Who,
    /// The public key of a page.
    public_key: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Who {
    Program,
    Member(Caller, PersonId),
    Page(Option<TokenHolder>),
}

impl FromRequestParts<Web> for Client {
    type Rejection = KnockError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> KnockResult<Self> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = bearer(&parts.headers)
            .map_err(|error| KnockError::refused(StatusCode::UNAUTHORIZED, "api_key_missing", &error.to_string()))?;
        if let Some(key) = bearer.filter(|key| key.starts_with("pk_")) {
            return Self::page(web, key, text(USER_TOKEN).filter(|token| !token.is_empty())).await;
        }
        let caller = recognise(web, &parts.method, &parts.headers).await?;
        let organisation = caller.organisation.clone();
        let who = match &caller.actor {
            Actor::Person(person) => Who::Member(caller.clone(), person.clone()),
            _ => Who::Program,
        };
        Ok(Self { organisation, who, public_key: None })
    }
}

impl Client {
    /// By a public key, and a user's token where there is one.
    ///
    /// # Errors
    /// When the key is nobody's, or the token is no good, or missing where it is needed.
    pub(crate) async fn page(web: &Web, key: &str, token: Option<&str>) -> KnockResult<Self> {
        let (app, refused) = (&web.app, |code, message| KnockError::refused(StatusCode::FORBIDDEN, code, message));
        let holder = public_keys::recognise(&app.db, key).await?;
        let organisation = holder.organisation;
        let Some(token) = token else {
            return match holder.needs_user_tokens {
                true => Err(refused("missing_user_token", "A user token is needed beside the public key.")),
                false => Ok(Self { organisation, who: Who::Page(None), public_key: Some(key.to_owned()) }),
            };
        };
        let of_page =
            |organisation, holder| Self { organisation, who: Who::Page(holder), public_key: Some(key.to_owned()) };
        match user_tokens::recognise(&app.db, &app.clock, &organisation, token).await? {
            Ok(holder) => Ok(of_page(organisation, Some(holder))),
            // A token that nobody could check opens what no token opens.
            Err(Rejected::NoSigningKey) if !holder.needs_user_tokens => Ok(of_page(organisation, None)),
            Err(Rejected::NoSigningKey) => {
                Err(refused("missing_jwt_signing_key", "There is no key that user tokens could be signed with."))
            }
            Err(Rejected::Invalid) => {
                Err(refused("invalid_user_token", "The user token is not valid, or has expired."))
            }
        }
    }

    /// Whether what let a page in would let it in as yet: its key, and the user's token. While nobody can say, it would.
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

    /// Whether everything of the organisation is open to them.
    pub(crate) fn must_manage(&self) -> KnockResult<()> {
        match &self.who {
            Who::Program => Ok(()),
            Who::Member(caller, _) => Ok(caller.must(Permission::Configure)?),
            Who::Page(_) => Err(KnockError::refused(
                StatusCode::FORBIDDEN,
                "incorrect_token_type",
                "A secret key is needed for this operation.",
            )),
        }
    }

    /// Whether they run the organisation, and do not act for one of its users: [`Client::must_manage`] as an answer.
    pub(super) fn manages(&self) -> bool {
        self.must_manage().is_ok()
    }

    /// Whether a user's own things of one kind are open to them.
    pub(crate) fn must_be(&self, user: &str, permission: &str) -> KnockResult<()> {
        let is_open = match &self.who {
            Who::Program | Who::Page(None) => true,
            Who::Member(caller, person) => {
                person.as_str() == user || (!is_told(permission) && caller.must(Permission::Configure).is_ok())
            }
            Who::Page(Some(token)) => {
                (token.user == user && token.grants.opens_own())
                    || token.grants.names_user(user, permission)
                    || self.is_granted_by_tenant(token, user, permission)
            }
        };
        if is_open { Ok(()) } else { Err(elsewhere()) }
    }

    /// A tenant that is named opens the feed and the preferences of the token's own user within it.
    fn is_granted_by_tenant(&self, token: &TokenHolder, user: &str, permission: &str) -> bool {
        let mut tenants = token.grants.tenants().into_iter();
        token.user == user && tenants.any(|tenant| token.grants.names_object("$tenants", tenant, permission))
    }

    /// Whether something of a recipient is open to them: a user's like [`Client::must_be`], an object's where it is named.
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
                "missing_user_token",
                "A user token with a grant for this object is needed.",
            )),
            Who::Program | Who::Member(..) => self.must_manage(),
        }
    }

    /// The tenant that feeds and preferences are asked for, where the token lets them be asked for it.
    pub(crate) fn must_stay_within(&self, tenant: Option<&str>) -> KnockResult<()> {
        let Who::Page(Some(token)) = &self.who else { return Ok(()) };
        let tenants = token.grants.tenants();
        let is_open = match tenant {
            Some(tenant) => tenants.is_empty() || tenants.contains(&tenant),
            None => tenants.is_empty() || token.grants.names_user(&token.user, "user/feed_read"),
        };
        if is_open { Ok(()) } else { Err(elsewhere()) }
    }

    /// The one user whose messages they may read beside those of objects; any user's where none is named.
    pub(super) fn only_reader(&self) -> Option<&str> {
        match &self.who {
            Who::Member(_, person) => Some(person.as_str()),
            Who::Program | Who::Page(_) => None,
        }
    }

    /// The one user whose messages they may mark; any user's where none is named.
    pub(crate) fn only_user(&self) -> Option<&str> {
        match &self.who {
            Who::Member(_, person) => Some(person.as_str()),
            Who::Page(Some(token)) => Some(&token.user),
            _ => None,
        }
    }
}

/// Whether a permission is about what a user is told.
fn is_told(permission: &str) -> bool {
    permission.starts_with("user/feed") || permission.starts_with("user/guide")
}

fn elsewhere() -> KnockError {
    KnockError::refused(StatusCode::FORBIDDEN, "authorization", "This is not open to the caller.")
}
