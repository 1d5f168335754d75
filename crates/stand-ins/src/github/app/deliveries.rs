//! Deliveries to the app's address: each is tried once, and the attempts are listed.

use campanile_base::random_token;
use campanile_net::{AddressRules, Client, Request};
use serde_json::{Value, json};

use super::super::GithubServer;
use super::super::exchange::{Answer, ApiRequest};
use crate::provider;

#[derive(Default)]
pub(in super::super) struct State {
    attempts: Vec<DeliveryAttempt>,
}

/// An attempt to deliver.
#[derive(Debug, Clone)]
pub struct DeliveryAttempt {
    /// Its number; a repeat has another one.
    pub id: i64,
    /// The id of the delivery.
    pub guid: String,
    /// The answer; 0 without one.
    pub status: u16,
    url: String,
    event: String,
    body: Value,
}

/// The number of the first attempt.
const FIRST: i64 = 12_345_678_901;

impl GithubServer {
    /// Delivers an event to an address. Returns the answer's status, and its JSON.
    pub async fn deliver(&self, url: &str, event: &str, body: &Value) -> (u16, Value) {
        let guid = random_token("");
        self.attempt(url, event, body, &guid).await
    }

    /// Makes the attempts that were asked for by the API. Returns their number.
    pub async fn redeliver_all(&self) -> usize {
        let wanted = std::mem::take(&mut self.state().app.wanted);
        for id in &wanted {
            let found = self.state().app.deliveries.attempts.iter().find(|it| it.id == *id).cloned();
            let Some(DeliveryAttempt { url, event, body, guid, .. }) = found else { continue };
            self.attempt(&url, &event, &body, &guid).await;
        }
        wanted.len()
    }

    /// Forgets all attempts, as GitHub does after some days.
    pub fn forget_attempts(&self) {
        self.state().app.deliveries.attempts.clear();
    }

    /// The attempts so far.
    pub fn attempts(&self) -> Vec<DeliveryAttempt> {
        self.state().app.deliveries.attempts.clone()
    }

    async fn attempt(&self, url: &str, event: &str, body: &Value, guid: &str) -> (u16, Value) {
        let secret = self.app_keys().webhook_secret;
        let signed = provider::sign("github", &secret, event, guid, body.to_string().as_bytes());
        let client = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().expect("it is a range")]));
        let request = Request {
            method: "POST",
            url: url.to_owned(),
            headers: signed.headers,
            body: signed.body.into(),
            timeout: std::time::Duration::from_secs(10),
            keep: 64 * 1024,
            tls: None,
        };
        let (status, answer) = match client.send(request).await {
            Ok(answer) => (answer.status, serde_json::from_slice(&answer.body).expect("the answer is JSON")),
            Err(_) => (0, Value::Null),
        };
        let mut state = self.state();
        let attempts = &mut state.app.deliveries.attempts;
        let id = FIRST + i64::try_from(attempts.len()).expect("there are few");
        let (guid, url, event, body) = (guid.to_owned(), url.to_owned(), event.to_owned(), body.clone());
        attempts.push(DeliveryAttempt { id, guid, status, url, event, body });
        (status, answer)
    }
}

pub(super) fn answer(state: &mut super::super::State, asked: &ApiRequest) -> Option<Answer> {
    let steps = asked.steps();
    let ["app", "hook", "deliveries", rest @ ..] = &steps[..] else { return None };
    if !state.app.is_proof(asked.token()) {
        return Some(state.app.refused_proof());
    }
    Some(match (asked.method.as_str(), rest) {
        ("GET", []) => {
            let wants_failed = asked.query.get("status").is_some_and(|status| status == "failure");
            let is_wanted = |it: &&DeliveryAttempt| !wants_failed || !(200..300).contains(&it.status);
            let listed = state.app.deliveries.attempts.iter().rev().filter(is_wanted);
            let all: Vec<Value> = listed.map(json_of).collect();
            Answer::page(&state.url, asked, &all, |items| json!(items))
        }
        ("POST", [id, "attempts"]) => match id.parse() {
            Ok(id) if state.app.deliveries.attempts.iter().any(|it| it.id == id) => {
                state.app.wanted.push(id);
                Answer::new(202, json!({}))
            }
            _ => Answer::refusal(404, "Not Found"),
        },
        _ => Answer::refusal(404, "Not Found"),
    })
}

fn json_of(attempt: &DeliveryAttempt) -> Value {
    json!({ "id": attempt.id, "guid": attempt.guid, "status_code": attempt.status, "event": attempt.event })
}
