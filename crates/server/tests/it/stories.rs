//! Stories across several providers, posted as signed deliveries. Checks the observations and the
//! edges between them.

mod labelled;
mod labels;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use campanile_testkit::provider::sign;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::Value;

use crate::on_each_server;

/// Real data next to the checkout, on some machines only. It is never part of the repository.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    folder.exists().then_some(folder)
}

pub(crate) fn read(path: &PathBuf) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

async fn tell(server: &Server, story: &Value) -> usize {
    let webhooks = story["webhooks"].as_array().unwrap();
    for (index, webhook) in webhooks.iter().enumerate() {
        let (source, event) = (webhook["source"].as_str().unwrap(), webhook["eventType"].as_str().unwrap());
        let event = if source == "sentry" { event.split('.').next().unwrap() } else { event };
        let body = webhook["payload"].to_string();
        // Sentry's header is a time in seconds.
        let delivery = sign(source, SOURCE_SECRET, event, &format!("{}", 1_770_000_000 + index), body.as_bytes());
        let answer = server.deliver(&delivery).await.unwrap();
        let success = if source == "linear" { 200 } else { 202 };
        assert_eq!(answer.status, success, "{source} {event}: {}", answer.json);
    }
    server.until_settled().await;
    webhooks.len()
}

/// The edges of all observations as (from, type, to), by source id.
async fn edges(server: &Server) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for observation in server.all("/api/observations").await {
        let id = observation["id"].as_str().unwrap();
        let edges = server.get(&format!("/api/observations/{id}/edges")).await.unwrap();
        for edge in edges.json["data"].as_array().unwrap().iter().filter(|edge| edge["direction"] == "outgoing") {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            found.push((text(&observation["source_id"]), text(&edge["type"]), text(&edge["observation"]["source_id"])));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_across_four_tools_is_tied_together() {
    let Some(path) = shared("stories/story-1.json") else { return println!("no stories here") };
    on_each_server(&[], async |server| {
        let told = tell(&server, &read(&path)).await;
        assert_eq!(server.all("/api/observations").await.len(), told, "every event is remembered once");
        let edges = edges(&server).await;
        let sentry = "sentry-issue:5012847391";
        let resolved = format!("{sentry}:resolved:1770000013:2026-02-04T12:30:00Z:user_jeevan_sentry");
        let push = "push:lightfastai/lightfast:refs/heads/main:2026-02-04T12:05:00Z:c9d8e7f6a5b43210:a8f3c2d91e4b5678";
        let merged = "pr:lightfastai/lightfast#362:merged";
        let deployed = "vercel:deployment:dpl_neural_fix_362:deployment.succeeded";
        let linear = "linear-issue:issue_lf_412";
        for (from, kind, to) in [
            (merged.to_owned(), "fixes", format!("{sentry}:created")),
            (merged.to_owned(), "fixes", format!("{linear}:created")),
            (merged.to_owned(), "fixes", "issue:lightfastai/lightfast#361:opened".to_owned()),
            (deployed.to_owned(), "deploys", merged.to_owned()),
            (deployed.to_owned(), "deploys", push.to_owned()),
            (push.to_owned(), "resolves", resolved),
            (format!("{sentry}:created"), "triggers", format!("{linear}:updated:2026-02-04T12:45:00Z")),
            (merged.to_owned(), "tracked_in", format!("{linear}:updated:2026-02-04T12:45:00Z")),
            (merged.to_owned(), "same_branch", format!("{linear}:created")),
            (push.to_owned(), "same_commit", merged.to_owned()),
        ] {
            // A symmetric edge points from the observation that was processed later. Several are
            // processed at a time, so both directions are right.
            let is_there =
                |from: &str, to: &str| edges.iter().any(|edge| (&*edge.0, &*edge.1, &*edge.2) == (from, kind, to));
            assert!(is_there(&from, &to) || (kind.starts_with("same_") && is_there(&to, &from)), "{from} {kind} {to}");
        }
        let mut once: HashMap<&(String, String, String), u32> = HashMap::new();
        edges.iter().for_each(|edge| *once.entry(edge).or_default() += 1);
        assert!(once.values().all(|times| *times == 1), "an edge stands once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_story_is_remembered_whole() {
    for name in ["story-2", "story-4", "story-6"] {
        let Some(path) = shared(&format!("stories/{name}.json")) else { return println!("no stories here") };
        on_each_server(&[], async |server| {
            let told = tell(&server, &read(&path)).await;
            let unsettled: Vec<Value> = server.all("/api/deliveries?status=failed").await;
            assert!(unsettled.is_empty(), "{name}: {unsettled:?}");
            let skipped = server.all("/api/deliveries?status=skipped").await;
            assert_eq!(server.all("/api/observations").await.len() + skipped.len(), told, "{name}: {skipped:?}");
        })
        .await;
    }
}

/// Delivers the captured payloads. Returns their number.
async fn tell_captured(server: &Server, folder: &Path) -> usize {
    let mut sent = 0;
    for provider in ["github", "vercel"] {
        for entry in std::fs::read_dir(folder.join(provider)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let event = name.split('.').next().unwrap();
            let delivery = sign(provider, SOURCE_SECRET, event, &name, &std::fs::read(&path).unwrap());
            let answer = server.deliver(&delivery).await.unwrap();
            assert_eq!(answer.status, 202, "{name}: {}", answer.json);
            sent += 1;
        }
    }
    server.until_settled().await;
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn captured_deliveries_are_remembered() {
    let Some(folder) = shared("captured") else { return println!("no captured deliveries here") };
    on_each_server(&[], async |server| {
        let sent = tell_captured(&server, &folder).await;
        assert_eq!(server.all("/api/deliveries?status=processed").await.len(), sent);
        assert_eq!(server.all("/api/observations").await.len(), sent);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_filtered_and_paged() {
    let Some(path) = shared("stories/story-1.json") else { return println!("no stories here") };
    on_each_server(&[], async |server| {
        tell(&server, &read(&path)).await;
        let all = server.all("/api/observations").await;
        let times: Vec<&str> = all.iter().map(|o| o["occurred_at"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "newest first");
        let by_twos = {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = server.get(&format!("/api/observations?limit=2{cursor}")).await.unwrap().json;
                seen.extend(page["data"].as_array().unwrap().iter().map(|o| o["id"].clone()));
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break seen,
                }
            }
        };
        assert_eq!(by_twos, all.iter().map(|o| o["id"].clone()).collect::<Vec<_>>());
        for (query, holds) in [
            ("source=github", "/provider"),
            ("type=pull_request", "/type"),
            ("topic=incident", "/topics"),
            ("min_significance=70", "/significance"),
            ("after=2026-02-04T12:00:00Z", "/occurred_at"),
            ("actor=jeevanpillay", "/actor/name"),
        ] {
            let some = server.all(&format!("/api/observations?{query}")).await;
            assert!(!some.is_empty() && some.len() < all.len(), "{query}: {}", some.len());
            for observation in &some {
                let value = observation.pointer(holds).unwrap();
                let fits = match query.split_once('=').unwrap() {
                    ("min_significance", _) => value.as_i64().unwrap() >= 70,
                    ("after", time) => value.as_str().unwrap()[..19] >= time[..19],
                    // All accounts of the person are found, whatever each is called.
                    ("actor", name) => value.to_string().to_lowercase().replace(' ', "").contains(name),
                    (_, word) => value.to_string().contains(word),
                };
                assert!(fits, "{query}: {value}");
            }
        }
        assert_eq!(server.get("/api/observations?after=yesterday").await.unwrap().status, 400);
        assert_eq!(server.get("/api/observations?limit=0").await.unwrap().status, 400);
        assert_eq!(server.get("/api/observations?cursor=x").await.unwrap().status, 400);
    })
    .await;
}
