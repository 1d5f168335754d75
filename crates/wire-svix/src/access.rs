//! Callers of the Svix API: an organisation, or the holder of a token for one application.
//!
//! * [`Org`]: operations that only an organisation may call.
//! * [`OrgManager`]: operations that only its managers and keys may call.
//! * [`App`]: operations within an application. The application in the path is looked up before the
//!   body is read, as this API's clients expect. A token for another application finds none.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Thing};
use campanile_http::Web;
use campanile_http::caller::{bearer, recognise};
use campanile_webhooks::applications::{self, Application};
use campanile_webhooks::event_types::Viewer;
use campanile_webhooks::tokens::{self, Capability, Token};

use super::error::SvixError;

/// A recognised caller.
#[derive(Clone)]
pub(crate) enum Access {
    /// A whole organisation.
    Organisation(Arc<Caller>),
    /// One application of it.
    Application(Arc<Token>),
}

impl Access {
    /// The caller, in the form that the app's operations take.
    pub(super) fn caller(&self) -> Caller {
        match self {
            Self::Organisation(caller) => (**caller).clone(),
            Self::Application(token) => token.caller(),
        }
    }

    /// The viewer, which decides which event types are shown.
    pub(super) fn viewer(&self) -> Viewer<'_> {
        match self {
            Self::Organisation(_) => Viewer::Organisation,
            Self::Application(token) => Viewer::Flags(&token.feature_flags),
        }
    }

    /// Refuses the operation if the token, or the role of the member, does not allow it.
    pub(super) fn must(&self, capability: Capability) -> Result<()> {
        match self {
            Self::Organisation(caller) => caller.must(capability.permission()),
            Self::Application(token) => token.must(capability),
        }
    }

    /// True if the caller may do this.
    pub(super) fn may(&self, capability: Capability) -> bool {
        self.must(capability).is_ok()
    }
}

impl FromRequestParts<Web> for Access {
    type Rejection = SvixError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, SvixError> {
        match Self::of(parts, web).await? {
            // A token of this kind opens the messages of one endpoint, and nothing else.
            Self::Application(token) if token.endpoint_id.is_some() => {
                Err(Error::Forbidden("this token does not allow this").into())
            }
            access => Ok(access),
        }
    }
}

impl Access {
    /// The caller, of any kind and with any rights.
    pub(super) async fn of(parts: &mut Parts, web: &Web) -> std::result::Result<Self, SvixError> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let access = match bearer(&parts.headers)?.filter(|token| tokens::is_token(token)) {
            Some(token) => {
                let now = web.app.clock.now();
                Self::Application(Arc::new(tokens::recognise(&web.app.db, token, now).await?))
            }
            None => Self::Organisation(Arc::new(recognise(web, &parts.method, &parts.headers).await?)),
        };
        parts.extensions.insert(access.clone());
        Ok(access)
    }
}

/// A caller that is an organisation.
pub(crate) struct Org(pub(crate) Arc<Caller>);

impl FromRequestParts<Web> for Org {
    type Rejection = SvixError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, SvixError> {
        match Access::from_request_parts(parts, web).await? {
            Access::Organisation(caller) => Ok(Self(caller)),
            Access::Application(_) => Err(Error::Forbidden("only the organisation may do this").into()),
        }
    }
}

/// A caller that may configure its organisation. The role is checked before anything is read or
/// looked up.
pub(crate) struct OrgManager(pub(crate) Arc<Caller>);

impl FromRequestParts<Web> for OrgManager {
    type Rejection = SvixError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, SvixError> {
        let Org(caller) = Org::from_request_parts(parts, web).await?;
        caller.must(Permission::Configure)?;
        Ok(Self(caller))
    }
}

/// The application that the path names, and its caller.
pub(crate) struct App {
    pub(crate) application: Application,
    pub(crate) access: Access,
}

impl FromRequestParts<Web> for App {
    type Rejection = SvixError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, SvixError> {
        let access = Access::from_request_parts(parts, web).await?;
        Self::named(parts, web, access).await
    }
}

impl App {
    /// The application, for any recognised caller. This includes the holder of an endpoint's token.
    pub(super) async fn of(parts: &mut Parts, web: &Web) -> std::result::Result<Self, SvixError> {
        let access = Access::of(parts, web).await?;
        Self::named(parts, web, access).await
    }

    async fn named(parts: &mut Parts, web: &Web, access: Access) -> std::result::Result<Self, SvixError> {
        let named = named(parts, web, "app").await.unwrap_or_default();
        let organisation = access.caller().organisation;
        let found =
            web.app.db.read(move |tx| Box::pin(async move { applications::get(tx, &organisation, &named).await }));
        let application = found.await?;
        let is_anothers = matches!(&access, Access::Application(token) if token.application_id != application.id);
        match is_anothers {
            false => Ok(Self { application, access }),
            true => Err(Error::NotFound(Thing::Application).into()),
        }
    }
}

/// A parameter of the path, by its name.
async fn named(parts: &mut Parts, web: &Web, name: &str) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, web).await.ok()?;
    params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}
