//! The installations of the app, and the tokens that it makes for them.

use std::collections::HashMap;
use std::time::Duration;

use campanile_base::{Timestamp, random_token};
use serde_json::{Value, json};

use super::super::exchange::{Answer, ApiRequest};
use super::super::{GithubServer, repositories};

/// The number of the first installation.
const FIRST: u64 = 50_000_001;
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Default)]
pub(in super::super) struct State {
    all: Vec<Installation>,
    /// The installation of each token.
    tokens: HashMap<String, u64>,
    made: usize,
}

/// An installation of the app on an account.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Its number.
    pub id: u64,
    /// The name of the account.
    pub account: String,
    /// True if the account is an organisation.
    pub is_organisation: bool,
    /// True if the person who consents can reach it.
    pub is_reachable: bool,
    /// True if the owner has suspended it.
    pub is_suspended: bool,
}

impl Installation {
    /// The installation as the API and deliveries show it.
    pub fn json(&self) -> Value {
        let kind = if self.is_organisation { "Organization" } else { "User" };
        json!({
            "id": self.id, "app_id": super::APP,
            "account": { "id": account_number(&self.account), "login": self.account, "type": kind },
            "permissions": { "contents": "read", "metadata": "read" }, "events": ["push"],
            "suspended_at": self.is_suspended.then_some("2026-11-01T00:00:00Z"),
        })
    }
}

/// The number of an account. The person's is that of their token.
fn account_number(login: &str) -> u64 {
    if login == "octocat" { 583_231 } else { 9_000 + login.bytes().map(u64::from).sum::<u64>() }
}

impl GithubServer {
    /// Installs the app on an account, an organisation unless it is `octocat`. Returns its number.
    pub fn install(&self, account: &str, is_reachable: bool) -> u64 {
        let mut state = self.state();
        let all = &mut state.app.installations.all;
        let id = FIRST + all.len() as u64;
        let (account, is_organisation) = (account.to_owned(), account != "octocat");
        all.push(Installation { id, account, is_organisation, is_reachable, is_suspended: false });
        id
    }

    /// An installation.
    ///
    /// # Panics
    /// When there is none with this number.
    pub fn installation(&self, id: u64) -> Installation {
        self.state().app.installations.all.iter().find(|it| it.id == id).expect("it is installed").clone()
    }

    /// Changes an installation.
    ///
    /// # Panics
    /// When there is none with this number.
    pub fn change_installation(&self, id: u64, change: impl FnOnce(&mut Installation)) {
        change(self.state().app.installations.all.iter_mut().find(|it| it.id == id).expect("it is installed"));
    }

    /// Uninstalls the app from an account.
    pub fn uninstall(&self, id: u64) {
        let mut state = self.state();
        state.app.installations.all.retain(|it| it.id != id);
        state.app.installations.tokens.retain(|_, of| *of != id);
    }

    /// Refuses the tokens that were made so far.
    pub fn expire_installation_tokens(&self) {
        self.state().app.installations.tokens.clear();
    }

    /// The number of tokens that were made.
    pub fn tokens_made(&self) -> usize {
        self.state().app.installations.made
    }
}

pub(super) fn answer(state: &mut super::super::State, asked: &ApiRequest) -> Option<Answer> {
    let steps = asked.steps();
    match (asked.method.as_str(), &steps[..]) {
        ("GET", ["user", "installations"]) => Some(of_person(state, asked)),
        ("GET", ["installation", "repositories"]) => Some(repositories_of(state, asked)),
        (method, ["app", "installations", id, rest @ ..]) => {
            if !state.app.is_proof(asked.token()) {
                return Some(state.app.refused_proof());
            }
            let found = state.app.installations.all.iter().find(|it| it.id.to_string() == *id).cloned();
            Some(match (found, method, rest) {
                (None, ..) => Answer::refusal(404, "Not Found"),
                (Some(found), "GET", []) => Answer::ok(found.json()),
                (Some(found), "POST", ["access_tokens"]) => mint(state, &found),
                (Some(found), "DELETE", []) => {
                    state.app.installations.all.retain(|it| it.id != found.id);
                    state.app.installations.tokens.retain(|_, of| *of != found.id);
                    Answer::new(204, Value::Null)
                }
                _ => Answer::refusal(404, "Not Found"),
            })
        }
        _ => None,
    }
}

fn of_person(state: &super::super::State, asked: &ApiRequest) -> Answer {
    if !state.app.consent.accepts(asked.token()) {
        return Answer::refusal(401, "Bad credentials");
    }
    let reachable = state.app.installations.all.iter().filter(|it| it.is_reachable);
    let all: Vec<Value> = reachable.map(Installation::json).collect();
    let total = all.len();
    Answer::page(&state.url, asked, &all, |items| json!({ "total_count": total, "installations": items }))
}

fn repositories_of(state: &super::super::State, asked: &ApiRequest) -> Answer {
    let installations = &state.app.installations;
    let found = installations.tokens.get(asked.token());
    let Some(found) = found.and_then(|id| installations.all.iter().find(|it| it.id == *id)) else {
        return Answer::refusal(401, "Bad credentials");
    };
    if found.is_suspended {
        return Answer::refusal(403, "This installation has been suspended");
    }
    let owner = format!("{}/", found.account);
    let own = state.repositories.iter().filter(|it| it.full_name.starts_with(&owner));
    let all: Vec<Value> = own.map(repositories::Repository::json).collect();
    let total = all.len();
    Answer::page(&state.url, asked, &all, |items| json!({ "total_count": total, "repositories": items }))
}

fn mint(state: &mut super::super::State, found: &Installation) -> Answer {
    if found.is_suspended {
        return Answer::refusal(403, "This installation has been suspended");
    }
    let (token, now) = (random_token("ghs_"), state.app.time.unwrap_or_else(wall_clock));
    let installations = &mut state.app.installations;
    installations.tokens.insert(token.clone(), found.id);
    installations.made += 1;
    Answer::new(201, json!({ "token": token, "expires_at": now.plus(HOUR) }))
}

fn wall_clock() -> Timestamp {
    campanile_base::Clock::System.now()
}
