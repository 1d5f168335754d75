//! People, and the tokens that they have made.

use super::exchange::{Answer, ApiRequest};
use super::{GithubServer, person};

/// A personal token.
pub const TOKEN: &str = "github_pat_0123456789";
/// Its owner.
const OWNER: (u64, &str) = (583_231, "octocat");

pub(super) struct State {
    login: String,
    /// Headers of the answers to a token.
    headers: Vec<(String, String)>,
    is_withdrawn: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { login: OWNER.1.to_owned(), headers: Vec::new(), is_withdrawn: false }
    }
}

impl State {
    /// True if this is a token of a person.
    pub(super) fn accepts(&self, token: &str) -> bool {
        token == TOKEN && !self.is_withdrawn
    }
}

impl GithubServer {
    /// Gives the token's owner another name.
    pub fn rename(&self, login: &str) {
        login.clone_into(&mut self.state().people.login);
    }

    /// Sets the headers with which the API describes a token.
    pub fn set_token_headers(&self, headers: &[(&str, &str)]) {
        let owned = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.state().people.headers = owned.collect();
    }

    /// Refuses the token from now on, as if its owner had deleted it.
    pub fn withdraw(&self) {
        self.state().people.is_withdrawn = true;
    }
}

pub(super) fn answer(state: &mut super::State, asked: &ApiRequest) -> Option<Answer> {
    if asked.path != "/user" {
        return None;
    }
    let people = &state.people;
    if !people.accepts(asked.token()) && !state.app.consent.accepts(asked.token()) {
        return Some(Answer::refusal(401, "Bad credentials"));
    }
    let answer = Answer::ok(person(OWNER.0, &people.login));
    Some(people.headers.iter().fold(answer, |answer, (name, value)| answer.with(name, value)))
}
