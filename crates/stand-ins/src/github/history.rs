//! The lists of a repository: pull requests, issues, comments and releases, page by page.

use std::collections::HashMap;

use campanile_base::Timestamp;
use serde_json::{Value, json};

use super::GithubServer;
use super::exchange::{Answer, ApiRequest};

/// The items of the lists of repositories.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The items of each list, by the repository and the path behind it. Each has the time of its last change.
    lists: HashMap<(String, &'static str), Vec<(i64, Value)>>,
    /// The lists that the token may not read, with the permission that it lacks.
    refused: Vec<(&'static str, &'static str)>,
}

const LISTS: [&str; 5] = ["pulls", "issues", "issues/comments", "pulls/comments", "releases"];

impl GithubServer {
    /// Adds an item to a list of a repository: `pulls`, `issues`, `issues/comments`, `pulls/comments` or
    /// `releases`.
    pub fn add_history(&self, full_name: &str, list: &'static str, item: Value) {
        let of = (full_name.to_owned(), list);
        self.state().history.lists.entry(of).or_default().push((instant(&item), item));
    }

    /// Refuses a list for want of a permission, as `issues=read`.
    pub fn refuse_list(&self, list: &'static str, permission: &'static str) {
        self.state().history.refused.push((list, permission));
    }

    /// Gives out all lists again.
    pub fn give_lists(&self) {
        self.state().history.refused.clear();
    }
}

fn instant(item: &Value) -> i64 {
    let text = item["updated_at"].as_str().or(item["created_at"].as_str()).unwrap_or_default();
    Timestamp::parse(text).map_or(0, Timestamp::as_micros)
}

pub(super) fn answer(state: &mut super::State, asked: &ApiRequest) -> Option<Answer> {
    let steps = asked.steps();
    let ["repos", owner, name, rest @ ..] = steps.as_slice() else { return None };
    let full_name = format!("{owner}/{name}");
    let repository = state.repositories.iter().find(|it| it.full_name == full_name)?;
    if !state.people.accepts(asked.token()) {
        return Some(Answer::refusal(401, "Bad credentials"));
    }
    if rest.is_empty() {
        return Some(Answer::ok(repository.json()));
    }
    let list = rest.join("/");
    let list = LISTS.into_iter().find(|known| *known == list)?;
    if let Some((_, permission)) = state.history.refused.iter().find(|(refused, _)| *refused == list) {
        let refusal = Answer::refusal(403, "Resource not accessible by personal access token");
        let refusal = refusal.with("x-ratelimit-remaining", "4321");
        return Some(refusal.with("x-accepted-github-permissions", permission));
    }
    let since = asked.query.get("since").and_then(|text| Timestamp::parse(text)).map_or(0, Timestamp::as_micros);
    let all = state.history.lists.get(&(full_name, list)).map(Vec::as_slice).unwrap_or_default();
    let mut items: Vec<&(i64, Value)> = all.iter().filter(|(at, _)| *at >= since).collect();
    items.sort_by_key(|(at, _)| *at);
    if asked.query.get("direction").is_none_or(|direction| direction != "asc") {
        items.reverse();
    }
    let items: Vec<&Value> = items.into_iter().map(|(_, item)| item).collect();
    Some(Answer::page(&state.url, asked, &items, |items| json!(items)))
}
