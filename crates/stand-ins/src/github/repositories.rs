//! Repositories, and the list of those that a person sees.

use serde_json::{Value, json};

use super::GithubServer;
use super::exchange::{Answer, ApiRequest};

/// The number of the first repository.
const FIRST: u64 = 1_296_269;

/// A repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Its number, which never changes.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    /// True if only some people see it.
    pub is_private: bool,
    /// True if it is archived.
    pub is_archived: bool,
    /// The name of its default branch.
    pub default_branch: String,
}

impl Repository {
    pub(super) fn json(&self) -> Value {
        let (owner, name) = self.full_name.split_once('/').unwrap_or(("octo", &self.full_name));
        json!({
            "id": self.id, "name": name, "full_name": self.full_name, "private": self.is_private,
            "archived": self.is_archived, "default_branch": self.default_branch,
            "html_url": format!("https://github.com/{}", self.full_name), "owner": { "login": owner, "type": "User" },
        })
    }
}

/// Repositories of these names, numbered in their order.
pub(super) fn named(names: &[&str]) -> Vec<Repository> {
    let repository = |(at, name): (usize, &&str)| Repository {
        id: FIRST + at as u64,
        full_name: (*name).to_owned(),
        is_private: false,
        is_archived: false,
        default_branch: "main".to_owned(),
    };
    names.iter().enumerate().map(repository).collect()
}

impl GithubServer {
    /// Replaces all repositories.
    pub fn set_repositories(&self, names: &[&str]) {
        self.state().repositories = named(names);
    }

    /// Changes a repository.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn change_repository(&self, full_name: &str, change: impl FnOnce(&mut Repository)) {
        let mut state = self.state();
        change(state.repositories.iter_mut().find(|it| it.full_name == full_name).expect("there is such a repository"));
    }

    /// The number of a repository.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn number_of(&self, full_name: &str) -> u64 {
        let state = self.state();
        state.repositories.iter().find(|it| it.full_name == full_name).expect("there is such a repository").id
    }
}

pub(super) fn answer(state: &mut super::State, asked: &ApiRequest) -> Option<Answer> {
    if asked.path != "/user/repos" {
        return None;
    }
    if !state.people.accepts(asked.token()) {
        return Some(Answer::refusal(401, "Bad credentials"));
    }
    let all: Vec<Value> = state.repositories.iter().map(Repository::json).collect();
    Some(Answer::page(&state.url, asked, &all, |items| json!(items)))
}
