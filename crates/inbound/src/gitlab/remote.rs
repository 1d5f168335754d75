//! GitLab's API: projects by pages that name the next one, of gitlab.com or of a GitLab of one's own.
//!
//! A token is a person's, a group's or a project's; the last two have a user of their own, which is the account.

use async_trait::async_trait;
use campanile_base::{Secret, Timestamp};
use campanile_net::Client;
use serde_json::Value;

use super::history;
use crate::connections::{ConnectionKind, Credentials};
use crate::payload::Read as _;
use crate::remote::{
    Account, Api, Dialect, HistoryKind, HistoryPage, HistoryPlace, LimitHeaders, ListedResource, Remote, ResourcePage,
    Revocation, Trouble, items,
};

const LIMITS: LimitHeaders =
    LimitHeaders { total: "ratelimit-limit", remaining: "ratelimit-remaining", reset: "ratelimit-reset" };
/// The scopes of a token, each of which is enough.
const SCOPES: [&str; 2] = ["read_api", "api"];
/// The place where a person can end a token.
const TOKEN_SETTINGS: &str =
    "an access token is revoked by its owner, in GitLab under Access tokens of the profile, the group or the project";

/// The settings of GitLab.
#[derive(Debug, Clone)]
pub struct GitlabSettings {
    /// The base of its API, with `/api/v4`.
    pub api_url: String,
}

impl Default for GitlabSettings {
    fn default() -> Self {
        Self { api_url: "https://gitlab.com/api/v4".to_owned() }
    }
}

/// GitLab.
#[derive(Debug, Clone)]
pub(crate) struct Gitlab {
    api_url: String,
}

impl Gitlab {
    pub(crate) fn new(settings: &GitlabSettings) -> Self {
        Self { api_url: settings.api_url.trim_end_matches('/').to_owned() }
    }
}

#[async_trait]
impl Remote for Gitlab {
    fn api(&self, http: &Client, kind: ConnectionKind, access: &Secret) -> Api {
        Api::with_bearer(http, &self.api_url, (kind, access), Dialect::plain(LIMITS))
    }

    async fn account(&self, api: &Api, now: Timestamp) -> Result<Account, Trouble> {
        let user = api.get("/user", now).await?.body;
        let id = user.id("id").ok_or_else(|| Trouble::Invalid("the user has no id".to_owned()))?;
        // The user of a group's token has a made-up login, and the token's name.
        let label = if user.flag("bot") { user.text("name") } else { user.text("username") };
        let label = label.or(user.text("username")).unwrap_or("GitLab").to_owned();
        let (scopes, expires_at) = token(api, now).await?;
        if !scopes.is_empty() && !scopes.iter().any(|scope| SCOPES.contains(&scope.as_str())) {
            return Err(Trouble::Forbidden("the token lacks the scope read_api".to_owned()));
        }
        Ok(Account { scopes, expires_at, ..Account::new(id, label) })
    }

    async fn resources(&self, api: &Api, after: Option<&str>, now: Timestamp) -> Result<ResourcePage, Trouble> {
        let first = "/projects?membership=true&order_by=id&sort=asc&pagination=keyset&per_page=100";
        let page = api.get(after.unwrap_or(first), now).await?;
        let resources = items(&page.body)?.iter().map(project).collect::<Result<_, _>>()?;
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

/// The scopes and the end of the token itself. Older versions do not tell them.
async fn token(api: &Api, now: Timestamp) -> Result<(Vec<String>, Option<Timestamp>), Trouble> {
    let token = match api.get("/personal_access_tokens/self", now).await {
        Ok(answer) => answer.body,
        Err(Trouble::Missing | Trouble::Forbidden(_) | Trouble::Invalid(_)) => return Ok((Vec::new(), None)),
        Err(trouble) => return Err(trouble),
    };
    let scopes = token.list("scopes").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    // It ends at the beginning of that day.
    Ok((scopes, token.text("expires_at").and_then(Timestamp::parse_time_or_date)))
}

fn project(project: &Value) -> Result<ListedResource, Trouble> {
    let missing = |field: &str| Trouble::Invalid(format!("a project has no {field}"));
    Ok(ListedResource {
        kind: "project",
        id: project.id("id").ok_or_else(|| missing("id"))?,
        name: project.text("path_with_namespace").ok_or_else(|| missing("path_with_namespace"))?.to_owned(),
        url: project.text("web_url").map(Into::into),
        is_private: project.text("visibility").is_some_and(|visibility| visibility != "public"),
        is_archived: project.flag("archived"),
    })
}
