//! An app: it is registered by a manifest, and proves who it is by a token that it signs. Keys, codes
//! and proofs are checked as GitHub checks them.

mod consent;
mod deliveries;
mod installations;

pub use deliveries::DeliveryAttempt;
pub use installations::Installation;

use std::collections::HashMap;

use campanile_base::{Timestamp, random_token};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::GithubServer;
use super::exchange::{Answer, ApiRequest};

/// The key of every app that is registered here. Everybody knows it.
pub const PRIVATE_KEY: &str = include_str!("app.pem");
const PUBLIC_KEY: &str = include_str!("app.pub.pem");
/// The number of the app.
pub const APP: u64 = 100_001;
/// The longest time for which a proof may be good, in seconds, with the minute that it is dated back.
const LONGEST_PROOF: i64 = 660;

/// The secrets of an app that is set up from the start, as an operator has them.
#[derive(Debug, Clone)]
pub struct AppKeys {
    /// Its name in addresses.
    pub slug: String,
    /// Its public name in OAuth.
    pub client_id: String,
    /// Its secret in OAuth.
    pub client_secret: String,
    /// The secret of its deliveries.
    pub webhook_secret: String,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) registered: Option<Registered>,
    codes: HashMap<String, ()>,
    pub(super) consent: consent::State,
    pub(super) installations: installations::State,
    deliveries: deliveries::State,
    /// The attempts that were asked for again.
    wanted: Vec<i64>,
    /// The time on GitHub's clock, if it is not ours.
    time: Option<Timestamp>,
}

/// The app as GitHub knows it.
pub(super) struct Registered {
    pub(super) keys: AppKeys,
    pub(super) manifest: Value,
}

impl GithubServer {
    /// Registers the app as an operator does, without a manifest.
    pub fn set_up_app(&self, slug: &str) -> AppKeys {
        let keys = new_keys(slug);
        self.state().app.registered = Some(Registered { keys: keys.clone(), manifest: Value::Null });
        keys
    }

    /// Confirms the form with a manifest. Returns the address that the person is led to.
    ///
    /// # Panics
    /// When the manifest lacks something that GitHub wants.
    pub fn confirm_manifest(&self, form: &str, manifest: &str) -> String {
        let form = Url::parse(form).expect("the form has an address");
        let manifest: Value = serde_json::from_str(manifest).expect("a manifest is JSON");
        assert!(form.path().ends_with("/settings/apps/new"), "{form}");
        let name = manifest["name"].as_str().expect("an app has a name");
        assert!((1..=34).contains(&name.chars().count()), "{name}");
        assert!(manifest["hook_attributes"]["url"].is_string(), "{manifest}");
        let code = random_token("");
        let mut state = self.state();
        state.app.codes.insert(code.clone(), ());
        let keys = new_keys("campanile-test");
        let to = manifest["redirect_url"].as_str().expect("a manifest has an address of return");
        let mut back = Url::parse(to).expect("it is a URL");
        state.app.registered = Some(Registered { keys, manifest });
        let given = form.query_pairs().find(|(name, _)| name == "state").expect("there is a state").1.into_owned();
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &given);
        back.into()
    }

    /// The secrets of the app.
    ///
    /// # Panics
    /// When there is no app.
    pub fn app_keys(&self) -> AppKeys {
        self.state().app.registered.as_ref().expect("an app is registered").keys.clone()
    }

    /// The manifest that the app was registered by.
    ///
    /// # Panics
    /// When there is no app.
    pub fn manifest(&self) -> Value {
        self.state().app.registered.as_ref().expect("an app is registered").manifest.clone()
    }

    /// Sets GitHub's clock, by which proofs are judged and answers are dated.
    pub fn set_time(&self, time: Option<Timestamp>) {
        self.state().app.time = time;
    }
}

fn new_keys(slug: &str) -> AppKeys {
    let slug = slug.to_owned();
    let (client_id, client_secret) = (random_token("Iv23."), random_token(""));
    AppKeys { slug, client_id, client_secret, webhook_secret: random_token("") }
}

#[derive(Deserialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

impl State {
    /// True if this is a proof of the app.
    pub(super) fn is_proof(&self, token: &str) -> bool {
        let key = DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes()).expect("it is a key");
        let mut rules = Validation::new(Algorithm::RS256);
        rules.validate_exp = false;
        let Ok(read) = jsonwebtoken::decode::<Claims>(token, &key, &rules) else { return false };
        let Claims { iat, exp, iss } = read.claims;
        let is_now = self.time.is_none_or(|now| (iat..=exp).contains(&now.as_seconds()));
        is_now && exp - iat <= LONGEST_PROOF && iss == APP.to_string()
    }

    /// The answer to a proof that is refused, dated by GitHub's clock.
    pub(super) fn refused_proof(&self) -> Answer {
        let refusal = Answer::refusal(401, "A JSON web token could not be decoded");
        match self.time {
            Some(time) => refusal.with("date", &http_date(time)),
            None => refusal,
        }
    }
}

/// A time as the header `Date` has it. The name of the day is not checked by readers.
fn http_date(time: Timestamp) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = time.to_string();
    let month = MONTHS[text[5..7].parse::<usize>().expect("a month is a number") - 1];
    format!("Mon, {} {month} {} {} GMT", &text[8..10], &text[..4], &text[11..19])
}

pub(super) fn answer(state: &mut super::State, asked: &ApiRequest) -> Option<Answer> {
    let steps = asked.steps();
    if let ("POST", ["app-manifests", code, "conversions"]) = (asked.method.as_str(), &steps[..]) {
        return Some(convert(&mut state.app, code));
    }
    consent::answer(state, asked)
        .or_else(|| installations::answer(state, asked))
        .or_else(|| deliveries::answer(state, asked))
}

fn convert(app: &mut State, code: &str) -> Answer {
    let (Some(()), Some(Registered { keys, .. })) = (app.codes.remove(code), &app.registered) else {
        return Answer::refusal(404, "Not Found");
    };
    let AppKeys { slug, client_id, client_secret, webhook_secret } = keys;
    let app = json!({
        "id": APP, "slug": slug, "client_id": client_id, "client_secret": client_secret,
        "webhook_secret": webhook_secret, "pem": PRIVATE_KEY, "html_url": format!("https://github.com/apps/{slug}"),
    });
    Answer::new(201, app)
}
