//! Messages: which are accepted, how they are read back, and what is delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use campanile_base::Clock;
use campanile_testkit::receiver::Receiver;
use serde_json::{Value, json};

use super::{Svix, id, ids};
use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn test_message_create_read_list_with_content() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let path = format!("/app/{app}/msg");
        let asked =
            json!({ "eventType": "a.b", "payload": { "n": 1 }, "channels": ["c"], "tags": ["t/1"], "eventId": "e1" });
        let made = svix.post(&path, asked, 202).await;
        assert_eq!(
            (&made["payload"], &made["eventId"], &made["tags"]),
            (&json!({ "n": 1 }), &json!("e1"), &json!(["t/1"]))
        );
        assert_eq!(svix.get(&format!("{path}/{}", id(&made))).await, made);
        assert_eq!(svix.get(&format!("{path}/e1")).await, made);
        let without = svix.get(&format!("{path}/e1?with_content=false")).await;
        assert_eq!(without["payload"], json!({}));
        let plain =
            svix.post(&format!("{path}?with_content=false"), json!({ "eventType": "b", "data": {} }), 202).await;
        assert_eq!(
            (&plain["payload"], &plain["eventId"], &plain["channels"]),
            (&json!({}), &Value::Null, &Value::Null)
        );
        for (query, expected) in [
            ("", vec![id(&plain), id(&made)]),
            ("?channel=c", vec![id(&made)]),
            ("?channel=d", vec![]),
            ("?tag=t/1", vec![id(&made)]),
            ("?event_types=b", vec![id(&plain)]),
            ("?event_types[]=a.b&event_types[]=b", vec![id(&plain), id(&made)]),
        ] {
            let mut listed = ids(&svix.get(&format!("{path}{query}")).await);
            let mut expected = expected.clone();
            listed.sort();
            expected.sort();
            assert_eq!(listed, expected, "{query}");
        }
        let found = svix.post(&format!("{path}/search"), json!({ "tag": "t/1", "with_content": true }), 200).await;
        assert_eq!(found["data"][0], made);
        let raw = svix.get(&format!("{path}/e1/raw")).await;
        assert_eq!(raw["payload"], r#"{"n":1}"#);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_searched_by_what_they_say() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let wanted = svix.message(&app, "a", json!({ "user": { "name": "Ada Lovelace" } })).await;
        svix.message(&app, "a", json!({ "user": { "name": "Charles" } })).await;
        let found = svix.post(&format!("/app/{app}/msg/search"), json!({ "content": "ada" }), 200).await;
        assert_eq!(ids(&found), [wanted]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_failed_message_gets_requeued() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "50ms,50ms")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let answer = Arc::new(move |_: &_| if counted.fetch_add(1, Ordering::SeqCst) == 0 { 500 } else { 200 });
        let (mut good, bad) = (Receiver::start().await, Receiver::answering(answer).await);
        svix.endpoint(&app, &good.url()).await;
        let endpoint = svix.endpoint(&app, &bad.url()).await;
        let message = svix.message(&app, "a.b", json!({ "b": 1, "a": 2 })).await;
        let path = format!("/app/{app}/attempt/endpoint/{endpoint}");
        let attempts = svix.until(&path, |list| list.len() == 2).await;
        let statuses: Vec<&Value> = attempts.iter().map(|attempt| &attempt["status"]).collect();
        assert_eq!(statuses, [&json!(0), &json!(2)], "newest first: {attempts:?}");
        assert_eq!(attempts[1]["responseStatusCode"], 500);
        assert_eq!(good.requests.recv().await.unwrap().body, br#"{"b":1,"a":2}"#);
        assert_eq!(attempts[0]["msgId"], json!(message));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_expunge_message_payload() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let message = svix.message(&app, "a.b", json!({ "secret": true })).await;
        let path = format!("/app/{app}/msg/{message}");
        svix.ask("DELETE", &format!("{path}/content"), Value::Null, 204).await;
        assert_eq!(svix.get(&path).await["payload"], json!({ "expired": true }));
        let endpoint = svix.endpoint(&app, "http://127.0.0.1:2/").await;
        let refused = svix.post(&format!("{path}/endpoint/{endpoint}/resend"), Value::Null, 400).await;
        assert_eq!(refused["code"], "missing_payload");
        let other = svix.message(&app, "a.b", json!({})).await;
        let results = svix.post(&format!("/app/{app}/msg/bulk-expunge"), json!({ "ids": [other, "nope"] }), 200).await;
        assert_eq!(results["results"], json!({ other: "expunged", "nope": "not-found" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_message_conflict() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let asked = json!({ "eventType": "a.b", "payload": {}, "eventId": "e" });
        svix.post(&format!("/app/{app}/msg"), asked.clone(), 202).await;
        assert_eq!(svix.post(&format!("/app/{app}/msg"), asked.clone(), 409).await["code"], "conflict");
        let other = svix.app("b").await;
        svix.post(&format!("/app/{other}/msg"), asked, 202).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_message_validation() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let path = format!("/app/{app}/msg");
        let large = json!({ "eventType": "a.b", "payload": { "x": "y".repeat(8 * 1024 * 1024) } });
        assert_eq!(svix.post(&path, large, 413).await["code"], "payload_too_large");
        for wrong in [
            json!({ "eventType": "a b", "payload": {} }),
            json!({ "eventType": "a", "payload": [] }),
            json!({ "eventType": "a", "payload": "text" }),
            json!({ "eventType": "a" }),
            json!({ "eventType": "a", "payload": {}, "channels": [] }),
            json!({ "eventType": "a", "payload": {}, "channels": ["a b"] }),
            json!({ "eventType": "a", "payload": {}, "eventId": "" }),
            json!({ "eventType": "a", "payload": {}, "eventId": "x".repeat(257) }),
            json!({ "eventType": "a", "payload": {}, "tags": ["1", "2", "3", "4", "5", "6"] }),
            json!({ "eventType": "a", "payload": {}, "payloadRetentionPeriod": 91 }),
            json!({ "eventType": "a", "payload": {}, "payloadRetentionPeriod": 5, "payloadRetentionHours": 5 }),
            json!([]),
        ] {
            let refused = svix.post(&path, wrong.clone(), 422).await;
            assert!(refused["detail"].is_array(), "{wrong}: {refused}");
        }
        let authorization = format!("Bearer {}", svix.token);
        let headers = [("authorization", authorization.as_str())];
        let broken =
            server.ask("POST", &format!("/api/v1{path}"), &headers, b"{\"eventType\": ".to_vec()).await.unwrap();
        assert_eq!((broken.status, &broken.json["detail"][0]["loc"]), (422, &json!(["body", "?"])));
        svix.post("/app/none/msg", json!({ "eventType": "a" }), 422).await;
        assert_eq!(
            svix.post("/app/none/msg", json!({ "eventType": "a", "payload": {} }), 404).await["detail"],
            "Application not found"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_raw_payload() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver = Receiver::start().await;
        svix.endpoint(&app, &receiver.url()).await;
        let raw = "<note>not JSON</note>";
        let params = json!({ "rawPayload": raw, "headers": { "content-type": "application/xml" } });
        let asked = json!({ "eventType": "a.b", "payload": {}, "transformationsParams": params });
        svix.post(&format!("/app/{app}/msg"), asked, 202).await;
        let received = receiver.requests.recv().await.unwrap();
        assert_eq!((received.body.as_slice(), received.header("content-type")), (raw.as_bytes(), "application/xml"));
        // A value that no header can carry is refused when the message is created, not when it is
        // sent.
        for kind in ["text/plain\r\nx: y", "text/\u{0}", "a\u{7f}b"] {
            let params = json!({ "rawPayload": raw, "headers": { "content-type": kind } });
            let asked = json!({ "eventType": "a.b", "payload": {}, "transformationsParams": params });
            let refused = svix.post(&format!("/app/{app}/msg"), asked, 422).await;
            assert!(refused.to_string().contains("content_type"), "{refused}");
        }
        // The payload is delivered as written: spaces, order and numbers stay.
        let body = br#"{"eventType":"a.b","payload":{ "z": 1.50, "a":1e3 }}"#.to_vec();
        let authorization = format!("Bearer {}", svix.token);
        let headers = [("authorization", authorization.as_str())];
        let sent = server.ask("POST", &format!("/api/v1/app/{app}/msg"), &headers, body).await.unwrap();
        assert_eq!(sent.status, 202);
        assert_eq!(receiver.requests.recv().await.unwrap().body, br#"{ "z": 1.50, "a":1e3 }"#);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_create_message_with_application() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let asked =
            |name: &str| json!({ "eventType": "a", "payload": {}, "application": { "name": name, "uid": "fresh" } });
        svix.post("/app/fresh/msg", json!({ "eventType": "a", "payload": {} }), 404).await;
        svix.post("/app/fresh/msg", asked("first"), 202).await;
        svix.post("/app/fresh/msg", asked("second"), 202).await;
        assert_eq!(svix.get("/app/fresh").await["name"], "first");
        svix.post("/app/other/msg", asked("first"), 422).await;
        svix.post("/app/other/msg", json!({ "eventType": "a", "payload": {}, "application": { "name": "x" } }), 422)
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_delivered_when_it_is_time() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver = Receiver::start().await;
        svix.endpoint(&app, &receiver.url()).await;
        let at = Clock::System.now().plus(Duration::from_secs(2));
        let asked = json!({ "eventType": "a", "payload": {}, "deliverAt": at });
        let made = svix.post(&format!("/app/{app}/msg"), asked, 202).await;
        assert_eq!(made["deliverAt"], json!(at));
        receiver.requests.recv().await.unwrap();
        assert!(Clock::System.now() >= at);
        let late = Clock::System.now().plus(Duration::from_secs(2 * 86_400));
        svix.post(&format!("/app/{app}/msg"), json!({ "eventType": "a", "payload": {}, "deliverAt": late }), 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_too_large_to_be_remembered_is_still_an_answer() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        for _ in 0..5 {
            svix.message(&app, "a.b", json!({ "text": "x".repeat(300_000) })).await;
        }
        let asked = json!({ "with_content": true });
        let path = format!("/app/{app}/msg/search");
        for _ in 0..2 {
            let answer = svix.call_with("POST", &path, &asked, &[("idempotency-key", "one")]).await;
            assert_eq!(answer.json["data"].as_array().map(Vec::len), Some(5));
        }
    })
    .await;
}
