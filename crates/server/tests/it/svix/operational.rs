//! Operational webhooks: events about an organisation's applications.

use std::time::Duration;

use campanile_testkit::receiver::Receiver;
use serde_json::{Value, json};

use super::Svix;
use crate::on_each_server;

async fn next(receiver: &mut Receiver) -> Value {
    let request = tokio::time::timeout(Duration::from_secs(15), receiver.requests.recv()).await;
    serde_json::from_slice(&request.expect("it is told").expect("the receiver lives").body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_create_update_and_delete() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let mut receiver = Receiver::start().await;
        let path = "/operational-webhook/endpoint";
        let made = svix.post(path, json!({ "url": receiver.url(), "uid": "ops" }), 201).await;
        assert_eq!(svix.get(&format!("{path}/ops")).await, made);
        assert_eq!(svix.get(path).await["data"], json!([made]));
        assert!(svix.get(&format!("{path}/ops/secret")).await["key"].as_str().unwrap().starts_with("whsec_"));
        let app = svix.post("/app", json!({ "name": "a", "uid": "u" }), 201).await;
        let asked = json!({ "url": "http://example.com", "uid": "e" });
        let endpoint = svix.post("/app/u/endpoint", asked, 201).await;
        let expected = json!({ "appId": app["id"], "appUid": "u", "endpointId": endpoint["id"], "endpointUid": "e" });
        svix.ask("PUT", "/app/u/endpoint/e", json!({ "url": "http://example.com/2", "uid": "e" }), 200).await;
        svix.post("/app/u/endpoint/e/secret/rotate", json!({}), 204).await;
        svix.ask("DELETE", "/app/u/endpoint/e", Value::Null, 204).await;
        let mut told = Vec::new();
        for _ in 0..4 {
            let event = next(&mut receiver).await;
            assert_eq!(event["data"], expected);
            told.push(event["type"].as_str().unwrap().to_owned());
        }
        told.sort();
        assert_eq!(told, ["endpoint.created", "endpoint.deleted", "endpoint.updated", "endpoint.updated"]);
        svix.ask("PUT", &format!("{path}/none"), json!({ "url": "http://e.com" }), 404).await;
        svix.post(path, json!({ "url": "http://e.com", "eventTypes": ["endpoint.disabled"] }), 201).await;
        svix.ask("DELETE", &format!("{path}/ops"), Value::Null, 204).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_message_attempt_operational_webhooks() {
    let settings = [("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "1ms,1ms,1ms,1ms,1ms")];
    on_each_server(&settings, async |server| {
        let svix = Svix::of(&server);
        let mut receiver = Receiver::start().await;
        let app = svix.app("a").await;
        svix.endpoint(&app, "http://127.0.0.1:2/").await;
        svix.post("/operational-webhook/endpoint", json!({ "url": receiver.url() }), 201).await;
        let message = svix.message(&app, "a.b", json!({})).await;
        let (first, second) = (next(&mut receiver).await, next(&mut receiver).await);
        let mut types = [first["type"].as_str().unwrap(), second["type"].as_str().unwrap()];
        types.sort_unstable();
        assert_eq!(types, ["message.attempt.exhausted", "message.attempt.failing"]);
        for event in [first, second] {
            assert_eq!((&event["data"]["msgId"], &event["data"]["appId"]), (&json!(message), &json!(app)));
            assert_eq!(event["data"]["lastAttempt"]["responseStatusCode"], 0);
        }
    })
    .await;
}
