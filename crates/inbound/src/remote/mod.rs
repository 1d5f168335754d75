//! The questions that can be asked of a provider. Each provider's folder answers them in its
//! `remote.rs`; tests replace the provider behind its address.

mod account_choice;
mod api;
mod documents;
mod fields;
mod rest;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use campanile_base::{Clock, Secret, Timestamp};
use campanile_net::Client;
use campanile_net::oauth::{self, Flow, OauthError, Registration, Verifier};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::connections::{ConnectionKind, Credentials};

pub(crate) use account_choice::{FieldValues, Grant, TokenField, checked_fields, is_plain};
pub(crate) use api::{Api, Dialect, LimitHeaders, body_of};
pub(crate) use documents::{DocumentListing, DocumentRemote, EditedDocuments, ResourceRef};
pub use documents::{DocumentReading, FetchedDocument, ResourcePlace};
pub(crate) use fields::{items, needed_text};
pub(crate) use rest::RestPage;

/// The outer edge of a provider.
#[async_trait]
pub(crate) trait Remote: Send + Sync {
    /// Our OAuth application at the provider; `None` if none is set up.
    fn oauth(&self) -> Option<&OauthApp> {
        None
    }

    /// True if it can be connected by consent, once an application is set up.
    fn takes_consent(&self) -> bool {
        true
    }

    /// The page where a person consents, or installs our application.
    ///
    /// # Errors
    /// A sentence, when the address of the page is no URL.
    fn consent_page(&self, app: &OauthApp, state: &str, verifier: &Verifier) -> Result<String, String> {
        oauth::authorize_url(&app.flow, &app.client, state, Some(verifier))
    }

    /// The fields that a person fills in beside a token.
    fn token_fields(&self) -> &'static [TokenField] {
        &[]
    }

    /// A client for calls with these tokens.
    fn api(&self, http: &Client, kind: ConnectionKind, access: &Secret) -> Api;

    /// The account behind the tokens. It is also the probe of a connection's health.
    async fn account(&self, api: &Api, now: Timestamp) -> Result<Account, Trouble>;

    /// The account that a person connects with a token of theirs and the values of its fields.
    async fn account_of_token(&self, api: &Api, _fields: &FieldValues, now: Timestamp) -> Result<Account, Trouble> {
        self.account(api, now).await
    }

    /// The account for which a person has consented.
    async fn account_of_grant(&self, api: &Api, _grant: Grant<'_>, now: Timestamp) -> Result<Account, Trouble> {
        self.account(api, now).await
    }

    /// A page of the resources that the account has, after a cursor of this provider.
    async fn resources(&self, api: &Api, after: Option<&str>, now: Timestamp) -> Result<ResourcePage, Trouble>;

    /// The kinds of things whose history can be pulled, in the order in which they refer to each other.
    fn kinds(&self) -> &'static [HistoryKind] {
        &[]
    }

    /// A page of history behind a cursor of this provider.
    async fn history(
        &self,
        _api: &Api,
        place: HistoryPlace<'_>,
        _cursor: Option<&str>,
        _now: Timestamp,
    ) -> Result<HistoryPage, Trouble> {
        let name = place.name.unwrap_or(place.resource);
        Err(Trouble::Invalid(format!("{name} has no history of the kind {}", place.kind)))
    }

    /// Fetches what a webhook names without its content.
    async fn content(&self, _: &Api, _event: &str, _payload: &Value, _: &Clock) -> Result<WebhookContent, Trouble> {
        Ok(WebhookContent::default())
    }

    /// The permission without which a kind of thing cannot be read, as the provider calls it.
    fn permission_for(&self, _kind: &str) -> Option<&'static str> {
        None
    }

    /// The page at which somebody grants a missing permission.
    fn grant_url(&self, _kind: ConnectionKind) -> Option<String> {
        None
    }

    /// About the number of things that a place has, if the provider tells it in one call.
    async fn total(&self, _api: &Api, _place: HistoryPlace<'_>, _now: Timestamp) -> Result<Option<i64>, Trouble> {
        Ok(None)
    }

    /// Ends the tokens at the provider.
    async fn revoke(
        &self,
        http: &Client,
        kind: ConnectionKind,
        held: &Credentials,
        now: Timestamp,
    ) -> Result<Revocation, Trouble>;
}

/// A permission that is asked for, and its reason.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct RequestedPermission {
    /// The provider's name of it.
    pub scope: &'static str,
    /// The reason, in a sentence.
    pub reason: &'static str,
}

/// Our OAuth application at a provider.
#[derive(Debug, Clone)]
pub(crate) struct OauthApp {
    pub(crate) flow: Flow,
    pub(crate) client: Registration,
}

/// An account of a provider.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The provider's immutable id of it.
    pub(crate) id: String,
    /// Its name at present.
    pub(crate) label: String,
    /// The permissions of the tokens, if the provider names them.
    pub(crate) scopes: Vec<String>,
    /// The end of the tokens, if the provider names it.
    pub(crate) expires_at: Option<Timestamp>,
    /// The path below the base of the API where our installation at the account is removed, if
    /// there is one.
    pub(crate) removal: Option<String>,
}

impl Account {
    /// An account of whose tokens nothing is known.
    pub(crate) fn new(id: String, label: String) -> Self {
        Self { id, label, scopes: Vec::new(), expires_at: None, removal: None }
    }
}

/// A page of resources.
#[derive(Debug, Clone)]
pub(crate) struct ResourcePage {
    pub(crate) resources: Vec<ListedResource>,
    /// The provider's cursor of the next page; `None` on the last one.
    pub(crate) next: Option<String>,
}

/// A resource as its provider lists it.
#[derive(Debug, Clone)]
pub(crate) struct ListedResource {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) url: Option<String>,
    pub(crate) is_private: bool,
    pub(crate) is_archived: bool,
}

/// A kind of thing whose history can be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HistoryKind {
    /// Its name, such as `issue`.
    pub(crate) name: &'static str,
    /// The kind of resource that has it, such as `team`.
    pub(crate) resource: &'static str,
    /// True if it is pulled unless somebody chooses.
    pub(crate) is_default: bool,
    /// True if the provider tells how many there are.
    pub(crate) has_total: bool,
}

/// The place of a page of history: a kind of thing of a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HistoryPlace<'p> {
    /// The kind of thing.
    pub(crate) kind: &'p str,
    /// The provider's id of the resource.
    pub(crate) resource: &'p str,
    /// The name of the resource, as it was last listed.
    pub(crate) name: Option<&'p str>,
    /// The time from which on things have changed.
    pub(crate) since: Timestamp,
}

/// A page of history.
#[derive(Debug, Clone)]
pub(crate) struct HistoryPage {
    /// Events with their bodies, in the shape of this provider's webhooks.
    pub(crate) items: Vec<(String, Value)>,
    /// The provider's cursor of the next page; `None` on the last one.
    pub(crate) next: Option<String>,
}

/// The content that a webhook names.
#[derive(Debug, Clone, Default)]
pub(crate) struct WebhookContent {
    /// The event with its content, in the shape that the adapter reads; `None` if there is nothing to tell.
    pub(crate) event: Option<(String, Value)>,
    /// The key of a document that has changed.
    pub(crate) document: Option<String>,
}

/// The end of our tokens at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Revocation {
    /// The provider has ended them.
    Done,
    /// The provider offers no way to end them. The sentence says where a person can.
    ByHand(&'static str),
}

/// The settings of our OAuth application at a provider.
#[derive(Debug, Clone)]
pub struct OauthSettings {
    /// The public name of our application; `None` if none is set up.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<Secret>,
    /// The base of the provider's API.
    pub api_url: String,
    /// The base of the provider's pages.
    pub web_url: String,
}

/// The reason for a missing answer, by what can be done about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The provider wants no calls before this time.
    #[error("the provider wants no more calls before {until}")]
    Limited {
        /// The time.
        until: Timestamp,
    },
    /// The token is refused.
    #[error("the provider does not accept the token")]
    Unauthorised,
    /// The refresh token is refused for good.
    #[error("the provider no longer accepts the authorisation; connect it again")]
    GrantEnded,
    /// The token is good, but does not allow the call.
    #[error("the provider does not allow this: {0}")]
    Forbidden(String),
    /// The account is not there, or not for this token.
    #[error("the provider does not know the account")]
    Missing,
    /// The provider has switched off what is asked for.
    #[error("the provider does not offer this any more")]
    Gone,
    /// The provider must not give out what is asked for.
    #[error("the provider must not give this out, for legal reasons")]
    Withheld,
    /// There is nothing in what is asked for, such as a repository without a commit.
    #[error("it is empty")]
    Empty,
    /// The owner of the account has suspended our access.
    #[error("the owner of the account has suspended the access")]
    Suspended,
    /// Our clock differs from the provider's by these seconds, so that it does not believe us.
    #[error("{}", clock_in_words(*.0))]
    ClockOff(i64),
    /// The answer, or our question, is not as agreed.
    #[error("the provider's answer cannot be used: {0}")]
    Invalid(String),
    /// The provider fails with this status.
    #[error("the provider fails with status {0}")]
    Provider(u16),
    /// There was no answer.
    #[error("the provider does not answer: {0}")]
    Network(String),
    /// The connection is being closed, or is closed.
    #[error("the connection is closed")]
    Closed,
    /// A fault on our side.
    #[error("{0}")]
    Ours(campanile_base::Error),
}

impl Trouble {
    /// True if it says that our tokens are not good any more.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Unauthorised | Self::Forbidden(_) | Self::Missing | Self::GrantEnded)
    }

    /// The trouble that an answer of a token endpoint means.
    pub(crate) fn of_oauth(error: OauthError, now: Timestamp) -> Self {
        match error {
            OauthError::InvalidGrant(_) => Self::GrantEnded,
            OauthError::Limited(wait) => Self::Limited { until: now.plus(wait.unwrap_or(api::LIMITED_FOR)) },
            OauthError::Provider(status) => Self::Provider(status),
            OauthError::Unsent(error) => Self::Network(error.to_string()),
            error @ (OauthError::Refused { .. } | OauthError::Unreadable(_)) => Self::Invalid(error.to_string()),
        }
    }
}

/// The difference of the clocks in words. It is positive if ours is ahead.
fn clock_in_words(seconds: i64) -> String {
    let (minutes, side) = (seconds.unsigned_abs().div_ceil(60), if seconds > 0 { "ahead" } else { "behind" });
    format!("this server's clock is {minutes} min {side}, so the provider does not accept its signature; set the clock")
}

impl From<campanile_base::Error> for Trouble {
    fn from(error: campanile_base::Error) -> Self {
        Self::Ours(error)
    }
}

impl From<campanile_db::Error> for Trouble {
    fn from(error: campanile_db::Error) -> Self {
        Self::Ours(error.into())
    }
}
