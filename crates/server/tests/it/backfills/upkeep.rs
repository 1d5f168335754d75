//! Linked sources stay true by themselves: a reconcile finds what no webhook told, and a tool that sends
//! none is polled.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use campanile_testkit::linear::{LinearConduct, LinearDocument, LinearServer};
use campanile_testkit::provider::sign;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use super::{ago, be_told_of_everything, ended, issue, latest, link, provider_with, tell, told};
use crate::on_each_server;
use crate::strangers::other_organisation;
use crate::tools::{PATIENCE, linear_settings, read, until};

fn document(n: usize, content: &str, minutes: u64) -> LinearDocument {
    LinearDocument {
        id: format!("document-{n}"),
        team: "team-0".to_owned(),
        title: format!("Plan {n}"),
        content: content.to_owned(),
        updated_at: ago(minutes).to_string(),
        is_trashed: false,
    }
}

/// The upkeep of the linked source among all sources.
fn upkeep_of(list: &Value) -> Option<&Value> {
    list["data"].as_array()?.iter().map(|source| &source["upkeep"]).find(|upkeep| !upkeep.is_null())
}

async fn upkeep(server: &Server) -> Value {
    upkeep_of(&read(server, "/api/sources").await).expect("a source is linked").clone()
}

/// Waits until the upkeep of the linked source is as it should be.
async fn upkeep_until(server: &Server, is_so: impl Fn(&Value) -> bool) -> Value {
    let found = until(server, "/api/sources", |list| upkeep_of(list).is_some_and(&is_so)).await;
    upkeep_of(&found).expect("a source is linked").clone()
}

/// Waits until a sync with this cause has ended.
async fn synced(server: &Server, source: &Value, cause: &str) -> Value {
    let path = format!("/api/sources/{}/documents", source["id"].as_str().unwrap());
    let of_cause = |state: &Value| -> Option<Value> {
        let syncs = state["syncs"].as_array()?;
        syncs.iter().find(|sync| sync["cause"] == cause && !sync["finished_at"].is_null()).cloned()
    };
    of_cause(&until(server, &path, |state| of_cause(state).is_some()).await).unwrap()
}

async fn ask_to_reconcile(server: &Server, source: &Value) -> u16 {
    let path = format!("/api/sources/{}/reconcile", source["id"].as_str().unwrap());
    server.post(&path, &json!({})).await.unwrap().status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_finds_what_no_webhook_told_counts_it_and_rings_nobody() {
    let provider = provider_with(0).await;
    on_each_server(&linear_settings(&provider), async |server| {
        tell(&provider, 3);
        provider.set_documents(vec![document(1, "The heron lands.", 9), document(2, "The crane waits.", 9)]);
        be_told_of_everything(&server).await;
        let (connection, source) = link(&server).await;
        ended(&server, &latest(&server, &connection).await).await;
        synced(&server, &source, "link").await;
        let fresh = upkeep(&server).await;
        assert_eq!((&fresh["missed"], &fresh["missed_at"]), (&json!(0), &Value::Null), "{fresh}");

        // Two were missed, one has happened just now, and a document was deleted.
        provider.add_history("issues", "team-0", issue(100, 60));
        provider.add_history("issues", "team-0", issue(101, 600));
        provider.add_history("issues", "team-0", issue(102, 1));
        provider.set_documents(vec![document(1, "The heron lands.", 9)]);
        let mut receiver = Receiver::start().await;
        server.add_endpoint(&receiver.url()).await;
        assert_eq!(ask_to_reconcile(&server, &source).await, 202);
        let found = upkeep_until(&server, |upkeep| upkeep["missed"] == 2).await;
        assert!(found["missed_at"].is_string() && found["reconciled_at"].is_string(), "{found}");
        let seen = server.all("/api/observations").await;
        let titles: BTreeSet<&str> = seen.iter().map(|one| one["title"].as_str().unwrap()).collect();
        assert_eq!(titles.len(), 5, "{titles:?}");
        assert!(!titles.iter().any(|title| title.contains("backup 102")), "it is left to its webhook: {titles:?}");
        let pages = server.all("/api/deliveries?origin=reconcile").await;
        assert!(pages.iter().any(|page| page["event"] == "pull:issue"), "{pages:?}");

        let sync = synced(&server, &source, "reconcile").await;
        assert_eq!((&sync["mode"], &sync["deleted"]), (&json!("full"), &json!(1)), "{sync}");
        assert_eq!(told(&server).await, 0);
        let told_of = tokio::time::timeout(PATIENCE, receiver.requests.recv()).await.unwrap().unwrap();
        let told_of: Value = serde_json::from_slice(&told_of.body).unwrap();
        assert_eq!(told_of["type"], "sync.completed", "no observation was told: {told_of}");

        // A reconcile is in no list of backfills, holds up none, and finds nothing twice.
        let list = read(&server, &format!("/api/connections/{connection}/backfills")).await;
        assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list}");
        assert_eq!(ask_to_reconcile(&server, &source).await, 202);
        let later = upkeep_until(&server, |upkeep| upkeep["reconciled_at"] != found["reconciled_at"]).await;
        assert_eq!((&later["missed"], &later["missed_at"]), (&json!(2), &found["missed_at"]), "{later}");

        let (stranger, _) = other_organisation(&server).await;
        let stranger = format!("Bearer {stranger}");
        let path = format!("/api/sources/{}/reconcile", source["id"].as_str().unwrap());
        assert_eq!(server.ask("POST", &path, &[("authorization", &stranger)], Vec::new()).await.unwrap().status, 404);
    })
    .await;
}

fn polling(provider: &LinearServer) -> Vec<(&str, &str)> {
    let mut settings = linear_settings(provider);
    settings.push(("CAMPANILE_CONNECTOR_POLL", "1s"));
    settings
}

/// Waits until this many further polls have read everything. Returns the number that were seen.
async fn polls(server: &Server, number: usize) -> usize {
    let (mut seen, began) = (BTreeSet::new(), Instant::now());
    while seen.len() <= number {
        assert!(began.elapsed() < PATIENCE, "{seen:?}");
        seen.extend(upkeep(server).await["polled_at"].as_str().map(str::to_owned));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seen.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_without_webhooks_is_polled_for_one_call_a_kind_and_its_news_rings() {
    let provider = provider_with(0).await;
    on_each_server(&polling(&provider), async |server| {
        tell(&provider, 3);
        provider.set_documents(vec![document(1, "The heron lands.", 9)]);
        be_told_of_everything(&server).await;
        let (connection, source) = link(&server).await;
        ended(&server, &latest(&server, &connection).await).await;
        synced(&server, &source, "link").await;
        polls(&server, 1).await;

        // Nothing happens: one call for each kind, and nothing is stored.
        let before = provider.history_calls().len();
        let number = polls(&server, 4).await;
        let mut calls: BTreeMap<String, usize> = BTreeMap::new();
        for call in provider.history_calls().into_iter().skip(before) {
            assert_eq!(call.cursor, "", "no second page");
            *calls.entry(call.query).or_default() += 1;
        }
        assert_eq!(calls.len(), 5, "{calls:?}");
        assert!(calls.values().all(|calls| *calls <= number + 1), "{number} polls: {calls:?}");
        assert_eq!(told(&server).await, 0, "what was before the link is history");

        // News rings, and an edited document is read again.
        let at = ago(0).to_string();
        let mut news = issue(200, 0);
        news.as_object_mut()
            .unwrap()
            .extend([("createdAt".to_owned(), json!(at)), ("updatedAt".to_owned(), json!(at))]);
        provider.add_history("issues", "team-0", news);
        let mut edited = document(1, "The heron has left.", 0);
        edited.updated_at = at;
        provider.set_documents(vec![edited]);
        let member = server.all("/api/members").await[0]["id"].as_str().unwrap().to_owned();
        let feed = format!("/v1/users/{member}/feeds/in-app");
        until(&server, &feed, |feed| feed["meta"]["total_count"] == 1).await;
        let pages = server.all("/api/deliveries?origin=poll").await;
        assert!(pages.iter().all(|page| page["event"] == "poll:issue"), "{pages:?}");
        let sync = synced(&server, &source, "edit").await;
        assert_eq!((&sync["mode"], &sync["status"]), (&json!("changes"), &json!("completed")), "{sync}");
        let found = server
            .post("/api/search", &json!({ "query": "heron", "filters": { "kinds": ["chunk"] } }))
            .await
            .unwrap()
            .json;
        assert!(found.to_string().contains("has left"), "{found}");

        // A tool that fails is asked more and more rarely, and says why.
        provider.conduct(LinearConduct::Fails);
        let failed = upkeep_until(&server, |upkeep| upkeep["poll_error"].is_string()).await;
        assert!(failed["poll_error"].as_str().unwrap().contains("500"), "{failed}");
        provider.conduct(LinearConduct::Works);
        upkeep_until(&server, |upkeep| upkeep["poll_error"].is_null()).await;

        // A webhook ends the polls of its source.
        let id = source["id"].as_str().unwrap();
        let rotated = server.post(&format!("/api/sources/{id}/rotate"), &json!({})).await.unwrap().json;
        let thing = issue(300, 0);
        let body = json!({ "action": "create", "type": "Issue", "createdAt": thing["createdAt"], "data": thing });
        let signed = sign("linear", rotated["secret"].as_str().unwrap(), "", "delivery-1", body.to_string().as_bytes());
        let headers: Vec<(&str, &str)> = signed.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let path = format!("/api/ingest/linear/{}", source["path"].as_str().unwrap());
        assert_eq!(server.ask("POST", &path, &headers, signed.body.clone()).await.unwrap().status, 200);
        let heard = upkeep_until(&server, |upkeep| upkeep["heard_at"].is_string()).await;
        // One may have been under way.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let calls = provider.history_calls().len();
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(provider.history_calls().len(), calls, "{heard}");
    })
    .await;
}
