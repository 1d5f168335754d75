//! Vercel's API: resources at paths, lists by time, the team as a parameter of every call.
//!
//! An account is a team or a person. It is connected with a token of a person, who may name a team,
//! or by installing our integration: its token does not run out, and ends with the installation.
//! Vercel refuses a token that it does not know with status 403.

use async_trait::async_trait;
use campanile_base::{Secret, Timestamp};
use campanile_net::oauth::{Authentication, Encoding, Flow, Pkce, Refresh, Registration, Verifier};
use campanile_net::{Client, Response};
use serde_json::Value;
use url::Url;

use super::history;
use crate::connections::{ConnectionKind, Credentials};
use crate::payload::Read as _;
use crate::remote::{
    Account, Api, Dialect, FieldValues, Grant, HistoryKind, HistoryPage, HistoryPlace, LimitHeaders, ListedResource,
    OauthApp, OauthSettings, Remote, ResourcePage, Revocation, TokenField, Trouble, body_of, is_plain, needed_text,
};

const DIALECT: Dialect = Dialect {
    limits: LimitHeaders { total: "x-ratelimit-limit", remaining: "x-ratelimit-remaining", reset: "x-ratelimit-reset" },
    accept: "application/json",
    headers: &[],
    trouble,
};
/// The ids of teams begin like this.
const TEAM: &str = "team_";
/// The name of the field with a team.
const TEAM_FIELD: &str = "team";
const TOKEN_FIELDS: &[TokenField] = &[TokenField {
    name: TEAM_FIELD,
    label: "Team",
    placeholder: "acme",
    hint: "The name of the team in its address, vercel.com/NAME, or its id. Empty for the personal account.",
    is_required: false,
}];
/// The number of characters of a sentence of Vercel that are kept.
const SENTENCE: usize = 300;
/// The place where a person can end a token.
const TOKEN_SETTINGS: &str = "a token is deleted by its owner, in Vercel under Account Settings, Tokens";
/// The place where a person can remove the integration.
const INTEGRATION_SETTINGS: &str = "the integration is removed in Vercel, in the settings of the team, Integrations";

/// The settings of Vercel.
#[derive(Debug, Clone)]
pub struct VercelSettings {
    /// Our integration, and the addresses of Vercel.
    pub oauth: OauthSettings,
    /// The name of our integration in the address of its page; set if the client id is.
    pub slug: Option<String>,
}

impl Default for VercelSettings {
    fn default() -> Self {
        let (api_url, web_url) = ("https://api.vercel.com".to_owned(), "https://vercel.com".to_owned());
        Self { oauth: OauthSettings { client_id: None, client_secret: None, api_url, web_url }, slug: None }
    }
}

/// Vercel.
#[derive(Debug, Clone)]
pub(crate) struct Vercel {
    api_url: String,
    oauth: Option<OauthApp>,
}

impl Vercel {
    pub(crate) fn new(settings: &VercelSettings, redirect_uri: String) -> Self {
        let VercelSettings { oauth, slug } = settings;
        let (api, web) = (oauth.api_url.trim_end_matches('/'), oauth.web_url.trim_end_matches('/'));
        let integration = oauth.client_id.clone().zip(slug.as_deref());
        let app = integration.map(|(client_id, slug)| OauthApp {
            flow: flow(api, format!("{web}/integrations/{slug}/new")),
            client: Registration { client_id, client_secret: oauth.client_secret.clone(), redirect_uri },
        });
        Self { api_url: api.to_owned(), oauth: app }
    }
}

fn flow(api: &str, authorize_url: String) -> Flow {
    Flow {
        authorize_url,
        token_url: format!("{api}/v2/oauth/access_token"),
        revoke_url: None,
        authentication: Authentication::Body,
        encoding: Encoding::Form,
        // They are fixed at the integration.
        scopes: &[],
        scope_separator: " ",
        pkce: Pkce::None,
        parameters: &[],
        refresh: Refresh::None,
    }
}

#[async_trait]
impl Remote for Vercel {
    fn oauth(&self) -> Option<&OauthApp> {
        self.oauth.as_ref()
    }

    /// The page where somebody installs the integration. It takes a state, and knows the rest.
    fn consent_page(&self, app: &OauthApp, state: &str, _: &Verifier) -> Result<String, String> {
        let mut page = Url::parse(&app.flow.authorize_url).map_err(|error| error.to_string())?;
        page.query_pairs_mut().append_pair("state", state);
        Ok(page.into())
    }

    fn token_fields(&self) -> &'static [TokenField] {
        TOKEN_FIELDS
    }

    fn api(&self, http: &Client, kind: ConnectionKind, access: &Secret) -> Api {
        Api::with_bearer(http, &self.api_url, (kind, access), DIALECT)
    }

    async fn account(&self, api: &Api, now: Timestamp) -> Result<Account, Trouble> {
        match team_of(api) {
            Some(team) => of_team(api, team, now).await,
            None => of_person(api, now).await,
        }
    }

    async fn account_of_token(&self, api: &Api, fields: &FieldValues, now: Timestamp) -> Result<Account, Trouble> {
        let Some(team) = fields.get(TEAM_FIELD) else { return of_person(api, now).await };
        // A token that is refused is at fault itself; one that is accepted may still not see the team.
        of_person(api, now).await?;
        of_team(api, team, now).await.map_err(|trouble| match trouble {
            Trouble::Missing | Trouble::Forbidden(_) => {
                let unseen = "is none that the token sees; make a token whose scope is this team";
                Trouble::Ours(campanile_base::Error::invalid_field(TEAM_FIELD, unseen))
            }
            other => other,
        })
    }

    /// The account on which the integration was installed. The installation of the token has to be
    /// the one with which the person was led back.
    async fn account_of_grant(&self, api: &Api, grant: Grant<'_>, now: Timestamp) -> Result<Account, Trouble> {
        let installation = grant.extra.get("installation_id").and_then(Value::as_str);
        let (Some(installation), true) = (installation, installation == grant.configuration) else {
            return Err(Trouble::Invalid("it is about another installation than the one that was made".to_owned()));
        };
        let team = grant.extra.get("team_id").and_then(Value::as_str);
        if !is_plain(installation) || team.is_some_and(|team| !is_plain(team)) {
            return Err(Trouble::Invalid("its ids are no ids".to_owned()));
        }
        let account = match team {
            Some(team) => of_team(api, team, now).await?,
            None => of_person(api, now).await?,
        };
        let removal = in_team(&format!("/v1/integrations/configuration/{installation}"), team);
        Ok(Account { removal: Some(removal), ..account })
    }

    async fn resources(&self, api: &Api, after: Option<&str>, now: Timestamp) -> Result<ResourcePage, Trouble> {
        let until = after.map(|after| format!("&until={after}")).unwrap_or_default();
        let path = in_team(&format!("/v10/projects?limit=100{until}"), team_of(api));
        let page = api.get(&path, now).await?.body;
        let projects = page["projects"].as_array().ok_or_else(|| Trouble::Invalid("it has no projects".to_owned()))?;
        let resources = projects.iter().map(project).collect::<Result<_, _>>()?;
        Ok(ResourcePage { resources, next: history::next(&page)? })
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
        let page = api.get(&in_team(&history::path(place, cursor)?, team_of(api)), now).await?.body;
        history::page(place, team_of(api), &page)
    }

    async fn revoke(
        &self,
        http: &Client,
        kind: ConnectionKind,
        held: &Credentials,
        now: Timestamp,
    ) -> Result<Revocation, Trouble> {
        let by_hand = if kind == ConnectionKind::Oauth { INTEGRATION_SETTINGS } else { TOKEN_SETTINGS };
        let Some(removal) = &held.removal else { return Ok(Revocation::ByHand(by_hand)) };
        match self.api(http, kind, &held.access).call("DELETE", removal, None, now).await {
            Ok(_) | Err(Trouble::Missing) => Ok(Revocation::Done),
            Err(trouble) => Err(trouble),
        }
    }
}

async fn of_person(api: &Api, now: Timestamp) -> Result<Account, Trouble> {
    let body = api.get("/v2/user", now).await?.body;
    let user = &body["user"];
    // Older answers call the id `uid`.
    let id = user.id("id").or_else(|| user.id("uid"));
    let id = id.ok_or_else(|| Trouble::Invalid("the field user.id is missing".to_owned()))?;
    Ok(Account::new(id, needed_text(user, "username")?))
}

/// A team by its id or by the name in its address.
async fn of_team(api: &Api, team: &str, now: Timestamp) -> Result<Account, Trouble> {
    let is_id = team.starts_with(TEAM);
    let path = format!("/v2/teams/{team}");
    let body = api.get(&in_team(&path, Some(team).filter(|_| is_id)), now).await?.body;
    // Some answers wrap it.
    let team = body.get("team").unwrap_or(&body);
    let id = needed_text(team, "id")?;
    if !id.starts_with(TEAM) || !is_plain(&id) {
        return Err(Trouble::Invalid(format!("the id of the team does not begin with {TEAM}")));
    }
    Ok(Account::new(id, needed_text(team, "name").or_else(|_| needed_text(team, "slug"))?))
}

/// The team that calls are about; `None` for the account of a person.
fn team_of(api: &Api) -> Option<&str> {
    api.account().filter(|account| account.starts_with(TEAM))
}

/// A path of the API within a team.
fn in_team(path: &str, team: Option<&str>) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    team.map_or_else(|| path.to_owned(), |team| format!("{path}{mark}teamId={team}"))
}

fn project(project: &Value) -> Result<ListedResource, Trouble> {
    Ok(ListedResource {
        kind: history::PROJECT,
        id: needed_text(project, "id")?,
        name: needed_text(project, "name")?,
        // Its address has the name of the team, which the list does not tell.
        url: None,
        is_private: false,
        is_archived: false,
    })
}

/// The trouble that a refusal means. `until` is the end of a limit.
fn trouble(answer: &Response, until: Timestamp) -> Option<Trouble> {
    let body = body_of(answer);
    let said = || body.text("error/message").unwrap_or("no reason").chars().take(SENTENCE).collect::<String>();
    match (answer.status, body.text("error/code")) {
        (_, Some("rate_limited")) => Some(Trouble::Limited { until }),
        (403, _) if body.flag("error/invalidToken") => Some(Trouble::Unauthorised),
        (403, _) => Some(Trouble::Forbidden(said())),
        (400, _) => Some(Trouble::Invalid(said())),
        _ => None,
    }
}
