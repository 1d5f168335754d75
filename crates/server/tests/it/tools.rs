//! Accounts of tools in tests: they are connected by a key, and their lists are read until they are as
//! they should be.

use std::time::{Duration, Instant};

use campanile_testkit::linear::{API_KEY, LinearServer};
use campanile_testkit::provider::sign;
use campanile_testkit::server::{SECRET_KEY, Server};
use serde_json::{Value, json};

/// The longest time that anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Reads a path.
pub async fn read(server: &Server, path: &str) -> Value {
    let read = server.get(path).await.unwrap();
    assert_eq!(read.status, 200, "{path}: {}", read.json);
    read.json
}

/// Reads a path until it is as it should be.
pub async fn until(server: &Server, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    until_within(server, path, PATIENCE, is_so).await
}

/// Reads a path until it is as it should be, within a time.
pub async fn until_within(server: &Server, path: &str, time: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        // A server that has just been killed does not answer.
        let found = server.get(path).await.map_or(Value::Null, |answer| answer.json);
        if !found.is_null() && is_so(&found) {
            return found;
        }
        assert!(began.elapsed() < time, "{path}: {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Deletes by the secret key. Returns the status.
pub async fn delete(server: &Server, path: &str) -> u16 {
    let key = format!("Bearer {SECRET_KEY}");
    server.ask("DELETE", path, &[("authorization", &key)], Vec::new()).await.unwrap().status
}

/// The settings of a server that calls this Linear.
pub fn linear_settings(provider: &LinearServer) -> Vec<(&str, &str)> {
    vec![
        ("CAMPANILE_CONNECTOR_LINEAR_API_URL", provider.url.as_str()),
        ("CAMPANILE_CONNECTOR_LINEAR_WEB_URL", provider.url.as_str()),
    ]
}

/// The id of a connection by a key, whose teams are listed.
pub async fn connected(server: &Server, teams: usize) -> String {
    let made = server.post("/api/connect/linear/token", &json!({ "token": API_KEY })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    let id = made.json["id"].as_str().unwrap().to_owned();
    let resources = format!("/api/connections/{id}/resources");
    until(server, &resources, |list| list["data"].as_array().unwrap().len() == teams).await;
    id
}

/// Sends a webhook, signed with the secret of a linked source. Returns the status.
pub async fn webhook(server: &Server, source: &Value, secret: &str, (event, id): (&str, &str), body: &Value) -> u16 {
    let provider = source["provider"].as_str().unwrap();
    let signed = sign(provider, secret, event, id, body.to_string().as_bytes());
    let headers: Vec<(&str, &str)> = signed.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let path = format!("/api/ingest/{provider}/{}", source["path"].as_str().unwrap());
    server.ask("POST", &path, &headers, signed.body.clone()).await.unwrap().status
}

/// A new secret of a source.
pub async fn secret_of(server: &Server, source: &Value) -> String {
    let path = format!("/api/sources/{}/rotate", source["id"].as_str().unwrap());
    server.post(&path, &json!({})).await.unwrap().json["secret"].as_str().unwrap().to_owned()
}

/// Links resources in the first workspace. Returns the sources.
pub async fn linked(server: &Server, connection: &str, resources: &Value) -> Vec<Value> {
    let path = format!("/api/workspaces/{}/sources", workspace(server).await);
    let made = server.post(&path, &json!({ "connection": connection, "resources": resources })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    made.json["data"].as_array().unwrap().clone()
}

/// A team, as it is chosen.
pub fn team(id: &str) -> Value {
    json!({ "kind": "team", "provider_id": id })
}

/// The id of the first workspace.
pub async fn workspace(server: &Server) -> String {
    read(server, "/api/workspaces").await["data"][0]["id"].as_str().unwrap().to_owned()
}
