//! Sentry, as far as Campanile asks it: organisations that tokens see, projects, issues with their
//! activity, and errors, page by page. It is strict: an unknown token is refused, and so is a list
//! of issues that is asked for as its documentation does not have it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use campanile_base::{Clock, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::exchange::{self, Answer};

pub use crate::exchange::ApiRequest;

/// The token of an internal integration, which sees one organisation.
pub const TOKEN: &str = "sntrys_0123456789";
/// The token of a person, who sees two.
pub const PERSONAL_TOKEN: &str = "sntryu_0123456789";
/// The organisations: their numbers, and their names in addresses.
pub const ORGANISATIONS: [(&str, &str); 2] = [("2", "acme"), ("3", "other")];

/// The items of a page of projects and of errors, and the most issues of a page.
const PAGE: usize = 2;
const ISSUES: usize = 10;

/// The behaviour of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentryConduct {
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
    url: String,
    conduct: SentryConduct,
    /// The projects of the first organisation: their numbers and names.
    projects: Vec<(String, String)>,
    issues: Vec<Value>,
    events: Vec<Value>,
    asked: Vec<ApiRequest>,
}

/// The listening provider; it stops when dropped.
pub struct SentryServer {
    /// The base of its addresses.
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl SentryServer {
    /// Listens on a free port. The first organisation has projects of these names, numbered from 10 on.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(projects: &[&str]) -> Self {
        let state = Arc::new(Mutex::new(State {
            url: String::new(),
            conduct: SentryConduct::Works,
            projects: named(projects),
            issues: Vec::new(),
            events: Vec::new(),
            asked: Vec::new(),
        }));
        let (url, task) = exchange::listen(state.clone(), answer).await;
        state.lock().expect("no request panics").url.clone_from(&url);
        Self { url, state, task }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no request panics")
    }

    /// Changes its behaviour from the next request on.
    pub fn conduct(&self, conduct: SentryConduct) {
        self.state().conduct = conduct;
    }

    /// Replaces the projects of the first organisation.
    pub fn set_projects(&self, projects: &[&str]) {
        self.state().projects = named(projects);
    }

    /// Replaces the issues. Each has its `activity`, which lists do not show.
    pub fn set_issues(&self, issues: Vec<Value>) {
        self.state().issues = issues;
    }

    /// Replaces the errors.
    pub fn set_events(&self, events: Vec<Value>) {
        self.state().events = events;
    }

    /// The requests so far, in the order of arrival.
    pub fn asked(&self) -> Vec<ApiRequest> {
        self.state().asked.clone()
    }
}

impl Drop for SentryServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn named(projects: &[&str]) -> Vec<(String, String)> {
    projects.iter().enumerate().map(|(n, name)| ((10 + n).to_string(), (*name).to_owned())).collect()
}

fn refusal(status: u16, detail: &str) -> Answer {
    Answer::new(status, json!({ "detail": detail }))
}

fn answer(state: &mut State, asked: &ApiRequest) -> Answer {
    state.asked.push(asked.clone());
    let limits = |answer: Answer, left: &str| {
        answer.with("x-sentry-rate-limit-limit", "40").with("x-sentry-rate-limit-remaining", left)
    };
    match state.conduct {
        SentryConduct::Fails => return refusal(500, "Internal Error"),
        SentryConduct::LimitsEvery(number) if state.asked.len().is_multiple_of(number) => {
            return limits(refusal(429, "You are attempting to use this endpoint too frequently."), "0")
                .with("retry-after", "1");
        }
        _ => {}
    }
    let seen = match asked.token() {
        TOKEN => &ORGANISATIONS[..1],
        PERSONAL_TOKEN => &ORGANISATIONS[..],
        _ => &[],
    };
    if seen.is_empty() || state.conduct == SentryConduct::Refuses {
        return refusal(401, "Invalid token");
    }
    let path: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
    let organisation = |name: &str| seen.iter().find(|(id, slug)| [*id, *slug].contains(&name));
    let answer = match path.as_slice() {
        ["api", "0", "organizations"] => {
            Answer::ok(json!(seen.iter().map(|it| shown(state, it)).collect::<Vec<Value>>()))
        }
        ["api", "0", "organizations" | "projects", name, ..] if organisation(name).is_none() => {
            refusal(404, "The requested resource does not exist")
        }
        ["api", "0", "organizations", name] => Answer::ok(shown(state, organisation(name).expect("it is seen"))),
        ["api", "0", "organizations", _, "projects"] => {
            let project =
                |(id, name): &(String, String)| json!({ "id": id, "slug": name, "name": name, "status": "active" });
            paged(state, asked, &state.projects.iter().map(project).collect::<Vec<_>>(), PAGE)
        }
        ["api", "0", "organizations", _, "issues"] => issues(state, asked),
        ["api", "0", "organizations", _, "issues", id] => match state.issues.iter().find(|issue| issue["id"] == **id) {
            Some(issue) => Answer::ok(issue.clone()),
            None => refusal(404, "The requested resource does not exist"),
        },
        ["api", "0", "projects", _, project, "events"] => {
            let is_its = |event: &&Value| event["projectID"] == **project;
            let mut events: Vec<Value> = state.events.iter().filter(is_its).cloned().collect();
            events.sort_by_key(|event| std::cmp::Reverse(instant(&event["dateCreated"])));
            paged(state, asked, &events, PAGE)
        }
        _ => refusal(404, "The requested resource does not exist"),
    };
    limits(answer, "39")
}

fn shown(state: &State, (id, slug): &(&str, &str)) -> Value {
    let links = json!({ "organizationUrl": format!("{}/organizations/{slug}", state.url), "regionUrl": state.url });
    json!({ "id": id, "slug": slug, "name": slug.to_uppercase(), "links": links })
}

fn issues(state: &State, asked: &ApiRequest) -> Answer {
    let parameter = |name: &str| asked.query.get(name).map(String::as_str);
    // Without a query, Sentry leaves out those that are resolved.
    let (Some(""), Some("new"), Some(project)) = (parameter("query"), parameter("sort"), parameter("project")) else {
        return refusal(400, "The list has to be asked for with query=, sort=new and a project.");
    };
    let hours = parameter("statsPeriod").and_then(|period| period.strip_suffix('h')?.parse::<u64>().ok());
    let Some(hours) = hours.filter(|hours| *hours > 0) else {
        return refusal(400, "statsPeriod is a number of hours.");
    };
    let start = Clock::System.now().minus(Duration::from_secs(hours * 3_600)).as_micros();
    let Some(size) = asked.number("limit").filter(|size| (1..=100).contains(size)) else {
        return refusal(400, "limit is at most 100.");
    };
    let is_asked = |issue: &&Value| issue["project"]["id"] == project && instant(&issue["lastSeen"]) >= start;
    let mut found: Vec<Value> = state.issues.iter().filter(is_asked).cloned().collect();
    found.sort_by_key(|issue| std::cmp::Reverse(instant(&issue["firstSeen"])));
    for issue in &mut found {
        issue.as_object_mut().expect("an issue is an object").remove("activity");
    }
    paged(state, asked, &found, size.min(ISSUES))
}

fn instant(time: &Value) -> i64 {
    time.as_str().and_then(Timestamp::parse).map_or(0, Timestamp::as_micros)
}

/// A page of a list. The header `link` names a page before it and one behind it, whether they have
/// results or not.
fn paged(state: &State, asked: &ApiRequest, all: &[Value], size: usize) -> Answer {
    let cursor = asked.query.get("cursor").and_then(|cursor| cursor.split(':').nth(1)?.parse().ok());
    let from = cursor.unwrap_or(0_usize).min(all.len());
    let until = (from + size).min(all.len());
    let link = |relation: &str, to: usize, has_results: bool| {
        let mut url = url::Url::parse(&format!("{}{}", state.url, asked.path)).expect("it is a URL");
        let kept = asked.query.iter().filter(|(name, _)| *name != "cursor");
        url.query_pairs_mut().extend_pairs(kept).append_pair("cursor", &format!("0:{to}:0"));
        format!("<{url}>; rel=\"{relation}\"; results=\"{has_results}\"; cursor=\"0:{to}:0\"")
    };
    let links = [link("previous", from.saturating_sub(size), from > 0), link("next", until, until < all.len())];
    Answer::ok(json!(all[from..until])).with("link", &links.join(", "))
}
