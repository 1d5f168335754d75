//! Vercel, as far as Campanile asks it: a person and a team with projects, deployments by time, and
//! the installation of an integration. It is strict: an unknown token and a code that is used twice
//! are refused, and the projects of a team are there only in a call that names it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use campanile_base::random_token;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use url::Url;

use crate::exchange::{self, Answer};

pub use crate::exchange::ApiRequest;

/// The integration that is registered: its client id, its client secret, and its name in addresses.
pub const INTEGRATION: (&str, &str, &str) = ("oac_campanile", "integration-secret", "campanile-test");
/// The token of a person, who is a member of the team.
pub const TOKEN: &str = "vcp_0123456789";
/// The id of the person.
pub const PERSON: &str = "user-ann";
/// The id of the team, and its name in addresses.
pub const TEAM: (&str, &str) = ("team_acme", "acme");

/// The most projects of a page, and the most deployments.
const PROJECTS: usize = 2;
const DEPLOYMENTS: usize = 50;

/// The behaviour of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VercelConduct {
    /// It works.
    Works,
    /// It refuses every token.
    Refuses,
    /// It wants no calls for a second, every so many calls.
    LimitsEvery(usize),
    /// It fails with status 500.
    Fails,
}

struct State {
    conduct: VercelConduct,
    /// The projects of the team: their ids and names.
    projects: Vec<(String, String)>,
    deployments: Vec<Value>,
    /// The address of return of each code.
    codes: HashMap<String, String>,
    /// The installations, by their tokens.
    installations: HashMap<String, String>,
    asked: Vec<ApiRequest>,
}

/// The listening provider; it stops when dropped.
pub struct VercelServer {
    /// The base of its addresses.
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl VercelServer {
    /// Listens on a free port. The team has projects of these names, whose ids are `prj_0` and so on.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(projects: &[&str]) -> Self {
        let state = Arc::new(Mutex::new(State {
            conduct: VercelConduct::Works,
            projects: named(projects),
            deployments: Vec::new(),
            codes: HashMap::new(),
            installations: HashMap::new(),
            asked: Vec::new(),
        }));
        let (url, task) = exchange::listen(state.clone(), answer).await;
        Self { url, state, task }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no request panics")
    }

    /// Changes its behaviour from the next request on.
    pub fn conduct(&self, conduct: VercelConduct) {
        self.state().conduct = conduct;
    }

    /// Replaces the projects of the team.
    pub fn set_projects(&self, projects: &[&str]) {
        self.state().projects = named(projects);
    }

    /// Replaces the deployments, which have fields as `/v7/deployments` shows them.
    pub fn set_deployments(&self, deployments: Vec<Value>) {
        self.state().deployments = deployments;
    }

    /// The requests so far, in the order of arrival.
    pub fn asked(&self) -> Vec<ApiRequest> {
        self.state().asked.clone()
    }

    /// The number of installations of the integration.
    pub fn installations(&self) -> usize {
        self.state().installations.len()
    }

    /// Installs the integration on the team, as a person does on its page. Returns the address that
    /// they are led to, which the provider knows from its registration.
    ///
    /// # Panics
    /// When the page is not that of the integration.
    pub fn install(&self, page: &str, redirect_uri: &str) -> String {
        let url = Url::parse(page).expect("it is a URL");
        assert_eq!(url.path(), format!("/integrations/{}/new", INTEGRATION.2));
        let state = url.query_pairs().find(|(name, _)| name == "state").expect("it has a state").1.into_owned();
        let code = random_token("code_");
        self.state().codes.insert(code.clone(), redirect_uri.to_owned());
        let mut back = Url::parse(redirect_uri).expect("the address of return is a URL");
        let installation = format!("icfg_{code}");
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("configurationId", &installation)
            .append_pair("teamId", TEAM.0)
            .append_pair("next", "https://vercel.com/acme")
            .append_pair("state", &state);
        back.into()
    }
}

impl Drop for VercelServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn named(projects: &[&str]) -> Vec<(String, String)> {
    projects.iter().enumerate().map(|(n, name)| (format!("prj_{n}"), (*name).to_owned())).collect()
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::new(status, json!({ "error": { "code": code, "message": message } }))
}

fn answer(state: &mut State, asked: &ApiRequest) -> Answer {
    state.asked.push(asked.clone());
    if asked.path == "/v2/oauth/access_token" {
        return exchange_code(state, asked);
    }
    match state.conduct {
        VercelConduct::Fails => return refusal(500, "internal_server_error", "It fails."),
        VercelConduct::LimitsEvery(number) if state.asked.len().is_multiple_of(number) => {
            return refusal(429, "rate_limited", "Too many requests.").with("retry-after", "1");
        }
        _ => {}
    }
    let is_known = asked.token() == TOKEN || state.installations.contains_key(asked.token());
    if !is_known || state.conduct == VercelConduct::Refuses {
        let error = json!({ "code": "forbidden", "message": "Not authorized", "invalidToken": true });
        return Answer::new(403, json!({ "error": error }));
    }
    let team = asked.query.get("teamId").map(String::as_str);
    if team.is_some_and(|team| team != TEAM.0) {
        return refusal(403, "forbidden", "You do not have access to this team.");
    }
    match (asked.method.as_str(), asked.steps().as_slice()) {
        ("GET", ["v2", "user"]) => Answer::ok(json!({ "user": { "id": PERSON, "username": "ann" } })),
        ("GET", ["v2", "teams", name]) if [TEAM.0, TEAM.1].contains(name) => {
            Answer::ok(json!({ "id": TEAM.0, "slug": TEAM.1, "name": "Acme" }))
        }
        ("GET", ["v10", "projects"]) => projects(state, asked, team),
        ("GET", ["v7", "deployments"]) => deployments(state, asked, team),
        ("DELETE", ["v1", "integrations", "configuration", id]) => {
            let before = state.installations.len();
            state.installations.retain(|_, installation| installation != id);
            match state.installations.len() < before {
                true => Answer::new(204, Value::Null),
                false => refusal(404, "not_found", "The configuration is not there."),
            }
        }
        _ => refusal(404, "not_found", "It is not there."),
    }
    .with("x-ratelimit-limit", "500")
    .with("x-ratelimit-remaining", "499")
}

fn exchange_code(state: &mut State, asked: &ApiRequest) -> Answer {
    let field = |name: &str| asked.body[name].as_str().unwrap_or_default();
    let is_form = asked.header("content-type") == "application/x-www-form-urlencoded";
    if !is_form || (field("client_id"), field("client_secret")) != (INTEGRATION.0, INTEGRATION.1) {
        return Answer::new(400, json!({ "error": "invalid_client", "error_description": "The client is unknown." }));
    }
    let code = field("code");
    if state.codes.remove(code).is_none_or(|to| to != field("redirect_uri")) {
        return Answer::new(400, json!({ "error": "invalid_grant", "error_description": "The code is not valid." }));
    }
    let (token, installation) = (random_token("vci_"), format!("icfg_{code}"));
    state.installations.insert(token.clone(), installation.clone());
    Answer::ok(json!({
        "token_type": "Bearer", "access_token": token, "installation_id": installation, "user_id": PERSON,
        "team_id": TEAM.0,
    }))
}

fn projects(state: &State, asked: &ApiRequest, team: Option<&str>) -> Answer {
    // The person has no projects of their own.
    let all = if team.is_some() { state.projects.as_slice() } else { &[] };
    // The time of a project is its place, so that the newest comes first.
    let time = |place: usize| 1_000_000 - place;
    let until = asked.number("until").unwrap_or(usize::MAX);
    let rest = all.iter().enumerate().filter(|(place, _)| time(*place) < until);
    let page: Vec<_> = rest.clone().take(PROJECTS).collect();
    let next = page.last().filter(|_| rest.count() > PROJECTS).map(|(place, _)| time(*place));
    let shown = page.iter().map(|(place, (id, name))| json!({ "id": id, "name": name, "updatedAt": time(*place) }));
    let shown: Vec<Value> = shown.collect();
    let pagination = json!({ "count": shown.len(), "next": next, "prev": null });
    Answer::ok(json!({ "projects": shown, "pagination": pagination }))
}

fn deployments(state: &State, asked: &ApiRequest, team: Option<&str>) -> Answer {
    let project = asked.query.get("projectId").map(String::as_str);
    let since = asked.number("since").unwrap_or(0) as u64;
    let until = asked.number("until").map_or(u64::MAX, |until| until as u64);
    let made = |deployment: &Value| deployment["created"].as_u64().unwrap_or_default();
    let is_asked = |it: &&Value| it["projectId"].as_str() == project && made(it) >= since && made(it) < until;
    let all = if team.is_some() { state.deployments.as_slice() } else { &[] };
    let mut found: Vec<&Value> = all.iter().filter(is_asked).collect();
    found.sort_by_key(|deployment| std::cmp::Reverse(made(deployment)));
    let size = asked.number("limit").unwrap_or(20).min(DEPLOYMENTS);
    let page: Vec<&Value> = found.iter().copied().take(size).collect();
    let next = page.last().filter(|_| found.len() > size).map(|last| made(last));
    let pagination = json!({ "count": page.len(), "next": next, "prev": null });
    Answer::ok(json!({ "deployments": page, "pagination": pagination }))
}
