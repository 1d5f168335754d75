//! The Knock API: users, objects, preferences, triggers and their effects, on both databases.

pub(crate) mod access;
mod asked;
mod bounds;
mod channels;
mod documents;
mod feeds;
mod later;
mod many;
mod outgoing;
mod recipients;
mod signals;
mod socket;
mod steps;
mod violence;
mod workflows;

use std::time::{Duration, Instant};

use campanile_testkit::server::{Answer, SECRET_KEY, Server};
use serde_json::{Value, json};

/// A caller of the API.
struct Knock<'s> {
    server: &'s Server,
    headers: Vec<(String, String)>,
}

impl<'s> Knock<'s> {
    fn of(server: &'s Server) -> Self {
        Self::with(server, SECRET_KEY, None)
    }

    fn with(server: &'s Server, key: &str, token: Option<&str>) -> Self {
        let mut headers = vec![("authorization".to_owned(), format!("Bearer {key}"))];
        headers.extend(token.map(|token| ("x-knock-user-token".to_owned(), token.to_owned())));
        Self { server, headers }
    }

    async fn call(&self, method: &'static str, path: &str, body: &Value, more: &[(&str, &str)]) -> Answer {
        let mut headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.extend(more);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.server.ask(method, &format!("/v1{path}"), &headers, body).await.unwrap()
    }

    /// Calls, and expects a status. Returns the body.
    async fn ask(&self, method: &'static str, path: &str, body: Value, status: u16) -> Value {
        let answer = self.call(method, path, &body, &[]).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.json);
        answer.json
    }

    async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, Value::Null, 200).await
    }

    async fn put(&self, path: &str, body: Value) -> Value {
        self.ask("PUT", path, body, 200).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask("POST", path, body, 200).await
    }

    async fn workflow(&self, key: &str, steps: Value) {
        let document = json!({ "workflow": { "name": key, "steps": steps } });
        self.put(&format!("/workflows/{key}?commit=true"), document).await;
    }

    async fn trigger(&self, key: &str, body: Value) -> String {
        let answer = self.post(&format!("/workflows/{key}/trigger"), body).await;
        answer["workflow_run_id"].as_str().unwrap().to_owned()
    }

    async fn feed(&self, user: &str, query: &str) -> Value {
        self.get(&format!("/users/{user}/feeds/in-app?{query}")).await
    }

    /// Repeats a GET until the answer is right.
    async fn until(&self, path: &str, is_right: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.get(path).await;
            if is_right(&answer) {
                return answer;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{path} stays {answer:#}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_fed(&self, user: &str, items: usize) -> Value {
        let path = format!("/users/{user}/feeds/in-app");
        self.until(&path, |feed| feed["entries"].as_array().unwrap().len() == items).await
    }
}

/// A step that puts an item into the feed.
fn feed_step(body: &str) -> Value {
    json!({ "ref": "feed", "type": "channel", "channel_key": "in-app", "channel_type": "in_app_feed",
        "template": { "markdown_body": body, "action_url": "{{ vars.app_url }}/x" } })
}

fn rendered(entry: &Value) -> &str {
    entry["blocks"][0]["rendered"].as_str().unwrap()
}
