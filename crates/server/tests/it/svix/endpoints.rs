//! Endpoints, their secrets, headers and filters.

use std::time::Duration;

use campanile_base::{Clock, Timestamp};
use campanile_net::{SigningSecret, verify};
use campanile_testkit::receiver::{Received, Receiver};
use serde_json::{Value, json};

use super::{Svix, common_list, id};
use crate::on_each_server;

async fn next(receiver: &mut Receiver) -> Received {
    let request = tokio::time::timeout(Duration::from_secs(15), receiver.requests.recv()).await;
    request.expect("a webhook arrives").expect("the receiver lives")
}

fn verifies(received: &Received, secret: &str) -> bool {
    let secret = SigningSecret::parse(secret).unwrap();
    let header = |name: &str| received.header(name).to_owned();
    let now = Clock::System.now();
    let [id, at, signature] = ["svix-id", "svix-timestamp", "svix-signature"].map(header);
    verify(&secret, &id, &at, &received.body, &signature, now).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn test_create() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let made = svix.post(&format!("/app/{app}/endpoint"), json!({ "url": "http://EXAMPLE.com" }), 201).await;
        assert_eq!((&made["url"], &made["version"]), (&json!("http://example.com/"), &json!(1)));
        for unset in ["uid", "rateLimit", "throttleRate", "eventTypes", "filterTypes", "channels"] {
            assert_eq!(made.get(unset), Some(&Value::Null), "{unset}");
        }
        assert_eq!(
            (&made["disabled"], &made["description"], &made["metadata"]),
            (&json!(false), &json!(""), &json!({}))
        );
        let nulls = json!({ "url": "http://e.com", "channels": null, "metadata": null, "secret": null, "uid": null,
            "filterTypes": null, "rateLimit": null, "description": "d" });
        svix.post(&format!("/app/{app}/endpoint"), nulls, 201).await;
        for url in ["ftp://example.com", "example", "", "http://"] {
            svix.post(&format!("/app/{app}/endpoint"), json!({ "url": url }), 422).await;
        }
        svix.post("/app/none/endpoint", json!({}), 404).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_patch() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        svix.event_type("t.one").await;
        let path = format!("/app/{app}/endpoint/{}", svix.endpoint(&app, "http://example.com/a").await);
        for (change, field, expected) in [
            (json!({ "description": "d" }), "description", json!("d")),
            (json!({ "rateLimit": 7 }), "throttleRate", json!(7)),
            (json!({ "throttleRate": null }), "rateLimit", Value::Null),
            (json!({ "uid": "u" }), "uid", json!("u")),
            (json!({ "uid": null }), "uid", Value::Null),
            (json!({ "url": "http://b.com" }), "url", json!("http://b.com/")),
            (json!({ "version": 3 }), "version", json!(3)),
            (json!({ "disabled": true }), "disabled", json!(true)),
            (json!({ "filterTypes": ["t.one"] }), "eventTypes", json!(["t.one"])),
            (json!({ "eventTypes": null }), "filterTypes", Value::Null),
            (json!({ "channels": ["c"] }), "channels", json!(["c"])),
            (json!({ "channels": null }), "channels", Value::Null),
            (json!({ "metadata": { "k": "v" } }), "metadata", json!({ "k": "v" })),
            (json!({ "metadata": null }), "metadata", json!({})),
        ] {
            let patched = svix.ask("PATCH", &path, change.clone(), 200).await;
            assert_eq!(patched[field], expected, "{change}");
            let read = svix.get(&path).await;
            assert_eq!((&read[field], &read["description"]), (&expected, &json!("d")), "{change}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_crud() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let (app, other) = (svix.app("a").await, svix.app("b").await);
        let endpoint = svix.endpoint(&app, "http://example.com/x").await;
        let path = format!("/app/{app}/endpoint/{endpoint}");
        svix.ask("GET", &format!("/app/{other}/endpoint/{endpoint}"), Value::Null, 404).await;
        let put = svix.ask("PUT", &path, json!({ "url": "http://example.com/y", "channels": ["c"] }), 200).await;
        assert_eq!((&put["url"], &put["channels"]), (&json!("http://example.com/y"), &json!(["c"])));
        let secret = svix.get(&format!("{path}/secret")).await;
        let put = svix.ask("PUT", &path, json!({ "url": "http://example.com/y" }), 200).await;
        assert_eq!(put["channels"], Value::Null);
        assert_eq!(svix.get(&format!("{path}/secret")).await, secret, "a PUT leaves the secret alone");
        let made = svix.ask("PUT", &format!("/app/{app}/endpoint/fresh"), json!({ "url": "http://z.com" }), 201).await;
        assert_eq!(made["uid"], Value::Null);
        assert_eq!(svix.get(&format!("/app/{app}/endpoint")).await["data"].as_array().unwrap().len(), 2);
        svix.ask("DELETE", &path, Value::Null, 204).await;
        svix.ask("GET", &path, Value::Null, 404).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_list() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let make = async |n| svix.endpoint(&app, &format!("http://example.com/{n}")).await;
        common_list(&svix, &format!("/app/{app}/endpoint/"), false, true, make).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_uid() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let (app, other) = (svix.app("a").await, svix.app("b").await);
        let asked = |uid: &str| json!({ "url": "http://example.com/", "uid": uid });
        let first = svix.post(&format!("/app/{app}/endpoint"), asked("u1"), 201).await;
        svix.post(&format!("/app/{app}/endpoint"), asked("u1"), 409).await;
        svix.post(&format!("/app/{other}/endpoint"), asked("u1"), 201).await;
        let second = svix.post(&format!("/app/{app}/endpoint"), asked("u2"), 201).await;
        svix.ask("PUT", &format!("/app/{app}/endpoint/{}", id(&second)), asked("u1"), 409).await;
        svix.ask("PUT", &format!("/app/{app}/endpoint/{}", id(&first)), asked("u1"), 200).await;
        svix.ask("DELETE", &format!("/app/{app}/endpoint/u1"), Value::Null, 204).await;
        svix.post(&format!("/app/{app}/endpoint"), asked("u1"), 201).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_secret_get_and_rotation() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let path = format!("/app/{app}/endpoint/{}/secret", svix.endpoint(&app, "http://example.com/").await);
        let former = svix.get(&path).await["key"].as_str().unwrap().to_owned();
        assert_eq!((former.len(), &former[..6]), ("whsec_".len() + 32, "whsec_"));
        svix.post(&format!("{path}/rotate"), json!({ "key": null }), 204).await;
        assert_ne!(svix.get(&path).await["key"], json!(former));
        svix.post(&format!("{path}/rotate"), json!({ "key": former }), 204).await;
        assert_eq!(svix.get(&path).await["key"], json!(former));
        svix.post(&format!("{path}/rotate"), json!({ "gracePeriodSeconds": 604_801 }), 422).await;
        svix.call("POST", &format!("{path}/rotate"), &Value::Null).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_rotate_max() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let path = format!("/app/{app}/endpoint/{}/secret/rotate", svix.endpoint(&app, "http://example.com/").await);
        for _ in 0..10 {
            svix.post(&path, json!({}), 204).await;
        }
        assert_eq!(svix.post(&path, json!({}), 400).await["code"], "limit_reached");
        svix.post(&path, json!({ "gracePeriodSeconds": 0 }), 204).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_rotate_signing_symmetric_and_asymmetric() {
    const KEY: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver = Receiver::start().await;
        let path = format!("/app/{app}/endpoint/{}/secret", svix.endpoint(&app, &receiver.url()).await);
        let first = svix.get(&path).await["key"].as_str().unwrap().to_owned();
        svix.post(&format!("{path}/rotate"), json!({ "key": KEY }), 204).await;
        let public = svix.get(&path).await["key"].as_str().unwrap().to_owned();
        assert_eq!(public, "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
        let long = format!("whsec_{}", "e".repeat(100));
        svix.post(&format!("{path}/rotate"), json!({ "key": long }), 204).await;
        svix.message(&app, "a.b", json!({ "n": 1 })).await;
        let received = next(&mut receiver).await;
        for secret in [first.as_str(), KEY, long.as_str()] {
            assert!(verifies(&received, secret), "{secret}");
        }
        let signatures: Vec<&str> = received.header("svix-signature").split(' ').map(|s| &s[..3]).collect();
        assert_eq!(signatures.len(), 3);
        assert_eq!(signatures[0], "v1,", "the current one is first");
        assert!(signatures.contains(&"v1a"));
        assert_eq!(received.header("webhook-signature"), received.header("svix-signature"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_secret_config() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_DEFAULT_KEY_TYPE", "ed25519")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let path = format!("/app/{app}/endpoint/{}/secret", svix.endpoint(&app, "http://example.com/").await);
        assert!(svix.get(&path).await["key"].as_str().unwrap().starts_with("whpk_"));
        svix.post(&format!("{path}/rotate"), json!({}), 204).await;
        assert!(svix.get(&path).await["key"].as_str().unwrap().starts_with("whpk_"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_custom_and_invalid_endpoint_secrets() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let asked = |secret: &str| json!({ "url": "http://example.com/", "secret": secret });
        for secret in [format!("whsec_{}", "e".repeat(32)), format!("whsec_{}", "e".repeat(100))] {
            let made = svix.post(&format!("/app/{app}/endpoint"), asked(&secret), 201).await;
            assert_eq!(svix.get(&format!("/app/{app}/endpoint/{}/secret", id(&made))).await["key"], json!(secret));
        }
        let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
        for secret in ["whsec_c2hvcnQ=", &format!("whsec_{}", "e".repeat(104)), "secret", "abc_ZWVl", public] {
            svix.post(&format!("/app/{app}/endpoint"), asked(secret), 422).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_stats() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let receiver = Receiver::start().await;
        let endpoint = svix.endpoint(&app, &receiver.url()).await;
        let path = format!("/app/{app}/endpoint/{endpoint}/stats");
        let none = json!({ "success": 0, "pending": 0, "sending": 0, "fail": 0, "canceled": 0 });
        assert_eq!(svix.get(&path).await, none);
        svix.message(&app, "a.b", json!({})).await;
        svix.until(&format!("/app/{app}/attempt/endpoint/{endpoint}"), |list| list.len() == 1).await;
        assert_eq!(svix.get(&path).await["success"], 1);
        let before = |days: u64| Clock::System.now().minus(Duration::from_secs(days * 86_400)).to_string();
        let hour_ago: Timestamp = Clock::System.now().minus(Duration::from_secs(3_600));
        assert_eq!(svix.get(&format!("{path}?until={hour_ago}")).await, none);
        let refused = svix.ask("GET", &format!("{path}?since={}", before(29)), Value::Null, 400).await;
        assert_eq!(refused["code"], "invalid_range");
        svix.ask("GET", &format!("{path}?since=yesterday"), Value::Null, 400).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_filter_events() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        svix.event_type("known").await;
        let asked = |types: Value| json!({ "url": "http://example.com/", "filterTypes": types });
        let path = format!("/app/{app}/endpoint");
        svix.post(&path, asked(json!([])), 422).await;
        let unknown = svix.post(&path, asked(json!(["unknown"])), 422).await;
        assert_eq!(unknown["detail"][0]["loc"], json!(["body", "eventTypes"]));
        let made = svix.post(&path, asked(json!(["known"])), 201).await;
        assert_eq!((&made["eventTypes"], &made["filterTypes"]), (&json!(["known"]), &json!(["known"])));
        let one = format!("{path}/{}", id(&made));
        assert_eq!(svix.ask("PUT", &one, json!({ "url": "http://e.com" }), 200).await["filterTypes"], Value::Null);
        assert_eq!(svix.ask("PUT", &one, asked(json!(["known"])), 200).await["filterTypes"], json!(["known"]));
        svix.ask("DELETE", "/event-type/known", Value::Null, 204).await;
        svix.post(&path, asked(json!(["known"])), 422).await;
        svix.ask("PATCH", &one, json!({ "description": "keeps its filter" }), 200).await;
        svix.post(&path, json!({ "url": "http://e.com", "eventTypes": ["a"], "filterTypes": ["a"] }), 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_filter_channels() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let path = format!("/app/{app}/endpoint");
        svix.post(&path, json!({ "url": "http://e.com", "channels": [] }), 422).await;
        let eleven: Vec<String> = (0..11).map(|n| format!("c{n}")).collect();
        svix.post(&path, json!({ "url": "http://e.com", "channels": eleven }), 422).await;
        let made = svix.post(&path, json!({ "url": "http://e.com", "channels": ["a", "a"] }), 201).await;
        assert_eq!(made["channels"], json!(["a"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_msg_event_types_and_channels_filter() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let receiver = Receiver::start().await;
        for name in ["et1", "et2"] {
            svix.event_type(name).await;
        }
        let path = format!("/app/{app}/endpoint");
        for types in [json!(["et1"]), json!(["et1", "et2"]), Value::Null] {
            svix.post(&path, json!({ "url": receiver.url(), "filterTypes": types }), 201).await;
        }
        svix.post(&path, json!({ "url": receiver.url(), "channels": ["c"] }), 201).await;
        for (event_type, channels, expected) in
            [("et1", Value::Null, 3), ("et2", Value::Null, 2), ("et2", json!(["c", "d"]), 3), ("et3", json!(["d"]), 1)]
        {
            let asked = json!({ "eventType": event_type, "payload": {}, "channels": channels });
            let message = svix.post(&format!("/app/{app}/msg"), asked, 202).await;
            assert_eq!(message["channels"], channels);
            let attempts = format!("/app/{app}/attempt/msg/{}", id(&message));
            svix.until(&attempts, |list| list.len() == expected).await;
            let check = json!({ "eventType": event_type, "channels": channels });
            assert_eq!(svix.post(&format!("/app/{app}/msg/precheck/active"), check, 200).await["active"], true);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_headers_manipulation() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver = Receiver::start().await;
        let path = format!("/app/{app}/endpoint/{}/headers", svix.endpoint(&app, &receiver.url()).await);
        svix.ask("PATCH", &path, json!({ "headers": { "X-One": "1" } }), 204).await;
        for name in ["user-agent", "X-Amz-Foo", "Content-Type", "svix-id", "bad name", "", "webhook-id"] {
            svix.ask("PUT", &path, json!({ "headers": { name: "v" } }), 422).await;
        }
        svix.ask("PUT", &path, json!({ "headers": { "X-Long": "v".repeat(4_097) } }), 422).await;
        svix.ask("PUT", &path, json!({ "headers": { "X-Line": "a\nb" } }), 422).await;
        let all = json!({ "X-One": "1", "X-Two": "2", "Authorization": "Bearer t" });
        svix.ask("PUT", &path, json!({ "headers": all }), 204).await;
        let read = svix.get(&path).await;
        assert_eq!(read, json!({ "headers": { "X-One": "1", "X-Two": "2" }, "sensitive": ["Authorization"] }));
        svix.ask("PATCH", &path, json!({ "headers": { "X-One": null, "X-Three": "3" } }), 204).await;
        assert_eq!(svix.get(&path).await["headers"], json!({ "X-Two": "2", "X-Three": "3" }));
        svix.message(&app, "a.b", json!({})).await;
        let received = next(&mut receiver).await;
        assert_eq!((received.header("x-two"), received.header("authorization")), ("2", "Bearer t"));
        assert_eq!(received.header("content-type"), "application/json");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_decide_where_a_request_goes_are_refused() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver = Receiver::start().await;
        let endpoint = svix.endpoint(&app, &receiver.url()).await;
        let path = format!("/app/{app}/endpoint/{endpoint}/headers");
        let names = [
            "Host",
            "connection",
            "Expect",
            "X-Forwarded-For",
            "x-forwarded-host",
            "Forwarded",
            "Transfer-Encoding",
            "Trailer",
            "Proxy-Connection",
            "webhook-anything",
            "Svix-Id",
        ];
        for name in names {
            svix.ask("PUT", &path, json!({ "headers": { name: "v" } }), 422).await;
            svix.ask("PATCH", &path, json!({ "headers": { name: "v" } }), 422).await;
            let made = json!({ "url": receiver.url(), "headers": { name: "v" } });
            svix.ask("POST", &format!("/app/{app}/endpoint"), made, 422).await;
        }
        // A script cannot set it either: its attempt fails, with the reason.
        let code = "function handler(w) { w.headers = { Host: 'inner' }; return w }";
        let transformation = format!("/app/{app}/endpoint/{endpoint}/transformation");
        svix.ask("PATCH", &transformation, json!({ "code": code, "enabled": true }), 200).await;
        let message = svix.message(&app, "a.b", json!({})).await;
        let attempts = format!("/app/{app}/attempt/msg/{message}");
        let began = std::time::Instant::now();
        let why = loop {
            let attempts = svix.get(&attempts).await;
            if let Some(attempt) = attempts["data"].as_array().unwrap().first() {
                break attempt.to_string();
            }
            assert!(began.elapsed() < std::time::Duration::from_secs(20));
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert!(why.contains("Host"), "{why}");
        assert!(receiver.requests.try_recv().is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_endpoint_https_only() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_HTTPS_ONLY", "true")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        svix.post(&format!("/app/{app}/endpoint"), json!({ "url": "http://example.com" }), 422).await;
        svix.post(&format!("/app/{app}/endpoint"), json!({ "url": "https://example.com" }), 201).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_send_example() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver = Receiver::start().await;
        let path = format!("/app/{app}/endpoint/{}/send-example", svix.endpoint(&app, &receiver.url()).await);
        let sent = svix.post(&path, json!({ "eventType": "svix.ping" }), 200).await;
        assert_eq!(sent["payload"], json!({}));
        assert_eq!(next(&mut receiver).await.body, br#"{"success":true}"#);
        svix.post(&path, json!({ "eventType": "unknown" }), 404).await;
        svix.event_type("plain").await;
        assert_eq!(svix.post(&path, json!({ "eventType": "plain" }), 400).await["code"], "invalid_scheme");
        svix.post(&path, json!({ "eventType": "observation.created" }), 200).await;
        let example: Value = serde_json::from_slice(&next(&mut receiver).await.body).unwrap();
        assert_eq!((&example["type"], &example["version"]), (&json!("observation.created"), &json!("2026-02-07")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_recovery_expected_retry_counts() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "1ms,1ms")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let endpoint = svix.endpoint(&app, "http://127.0.0.1:2/").await;
        let begun = Clock::System.now().minus(Duration::from_secs(60));
        svix.message(&app, "a.b", json!({})).await;
        let attempts = format!("/app/{app}/attempt/endpoint/{endpoint}");
        svix.until(&attempts, |list| list.len() == 3).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let path = format!("/app/{app}/endpoint/{endpoint}/recover");
        let finished = async |task: &Value| {
            let path = format!("/background-task/{}", id(task));
            for _ in 0..400 {
                let task = svix.get(&path).await;
                if task["status"] == "finished" {
                    return task;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("the task did not end")
        };
        let task = svix.post(&path, json!({ "since": Clock::System.now() }), 202).await;
        assert_eq!((&task["task"], &task["status"]), (&json!("endpoint.recover"), &json!("running")));
        assert_eq!(finished(&task).await["data"]["count"], 0);
        let task = svix.post(&path, json!({ "since": begun }), 202).await;
        assert_eq!(finished(&task).await["data"]["count"], 1);
        let all = svix.until(&attempts, |list| list.len() == 4).await;
        assert_eq!(all.iter().filter(|attempt| attempt["triggerType"] == 1).count(), 1);
        let old = Clock::System.now().minus(Duration::from_secs(21 * 86_400));
        let refused = svix.post(&path, json!({ "since": old }), 422).await;
        assert_eq!(refused["detail"][0]["loc"], json!(["body", "since"]));
        let listed = svix.get("/background-task?task=endpoint.recover&status=finished").await;
        assert_eq!(listed["data"].as_array().unwrap().len(), 2);

        let receiver = Receiver::start().await;
        let fresh = svix.endpoint(&app, &receiver.url()).await;
        let path = format!("/app/{app}/endpoint/{fresh}/replay-missing");
        let task = svix.post(&path, json!({ "since": begun }), 202).await;
        assert_eq!((&task["task"], &finished(&task).await["data"]["count"]), (&json!("endpoint.replay"), &json!(1)));
        svix.until(&format!("/app/{app}/attempt/endpoint/{fresh}"), |list| list.len() == 1).await;
        let path = format!("/app/{app}/endpoint/{fresh}/bulk-replay");
        let task = svix.post(&path, json!({ "since": begun, "status": 0, "eventTypes": ["a.b"] }), 202).await;
        assert_eq!(finished(&task).await["data"]["count"], 1);
        let task = svix.post(&path, json!({ "since": begun, "eventTypes": ["other"] }), 202).await;
        assert_eq!(finished(&task).await["data"]["count"], 0);
    })
    .await;
}
