//! PagerDuty's API: resources at paths, lists by offset, no OAuth yet.
//!
//! A key belongs to the account or to a person. Neither names the account: the host of its pages does, and is
//! its id here. An account that gets another subdomain is another one to us.

use async_trait::async_trait;
use campanile_base::{Secret, Timestamp};
use campanile_net::{Client, Response};
use serde_json::Value;
use url::Url;

use super::history;
use super::lists::{LAST_OFFSET, list};
use crate::connections::{ConnectionKind, Credentials};
use crate::payload::Read as _;
use crate::remote::{
    Account, Api, Dialect, HistoryKind, HistoryPage, HistoryPlace, LimitHeaders, ListedResource, Remote, ResourcePage,
    Revocation, Trouble,
};

const DIALECT: Dialect = Dialect {
    limits: LimitHeaders { total: "ratelimit-limit", remaining: "ratelimit-remaining", reset: "ratelimit-reset" },
    accept: "application/vnd.pagerduty+json;version=2",
    // Its description demands the type of a body also where there is none.
    headers: &[("content-type", "application/json")],
    trouble,
};
/// The services of a page.
const PAGE: u64 = 100;
/// The place where a person can end a key.
const KEY_SETTINGS: &str = "an API key is deleted in PagerDuty: one of the account under Integrations, API Access Keys, \
    one of a person under My Profile, User Settings";

/// The settings of PagerDuty.
#[derive(Debug, Clone)]
pub struct PagerdutySettings {
    /// The base of its API.
    pub api_url: String,
}

impl Default for PagerdutySettings {
    fn default() -> Self {
        Self { api_url: "https://api.pagerduty.com".to_owned() }
    }
}

/// PagerDuty.
#[derive(Debug, Clone)]
pub(crate) struct Pagerduty {
    api_url: String,
}

impl Pagerduty {
    pub(crate) fn new(settings: &PagerdutySettings) -> Self {
        Self { api_url: settings.api_url.trim_end_matches('/').to_owned() }
    }
}

#[async_trait]
impl Remote for Pagerduty {
    fn api(&self, http: &Client, kind: ConnectionKind, access: &Secret) -> Api {
        let authorization = Secret::new(format!("Token token={}", access.expose()));
        Api::new(http, &self.api_url, (kind, authorization), DIALECT)
    }

    async fn account(&self, api: &Api, now: Timestamp) -> Result<Account, Trouble> {
        let users = api.get("/users?limit=1", now).await?.body;
        let page = users.text("users/0/html_url").and_then(|url| Url::parse(url).ok());
        let host = page.as_ref().and_then(|page| page.host_str());
        let host = host.ok_or_else(|| Trouble::Invalid("no user has a page".to_owned()))?;
        let label = host.split('.').next().unwrap_or(host);
        Ok(Account::new(host.to_owned(), label.to_owned()))
    }

    async fn resources(&self, api: &Api, after: Option<&str>, now: Timestamp) -> Result<ResourcePage, Trouble> {
        let offset = after.map_or(Ok(0), offset)?;
        let page = api.get(&format!("/services?limit={PAGE}&offset={offset}&sort_by=name"), now).await?.body;
        let services = list(&page, "services")?;
        let resources = services.iter().map(service).collect::<Result<Vec<_>, _>>()?;
        let next = (page.flag("more") && !services.is_empty()).then(|| offset + services.len() as u64);
        match next {
            // A list that ends there would count as complete.
            Some(next) if next + PAGE > LAST_OFFSET => Err(Trouble::Invalid("it has too many services".to_owned())),
            next => Ok(ResourcePage { resources, next: next.map(|next| next.to_string()) }),
        }
    }

    fn kinds(&self) -> &'static [HistoryKind] {
        history::KINDS
    }

    async fn history(
        &self,
        api: &Api,
        place: HistoryPlace<'_>,
        cursor: Option<&str>,
        now: Timestamp,
    ) -> Result<HistoryPage, Trouble> {
        history::page(api, place, cursor, now).await
    }

    async fn total(&self, api: &Api, place: HistoryPlace<'_>, now: Timestamp) -> Result<Option<i64>, Trouble> {
        history::total(api, place, now).await
    }

    async fn revoke(
        &self,
        _: &Client,
        _: ConnectionKind,
        _: &Credentials,
        _: Timestamp,
    ) -> Result<Revocation, Trouble> {
        Ok(Revocation::ByHand(KEY_SETTINGS))
    }
}

fn offset(cursor: &str) -> Result<u64, Trouble> {
    cursor.parse().map_err(|_| Trouble::Invalid(format!("{cursor:?} is no offset")))
}

fn service(service: &Value) -> Result<ListedResource, Trouble> {
    let needed = |field: &str| {
        let found = service.text(field).map(str::to_owned);
        found.ok_or_else(|| Trouble::Invalid(format!("a service has no {field}")))
    };
    Ok(ListedResource {
        kind: "service",
        id: needed("id")?,
        name: service.text("name").map_or_else(|| needed("summary"), |name| Ok(name.to_owned()))?,
        url: service.text("html_url").map(Into::into),
        is_private: false,
        is_archived: service.text("status") == Some("disabled"),
    })
}

/// The trouble that a refusal means: the account's plan may lack what is asked for.
fn trouble(answer: &Response, _: Timestamp) -> Option<Trouble> {
    (answer.status == 402).then(|| Trouble::Forbidden("the plan of the account does not have it".to_owned()))
}
