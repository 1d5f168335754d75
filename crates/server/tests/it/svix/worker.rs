//! Deliveries: redirects, and endpoints that accept nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use campanile_db::testing::TestDatabase;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::Server;
use serde_json::json;

use super::Svix;
use crate::{BINARY, on_each_server};

#[tokio::test(flavor = "multi_thread")]
async fn test_no_redirects_policy() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let receiver = Receiver::answering(Arc::new(|_| 308)).await;
        let endpoint = svix.endpoint(&app, &receiver.url()).await;
        svix.message(&app, "a.b", json!({})).await;
        let attempts = svix.until(&format!("/app/{app}/attempt/endpoint/{endpoint}"), |list| list.len() == 1).await;
        assert_eq!((&attempts[0]["responseStatusCode"], &attempts[0]["status"]), (&json!(308), &json!(2)));
    })
    .await;
}

/// Sends two messages with a pause in between, each given up after one attempt. A third may be sent
/// between them; `between` is the endpoint's answer to it. Returns, for each database, true if the
/// endpoint was disabled.
async fn is_disabled_after_two(limit: &'static str, pause: Duration, between: Option<u16>) -> Vec<bool> {
    let mut disabled = Vec::new();
    let settings = [("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", ""), ("CAMPANILE_WEBHOOKS_DISABLE_AFTER", limit)];
    for database in TestDatabase::each().await {
        let server = Server::start(BINARY, database, &settings).await;
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let status = Arc::new(AtomicU16::new(500));
        let answer = status.clone();
        let receiver = Receiver::answering(Arc::new(move |_| answer.load(Ordering::SeqCst))).await;
        let endpoint = svix.endpoint(&app, &receiver.url()).await;
        let attempts = format!("/app/{app}/attempt/endpoint/{endpoint}");
        let mut made = 0;
        for (answer, wait) in [(Some(500), Duration::ZERO), (between, pause / 2), (Some(500), pause)] {
            tokio::time::sleep(wait).await;
            let Some(answer) = answer else { continue };
            status.store(answer, Ordering::SeqCst);
            svix.message(&app, "a.b", json!({})).await;
            made += 1;
            svix.until(&attempts, |list| list.len() == made).await;
        }
        let read = svix.get(&format!("/app/{app}/endpoint/{endpoint}")).await;
        disabled.push(read["disabled"] == true);
    }
    disabled
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_disable_on_repeated_failure() {
    let disabled = is_disabled_after_two("500ms", Duration::from_millis(700), None).await;
    assert!(disabled.iter().all(|disabled| *disabled), "{disabled:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_disable_on_sporadic_failure() {
    let disabled = is_disabled_after_two("500ms", Duration::from_millis(700), Some(200)).await;
    assert!(!disabled.iter().any(|disabled| *disabled), "a success in between counts: {disabled:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_endpoint_does_not_hold_up_another() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_REQUEST_TIMEOUT", "30s")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        // This endpoint accepts the connection and never answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let slow = svix.endpoint(&app, &format!("http://{}/", silent.local_addr().unwrap())).await;
        let receiver = Receiver::start().await;
        let quick = svix.endpoint(&app, &receiver.url()).await;
        for _ in 0..20 {
            svix.message(&app, "a.b", json!({})).await;
        }
        let attempts = format!("/app/{app}/attempt/endpoint/{quick}");
        svix.until(&attempts, |list| list.len() == 20).await;
        let of_slow = svix.get(&format!("/app/{app}/attempt/endpoint/{slow}")).await;
        assert_eq!(of_slow["data"], json!([]), "what is known does not wait for what is not");
    })
    .await;
}
