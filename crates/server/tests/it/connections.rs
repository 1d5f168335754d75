//! Connections: an account of a tool is connected, looked at, checked and disconnected.

use std::time::Instant;

use campanile_testkit::linear::{API_KEY, CLIENT, LinearConduct, LinearServer};
use campanile_testkit::server::{OWNER, Server};
use serde_json::{Value, json};

use crate::on_each_server;
use crate::strangers::other_organisation;
use crate::tools::{PATIENCE, linear_settings, read, until};

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// The cookie of the owner's session.
pub(crate) async fn sign_in(server: &Server) -> String {
    let body = json!({ "email": OWNER.0, "password": OWNER.1 }).to_string().into_bytes();
    let answer = server.ask("POST", "/api/session", &[JSON], body).await.unwrap();
    let cookie = answer.headers.iter().find(|(name, _)| name == "set-cookie").expect("they sign in");
    cookie.1.split(';').next().unwrap().to_owned()
}

/// Begins, and returns the provider's page.
async fn begin(server: &Server, cookie: &str) -> String {
    let body = json!({ "return_to": "/sources?tab=tools" }).to_string().into_bytes();
    let begun = server.ask("POST", "/api/connect/linear", &[JSON, ("cookie", cookie)], body).await.unwrap();
    assert_eq!(begun.status, 200, "{}", begun.json);
    begun.json["url"].as_str().unwrap().to_owned()
}

/// Comes back from the provider's page. Returns the address in the console that one is led to.
pub(crate) async fn come_back(server: &Server, cookie: Option<&str>, address: &str) -> String {
    let path = &address[address.find("/api/").expect("it leads to the API")..];
    let headers: Vec<(&str, &str)> = cookie.into_iter().map(|cookie| ("cookie", cookie)).collect();
    let answer = server.ask("GET", path, &headers, Vec::new()).await.unwrap();
    assert_eq!(answer.status, 303, "{}", answer.json);
    answer.headers.iter().find(|(name, _)| name == "location").expect("it leads on").1.clone()
}

async fn connect(server: &Server, provider: &LinearServer, cookie: &str) -> String {
    let address = provider.consent(&begin(server, cookie).await);
    let to = come_back(server, Some(cookie), &address).await;
    let (_, id) = to.split_once("/sources?tab=tools&provider=linear&result=connected&connection=").expect(&to);
    id.to_owned()
}

pub(crate) async fn delete(server: &Server, path: &str) -> Value {
    let key = format!("Bearer {}", campanile_testkit::server::SECRET_KEY);
    let deleted = server.ask("DELETE", path, &[("authorization", &key)], Vec::new()).await.unwrap();
    assert_eq!(deleted.status, 202, "{}", deleted.json);
    deleted.json
}

pub(crate) async fn names(server: &Server, path: &str) -> Vec<String> {
    let list = read(server, path).await;
    list["data"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

async fn events(server: &Server, id: &str) -> Vec<String> {
    let log = read(server, &format!("/api/connections/{id}/log")).await;
    let mut events: Vec<String> =
        log["data"].as_array().unwrap().iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect();
    events.reverse();
    events
}

/// Nothing of a connection reaches another organisation.
pub(crate) async fn strangers_see_nothing(server: &Server, id: &str) {
    let (key, _) = other_organisation(server).await;
    let key = format!("Bearer {key}");
    let ask = async |method: &'static str, path: String| {
        server.ask(method, &path, &[("authorization", &key)], Vec::new()).await.unwrap()
    };
    for (method, path) in [("GET", ""), ("GET", "/log"), ("GET", "/resources"), ("POST", "/check"), ("DELETE", "")] {
        let answer = ask(method, format!("/api/connections/{id}{path}")).await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.json);
    }
    assert_eq!(ask("GET", "/api/connections".to_owned()).await.json["data"], json!([]));
}

fn settings(provider: &LinearServer) -> Vec<(&str, &str)> {
    let mut settings = linear_settings(provider);
    settings.push(("CAMPANILE_CONNECTOR_LINEAR_CLIENT_ID", CLIENT.0));
    settings.push(("CAMPANILE_CONNECTOR_LINEAR_CLIENT_SECRET", CLIENT.1));
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_connected_by_consent_listed_checked_and_disconnected() {
    let provider = LinearServer::start(&[]).await;
    on_each_server(&settings(&provider), async |server| {
        provider.conduct(LinearConduct::Works);
        provider.set_teams(&["Ops", "design", "100% Core"]);
        let catalogue = read(&server, "/api/connectors").await;
        let linear = &catalogue["data"][1];
        assert_eq!((&linear["provider"], &linear["state"]), (&json!("linear"), &json!("available")));
        assert_eq!((&linear["has_oauth"], &linear["needs_public_url"]), (&json!(true), &json!(false)));

        let (cookie, revoked) = (sign_in(&server).await, provider.revoked());
        let id = connect(&server, &provider, &cookie).await;
        let place = format!("/api/connections/{id}");
        let connection = read(&server, &place).await;
        assert_eq!((&connection["status"], &connection["kind"]), (&json!("active"), &json!("oauth")));
        assert_eq!((&connection["account_label"], &connection["scopes"]), (&json!("Acme"), &json!(["read"])));
        assert!(connection["expires_at"].is_string());

        let resources = format!("{place}/resources");
        until(&server, &resources, |list| list["data"].as_array().unwrap().len() == 3).await;
        assert_eq!(names(&server, &resources).await, ["100% Core", "design", "Ops"]);
        assert_eq!(names(&server, &format!("{resources}?search=DES")).await, ["design"]);
        assert_eq!(names(&server, &format!("{resources}?search=0%25")).await, ["100% Core"]);
        let first = read(&server, &format!("{resources}?limit=2")).await;
        let rest = format!("{resources}?limit=2&cursor={}", first["next"].as_str().unwrap());
        assert_eq!(
            (names(&server, &rest).await, &read(&server, &rest).await["next"]),
            (vec!["Ops".into()], &Value::Null)
        );
        assert_eq!(server.get(&format!("{resources}?cursor=x")).await.unwrap().status, 400);

        // A team that a whole list does not have any more is inactive, after a check.
        provider.set_teams(&["Operations", "design"]);
        let checked = server.post(&format!("{place}/check"), &json!({})).await.unwrap();
        assert_eq!((checked.status, &checked.json["limit_total"]), (200, &json!(1_500)), "{}", checked.json);
        let gone = |list: &Value| list["data"].as_array().unwrap().iter().any(|team| team["status"] == "inactive");
        until(&server, &resources, gone).await;
        assert_eq!(names(&server, &resources).await, ["100% Core", "design", "Operations"]);

        let listed = read(&server, "/api/connections").await;
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        assert!(!listed.to_string().contains("lin_"), "{listed}");
        strangers_see_nothing(&server, &id).await;

        assert_eq!(delete(&server, &place).await["status"], "closing");
        until(&server, &place, |connection| connection["status"] == "closed").await;
        let expected = ["connected", "closing", "access_revoked", "erased", "closed"];
        assert_eq!(
            (events(&server, &id).await, provider.revoked() - revoked),
            (expected.map(String::from).to_vec(), 2)
        );
        assert!(names(&server, &resources).await.is_empty());
        assert_eq!(server.post(&format!("{place}/check"), &json!({})).await.unwrap().status, 409);
        let trail = read(&server, "/api/activity?action=connection").await;
        let told: Vec<&str> =
            trail["data"].as_array().unwrap().iter().rev().filter_map(|line| line["action"].as_str()).collect();
        assert_eq!(told, ["connection.connected", "connection.disconnected", "connection.closed"]);
        assert_eq!(connect(&server, &provider, &cookie).await, id);
        assert_eq!(read(&server, &place).await["status"], "active");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_on_the_way_back_is_told_and_connects_nothing() {
    let provider = LinearServer::start(&[]).await;
    on_each_server(&settings(&provider), async |server| {
        let cookie = sign_in(&server).await;
        let reason = |to: String| {
            let url = to.split_once("reason=").unwrap_or_else(|| panic!("{to}")).1.to_owned();
            url.split('&').next().unwrap().to_owned()
        };
        let address = provider.consent(&begin(&server, &cookie).await);
        assert_eq!(reason(come_back(&server, None, &address).await), "signed_out");
        let member = json!({ "email": "m@example.com", "role": "manager", "password": OWNER.1 });
        assert_eq!(server.post("/api/members", &member).await.unwrap().status, 201);
        let body = json!({ "email": "m@example.com", "password": OWNER.1 }).to_string().into_bytes();
        let other = server.ask("POST", "/api/session", &[JSON], body).await.unwrap();
        let other = other.headers.iter().find(|(name, _)| name == "set-cookie").unwrap().1.clone();
        let other = other.split(';').next().unwrap();
        assert_eq!(reason(come_back(&server, Some(other), &address).await), "state_mismatch");
        let denied = "/api/connect/linear/return?error=access_denied&state=";
        let state = begin(&server, &cookie).await.split_once("state=").unwrap().1.split('&').next().unwrap().to_owned();
        assert_eq!(reason(come_back(&server, Some(&cookie), &format!("{denied}{state}")).await), "denied");
        assert_eq!(reason(come_back(&server, Some(&cookie), &format!("{denied}{state}")).await), "state_unknown");
        assert!(read(&server, "/api/connections").await["data"].as_array().unwrap().is_empty());
        // Nobody else has used it up.
        assert!(come_back(&server, Some(&cookie), &address).await.contains("result=connected"));
        assert_eq!(reason(come_back(&server, Some(&cookie), &address).await), "state_unknown");

        for (provider, said) in [("sentry", "is connected with a token"), ("vercel", "connector_vercel_client_id")] {
            let path = format!("/api/connect/{provider}");
            let begun = server.ask("POST", &path, &[JSON, ("cookie", &cookie)], b"{}".to_vec()).await.unwrap();
            assert_eq!(begun.status, 400);
            assert!(begun.json.to_string().contains(said), "{}", begun.json);
        }
        let key = server.post("/api/connect/linear", &json!({})).await.unwrap();
        assert_eq!(key.status, 403, "a key has no browser to come back with");
        let away = json!({ "return_to": "//evil.example" }).to_string().into_bytes();
        let away = server.ask("POST", "/api/connect/linear", &[JSON, ("cookie", &cookie)], away).await.unwrap();
        assert_eq!(away.status, 400);
        for provider in ["slack", "nonsense"] {
            let path = format!("/api/connect/{provider}/token");
            assert_eq!(server.post(&path, &json!({ "token": "t" })).await.unwrap().status, 400);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_does_not_hold_up_a_disconnection_and_trouble_is_told() {
    let provider = LinearServer::start(&["Ops"]).await;
    on_each_server(&settings(&provider), async |server| {
        provider.conduct(LinearConduct::Works);
        let cookie = sign_in(&server).await;
        let by_key = server.post("/api/connect/linear/token", &json!({ "token": API_KEY })).await.unwrap();
        assert_eq!((by_key.status, &by_key.json["kind"]), (201, &json!("token")), "{}", by_key.json);
        let wrong = server.post("/api/connect/linear/token", &json!({ "token": "wrong" })).await.unwrap();
        assert_eq!(wrong.status, 400, "{}", wrong.json);
        let id = by_key.json["id"].as_str().unwrap().to_owned();
        let place = format!("/api/connections/{id}");
        provider.conduct(LinearConduct::Fails);
        for _ in 0..3 {
            assert_eq!(server.post(&format!("{place}/check"), &json!({})).await.unwrap().status, 200);
        }
        assert_eq!(read(&server, &place).await["status"], "degraded");
        provider.conduct(LinearConduct::Works);
        let good = server.post(&format!("{place}/check"), &json!({})).await.unwrap();
        assert_eq!((&good.json["status"], &good.json["failures"]), (&json!("active"), &json!(0)));
        let both = |list: &Value| {
            let told = list.to_string();
            told.contains("cannot be reached") && told.contains("can be reached again")
        };
        until(&server, "/v1/messages?source=admin-alert", both).await;

        assert_eq!(connect(&server, &provider, &cookie).await, id);
        provider.conduct(LinearConduct::Hangs);
        let began = Instant::now();
        assert_eq!(delete(&server, &place).await["status"], "closing");
        assert_eq!(delete(&server, &place).await["status"], "closing", "twice is as good as once");
        let closed = until(&server, &place, |connection| connection["status"] == "closed").await;
        assert!(began.elapsed() < PATIENCE);
        assert!(closed["status_reason"].as_str().unwrap().contains("settings of Linear"), "{closed}");
        let left = ["closing", "left_behind", "erased", "closed"];
        assert!(events(&server, &id).await.ends_with(&left.map(String::from)));
        provider.conduct(LinearConduct::Works);
    })
    .await;
}
