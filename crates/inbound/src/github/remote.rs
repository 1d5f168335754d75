//! GitHub's API: resources at paths, lists whose next page the provider names.
//!
//! A page is never asked for by its number, because GitHub refuses that for large lists. A refusal with status
//! 403 is a limit, a permission that is missing, or an access that is suspended; the answer's headers
//! and its sentence say which.

use async_trait::async_trait;
use campanile_base::{Secret, Timestamp};
use campanile_net::{Client, Response};
use serde_json::Value;

use super::history;
use crate::connections::{ConnectionKind, Credentials};
use crate::payload::Read as _;
use crate::remote::{
    Account, Api, Dialect, HistoryKind, HistoryPage, HistoryPlace, LimitHeaders, ListedResource, Remote, ResourcePage,
    RestPage, Revocation, Trouble, body_of, needed_text,
};

/// The repositories that a person sees, a hundred a page.
const REPOSITORIES: &str = "/user/repos?per_page=100&sort=full_name";
/// The repositories of an installation of the app.
const OF_INSTALLATION: &str = "/installation/repositories?per_page=100";
/// Documented at docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api.
const LIMITS: LimitHeaders =
    LimitHeaders { total: "x-ratelimit-limit", remaining: "x-ratelimit-remaining", reset: "x-ratelimit-reset" };
pub(super) const DIALECT: Dialect = Dialect {
    limits: LIMITS,
    accept: "application/vnd.github+json",
    headers: &[("x-github-api-version", "2022-11-28")],
    trouble,
};
/// The scopes of a classic token, and the end of a token that has one.
const SCOPES: &str = "x-oauth-scopes";
const EXPIRATION: &str = "github-authentication-token-expiration";
/// The permissions that a refused call needs.
const NEEDED: &str = "x-accepted-github-permissions";
/// The number of characters of a sentence of GitHub that are kept.
const SENTENCE: usize = 300;
/// The place where a person can end a token.
const TOKEN_SETTINGS: &str =
    "a personal access token is deleted by its owner, in GitHub under Settings, Developer settings";

/// The app of the whole server, which an operator has registered at GitHub.
#[derive(Debug, Clone)]
pub struct GithubAppSettings {
    /// Its number.
    pub app_id: String,
    /// Its short name, as in the address of its page.
    pub slug: String,
    /// Its public name in OAuth.
    pub client_id: String,
    /// Its secret in OAuth.
    pub client_secret: Secret,
    /// Its private key, in PEM.
    pub private_key: Secret,
    /// The secret that its deliveries are signed with; `None` if it delivers nothing.
    pub webhook_secret: Option<Secret>,
}

/// The settings of GitHub.
#[derive(Debug, Clone)]
pub struct GithubSettings {
    /// The base of its API; of a GitHub Enterprise Server, `https://host/api/v3`.
    pub api_url: String,
    /// The base of its pages.
    pub web_url: String,
    /// The app of the whole server, if one is set up.
    pub app: Option<GithubAppSettings>,
}

impl Default for GithubSettings {
    fn default() -> Self {
        let (api_url, web_url) = ("https://api.github.com".to_owned(), "https://github.com".to_owned());
        Self { api_url, web_url, app: None }
    }
}

/// GitHub.
#[derive(Debug, Clone)]
pub(crate) struct Github {
    api_url: String,
    web_url: String,
}

impl Github {
    pub(crate) fn new(settings: &GithubSettings) -> Self {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        Self { api_url: plain(&settings.api_url), web_url: plain(&settings.web_url) }
    }

    pub(super) fn api_url(&self) -> &str {
        &self.api_url
    }

    /// The base of GitHub's pages, without a slash at the end.
    pub(crate) fn web_url(&self) -> &str {
        &self.web_url
    }

    /// True if it is a server of its own, whose API is below a path and whose pages have other
    /// addresses in part.
    pub(super) fn is_enterprise_server(&self) -> bool {
        self.api_url.ends_with("/api/v3")
    }

    fn repository(&self, repository: &Value) -> Result<ListedResource, Trouble> {
        let name = needed_text(repository, "full_name")?;
        Ok(ListedResource {
            kind: "repository",
            id: id(repository)?,
            url: Some(format!("{}/{name}", self.web_url)),
            name,
            is_private: repository.flag("private"),
            is_archived: repository.flag("archived"),
        })
    }
}

#[async_trait]
impl Remote for Github {
    fn api(&self, http: &Client, kind: ConnectionKind, access: &Secret) -> Api {
        Api::with_bearer(http, &self.api_url, (kind, access), DIALECT)
    }

    async fn account(&self, api: &Api, now: Timestamp) -> Result<Account, Trouble> {
        let user = api.get("/user", now).await?;
        let account = format!("user:{}", id(&user.body)?);
        let (scopes, expires_at) = (scopes(&user), expiration(&user));
        Ok(Account { scopes, expires_at, ..Account::new(account, needed_text(&user.body, "login")?) })
    }

    async fn resources(&self, api: &Api, after: Option<&str>, now: Timestamp) -> Result<ResourcePage, Trouble> {
        let first = if api.kind() == ConnectionKind::App { OF_INSTALLATION } else { REPOSITORIES };
        let page = api.get(after.unwrap_or(first), now).await?;
        let listed = page.body.as_array().or_else(|| page.body["repositories"].as_array());
        let listed = listed.ok_or_else(|| Trouble::Invalid("it has no repositories".to_owned()))?;
        let resources = listed.iter().map(|repository| self.repository(repository)).collect::<Result<_, _>>()?;
        Ok(ResourcePage { resources, next: page.next })
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

    fn permission_for(&self, kind: &str) -> Option<&'static str> {
        history::permission_for(kind)
    }

    fn grant_url(&self, kind: ConnectionKind) -> Option<String> {
        let page = match kind {
            ConnectionKind::App => "installations",
            ConnectionKind::Oauth | ConnectionKind::Token => "tokens",
        };
        Some(format!("{}/settings/{page}", self.web_url))
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
        Ok(Revocation::ByHand(TOKEN_SETTINGS))
    }
}

/// The trouble that a refusal means. `until` is the end of a limit.
fn trouble(answer: &Response, until: Timestamp) -> Option<Trouble> {
    let body = body_of(answer);
    let said: String = body.text("message").unwrap_or("no reason").chars().take(SENTENCE).collect();
    let low = said.to_lowercase();
    let is_used_up = answer.header(LIMITS.remaining).is_some_and(|left| left.trim() == "0");
    let is_limit = answer.header("retry-after").is_some() || is_used_up || low.contains("rate limit");
    match answer.status {
        403 | 429 if is_limit => Some(Trouble::Limited { until }),
        403 if low.contains("suspended") => Some(Trouble::Suspended),
        403 => Some(Trouble::Forbidden(match answer.header(NEEDED) {
            Some(needed) => format!("{said} (it needs {needed})"),
            None => said,
        })),
        409 if low.contains("empty") => Some(Trouble::Empty),
        451 => Some(Trouble::Withheld),
        _ => None,
    }
}

/// The scopes of a classic token. A fine-grained one has permissions that GitHub does not name.
fn scopes(page: &RestPage) -> Vec<String> {
    let named = page.header(SCOPES).unwrap_or_default().split(',').map(str::trim);
    named.filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

/// The end of a token, which GitHub writes as `2027-01-31 12:00:00 UTC`, or with an offset.
fn expiration(page: &RestPage) -> Option<Timestamp> {
    let mut parts = page.header(EXPIRATION)?.split_whitespace();
    let (day, time, zone) = (parts.next()?, parts.next()?, parts.next()?);
    let offset = match zone {
        "UTC" => "Z".to_owned(),
        zone => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
    };
    Timestamp::parse(&format!("{day}T{time}{offset}"))
}

/// The number of a thing, as text.
pub(super) fn id(object: &Value) -> Result<String, Trouble> {
    object.id("id").ok_or_else(|| Trouble::Invalid("the field id is missing".to_owned()))
}
