//! Limits on the size and the cost of requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use campanile_base::Timestamp;
use campanile_db::row;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::Server;
use campanile_webhooks::messages::MessageId;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Svix;
use crate::on_each_server;

/// A search that takes hours, in one native call that no deadline within the script interrupts.
const NATIVE: &str =
    r#"function handler(w) { const s = "a".repeat(1e7); w.payload = s.indexOf("a".repeat(5e6) + "b"); return w; }"#;
const HARMLESS: &str = "function handler(w) { w.payload.seen = true; return w; }";

/// The child processes of a process.
fn children(parent: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(|id| state(*id).is_some_and(|(_, of)| of == parent)).collect()
}

/// A process's state and its parent; `None` if there is no such process.
fn state(id: u32) -> Option<(char, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    Some((rest.next()?.chars().next()?, rest.next()?.parse().ok()?))
}

fn has_ended(id: u32) -> bool {
    state(id).is_none_or(|(state, _)| state == 'Z')
}

async fn until_ended(id: u32, within: Duration) {
    let began = Instant::now();
    while !has_ended(id) {
        assert!(began.elapsed() < within, "process {id} has not ended within {within:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn simulate(server: &Server, app: &str, endpoint: &str, code: &str) -> (u16, Duration) {
    let body = json!({ "code": code, "eventType": "a.b", "payload": {} });
    let began = Instant::now();
    let path = format!("/app/{app}/endpoint/{endpoint}/transformation/simulate");
    (Svix::of(server).call("POST", &path, &body).await.status, began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_a_native_call_stops_neither_other_scripts_nor_the_end_of_the_server() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let (bad, good) = (svix.app("bad").await, svix.app("good").await);
        let url = "https://example.com/";
        let (bad_endpoint, good_endpoint) = (svix.endpoint(&bad, url).await, svix.endpoint(&good, url).await);
        assert_eq!(simulate(&server, &good, &good_endpoint, HARMLESS).await.0, 200);
        let endless = async {
            futures_util::future::join_all((0..4).map(|_| simulate(&server, &bad, &bad_endpoint, NATIVE))).await
        };
        let harmless = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            for _ in 0..10 {
                let (status, took) = simulate(&server, &good, &good_endpoint, HARMLESS).await;
                assert!(status == 200 && took < Duration::from_millis(600), "{status} after {took:?}");
            }
        };
        let (endless, ()) = tokio::join!(endless, harmless);
        assert!(endless.iter().all(|(status, _)| *status == 400), "{endless:?}");
        assert_eq!(simulate(&server, &good, &good_endpoint, HARMLESS).await.0, 200);
        let process = server.process_id().unwrap();
        let workers = children(process);
        assert!(!workers.is_empty(), "scripts run in processes of their own");
        let path = format!("/app/{bad}/endpoint/{bad_endpoint}/transformation/simulate");
        let body = json!({ "code": NATIVE.replace("5e6", "5e6 - 1"), "eventType": "a.b", "payload": {} });
        let cut_off = svix.call("POST", &path, &body);
        let end = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            server.signal("TERM");
            until_ended(process, Duration::from_secs(15)).await;
        };
        tokio::join!(async { drop(tokio::time::timeout(Duration::from_secs(15), cut_off).await) }, end);
        for worker in workers {
            until_ended(worker, Duration::from_secs(5)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_messages_to_an_endless_script_delay_no_other_applications_script() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "")], async |server| {
        let svix = Svix::of(&server);
        let (bad, good) = (svix.app("bad").await, svix.app("good").await);
        let mut receiver = Receiver::start().await;
        let bad_endpoint =
            super::ways::scripted(&svix, &bad, &receiver.url(), "function handler(w) { for (;;) {} }").await;
        super::ways::scripted(&svix, &good, &receiver.url(), HARMLESS).await;
        for n in 0..200 {
            svix.message(&bad, "a.b", json!({ "n": n })).await;
        }
        let began = Instant::now();
        svix.message(&good, "a.b", json!({})).await;
        let request = tokio::time::timeout(Duration::from_secs(5), receiver.requests.recv()).await.unwrap().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), json!({ "seen": true }));
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        // All attempts of the bad application end, with the reason.
        let path = format!("/app/{bad}/attempt/endpoint/{bad_endpoint}?limit=250");
        let attempts = svix.until(&path, |list| list.len() == 200).await;
        let said = |text: &str| attempts.iter().filter(|a| a["response"].as_str().unwrap().contains(text)).count();
        assert!(said("rests for") > 150, "{} rested", said("rests for"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_whose_references_multiply_is_refused_and_staff_may_not_even_try() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let mut schemas = Map::new();
        for level in 0..5 {
            let next = json!({ "$ref": format!("#/components/schemas/L{}", level + 1) });
            let properties: Map<String, Value> = (0..60).map(|n| (format!("p{n}"), next.clone())).collect();
            schemas.insert(format!("L{level}"), json!({ "type": "object", "properties": properties }));
        }
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/L0" } } });
        let spec = json!({
            "webhooks": { "a.b": { "post": { "requestBody": { "content": content } } } },
            "components": { "schemas": schemas },
        });
        let began = Instant::now();
        for dry_run in [true, false] {
            let refused =
                svix.post("/event-type/import/openapi", json!({ "spec": spec, "dryRun": dry_run }), 422).await;
            assert!(refused["detail"][0]["msg"].as_str().unwrap().contains("more than 20000 values"), "{refused}");
        }
        // A schema that doubles thirty times, sent by the other entrances.
        let mut defs = Map::new();
        for n in 0..30 {
            let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
            defs.insert(format!("d{n}"), json!({ "allOf": [next.clone(), next] }));
        }
        defs.insert("d30".to_owned(), json!({}));
        let schemas = json!({ "1": { "$defs": defs, "$ref": "#/$defs/d0" } });
        let event_type = json!({ "name": "a.b", "description": "x", "schemas": schemas });
        svix.post("/event-type", event_type.clone(), 422).await;
        svix.ask("PUT", "/event-type/a.b", event_type.clone(), 422).await;
        svix.post("/environment/import", json!({ "eventTypes": [event_type] }), 422).await;
        svix.event_type("a.c").await;
        svix.ask("PATCH", "/event-type/a.c", json!({ "schemas": schemas }), 422).await;
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_texts_beyond_their_bounds_are_refused() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let endpoint = svix.endpoint(&app, "https://example.com/").await;
        let names = |many: usize| (0..many).map(|n| format!("n{n}")).collect::<Vec<_>>();
        let headers = |many: usize, size: usize| -> Map<String, Value> {
            (0..many).map(|n| (format!("x-{n}"), json!("v".repeat(size)))).collect()
        };
        let url = "https://example.com/";
        let at = |rest: &str| format!("/app/{app}/endpoint{rest}");
        let hour = "2026-01-01T00:00:00Z";
        let raw = json!({ "rawPayload": "x", "headers": { "content-type": "a\nb" } });
        let oauth = json!({
            "grantType": "clientCredentials", "authMethod": "clientSecretPost", "clientId": "x", "tokenUrl": url,
            "extraParams": { "a": "x".repeat(40_000) },
        });
        let cases = [
            ("POST", at(""), json!({ "url": url, "eventTypes": names(501) })),
            ("POST", at(""), json!({ "url": url, "channels": names(101) })),
            ("POST", at(""), json!({ "url": url, "description": "x".repeat(16_385) })),
            ("POST", at(""), json!({ "url": url, "metadata": { "a": "x".repeat(4_096) } })),
            ("POST", at(""), json!({ "url": url, "headers": headers(65, 1) })),
            ("POST", at(""), json!({ "url": url, "headers": headers(9, 4_000) })),
            ("PUT", at(&format!("/{endpoint}/headers")), json!({ "headers": headers(65, 1) })),
            ("PUT", at(&format!("/{endpoint}/headers")), json!({ "headers": { "Host": "inner" } })),
            ("PUT", at(&format!("/{endpoint}/headers")), json!({ "headers": { "X-Forwarded-For": "127.0.0.1" } })),
            ("PATCH", at(&format!("/{endpoint}/headers")), json!({ "headers": {}, "deleteHeaders": names(129) })),
            ("PUT", at(&format!("/{endpoint}/oauth")), oauth),
            ("POST", format!("/app/{app}/msg"), json!({ "eventType": "a.b", "payload": {}, "channels": names(101) })),
            ("POST", format!("/app/{app}/msg"), json!({ "eventType": "a.b", "payload": {}, "tags": names(101) })),
            (
                "POST",
                format!("/app/{app}/msg"),
                json!({ "eventType": "a.b", "payload": {}, "transformationsParams": raw }),
            ),
            ("POST", format!("/app/{app}/msg/search"), json!({ "event_types": names(501) })),
            ("POST", format!("/app/{app}/msg/search"), json!({ "content": "x".repeat(1_025) })),
            ("POST", format!("/app/{app}/msg/bulk-expunge"), json!({ "ids": names(1_001) })),
            ("POST", "/event-type".to_owned(), json!({ "name": "a", "description": "x", "featureFlags": names(101) })),
            ("POST", "/app".to_owned(), json!({ "name": "x".repeat(16_385) })),
            ("POST", format!("/app/{app}/integration"), json!({ "name": "x", "featureFlags": names(26) })),
            ("POST", format!("/auth/app-portal-access/{app}"), json!({ "featureFlags": names(101) })),
            ("POST", format!("/auth/app/{app}/expire-all"), json!({ "sessionIds": names(1_001) })),
            ("POST", "/stats/usage/app".to_owned(), json!({ "since": hour, "until": hour, "appIds": names(1_001) })),
        ];
        for (method, path, body) in cases {
            svix.ask(method, &path, body, 422).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_finds_nothing_reads_ten_thousand_messages_and_goes_on_from_there() {
    on_each_server(&[], async |mut server| {
        let app = Svix::of(&server).app("a").await;
        server.kill().await;
        let (db, of) = (server.open_database().await, app.clone());
        let now = campanile_base::Clock::System.now().as_micros();
        let ids: Vec<MessageId> = (0..25_000).map(|n| MessageId::new(Timestamp::from_micros(now - n * 8_000))).collect();
        let rare = ids[24_000].to_string();
        db.write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO message (id, application_id, event_type, payload, created_at) VALUES ($1, $2, $3, $4, $5)";
                let kind = |n: usize| if n == 24_000 { "rare" } else { "usual" };
                let payload: &[u8] = b"{}";
                let rows: Vec<_> = ids
                    .iter()
                    .enumerate()
                    .map(|(n, id)| row![id.as_str(), &of, kind(n), payload, now - n as i64 * 8_000])
                    .collect();
                tx.execute_many(sql, &rows).await
            })
        })
        .await
        .unwrap();
        drop(db);
        server.restart().await;
        let svix = Svix::of(&server);
        let list = format!("/app/{app}/msg?event_types=rare&limit=5");
        let first = svix.get(&list).await;
        assert_eq!((&first["data"], &first["done"]), (&json!([]), &json!(false)));
        let second = svix.get(&format!("{list}&iterator={}", first["iterator"].as_str().unwrap())).await;
        assert_eq!((&second["data"], &second["done"]), (&json!([]), &json!(false)));
        let third = svix.get(&format!("{list}&iterator={}", second["iterator"].as_str().unwrap())).await;
        assert_eq!((super::ids(&third), &third["done"]), (vec![rare], &json!(true)));
        let unfiltered = svix.get(&format!("/app/{app}/msg?limit=5")).await;
        assert_eq!((unfiltered["data"].as_array().unwrap().len(), &unfiltered["done"]), (5, &json!(false)));
    })
    .await;
}

/// Answers every request on every connection to any address of this machine, and counts them.
async fn listener() -> (u16, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counted = counted.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 16_384];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    counted.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                }
            });
        }
    });
    (port, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_to_many_endpoints_leaves_descriptors_to_the_door() {
    let database = Arc::new(campanile_db::testing::TestDatabase::sqlite());
    let server = Server::start_within(&["prlimit", "--nofile=200:200"], crate::BINARY, database, &[]).await;
    let svix = Svix::of(&server);
    let app = svix.app("a").await;
    let (port, count) = listener().await;
    for n in 0..300 {
        svix.endpoint(&app, &format!("http://127.0.{}.{}:{port}/", n / 200, n % 200 + 1)).await;
    }
    svix.message(&app, "a.b", json!({})).await;
    let began = Instant::now();
    while count.load(Ordering::Relaxed) < 300 {
        assert!(began.elapsed() < Duration::from_secs(30), "{} were delivered", count.load(Ordering::Relaxed));
        let connected = tokio::net::TcpStream::connect(server.url("").trim_start_matches("http://")).await;
        let mut stream = connected.unwrap();
        stream.write_all(b"GET /api/_health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(3), stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok() && answer.starts_with(b"HTTP/1.1 200"), "the door is shut");
    }
    let list = svix.get(&format!("/app/{app}/msg")).await;
    let message = super::ids(&list).remove(0);
    let failed = svix.until(&format!("/app/{app}/msg/{message}/attempt?status=2"), |list| list.is_empty()).await;
    assert!(failed.is_empty(), "who waits for a turn does not fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_where_it_is_full_and_the_next_goes_on() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("large").await;
        for number in 0..8 {
            let body = json!({ "eventType": "a.b", "payload": { "n": number, "pad": "x".repeat(1_500_000) } });
            assert_eq!(svix.call("POST", &format!("/app/{app}/msg"), &body).await.status, 202);
        }
        let (mut seen, mut pages, mut iterator) = (Vec::new(), 0, String::new());
        loop {
            let path = format!("/app/{app}/msg?limit=250{iterator}");
            let page = svix.call("GET", &path, &Value::Null).await.json;
            let of_page = page["data"].as_array().unwrap();
            assert!((1..=3).contains(&of_page.len()), "{} on a page", of_page.len());
            seen.extend(of_page.iter().map(|message| message["payload"]["n"].as_i64().unwrap()));
            pages += 1;
            if page["done"] == true {
                break;
            }
            iterator = format!("&iterator={}", page["iterator"].as_str().unwrap());
        }
        assert_eq!((seen, pages), ((0..8).rev().collect(), 3));
    })
    .await;
}
