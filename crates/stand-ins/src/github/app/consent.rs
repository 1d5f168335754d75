//! A person who installs the app consents: a code, and a token of theirs for it.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_base::random_token;
use serde_json::json;
use url::Url;

use super::super::GithubServer;
use super::super::exchange::{Answer, ApiRequest};

#[derive(Default)]
pub(in super::super) struct State {
    /// The address of return of each code.
    codes: HashMap<String, String>,
    tokens: HashSet<String>,
    /// The organisations of the person, and their role in each.
    roles: HashMap<String, String>,
}

impl State {
    /// True if this is a token of the person.
    pub(in super::super) fn accepts(&self, token: &str) -> bool {
        self.tokens.contains(token)
    }
}

impl GithubServer {
    /// Leads a person back from the page where they install the app, with these parameters.
    ///
    /// # Panics
    /// When the page is not that of the app.
    pub fn lead_back(&self, page: &str, parameters: &[(&str, &str)]) -> String {
        let page = Url::parse(page).expect("it is a URL");
        let mut state = self.state();
        let registered = state.app.registered.as_ref().expect("an app is registered");
        assert_eq!(page.path(), format!("/apps/{}/installations/new", registered.keys.slug));
        let to = registered.manifest["callback_urls"][0].as_str().map(str::to_owned);
        let to = to.unwrap_or_else(|| "http://localhost/api/connect/github/return".to_owned());
        let code = random_token("");
        state.app.consent.codes.insert(code.clone(), to.clone());
        let given = page.query_pairs().find(|(name, _)| name == "state").expect("there is a state").1.into_owned();
        let mut back = Url::parse(&to).expect("it is a URL");
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &given).extend_pairs(parameters);
        back.into()
    }

    /// Gives the person a role in an organisation: `admin` or `member`.
    pub fn set_role(&self, organisation: &str, role: &str) {
        self.state().app.consent.roles.insert(organisation.to_owned(), role.to_owned());
    }

    /// The tokens of the person that are good.
    pub fn user_tokens(&self) -> usize {
        self.state().app.consent.tokens.len()
    }
}

pub(super) fn answer(state: &mut super::super::State, asked: &ApiRequest) -> Option<Answer> {
    let steps = asked.steps();
    match (asked.method.as_str(), &steps[..]) {
        ("POST", ["login", "oauth", "access_token"]) => Some(exchange(state, asked)),
        ("DELETE", ["applications", client, "token"]) => Some(end(state, asked, client)),
        ("GET", ["user", "memberships", "orgs", organisation]) => {
            let consent = &state.app.consent;
            Some(match consent.roles.get(*organisation) {
                _ if !consent.accepts(asked.token()) => Answer::refusal(401, "Bad credentials"),
                Some(role) => Answer::ok(json!({ "role": role, "state": "active" })),
                None => Answer::refusal(404, "Not Found"),
            })
        }
        _ => None,
    }
}

/// Makes a token of a code. A refusal has status 200, as GitHub's has.
fn exchange(state: &mut super::super::State, asked: &ApiRequest) -> Answer {
    let field = |name: &str| asked.body[name].as_str().unwrap_or_default();
    let app = &mut state.app;
    let Some(registered) = &app.registered else { return Answer::refusal(404, "Not Found") };
    let keys = &registered.keys;
    if (field("client_id"), field("client_secret")) != (keys.client_id.as_str(), keys.client_secret.as_str()) {
        return Answer::ok(json!({ "error": "incorrect_client_credentials" }));
    }
    let known = app.consent.codes.remove(field("code"));
    let is_set_up = registered.manifest.is_null();
    if known.is_none_or(|to| !is_set_up && to != field("redirect_uri")) {
        return Answer::ok(json!({ "error": "bad_verification_code" }));
    }
    let token = random_token("ghu_");
    app.consent.tokens.insert(token.clone());
    Answer::ok(json!({ "access_token": token, "expires_in": 28_800, "token_type": "bearer", "scope": "" }))
}

fn end(state: &mut super::super::State, asked: &ApiRequest, client: &str) -> Answer {
    let app = &mut state.app;
    let Some(registered) = &app.registered else { return Answer::refusal(404, "Not Found") };
    let pair = format!("{client}:{}", registered.keys.client_secret);
    if asked.header("authorization") != format!("Basic {}", STANDARD.encode(pair)) {
        return Answer::refusal(401, "Bad credentials");
    }
    match app.consent.tokens.remove(asked.body["access_token"].as_str().unwrap_or_default()) {
        true => Answer::new(204, serde_json::Value::Null),
        false => Answer::refusal(404, "Not Found"),
    }
}
