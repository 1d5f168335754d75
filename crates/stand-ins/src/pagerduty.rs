//! An account at PagerDuty, as a key sees it: services, incidents, and their logs. It is strict: a call without
//! the headers that PagerDuty demands is refused.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use url::Url;

use crate::receiver::{Received, Receiver};

/// A key of the account.
pub const KEY: &str = "u+ReadOnlyKey12345678";
/// The value of the header `accept` of each call.
const ACCEPT: &str = "application/vnd.pagerduty+json;version=2";
/// The most things of a page.
const MOST: usize = 100;

#[derive(Default)]
struct State {
    services: Vec<Value>,
    incidents: Vec<Value>,
    /// The incident of each entry, and the entry.
    entries: Vec<(String, Value)>,
    refusals: usize,
    calls: Vec<String>,
}

/// The listening provider; it stops when dropped.
pub struct PagerdutyServer {
    /// The base of its API.
    pub url: String,
    state: Arc<Mutex<State>>,
    _receiver: Receiver,
}

impl PagerdutyServer {
    /// Listens on a free port, with services of these names, whose ids are `PSVC0` and so on.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(services: &[&str]) -> Self {
        let services = services.iter().enumerate().map(|(n, name)| service(&format!("PSVC{n}"), name)).collect();
        let state = Arc::new(Mutex::new(State { services, ..State::default() }));
        let shared = state.clone();
        let receiver = Receiver::replying_with_headers(Arc::new(move |request| {
            let (status, body) = answer(&mut shared.lock().expect("no request panics"), request);
            let headers = [("ratelimit-limit", "960"), ("ratelimit-remaining", "950"), ("ratelimit-reset", "42")];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
            (status, headers.to_vec(), body.to_string())
        }))
        .await;
        Self { url: format!("http://{}", receiver.address), state, _receiver: receiver }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no request panics")
    }

    /// Removes all incidents, and forgets the calls.
    pub fn clear(&self) {
        let mut state = self.state();
        (state.incidents, state.entries, state.calls) = (Vec::new(), Vec::new(), Vec::new());
    }

    /// Adds an incident of a service, with the entries of its log: the kind of each, such as `acknowledge`, and its
    /// time. The first one is its creation.
    pub fn add_incident(&self, id: &str, service: &str, title: &str, log: &[(&str, &str)]) {
        let mut state = self.state();
        let number = state.incidents.len() + 1;
        let of = state.services.iter().find(|known| known["id"] == service).cloned().unwrap_or_default();
        state.incidents.push(json!({
            "id": id, "type": "incident", "summary": format!("[#{number}] {title}"), "title": title,
            "incident_number": number, "created_at": log[0].1, "status": "resolved", "urgency": "high",
            "html_url": format!("https://acme.pagerduty.com/incidents/{id}"), "assignments": [], "teams": [],
            "service": { "id": service, "type": "service_reference", "summary": of["name"] },
        }));
        let agent = json!({ "id": "PUSR", "type": "user_reference", "summary": "Ann Ash" });
        for (kind, at) in log {
            let entry = json!({ "id": format!("R{id}{at}"), "type": format!("{kind}_log_entry"), "created_at": at,
                "agent": agent, "channel": { "type": "web_trigger", "summary": title } });
            state.entries.push((id.to_owned(), entry));
        }
    }

    /// Refuses the next calls for too many.
    pub fn limit(&self, calls: usize) {
        self.state().refusals = calls;
    }

    /// The targets of the calls so far.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }
}

fn service(id: &str, name: &str) -> Value {
    json!({ "id": id, "type": "service", "name": name, "summary": name, "status": "active",
        "html_url": format!("https://acme.pagerduty.com/services/{id}") })
}

fn answer(state: &mut State, request: &Received) -> (u16, Value) {
    let error = |status: u16, message: &str| (status, json!({ "error": { "message": message, "code": 2000 } }));
    if request.header("authorization") != format!("Token token={KEY}") {
        return error(401, "Unauthorized");
    }
    if request.header("accept") != ACCEPT || request.header("content-type") != "application/json" {
        return error(400, "Accept and Content-Type are needed");
    }
    if state.refusals > 0 {
        state.refusals -= 1;
        return error(429, "Rate Limit Exceeded");
    }
    state.calls.push(request.target.clone());
    let target = request.target.strip_prefix("GET ").unwrap_or_default();
    let Ok(url) = Url::parse(&format!("http://pagerduty{target}")) else { return error(400, "no address") };
    let query = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    let steps: Vec<&str> = url.path().trim_start_matches('/').split('/').collect();
    let (name, all): (&str, Vec<Value>) = match steps.as_slice() {
        ["users"] => ("users", vec![json!({ "id": "PUSR", "html_url": "https://acme.pagerduty.com/users/PUSR" })]),
        ["services"] => ("services", state.services.clone()),
        ["incidents"] => match (query("since"), query("until"), query("service_ids[]")) {
            (Some(since), Some(until), Some(service)) => {
                let is_asked = |it: &&Value| it["service"]["id"] == *service && within(it, &since, &until);
                let mut found: Vec<Value> = state.incidents.iter().filter(is_asked).cloned().collect();
                found.sort_by_key(|it| it["created_at"].to_string());
                ("incidents", found)
            }
            _ => return error(400, "a range and a service are needed"),
        },
        ["incidents", id, "log_entries"] => {
            let of = state.entries.iter().filter(|(of, _)| of == id).map(|(_, entry)| entry.clone());
            ("log_entries", of.collect::<Vec<_>>().into_iter().rev().collect())
        }
        _ => return error(404, "Not Found"),
    };
    let number = |name: &str, otherwise: usize| query(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (limit, offset) = (number("limit", 25).clamp(1, MOST), number("offset", 0).min(all.len()));
    let until = (offset + limit).min(all.len());
    let total = query("total").filter(|asked| asked == "true").map(|_| all.len());
    let page = json!({ name: all[offset..until], "limit": limit, "offset": offset, "more": until < all.len(), "total": total });
    (200, page)
}

/// True for an incident that was created in a range of times.
fn within(incident: &Value, since: &str, until: &str) -> bool {
    let seconds = |text: &str| campanile_base::Timestamp::parse(text).map(campanile_base::Timestamp::as_seconds);
    let at = incident["created_at"].as_str().and_then(seconds);
    at.is_some_and(|at| {
        seconds(since).is_some_and(|since| since <= at) && seconds(until).is_some_and(|until| at <= until)
    })
}
