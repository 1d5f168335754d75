//! Search through the API: what was delivered is found, and through kills every passage is found
//! exactly once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_testkit::provider::sign;
use campanile_testkit::server::{Api, SECRET_KEY, SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::rounds::rounds;
use crate::{BINARY, on_each_server};

fn issue(number: u64, title: &str, body: &str) -> Vec<u8> {
    let payload = json!({
        "action": "opened",
        "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" },
        "sender": { "id": 7, "login": "ada" },
        "issue": {
            "number": number, "title": title, "body": body, "user": { "id": 7, "login": "ada" },
            "created_at": "2026-10-04T10:00:00Z", "updated_at": "2026-10-04T10:00:00Z",
            "html_url": format!("https://github.com/acme/shop/issues/{number}"),
        },
    });
    payload.to_string().into_bytes()
}

async fn tell(server: &Server, number: u64, title: &str, body: &str) {
    let delivery = sign("github", SOURCE_SECRET, "issues", &format!("d-{number}"), &issue(number, title, body));
    assert_eq!(server.deliver(&delivery).await.unwrap().status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_delivered_is_found_and_read() {
    on_each_server(&[], async |server| {
        tell(&server, 1, "Checkout times out", "The payment gateway answers with ERR_GATEWAY_504 under load.").await;
        tell(&server, 2, "Dark mode", "The settings page is too bright.").await;
        server.until_settled().await;
        let asked = json!({ "query": "payment timeout gateway", "explain": true });
        let found = server.post("/api/search", &asked).await.unwrap();
        assert_eq!(found.status, 200, "{}", found.json);
        let hit = &found.json["data"][0];
        assert_eq!(found.json["data"].as_array().unwrap().len(), 1);
        assert_eq!((&hit["source"], &hit["type"]), (&json!("github"), &json!("issues.opened")));
        assert_eq!(hit["actor"]["name"], "ada");
        assert!(hit["snippet"].as_str().unwrap().contains("payment gateway"));
        let mark = &hit["highlights"][0];
        let marked = |at: &Value| at.as_u64().unwrap() as usize;
        let snippet: Vec<char> = hit["snippet"].as_str().unwrap().chars().collect();
        let word: String = snippet[marked(&mark["start"])..marked(&mark["end"])].iter().collect();
        assert_eq!(word, "payment");
        assert!(hit["explain"]["lexical"].as_f64().unwrap() > 0.0);
        assert!(found.json["requestId"].as_str().is_some_and(|id| !id.is_empty()));
        assert_eq!(found.json["meta"]["totalIsExact"], true);

        let same = server.post("/v1/search", &json!({ "query": "err_gateway_504" })).await.unwrap();
        assert_eq!(same.json["data"][0]["id"], hit["id"], "{}", same.json);
        let read = server.post("/v1/contents", &json!({ "ids": [hit["id"], "obs_gone"] })).await.unwrap();
        assert!(read.json["data"][0]["body"].as_str().unwrap().contains("ERR_GATEWAY_504"));
        assert_eq!(read.json["missing"], json!(["obs_gone"]));

        let cli = |words: &[&str]| {
            let told = std::process::Command::new(BINARY)
                .args(["search", "--server", &server.url(""), "--key", SECRET_KEY])
                .args(words)
                .output()
                .unwrap();
            assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
            String::from_utf8(told.stdout).unwrap()
        };
        let told = cli(&["payment", "gateway"]);
        assert!(told.contains("Checkout times out") && told.contains("1 passage fits."), "{told}");
        assert!(cli(&["zeppelin"]).contains("Nothing fits."));
        let json: Value = serde_json::from_str(&cli(&["--json", "source:github"])).unwrap();
        assert_eq!(json["meta"]["total"], 2);

        let id = hit["id"].as_str().unwrap();
        let graph = server.get(&format!("/v1/graph/{id}?depth=1")).await.unwrap();
        assert_eq!(graph.json, server.get(&format!("/api/observations/{id}/graph?depth=1")).await.unwrap().json);
        let related = server.get(&format!("/v1/related/{id}")).await.unwrap();
        assert_eq!(
            (related.status, &related.json),
            (200, &server.get(&format!("/api/observations/{id}/edges")).await.unwrap().json)
        );

        for (path, wrong) in [
            ("/api/search", json!({ "query": "x", "limit": 1_000 })),
            ("/v1/search", json!({ "query": "x", "unknown": true })),
            ("/api/search", json!({ "query": "x", "filters": { "sources": ["gihtub"] } })),
            ("/api/search", json!({ "query": "payment source:gihtub" })),
            ("/api/contents", json!({ "ids": [] })),
            ("/api/contents", json!({ "ids": vec!["obs"; 51] })),
        ] {
            let refused = server.post(path, &wrong).await.unwrap();
            assert!((400..500).contains(&refused.status), "{path} {wrong}: {} {}", refused.status, refused.json);
            assert!(refused.json["request_id"].is_string(), "in the shape of our own API: {}", refused.json);
        }
        let elsewhere = server.post("/api/search?workspace=ws_other", &json!({ "query": "payment" })).await.unwrap();
        assert_eq!(elsewhere.status, 404, "{}", elsewhere.json);
    })
    .await;
}

/// A word without digits for each number: numbers would be found by their parts.
fn word(number: u64) -> String {
    number.to_string().bytes().map(|digit| char::from(b"bcdfghjklm"[usize::from(digit - b'0')])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_by_time_place_and_person_is_understood() {
    on_each_server(&[], async |server| {
        tell(&server, 1, "Checkout times out", "The payment gateway is slow.").await;
        tell(&server, 2, "Dark mode", "The settings page is too bright.").await;
        server.until_settled().await;
        let ask = async |body: Value| server.post("/api/search", &body).await.unwrap().json;
        let titles = |reply: &Value| {
            let hits = reply["data"].as_array().unwrap().iter();
            hits.map(|hit| hit["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let found = ask(json!({ "query": "what broke in the checkout on October 4, 2026" })).await;
        assert_eq!(found["meta"]["time"]["text"], "on October 4, 2026");
        assert_eq!(found["meta"]["time"]["start"], "2026-10-04T00:00:00.000000Z");
        assert_eq!(titles(&found), ["[Issue Opened] Checkout times out"]);
        let before = ask(json!({ "query": "checkout before 2026-10-04" })).await;
        assert_eq!((titles(&before).len(), &before["meta"]["time"]["start"]), (0, &Value::Null));
        let words = ask(json!({ "query": "checkout before 2026-10-04", "understand": false })).await;
        assert_eq!((titles(&words).len(), words["meta"].get("time")), (1, None));
        // Nothing has the words, so all of that day is listed.
        assert_eq!(titles(&ask(json!({ "query": "zeppelins on 2026-10-04" })).await).len(), 2);
        for query in ["acme/shop", "ada issues", "what did ada open in the shop"] {
            assert_eq!(titles(&ask(json!({ "query": query })).await).len(), 2, "{query}");
        }
        // Of two times the first one counts, and the other stays words.
        let two = ask(json!({ "query": "checkout on 2026-10-04 or last week" })).await;
        assert_eq!((titles(&two).len(), &two["meta"]["time"]["text"]), (1, &json!("on 2026-10-04")), "{two}");
        for (body, unmet) in [
            (json!({ "query": "checkout in May 2019" }), json!(["in May 2019"])),
            (json!({ "query": "checkout after:2031-01-01" }), json!(["after:2031-01-01"])),
            (json!({ "query": "x", "filters": { "dateRange": { "end": "2019-05-01" } } }), json!(["before:2019-05-01"])),
            (json!({ "query": "in 2019 before:2018-01-01" }), json!(["before:2018-01-01 and in 2019"])),
        ] {
            let nothing = ask(body).await;
            assert_eq!((titles(&nothing).len(), &nothing["meta"]["unmet"]), (0, &unmet), "{nothing}");
        }
        // Something happened then, though nothing that is asked for.
        let met = ask(json!({ "query": "\"zeppelin\" on 2026-10-04" })).await;
        assert_eq!((titles(&met).len(), met["meta"].get("unmet")), (0, None), "{met}");
        for query in ["source:GitHub checkout", "KIND:Observation checkout", "type:Issues.Opened category:OTHER checkout"] {
            let found = ask(json!({ "query": query })).await;
            assert!(found["meta"]["unmet"].is_null() || query.contains("OTHER"), "{query}: {found}");
        }
        let cased = json!({ "query": "checkout", "filters": { "sources": ["GitHub"], "kinds": ["Observation"], "types": ["ISSUES"] } });
        assert_eq!(titles(&ask(cased).await).len(), 1);
        assert_eq!(server.all("/api/observations?source=GitHub&type=Issues").await.len(), 2);
        let wrong =
            ask(json!({ "query": "checkout type:isues source:github", "filters": { "documents": ["nowhere"] } })).await;
        assert_eq!(wrong["meta"]["unmet"], json!(["document:nowhere", "type:isues"]), "{wrong}");
        let found = ask(json!({ "query": "", "facets": true })).await;
        assert_eq!(found["facets"]["source"], json!([{ "value": "github", "passages": 2 }]));
        let types = found["facets"]["type"].as_array().unwrap();
        assert!(types.contains(&json!({ "value": "issues.opened", "passages": 2 })), "{types:?}");
        assert_eq!(ask(json!({ "query": "" })).await.get("facets"), None);

        // A page tells whether it is one of the same list.
        let state = ask(json!({ "query": "" })).await["meta"]["state"].clone();
        let next = json!({ "query": "", "limit": 1, "offset": 1, "state": state });
        assert_eq!(ask(next.clone()).await["meta"].get("hasChanged"), None);
        tell(&server, 3, "A third one", "It came between two pages.").await;
        server.until_settled().await;
        assert_eq!(ask(next).await["meta"]["hasChanged"], true);
        let refused = server.post("/api/search", &json!({ "query": "", "state": "x".repeat(201) })).await.unwrap();
        assert_eq!(refused.status, 400, "{}", refused.json);
    })
    .await;
}

/// Delivers issues until it is stopped. Returns the numbers that were accepted.
async fn deliver_until_stopped(api: Api, from: u64, stop: Arc<Mutex<bool>>) -> BTreeSet<u64> {
    let mut accepted = BTreeSet::new();
    for number in from.. {
        let body = issue(number, "Found once", &format!("It is called zq{}", word(number)));
        let delivery = sign("github", SOURCE_SECRET, "issues", &format!("d-{number}"), &body);
        loop {
            if *stop.lock().unwrap() {
                return accepted;
            }
            let headers: Vec<(&str, &str)> =
                delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let path = format!("/api/ingest/{}", delivery.provider);
            let asked = api.ask("POST", &path, &headers, delivery.body.clone());
            match tokio::time::timeout(Duration::from_secs(2), asked).await {
                Ok(Ok(answer)) if matches!(answer.status, 200 | 202) => break,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        accepted.insert(number);
    }
    accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn drills_find_every_passage_once() {
    let settings =
        [("CAMPANILE_ENGINE_LEASE", "1s"), ("CAMPANILE_LOG", "off"), ("CAMPANILE_MEMORY_SEGMENT_PASSAGES", "32")];
    on_each_server(&settings, async |mut server| {
        let stop = Arc::new(Mutex::new(false));
        let loads: Vec<_> = (0..4)
            .map(|n| tokio::spawn(deliver_until_stopped(server.api(), 1 + n * 1_000_000, stop.clone())))
            .collect();
        for round in 0..rounds() as u64 {
            // Searches bring the index up to date, and tell the job of segments that are missing.
            let until = Instant::now() + Duration::from_millis(200 + round * 37 % 200);
            while Instant::now() < until {
                let found = server.post("/api/search", &json!({ "query": "found once" })).await.unwrap();
                assert_eq!(found.status, 200, "{}", found.json);
            }
            server.restart().await;
        }
        *stop.lock().unwrap() = true;
        let mut accepted = BTreeSet::new();
        for load in loads {
            accepted.extend(load.await.unwrap());
        }
        server.until_settled().await;
        for number in &accepted {
            let asked = json!({ "query": format!("zq{}", word(*number)), "collapse": false });
            let found = server.post("/api/search", &asked).await.unwrap();
            let hits = found.json["data"].as_array().unwrap();
            assert_eq!(hits.len(), 1, "{number}: {}", found.json);
            assert!(hits[0]["title"].as_str().unwrap().contains("Found once"));
        }
        println!("{} passages, each found once", accepted.len());
    })
    .await;
}
