//! Notifications under failures: the server is killed while a trigger for many recipients is fanned
//! out and batches are open. Afterwards everything is counted. Each recipient must have each
//! trigger's item once, and the digests must contain each trigger once. A digest may have been sent
//! more than once only if the server died while the digest's receiver answered.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use campanile_db::testing::TestDatabase;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use super::{Knock, feed_step};
use crate::on_each_server;

const RECIPIENTS: usize = 300;
const KILLS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_twice_and_nobody_is_forgotten() {
    for database in TestDatabase::each().await {
        let name = database.name;
        let mut receiver = Receiver::start().await;
        let settings = [("CAMPANILE_LOG", "off"), ("CAMPANILE_ENGINE_LEASE", "1s")];
        let mut server = Server::start(crate::BINARY, database, &settings).await;
        set_up(&server, &receiver.url()).await;
        let mut accepted = BTreeSet::new();
        for round in 0..KILLS {
            for n in [2 * round, 2 * round + 1] {
                trigger(&server, n).await;
                accepted.insert(n as u64);
            }
            // The kills range from before the first page of the fan-out to after the last.
            tokio::time::sleep(Duration::from_millis(7 + 37 * round as u64)).await;
            server.kill().await;
            server.restart().await;
        }
        let items = until_all_have_come(&server, accepted.len() * RECIPIENTS).await;
        for (recipient, numbers) in &items {
            let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
            assert_eq!(numbers.len(), distinct.len(), "on {name} {recipient} has an item twice");
            assert_eq!(distinct, accepted, "on {name} {recipient} misses items");
        }
        assert_eq!(items.len(), RECIPIENTS);
        let digests = digests(&mut receiver, accepted.len() * RECIPIENTS).await;
        let told: usize = digests.values().map(|(total, _)| total).sum();
        assert_eq!(told, accepted.len() * RECIPIENTS, "on {name} digests tell of something else");
        let repeated: usize = digests.values().map(|(_, times)| times - 1).sum();
        println!("on {name}: {} triggers, {} digests, {repeated} of them again", accepted.len(), digests.len());
        assert!(repeated <= KILLS * 256, "{repeated} digests went out again");
    }
}

async fn set_up(server: &Server, url: &str) {
    let knock = Knock::of(server);
    knock.put("/channels/hook", json!({ "type": "http", "provider": "http_knock_webhook" })).await;
    let batch =
        json!({ "ref": "gather", "type": "batch", "settings": { "batch_window": { "unit": "seconds", "value": 3 } } });
    let body =
        r#"{"to": {{ recipient.id | json }}, "total": {{ total_activities }}, "first": {{ activities[0].id | json }}}"#;
    let hook = json!({ "ref": "hook", "type": "channel", "channel_key": "hook", "channel_type": "http",
        "template": { "method": "post", "url": url, "body": body } });
    knock.workflow("all", json!([feed_step("{{ n }}"), batch, hook])).await;
    let names: Vec<String> = (0..RECIPIENTS).map(|number| format!("user-{number}")).collect();
    for some in names.chunks(100) {
        knock.post("/objects/teams/all/subscriptions", json!({ "recipients": some })).await;
    }
}

/// Triggers repeatedly until it is known to be accepted. The idempotency key marks the repeats.
async fn trigger(server: &Server, n: usize) {
    let knock = Knock::of(server);
    let body = json!({ "recipients": [{ "id": "all", "collection": "teams" }], "data": { "n": n } });
    let key = format!("n-{n}");
    let answer = knock.call("POST", "/workflows/all/trigger", &body, &[("idempotency-key", &key)]).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
}

/// The items in each recipient's feed, once all the expected ones are there.
async fn until_all_have_come(server: &Server, wanted: usize) -> BTreeMap<String, Vec<u64>> {
    let (knock, began) = (Knock::of(server), Instant::now());
    loop {
        let mut items: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let (mut after, mut many) = (String::new(), 0);
        loop {
            let page = knock.get(&format!("/messages?channel_id={}&after={after}", feed_id(&knock).await)).await;
            for item in page["items"].as_array().unwrap() {
                many += 1;
                let recipient = item["recipient"].as_str().unwrap().to_owned();
                items.entry(recipient).or_default().push(item["data"]["n"].as_u64().unwrap());
            }
            match page["page_info"]["after"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
        if many >= wanted {
            return items;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{many} of {wanted} have come");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn feed_id(knock: &Knock<'_>) -> String {
    knock.get("/channels/in-app").await["id"].as_str().unwrap().to_owned()
}

/// For each digest, the number of triggers in it and the number of times it arrived. Returns when
/// the triggers add up to the expected number.
async fn digests(receiver: &mut Receiver, wanted: usize) -> BTreeMap<(String, String), (usize, usize)> {
    let mut digests: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    loop {
        let next = tokio::time::timeout(Duration::from_secs(30), receiver.requests.recv()).await;
        let request = next.expect("digests come").unwrap();
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        // The team itself is a recipient too, and also gets a webhook.
        if word("to") == "all" {
            continue;
        }
        let total = body["total"].as_u64().unwrap() as usize;
        digests.entry((word("to"), word("first"))).or_insert((total, 0)).1 += 1;
        if digests.values().map(|(total, _)| total).sum::<usize>() >= wanted {
            return digests;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_nul_is_refused_wherever_it_is_a_name_or_a_key() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("hello", json!([feed_step("Hi")])).await;
        let trigger = json!({ "recipients": ["jane"], "cancellation_key": "a\0" });
        knock.ask("POST", "/workflows/hello/trigger", trigger, 422).await;
        knock.ask("POST", "/workflows/hello/trigger", json!({ "recipients": ["ja\0ne"] }), 422).await;
        let named = json!({ "recipients": [{ "id": "jane", "name": "J\0" }] });
        knock.ask("POST", "/workflows/hello/trigger", named, 422).await;
        knock.ask("PUT", "/users/jane", json!({ "name": "J\0" }), 422).await;
        let paths = [
            "/api/v1/app/a%00b",
            "/api/v1/event-type/a%00b",
            "/v1/users/a%00b",
            "/v1/messages/a%00b",
            "/v1/workflows/a%00b",
            "/api/observations/a%00b",
            "/api/deliveries/a%00b",
        ];
        for path in paths {
            let answer = server.get(path).await.unwrap();
            assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.json);
        }
        for (path, body) in [
            ("/api/v1/app", json!({ "name": "a\0" })),
            ("/api/v1/app", json!({ "name": "a", "uid": "a\0" })),
            ("/api/workspaces", json!({ "name": "a\0" })),
            ("/api/keys", json!({ "name": "a\0" })),
        ] {
            let answer = server.post(path, &body).await.unwrap();
            assert!((400..500).contains(&answer.status), "{path} {body}: {} {}", answer.status, answer.json);
        }
        // The refused requests did no harm: the next trigger works.
        knock.trigger("hello", json!({ "recipients": ["jane"] })).await;
        knock.until_fed("jane", 1).await;
    })
    .await;
}
