//! Attempts: their lists, and the status of messages at endpoints.

use std::sync::Arc;
use std::time::Duration;

use campanile_base::Timestamp;
use campanile_testkit::receiver::Receiver;
use serde_json::{Value, json};

use super::{Svix, id, ids};
use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn test_expunge_attempt_response_body() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        svix.endpoint(&app, "http://127.0.0.1:2/").await;
        let message = svix.message(&app, "a.b", json!({})).await;
        let list = format!("/app/{app}/attempt/msg/{message}");
        let attempt = svix.until(&list, |list| list.len() == 1).await.remove(0);
        assert_eq!((&attempt["responseStatusCode"], &attempt["statusText"]), (&json!(0), &json!("fail")));
        let path = format!("/app/{app}/msg/{message}/attempt/{}", id(&attempt));
        assert!(!svix.get(&path).await["response"].as_str().unwrap().is_empty());
        assert_eq!(svix.get(&format!("{list}?with_content=false")).await["data"][0]["response"], "{}");
        svix.ask("DELETE", &format!("{path}/content"), Value::Null, 204).await;
        assert_eq!(svix.get(&path).await["response"], "EXPUNGED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_list_attempted_messages() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let receiver = Receiver::start().await;
        let made = svix.post(&format!("/app/{app}/endpoint"), json!({ "url": receiver.url(), "uid": "e" }), 201).await;
        let mut sent = Vec::new();
        for (event_type, channels) in [("one", json!(["c"])), ("two", Value::Null), ("three", Value::Null)] {
            let asked = json!({ "eventType": event_type, "payload": { "n": 1 }, "channels": channels });
            sent.push(id(&svix.post(&format!("/app/{app}/msg"), asked, 202).await));
            tokio::time::sleep(Duration::from_millis(8)).await;
        }
        sent.reverse();
        for endpoint in [id(&made), "e".to_owned()] {
            let path = format!("/app/{app}/endpoint/{endpoint}/msg");
            let listed = svix.until(&path, |list| list.len() == 3).await;
            assert_eq!(listed.iter().map(super::named).collect::<Vec<_>>(), sent, "newest first");
            assert_eq!((&listed[0]["status"], &listed[0]["statusText"]), (&json!(0), &json!("success")));
            assert_eq!((&listed[0]["payload"], listed[0].get("nextAttempt")), (&json!({ "n": 1 }), None));
            assert_eq!(ids(&svix.get(&format!("{path}?channel=c")).await), sent[2..]);
            assert_eq!(ids(&svix.get(&format!("{path}?event_types=one,two")).await), sent[1..]);
            assert_eq!(ids(&svix.get(&format!("{path}?status=0")).await), sent);
            assert!(ids(&svix.get(&format!("{path}?status=2")).await).is_empty());
            assert_eq!(svix.get(&format!("{path}?with_content=false")).await["data"][0]["payload"], json!({}));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_list_attempted_messages_by_status() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "20ms")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let refusing = Receiver::answering(Arc::new(|_| 500)).await;
        let endpoint = svix.endpoint(&app, &refusing.url()).await;
        let message = svix.message(&app, "a.b", json!({})).await;
        let path = format!("/app/{app}/endpoint/{endpoint}/msg");
        svix.until(&format!("{path}?status=2"), |list| list.len() == 1).await;
        for status in [0, 1, 3] {
            assert!(ids(&svix.get(&format!("{path}?status={status}")).await).is_empty(), "{status}");
        }
        let destinations = svix.get(&format!("/app/{app}/msg/{message}/endpoint")).await;
        assert_eq!(
            (&destinations["data"][0]["status"], &destinations["data"][0]["nextAttempt"]),
            (&json!(2), &Value::Null)
        );
        svix.ask("GET", &format!("{path}?status=9"), Value::Null, 400).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_list_attempted_messages_sending() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let refusing = Receiver::answering(Arc::new(|_| 500)).await;
        let endpoint = svix.endpoint(&app, &refusing.url()).await;
        let message = svix.message(&app, "a.b", json!({})).await;
        let path = format!("/app/{app}/endpoint/{endpoint}/msg?status=3");
        let sending = svix.until(&path, |list| list.len() == 1).await;
        assert_eq!((&sending[0]["status"], &sending[0]["id"]), (&json!(3), &json!(message)));
        assert!(sending[0]["nextAttempt"].is_string());
        let destinations = svix.get(&format!("/app/{app}/msg/{message}/endpoint")).await;
        assert_eq!(destinations["data"][0]["statusText"], "fail", "of the last attempt");
        // A manual attempt does not change the schedule.
        let resend = format!("/app/{app}/msg/{message}/endpoint/{endpoint}/resend");
        assert_eq!(svix.post(&resend, Value::Null, 202).await, json!({}));
        let attempts = svix.until(&format!("/app/{app}/attempt/msg/{message}"), |list| list.len() == 2).await;
        assert_eq!(attempts[0]["triggerType"], 1);
        svix.until(&path, |list| list.len() == 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_list_attempted_destinations() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let receiver = Receiver::start().await;
        let mut endpoints = Vec::new();
        for _ in 0..3 {
            endpoints.push(svix.endpoint(&app, &receiver.url()).await);
            tokio::time::sleep(Duration::from_millis(8)).await;
        }
        let message = svix.message(&app, "a.b", json!({})).await;
        let path = format!("/app/{app}/msg/{message}/endpoint");
        svix.until(&path, |list| list.len() == 3).await;
        svix.ask("DELETE", &format!("/app/{app}/endpoint/{}", endpoints[1]), Value::Null, 204).await;
        assert_eq!(ids(&svix.get(&path).await), endpoints, "deleted ones too, oldest first");
        let page = svix.get(&format!("{path}?limit=2")).await;
        assert_eq!(ids(&page), endpoints[..2]);
        let rest = svix.get(&format!("{path}?limit=2&iterator={}", page["iterator"].as_str().unwrap())).await;
        assert_eq!(ids(&rest), endpoints[2..]);
        let back = svix.get(&format!("{path}?limit=2&iterator={}", rest["prevIterator"].as_str().unwrap())).await;
        assert_eq!(ids(&back), endpoints[..2]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_message_attempts() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "10ms,10ms")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        for (status, expected) in [(200, 1), (201, 1), (403, 3), (500, 3)] {
            let receiver = Receiver::answering(Arc::new(move |_| status)).await;
            let endpoint = svix.endpoint(&app, &receiver.url()).await;
            let message = svix.message(&app, "a.b", json!({})).await;
            let path = format!("/app/{app}/attempt/msg/{message}?endpoint_id={endpoint}");
            let attempts = svix.until(&path, |list| list.len() == expected).await;
            assert!(attempts.iter().all(|attempt| attempt["responseStatusCode"] == status), "{attempts:?}");
            let class = status / 100 * 100;
            assert_eq!(ids(&svix.get(&format!("{path}&status_code_class={class}")).await).len(), expected);
            assert!(ids(&svix.get(&format!("{path}&status_code_class=100")).await).is_empty());
            svix.ask("DELETE", &format!("/app/{app}/endpoint/{endpoint}"), Value::Null, 204).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_message_attempts_empty_retry_schedule() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let endpoint = svix.endpoint(&app, "http://127.0.0.1:2/").await;
        svix.message(&app, "a.b", json!({})).await;
        let attempts = svix.until(&format!("/app/{app}/attempt/endpoint/{endpoint}"), |list| list.len() == 1).await;
        assert_eq!(attempts[0]["responseStatusCode"], 0);
        svix.until(&format!("/app/{app}/endpoint/{endpoint}/msg?status=2"), |list| list.len() == 1).await;
        let counted = svix.get(&format!("/app/{app}/attempt/endpoint/{endpoint}/count")).await;
        assert_eq!(counted, json!({ "count": 1, "approximated": false }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_combined_before_after_filtering_and_pagination() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let receiver = Receiver::start().await;
        let endpoint = svix.endpoint(&app, &receiver.url()).await;
        for _ in 0..6 {
            svix.message(&app, "a.b", json!({})).await;
            tokio::time::sleep(Duration::from_millis(12)).await;
        }
        let path = format!("/app/{app}/attempt/endpoint/{endpoint}");
        let all = svix.until(&path, |list| list.len() == 6).await;
        let at = |index: usize| Timestamp::parse(all[index]["timestamp"].as_str().unwrap()).unwrap();
        let names: Vec<String> = all.iter().map(super::named).collect();
        let early = Duration::from_millis(4);
        // The window has the fourth and the fifth, newest first.
        let (after, before) = (at(4).minus(early), at(2).minus(early));
        let window = svix.get(&format!("{path}?after={after}&before={before}")).await;
        assert_eq!((ids(&window), &window["done"]), (names[3..5].to_vec(), &json!(true)));
        let newer = svix.get(&format!("{path}?iterator={}", window["prevIterator"].as_str().unwrap())).await;
        assert_eq!(ids(&newer), names[..3]);
        let older = svix.get(&format!("{path}?iterator={}", window["iterator"].as_str().unwrap())).await;
        assert_eq!(ids(&older), names[5..]);
        // With `after` alone, the first page is the oldest one, newest first.
        let page = svix.get(&format!("{path}?after={after}&limit=2")).await;
        assert_eq!((ids(&page), &page["done"]), (names[3..5].to_vec(), &json!(false)));
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = svix.get(&format!("{path}?limit=4{next}")).await;
            seen.extend(ids(&page));
            if page["done"] == true {
                break;
            }
            next = format!("&iterator={}", page["iterator"].as_str().unwrap());
        }
        assert_eq!(seen, names);
        let lenient = before.to_string().replace('T', " ").replace('Z', " UTC").replace(' ', "%20");
        svix.get(&format!("{path}?before={lenient}")).await;
        svix.ask("GET", &format!("{path}?before=2025-01-01"), Value::Null, 400).await;
        svix.ask("GET", &format!("{path}?iterator=msg_x"), Value::Null, 422).await;
        svix.ask("GET", &format!("{path}?iterator=atmpt_short"), Value::Null, 422).await;
        let with_msg = svix.get(&format!("{path}?limit=1&with_msg=true")).await;
        assert_eq!(with_msg["data"][0]["msg"]["id"], with_msg["data"][0]["msgId"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_counted_for_each_application_and_for_all() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let (good, bad) = (svix.app("good").await, svix.app("bad").await);
        let receiver = Receiver::start().await;
        svix.endpoint(&good, &receiver.url()).await;
        svix.endpoint(&bad, "http://127.0.0.1:2/").await;
        let counted = async |scope: &str| {
            let path = format!("/api/webhooks/statistics?window=24h{scope}");
            server.get(&path).await.unwrap().json
        };
        let none = counted("").await;
        assert_eq!((&none["delivered"], &none["successRate"], &none["p95"]), (&json!(0), &json!(null), &json!(null)));
        for app in [&good, &good, &good, &bad] {
            let message = svix.message(app, "a.b", json!({})).await;
            svix.until(&format!("/app/{app}/attempt/msg/{message}"), |list| list.len() == 1).await;
        }
        // The numbers are the same before and after they are folded.
        for is_folded in [false, true] {
            let metrics = async || server.get("/metrics").await.unwrap().json.as_str().unwrap().to_owned();
            while is_folded && !metrics().await.contains("campanile_runs_started_total{name=\"webhooks.fold\"}") {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            let all = counted("").await;
            assert_eq!((&all["delivered"], &all["failed"], &all["successRate"]), (&json!(3), &json!(1), &json!(0.75)));
            let of = counted(&format!("&application={good}")).await;
            assert_eq!((&of["delivered"], &of["failed"], &of["successRate"]), (&json!(3), &json!(0), &json!(1.0)));
            assert!(of["p95"].as_f64().unwrap() > 0.0, "{of}");
            let of = counted(&format!("&application={bad}")).await;
            assert_eq!((&of["delivered"], &of["failed"], &of["p95"]), (&json!(0), &json!(1), &json!(null)));
        }
        assert_eq!(server.get("/api/webhooks/statistics?application=app_none").await.unwrap().status, 404);
        assert_eq!(server.get("/api/webhooks/statistics?window=1h").await.unwrap().status, 400);
    })
    .await;
}
