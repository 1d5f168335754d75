//! Who calls the Svix API: an organisation, or the holder of a token for one application.
//!
//! [`Org`] is for what only an organisation may do, [`OrgManager`] for what only its managers and keys may. [`App`] is for everything within an application:
//! it finds the application that the path names before the body is read, as this API's clients expect,
//! and a token for another application finds none.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result};
use campanile_webhooks::applications::{self, Application};
use campanile_webhooks::event_types::Viewer;
use campanile_webhooks::tokens::{self, Capability, Token};

use super::error::SvixError;
use crate::Web;
use crate::caller::{bearer, recognise};

/// Anybody who was recognised.
#[derive(Clone)]
pub(crate) enum Access {
    /// A whole organisation.
    Organisation(Arc<Caller>),
    /// One application of it.
    Application(Arc<Token>),
}

impl Access {
    /// As the app's callers.
    pub(super) fn caller(&self) -> Caller {
        match self {
            Self::Organisation(caller) => (**caller).clone(),
            Self::Application(token) => token.caller(),
        }
    }

    /// Which event types are shown.
    pub(super) fn viewer(&self) -> Viewer<'_> {
        match self {
            Self::Organisation(_) => Viewer::Organisation,
            Self::Application(token) => Viewer::Flags(&token.feature_flags),
        }
    }

    /// Refuses what a token is not for, and what a member's role does not include.
    pub(super) fn must(&self, capability: Capability) -> Result<()> {
        match self {
            Self::Organisation(caller) => caller.must(capability.permission()),
            Self::Application(token) => token.must(capability),
        }
    }

    /// Whether it may do this.
    pub(super) fn may(&self, capability: Capability) -> bool {
        self.must(capability).is_ok()
    }
}

impl FromRequestParts<Web> for Access {
    type Rejection = SvixError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, SvixError> {
        match Self::of(parts, web).await? {
            // It opens the messages of an endpoint, and nothing else.
            Self::Application(token) if token.endpoint_id.is_some() => {
                Err(Error::Forbidden("this token does not allow this").into())
            }
            access => Ok(access),
        }
    }
}

impl Access {
    /// Whoever it is, with whatever they may do.
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

/// An organisation.
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

/// An organisation, by somebody who may set it up. The role is asked for before anything is read or looked up.
pub(crate) struct OrgManager(pub(crate) Arc<Caller>);

impl FromRequestParts<Web> for OrgManager {
    type Rejection = SvixError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> std::result::Result<Self, SvixError> {
        let Org(caller) = Org::from_request_parts(parts, web).await?;
        caller.must(Permission::Configure)?;
        Ok(Self(caller))
    }
}

/// The application that the path names, and who asks for it.
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
    /// The application, for whoever has any business with it.
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
            true => Err(Error::NotFound("application").into()),
        }
    }
}

/// A part of the path by its name.
async fn named(parts: &mut Parts, web: &Web, name: &str) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, web).await.ok()?;
    params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}
