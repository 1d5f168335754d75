//! Notion's API: resources at paths, lists by cursor, a few calls a second.
//!
//! A public integration is connected by consent, and the person chooses the pages in Notion's own dialogue.
//! An internal integration sees nothing until pages are shared with it. What it sees is one resource,
//! the workspace; each page and each database is one as well, with everything below it.

use async_trait::async_trait;
use campanile_base::{Clock, Secret, Timestamp};
use campanile_net::oauth::{self, Authentication, Encoding, Flow, Pkce, Refresh, Registration};
use campanile_net::{Client, Response};
use serde_json::{Value, json};

use super::properties;
use crate::connections::{ConnectionKind, Credentials};
use crate::payload::Read as _;
use crate::remote::{
    Account, Api, Dialect, Grant, LimitHeaders, ListedResource, OauthApp, Remote, ResourcePage, Revocation, Trouble,
    WebhookContent,
};

/// Search goes through everything that is shared with the integration.
const SEARCH: &str = "/v1/search";
const ME: &str = "/v1/users/me";
const DIALECT: Dialect = Dialect {
    // Notion names no limits, only the time to wait.
    limits: LimitHeaders { total: "x-ratelimit-limit", remaining: "x-ratelimit-remaining", reset: "x-ratelimit-reset" },
    accept: "application/json",
    headers: &[("notion-version", "2025-09-03")],
    trouble,
};
/// The things of a page of a list.
const PAGE: u32 = 100;
/// The number of characters of a sentence of Notion that are kept.
const SENTENCE: usize = 300;
/// The times that a call is made while Notion wants a pause, and the longest pause that is waited for.
const CALLS: u32 = 6;
const PAUSE: std::time::Duration = std::time::Duration::from_secs(60);
/// The place where a person can end a token.
const TOKEN_SETTINGS: &str = "an internal integration is deleted by its owner, in Notion under Settings, Connections";

/// The settings of Notion.
#[derive(Debug, Clone)]
pub struct NotionSettings {
    /// The base of its API.
    pub api_url: String,
    /// The public name of our public integration; `None` if none is set up.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<Secret>,
}

impl Default for NotionSettings {
    fn default() -> Self {
        Self { api_url: "https://api.notion.com".to_owned(), client_id: None, client_secret: None }
    }
}

/// Notion.
#[derive(Debug, Clone)]
pub(crate) struct Notion {
    api_url: String,
    oauth: Option<OauthApp>,
}

/// A page of a search.
pub(super) struct Found {
    pub(super) results: Vec<Value>,
    pub(super) next: Option<String>,
    /// False if Notion has left something out.
    pub(super) is_complete: bool,
}

impl Notion {
    pub(crate) fn new(settings: &NotionSettings, redirect_uri: String) -> Self {
        let api = settings.api_url.trim_end_matches('/');
        // Documented at developers.notion.com/docs/authorization.
        let flow = Flow {
            authorize_url: format!("{api}/v1/oauth/authorize"),
            token_url: format!("{api}/v1/oauth/token"),
            revoke_url: Some(format!("{api}/v1/oauth/revoke")),
            authentication: Authentication::Basic,
            encoding: Encoding::Json,
            scopes: &[],
            scope_separator: " ",
            pkce: Pkce::None,
            parameters: &[("owner", "user")],
            refresh: Refresh::Rotating,
        };
        let oauth = settings.client_id.clone().map(|client_id| OauthApp {
            flow,
            client: Registration { client_id, client_secret: settings.client_secret.clone(), redirect_uri },
        });
        Self { api_url: api.to_owned(), oauth }
    }
}

#[async_trait]
impl Remote for Notion {
    fn oauth(&self) -> Option<&OauthApp> {
        self.oauth.as_ref()
    }

    fn api(&self, http: &Client, kind: ConnectionKind, access: &Secret) -> Api {
        Api::with_bearer(http, &self.api_url, (kind, access), DIALECT)
    }

    async fn account(&self, api: &Api, now: Timestamp) -> Result<Account, Trouble> {
        let me = api.get(ME, now).await?.body;
        let id = me.text("id").ok_or_else(|| Trouble::Invalid("the field id is missing".to_owned()))?;
        Ok(Account::new(id.to_owned(), workspace_of(&me)))
    }

    async fn resources(&self, api: &Api, after: Option<&str>, now: Timestamp) -> Result<ResourcePage, Trouble> {
        let mut resources = Vec::new();
        if after.is_none() {
            let me = api.get(ME, now).await?.body;
            let id = me.text("id").unwrap_or_default();
            resources.push(listed("workspace", id, format!("Everything shared in {}", workspace_of(&me)), None));
        }
        let Found { results, next, .. } = search(api, after, now).await?;
        for found in results.iter().filter(|found| !is_in_trash(found)) {
            let kind = if found["object"] == "page" { "page" } else { "database" };
            // Rows are pages of their database.
            let is_row = matches!(found["parent"]["type"].as_str(), Some("database_id" | "data_source_id"));
            if let Some(id) = found.text("id").filter(|_| kind == "database" || !is_row) {
                let name = properties::title(found).unwrap_or_else(|| "Untitled".to_owned());
                resources.push(listed(kind, id, name, found.text("url")));
            }
        }
        Ok(ResourcePage { resources, next })
    }

    async fn content(&self, api: &Api, event: &str, payload: &Value, clock: &Clock) -> Result<WebhookContent, Trouble> {
        self.content_of(api, event, payload, clock).await
    }

    /// A bot belongs to one integration in one workspace.
    async fn account_of_grant(&self, api: &Api, grant: Grant<'_>, now: Timestamp) -> Result<Account, Trouble> {
        let account = self.account(api, now).await?;
        let text = |name: &str| grant.extra.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(workspace), Some(bot)) = (text("workspace_id"), text("bot_id")) else { return Ok(account) };
        let label = text("workspace_name").map_or_else(|| account.label.clone(), str::to_owned);
        Ok(Account { id: format!("{workspace}/{bot}"), label, ..account })
    }

    fn grant_url(&self, _: ConnectionKind) -> Option<String> {
        Some("https://www.notion.so/profile/integrations".to_owned())
    }

    async fn revoke(
        &self,
        http: &Client,
        kind: ConnectionKind,
        held: &Credentials,
        now: Timestamp,
    ) -> Result<Revocation, Trouble> {
        let (ConnectionKind::Oauth, Some(OauthApp { flow, client })) = (kind, &self.oauth) else {
            return Ok(Revocation::ByHand(TOKEN_SETTINGS));
        };
        let ended = oauth::revoke(http, flow, client, &held.access).await;
        ended.map_err(|error| Trouble::of_oauth(error, now))?;
        Ok(Revocation::Done)
    }
}

fn listed(kind: &'static str, id: &str, name: String, url: Option<&str>) -> ListedResource {
    let (id, url) = (id.to_owned(), url.map(str::to_owned));
    ListedResource { kind, id, name, url, is_private: false, is_archived: false }
}

pub(super) fn is_in_trash(object: &Value) -> bool {
    object.flag("in_trash") || object.flag("archived")
}

/// The name of the workspace of an integration.
pub(super) fn workspace_of(me: &Value) -> String {
    me.text("bot/workspace_name").or_else(|| me.text("name")).unwrap_or("Notion").to_owned()
}

/// Reads what is at a path, and waits as long as Notion asks.
pub(super) async fn get(api: &Api, path: &str, clock: &Clock) -> Result<Value, Trouble> {
    for _ in 1..CALLS {
        match api.get(path, clock.now()).await {
            Err(Trouble::Limited { until }) if until.since(clock.now()) <= PAUSE => {
                tokio::time::sleep(until.since(clock.now())).await;
            }
            answer => return Ok(answer?.body),
        }
    }
    Ok(api.get(path, clock.now()).await?.body)
}

/// The account behind a token.
pub(super) async fn me(api: &Api, clock: &Clock) -> Result<Value, Trouble> {
    get(api, ME, clock).await
}

/// A page of everything that is shared, the newest edits first.
pub(super) async fn search(api: &Api, after: Option<&str>, now: Timestamp) -> Result<Found, Trouble> {
    let mut asked = json!({
        "page_size": PAGE, "sort": { "timestamp": "last_edited_time", "direction": "descending" },
    });
    if let Some(after) = after {
        asked["start_cursor"] = json!(after);
    }
    let answer = api.post_json(SEARCH, &asked, now).await?;
    let results = answer["results"].as_array().cloned();
    let results = results.ok_or_else(|| Trouble::Invalid("it has no results".to_owned()))?;
    let next = answer.text("next_cursor").filter(|_| answer.flag("has_more")).map(str::to_owned);
    let is_complete = answer["request_status"]["type"] != "incomplete";
    Ok(Found { results, next, is_complete })
}

/// The trouble that a refusal means. `until` is the end of a limit.
fn trouble(answer: &Response, until: Timestamp) -> Option<Trouble> {
    let said = || match serde_json::from_slice::<Value>(&answer.body) {
        Ok(body) => body.text("message").unwrap_or("no reason").chars().take(SENTENCE).collect::<String>(),
        Err(_) => "the answer is no JSON".to_owned(),
    };
    match answer.status {
        429 | 529 => Some(Trouble::Limited { until }),
        403 => Some(Trouble::Forbidden(said())),
        400 => Some(Trouble::Invalid(said())),
        _ => None,
    }
}
