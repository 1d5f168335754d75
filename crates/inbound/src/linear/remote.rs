//! Linear's API: GraphQL at one address, OAuth with PKCE, tokens that are refreshed.
//!
//! A refresh token is accepted once. A personal API key is sent without the word `Bearer`. An error
//! comes with status 200 or 400, and its code says what it means.

use async_trait::async_trait;
use campanile_base::{Secret, Timestamp};
use campanile_net::Client;
use campanile_net::oauth::{self, Authentication, Encoding, Flow, Pkce, Refresh, Registration};
use serde_json::{Value, json};

use super::history;
use crate::connections::{ConnectionKind, Credentials};
use crate::remote::{
    Account, Api, Dialect, HistoryKind, HistoryPage, HistoryPlace, LimitHeaders, ListedResource, OauthApp,
    OauthSettings, Remote, ResourcePage, Revocation, Trouble, needed_text,
};

pub(super) const GRAPHQL: &str = "/graphql";
/// The account, and the person whose tokens they are.
const ACCOUNT: &str = "query Account { viewer { id } organization { id name urlKey } }";
/// A page of teams.
const TEAMS: &str = "query Teams($first: Int!, $after: String) {
  organization { urlKey }
  teams(first: $first, after: $after, includeArchived: true) {
    nodes { id key name private archivedAt }
    pageInfo { hasNextPage endCursor }
  }
}";
/// The number of teams of a page.
const PAGE: u32 = 50;
/// Documented at linear.app/developers/rate-limiting.
const LIMITS: LimitHeaders = LimitHeaders {
    total: "x-ratelimit-requests-limit",
    remaining: "x-ratelimit-requests-remaining",
    reset: "x-ratelimit-requests-reset",
};
/// The place where a person can end a personal API key.
const KEY_SETTINGS: &str = "a personal API key is deleted by its owner, in Linear under Settings, Security & access";

/// Linear.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    api_url: String,
    web_url: String,
    oauth: Option<OauthApp>,
}

impl Linear {
    pub(crate) fn new(settings: &OauthSettings, redirect_uri: String) -> Self {
        let (api, web) = (settings.api_url.trim_end_matches('/'), settings.web_url.trim_end_matches('/'));
        let flow = Flow {
            authorize_url: format!("{web}/oauth/authorize"),
            token_url: format!("{api}/oauth/token"),
            revoke_url: Some(format!("{api}/oauth/revoke")),
            authentication: Authentication::Body,
            encoding: Encoding::Form,
            scopes: &["read"],
            scope_separator: ",",
            pkce: Pkce::S256,
            // Without it, a person who has consented before cannot choose another organisation.
            parameters: &[("prompt", "consent")],
            refresh: Refresh::Rotating,
        };
        let oauth = settings.client_id.clone().map(|client_id| OauthApp {
            flow,
            client: Registration { client_id, client_secret: settings.client_secret.clone(), redirect_uri },
        });
        Self { api_url: api.to_owned(), web_url: web.to_owned(), oauth }
    }
}

#[async_trait]
impl Remote for Linear {
    fn oauth(&self) -> Option<&OauthApp> {
        self.oauth.as_ref()
    }

    fn api(&self, http: &Client, kind: ConnectionKind, access: &Secret) -> Api {
        let authorization = match kind {
            ConnectionKind::Oauth | ConnectionKind::App => Secret::new(format!("Bearer {}", access.expose())),
            ConnectionKind::Token => access.clone(),
        };
        Api::new(http, &self.api_url, (kind, authorization), Dialect::plain(LIMITS))
    }

    async fn account(&self, api: &Api, now: Timestamp) -> Result<Account, Trouble> {
        let data = api.graphql(GRAPHQL, ACCOUNT, json!({}), now).await?;
        let organisation = &data["organization"];
        Ok(Account::new(needed_text(organisation, "id")?, needed_text(organisation, "name")?))
    }

    async fn resources(&self, api: &Api, after: Option<&str>, now: Timestamp) -> Result<ResourcePage, Trouble> {
        let data = api.graphql(GRAPHQL, TEAMS, json!({ "first": PAGE, "after": after }), now).await?;
        let (teams, place) = (&data["teams"], needed_text(&data["organization"], "urlKey")?);
        let nodes = teams["nodes"].as_array().ok_or_else(|| Trouble::Invalid("it has no teams".to_owned()))?;
        let resources = nodes.iter().map(|team| self.team(&place, team)).collect::<Result<_, _>>()?;
        let next = match teams["pageInfo"]["hasNextPage"].as_bool() {
            Some(true) => Some(needed_text(&teams["pageInfo"], "endCursor")?),
            _ => None,
        };
        Ok(ResourcePage { resources, next })
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
        let (query, variables) = history::question(place, cursor)?;
        history::page(place, &api.graphql(GRAPHQL, query, variables, now).await?)
    }

    fn permission_for(&self, _: &str) -> Option<&'static str> {
        Some("read")
    }

    fn grant_url(&self, _: ConnectionKind) -> Option<String> {
        Some(format!("{}/settings/api", self.web_url))
    }

    async fn revoke(
        &self,
        http: &Client,
        kind: ConnectionKind,
        held: &Credentials,
        now: Timestamp,
    ) -> Result<Revocation, Trouble> {
        let (ConnectionKind::Oauth, Some(OauthApp { flow, client })) = (kind, &self.oauth) else {
            return Ok(Revocation::ByHand(KEY_SETTINGS));
        };
        // The refresh token first: without it, nobody can make another access token.
        for token in held.refresh.iter().chain([&held.access]) {
            let ended = oauth::revoke(http, flow, client, token).await;
            ended.map_err(|error| Trouble::of_oauth(error, now))?;
        }
        Ok(Revocation::Done)
    }
}

impl Linear {
    fn team(&self, place: &str, team: &Value) -> Result<ListedResource, Trouble> {
        let key = needed_text(team, "key")?;
        Ok(ListedResource {
            kind: "team",
            id: needed_text(team, "id")?,
            name: needed_text(team, "name")?,
            url: Some(format!("{}/{place}/team/{key}", self.web_url)),
            is_private: team["private"].as_bool().unwrap_or(false),
            is_archived: team["archivedAt"].is_string(),
        })
    }
}
