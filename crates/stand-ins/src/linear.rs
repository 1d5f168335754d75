//! An organisation at Linear: consent, tokens that are accepted once, two pages of teams, and the
//! history of teams page by page. It is strict: a code or a refresh token that is used twice is
//! refused, and counted.

mod history;

mod documents;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use campanile_base::{Secret, random_token};
use campanile_net::oauth::Verifier;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::{Url, form_urlencoded};

pub use documents::LinearDocument;

use crate::request;

use history::{History, is_history};
pub use history::{HistoryCall, HistoryConduct};

/// The client that is registered.
pub const CLIENT: (&str, &str) = ("campanile-client", "campanile-secret");
/// A personal API key.
pub const API_KEY: &str = "lin_api_0123456789";

/// The behaviour of the API. Consent always works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinearConduct {
    /// It works.
    Works,
    /// It refuses every token.
    Refuses,
    /// It fails with status 500.
    Fails,
    /// It wants no calls for a minute.
    Limits,
    /// It accepts connections and never answers.
    Hangs,
}

#[derive(Debug)]
struct State {
    conduct: LinearConduct,
    name: String,
    teams: Vec<(String, String)>,
    /// The challenge and the address of return of each code.
    codes: HashMap<String, (String, String)>,
    accepted: HashSet<String>,
    refresh_tokens: HashSet<String>,
    refreshes: usize,
    refused_grants: usize,
    revoked: Vec<String>,
    history: History,
    documents: Vec<LinearDocument>,
}

/// The listening provider; it stops when dropped.
pub struct LinearServer {
    /// The base of its addresses.
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl LinearServer {
    /// Listens on a free port, with teams of these names.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(teams: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let teams = teams.iter().enumerate().map(|(n, name)| (format!("team-{n}"), (*name).to_owned())).collect();
        let state = Arc::new(Mutex::new(State {
            conduct: LinearConduct::Works,
            name: "Acme".to_owned(),
            teams,
            codes: HashMap::new(),
            accepted: HashSet::from([API_KEY.to_owned()]),
            refresh_tokens: HashSet::new(),
            refreshes: 0,
            refused_grants: 0,
            revoked: Vec::new(),
            history: History::default(),
            documents: Vec::new(),
        }));
        let told = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, told.clone()));
            }
        });
        Self { url, state, task }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no request panics")
    }

    /// Changes its behaviour from the next request on.
    pub fn conduct(&self, conduct: LinearConduct) {
        self.state().conduct = conduct;
    }

    /// Gives the organisation another name.
    pub fn rename(&self, name: &str) {
        name.clone_into(&mut self.state().name);
    }

    /// Replaces the teams, whose ids are `team-0` and so on.
    pub fn set_teams(&self, teams: &[&str]) {
        let teams = teams.iter().enumerate().map(|(n, name)| (format!("team-{n}"), (*name).to_owned())).collect();
        self.state().teams = teams;
    }

    /// Consents to the request behind this address. Returns the address that the person is led to.
    ///
    /// # Panics
    /// When the address lacks a parameter.
    pub fn consent(&self, address: &str) -> String {
        let url = Url::parse(address).expect("it is a URL");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((query["client_id"].as_str(), query["code_challenge_method"].as_str()), (CLIENT.0, "S256"));
        let (code, to) = (random_token("code_"), query["redirect_uri"].clone());
        self.state().codes.insert(code.clone(), (query["code_challenge"].clone(), to.clone()));
        let mut back = Url::parse(&to).expect("the address of return is a URL");
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &query["state"]);
        back.into()
    }

    /// Refuses all tokens that were given so far, as if the access had been taken away.
    pub fn withdraw(&self) {
        let mut state = self.state();
        state.accepted.clear();
        state.refresh_tokens.clear();
    }

    /// Refuses the access tokens that were given so far. They can be refreshed.
    pub fn expire(&self) {
        self.state().accepted.clear();
    }

    /// True if it accepts this access token.
    pub fn accepts(&self, token: &str) -> bool {
        self.state().accepted.contains(token)
    }

    /// The refreshes that succeeded, and the grants that were refused.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.refreshes, state.refused_grants)
    }

    /// Adds a thing to the history of a team. `query` is `issues`, `comments`, `projects`, `cycles` or
    /// `projectUpdates`.
    pub fn add_history(&self, query: &'static str, team: &str, thing: Value) {
        self.state().history.things.push((query, team.to_owned(), thing));
    }

    /// Removes all history, and forgets the calls for it.
    pub fn clear_history(&self) {
        self.state().history = History::default();
    }

    /// Changes the behaviour of the calls for history from the next one on.
    pub fn conduct_history(&self, conduct: HistoryConduct) {
        self.state().history.conduct = conduct;
    }

    /// The calls for history that were answered with a page.
    pub fn history_calls(&self) -> Vec<HistoryCall> {
        self.state().history.answered.clone()
    }

    /// The number of tokens that were revoked.
    pub fn revoked(&self) -> usize {
        self.state().revoked.len()
    }
}

impl Drop for LinearServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let Some((head, asked)) = request::read(&mut stream).await else { return };
    let (conduct, pace) = {
        let state = state.lock().expect("no request panics");
        (state.conduct, state.history.conduct)
    };
    match pace {
        HistoryConduct::Hangs if is_history(&asked) => tokio::time::sleep(Duration::from_secs(3_600)).await,
        HistoryConduct::Takes(millis) if is_history(&asked) => tokio::time::sleep(Duration::from_millis(millis)).await,
        _ => {}
    }
    let (status, answer) = match conduct {
        LinearConduct::Hangs => {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            return;
        }
        LinearConduct::Fails => (500, json!({})),
        LinearConduct::Works | LinearConduct::Refuses | LinearConduct::Limits => {
            answer(&mut state.lock().expect("no request panics"), &head, &asked)
        }
    };
    let body = if answer.is_null() { String::new() } else { answer.to_string() };
    let limits = match answer["errors"][0]["extensions"]["code"] == "RATELIMITED" && is_history(&asked) {
        true => "retry-after: 1\r\n",
        false => "x-ratelimit-requests-limit: 1500\r\nx-ratelimit-requests-remaining: 1499\r\n",
    };
    let head = format!("HTTP/1.1 {status} X\r\n{limits}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn answer(state: &mut State, head: &str, body: &str) -> (u16, Value) {
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let target = head.split(' ').nth(1).unwrap_or_default();
    let is_client = (field("client_id"), field("client_secret")) == CLIENT;
    match target {
        "/graphql" => graphql(state, head, body),
        "/oauth/token" | "/oauth/revoke" if !is_client => (400, json!({ "error": "invalid_client" })),
        "/oauth/token" => match field("grant_type") {
            "authorization_code" => exchange(state, field("code"), field("code_verifier"), field("redirect_uri")),
            "refresh_token" => refresh(state, field("refresh_token")),
            _ => (400, json!({ "error": "unsupported_grant_type" })),
        },
        "/oauth/revoke" => {
            let token = field("token").to_owned();
            state.accepted.remove(&token);
            state.refresh_tokens.remove(&token);
            state.revoked.push(token);
            (200, Value::Null)
        }
        _ => (404, json!({})),
    }
}

fn exchange(state: &mut State, code: &str, verifier: &str, redirect_uri: &str) -> (u16, Value) {
    let Some((challenge, to)) = state.codes.remove(code) else { return refused(state) };
    let is_theirs = Verifier::kept(Secret::new(verifier)).challenge() == challenge && to == redirect_uri;
    if is_theirs { tokens(state) } else { refused(state) }
}

fn refresh(state: &mut State, token: &str) -> (u16, Value) {
    if state.conduct == LinearConduct::Refuses || !state.refresh_tokens.remove(token) {
        return refused(state);
    }
    state.refreshes += 1;
    // Only the newest access token is accepted.
    state.accepted.clear();
    tokens(state)
}

fn refused(state: &mut State) -> (u16, Value) {
    state.refused_grants += 1;
    (400, json!({ "error": "invalid_grant", "error_description": "The grant is not valid." }))
}

fn tokens(state: &mut State) -> (u16, Value) {
    let (access, refresh) = (random_token("lin_oauth_"), random_token("lin_refresh_"));
    state.accepted.insert(access.clone());
    state.refresh_tokens.insert(refresh.clone());
    let life = 86_400;
    let tokens = json!({
        "access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": life, "scope": "read",
    });
    (200, tokens)
}

fn graphql(state: &mut State, head: &str, body: &str) -> (u16, Value) {
    let error = |code: &str| json!({ "errors": [{ "message": "refused", "extensions": { "code": code } }] });
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let sent = lines.filter(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| value.trim());
    let token = sent.map(|value| value.strip_prefix("Bearer ").unwrap_or(value)).next().unwrap_or_default();
    if state.conduct == LinearConduct::Limits {
        return (400, error("RATELIMITED"));
    }
    if state.conduct == LinearConduct::Refuses || !state.accepted.contains(token) {
        return (401, error("AUTHENTICATION_ERROR"));
    }
    let Ok(asked) = serde_json::from_str::<Value>(body) else { return (400, json!({})) };
    let organisation = json!({ "id": "organisation-1", "name": state.name, "urlKey": "acme" });
    if is_history(body) {
        return state.history.page(&asked).map_or((400, error("RATELIMITED")), |nodes| {
            (200, json!({ "data": { "organization": organisation, "nodes": nodes } }))
        });
    }
    if let Some(data) = documents::answer(state, &asked) {
        return (200, data);
    }
    if !asked["query"].as_str().unwrap_or_default().contains("teams(") {
        return (200, json!({ "data": { "viewer": { "id": "user-1" }, "organization": organisation } }));
    }
    let half = state.teams.len().div_ceil(2);
    let (some, is_last) = match asked["variables"]["after"].as_str() {
        None => (&state.teams[..half], state.teams.len() < 2),
        Some(_) => (&state.teams[half..], true),
    };
    let node = |(id, name): &(String, String)| json!({ "id": id, "key": name.to_uppercase(), "name": name, "private": false, "archivedAt": null });
    let nodes: Vec<Value> = some.iter().map(node).collect();
    let page = json!({ "hasNextPage": !is_last, "endCursor": some.last().map(|(id, _)| id) });
    (200, json!({ "data": { "organization": organisation, "teams": { "nodes": nodes, "pageInfo": page } } }))
}
