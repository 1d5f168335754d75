//! Tools that are heard by webhooks and connected by a token: their journeys, from the first delivery to the
//! history of what was linked.

mod gitlab;
mod pagerduty;

use campanile_testkit::provider::sign;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::tools::{PATIENCE, read, until, until_within, workspace};

/// Creates a source at the path of the provider's name.
async fn add_source(server: &Server, provider: &str) {
    let asked = json!({ "provider": provider, "path": provider, "secret": SOURCE_SECRET });
    let made = server.post("/api/sources", &asked).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
}

/// Delivers a body, signed. Returns the status.
async fn deliver(server: &Server, provider: &str, event: &str, id: &str, body: &Value) -> u16 {
    let delivery = sign(provider, SOURCE_SECRET, event, id, body.to_string().as_bytes());
    server.deliver(&delivery).await.unwrap().status
}

/// Connects an account with a token, waits for its resources, and links one of them. Returns the connection and
/// its first backfill, once that has ended.
async fn linked(
    server: &Server,
    provider: &str,
    token: &str,
    resources: usize,
    chosen: (&str, &str),
) -> (Value, Value) {
    let made = server.post(&format!("/api/connect/{provider}/token"), &json!({ "token": token })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    let id = made.json["id"].as_str().unwrap();
    let place = format!("/api/connections/{id}");
    until(server, &format!("{place}/resources"), |list| list["data"].as_array().unwrap().len() == resources).await;
    let path = format!("/api/workspaces/{}/sources", workspace(server).await);
    let choice = json!({ "connection": id, "resources": [{ "kind": chosen.0, "provider_id": chosen.1 }] });
    let linked = server.post(&path, &choice).await.unwrap();
    assert_eq!(linked.status, 201, "{}", linked.json);
    let backfills = read(server, &format!("{place}/backfills")).await;
    let path = format!("/api/backfills/{}", backfills["data"][0]["id"].as_str().unwrap());
    let has_ended = |backfill: &Value| backfill["status"].as_str().is_some_and(|status| status != "active");
    let backfill = until_within(server, &path, PATIENCE * 2, has_ended).await;
    (read(server, &place).await, backfill)
}

/// The source ids of all observations, in order.
async fn remembered(server: &Server) -> Vec<String> {
    server.until_settled().await;
    let all = server.all("/api/observations").await;
    let mut ids: Vec<String> = all.iter().map(|one| one["source_id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// A token that the provider does not accept connects nothing.
async fn a_wrong_token_connects_nothing(server: &Server, provider: &str) {
    let refused = server.post(&format!("/api/connect/{provider}/token"), &json!({ "token": "wrong" })).await.unwrap();
    assert_eq!(refused.status, 400, "{}", refused.json);
    assert_eq!(read(server, "/api/connections").await["data"], json!([]));
}
