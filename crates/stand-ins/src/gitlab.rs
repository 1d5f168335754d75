//! A GitLab, as a token sees it: projects, merge requests, issues and releases, page by page. A page names the
//! next one in the header `link`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use url::Url;

use crate::receiver::{Received, Receiver};

/// A token of a group.
pub const TOKEN: &str = "glpat-0123456789abcdef";
/// The things of a page, whatever is asked for.
const PAGE: usize = 2;

#[derive(Default)]
struct State {
    projects: Vec<Value>,
    /// The things of each list, such as `0/issues`.
    things: HashMap<String, Vec<Value>>,
    scopes: Vec<String>,
    calls: Vec<String>,
}

/// The listening provider; it stops when dropped.
pub struct GitlabServer {
    /// The base of its API, with `/api/v4`.
    pub url: String,
    state: Arc<Mutex<State>>,
    _receiver: Receiver,
}

impl GitlabServer {
    /// Listens on a free port, with projects of these paths, whose ids are 0, 1 and so on.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(projects: &[&str]) -> Self {
        let projects = projects.iter().enumerate().map(|(id, path)| project(id, path)).collect();
        let state = State { projects, scopes: vec!["read_api".to_owned()], ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        let receiver = Receiver::replying_with_headers(Arc::new(move |request| {
            let (status, headers, body) = answer(&mut shared.lock().expect("no request panics"), request);
            (status, headers, body.to_string())
        }))
        .await;
        Self { url: format!("http://{}/api/v4", receiver.address), state, _receiver: receiver }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no request panics")
    }

    /// Replaces the things of a project's list: `merge_requests`, `issues` or `releases`.
    pub fn set(&self, project: usize, list: &str, things: Vec<Value>) {
        self.state().things.insert(format!("{project}/{list}"), things);
    }

    /// Switches a project's list off.
    pub fn switch_off(&self, project: usize, list: &str) {
        let mut state = self.state();
        state.things.remove(&format!("{project}/{list}"));
        state.projects[project][format!("{list}_access_level")] = json!("disabled");
    }

    /// Replaces the scopes of the token.
    pub fn set_scopes(&self, scopes: &[&str]) {
        self.state().scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    }

    /// The targets of the calls so far.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }
}

fn project(id: usize, path: &str) -> Value {
    json!({ "id": id, "path_with_namespace": path, "visibility": "private", "archived": false,
        "web_url": format!("https://gitlab.example/{path}"), "default_branch": "main", "issues_access_level": "enabled" })
}

fn answer(state: &mut State, request: &Received) -> (u16, Vec<(String, String)>, Value) {
    let error = |status: u16| (status, Vec::new(), json!({ "message": format!("{status}") }));
    if request.header("authorization") != format!("Bearer {TOKEN}") {
        return error(401);
    }
    state.calls.push(request.target.clone());
    let target = request.target.strip_prefix("GET /api/v4").unwrap_or_default();
    let Ok(mut url) = Url::parse(&format!("http://gitlab.example/api/v4{target}")) else { return error(400) };
    let path = url.path().trim_start_matches("/api/v4/").to_owned();
    let steps: Vec<&str> = path.split('/').collect();
    let list = match steps.as_slice() {
        ["user"] => {
            let bot = json!({ "id": 77, "username": "group_1_bot_x", "name": "Campanile", "bot": true });
            return (200, Vec::new(), bot);
        }
        ["personal_access_tokens", "self"] => {
            return (200, Vec::new(), json!({ "scopes": state.scopes, "expires_at": "2027-01-31" }));
        }
        ["projects"] => state.projects.clone(),
        ["projects", id] => {
            let found = state.projects.iter().find(|project| project["id"].as_u64() == id.parse().ok()).cloned();
            return found.map_or_else(|| error(404), |project| (200, Vec::new(), project));
        }
        ["projects", id, list] => match state.things.get(&format!("{id}/{list}")) {
            Some(things) => things.clone(),
            None => return error(403),
        },
        _ => return error(404),
    };
    let page: usize = url.query_pairs().find(|(name, _)| name == "page").and_then(|(_, n)| n.parse().ok()).unwrap_or(1);
    let (from, until) = (((page - 1) * PAGE).min(list.len()), (page * PAGE).min(list.len()));
    let mut headers = vec![("x-total".to_owned(), list.len().to_string())];
    if until < list.len() {
        let others: Vec<(String, String)> =
            url.query_pairs().filter(|(name, _)| name != "page").map(|(a, b)| (a.into(), b.into())).collect();
        url.query_pairs_mut().clear().extend_pairs(others).append_pair("page", &(page + 1).to_string());
        headers.push(("link".to_owned(), format!("<{url}>; rel=\"next\"")));
    }
    (200, headers, json!(list[from..until]))
}
