//! Clusters through the API: what is about one thing is gathered, announced, listed and summarised, and
//! through kills each observation is assigned once.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use campanile_testkit::provider::sign;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::on_each_server;
use crate::rounds::rounds;
use crate::stories::{read, shared};

const PATIENCE: Duration = Duration::from_secs(60);

async fn tell(server: &Server, event: &str, id: &str, payload: Value) {
    let delivery = sign("github", SOURCE_SECRET, event, id, payload.to_string().as_bytes());
    assert_eq!(server.deliver(&delivery).await.unwrap().status, 202);
    server.until_settled().await;
}

fn repository() -> Value {
    json!({ "id": 1, "full_name": "acme/shop", "default_branch": "main" })
}

fn ada() -> Value {
    json!({ "id": 7, "login": "ada" })
}

pub(crate) async fn issue(server: &Server, number: u64, title: &str, action: &str, hour: u32) {
    let time = format!("2026-10-04T{hour:02}:00:00Z");
    let state = if action == "closed" { "closed" } else { "open" };
    let issue = json!({
        "number": number, "title": title, "body": "The gateway answers with 504.", "user": ada(), "state": state,
        "created_at": time, "updated_at": time, "closed_at": time,
        "html_url": format!("https://github.com/acme/shop/issues/{number}"),
    });
    let payload = json!({ "action": action, "repository": repository(), "sender": ada(), "issue": issue });
    tell(server, "issues", &format!("i-{number}-{action}"), payload).await;
}

pub(crate) async fn pull_request(server: &Server, number: u64, title: &str, fixes: u64, hour: u32) {
    pull_request_with(server, number, (title, &format!("Fixes #{fixes}")), hour).await;
}

async fn pull_request_with(server: &Server, number: u64, (title, body): (&str, &str), hour: u32) {
    let time = format!("2026-10-04T{hour:02}:00:00Z");
    let pull = json!({
        "id": number, "number": number, "title": title, "body": body, "user": ada(), "state": "open",
        "created_at": time, "updated_at": time, "merged": false, "draft": false,
        "head": { "ref": format!("fix/{number}"), "sha": format!("{number:040x}") }, "base": { "ref": "main" },
        "html_url": format!("https://github.com/acme/shop/pull/{number}"),
    });
    let payload = json!({
        "action": "opened", "number": number, "repository": repository(), "sender": ada(), "pull_request": pull,
    });
    tell(server, "pull_request", &format!("p-{number}"), payload).await;
}

/// The observations once all of them are assigned.
pub(crate) async fn assigned(server: &Server) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let all = server.all("/api/observations").await;
        if !all.is_empty() && all.iter().all(|observation| observation["cluster_id"].is_string()) {
            // The figures of a cluster follow once the range is assigned.
            let clusters = server.all("/api/clusters?min_observations=1").await;
            let counted: i64 = clusters.iter().map(|cluster| cluster["observation_count"].as_i64().unwrap()).sum();
            if counted == all.len() as i64 {
                return all;
            }
        }
        assert!(began.elapsed() < PATIENCE, "{all:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn next(receiver: &mut Receiver, event_type: &str) -> Value {
    loop {
        let received =
            tokio::time::timeout(PATIENCE, receiver.requests.recv()).await.expect("a request comes").unwrap();
        let envelope: Value = serde_json::from_slice(&received.body).unwrap();
        if envelope["type"] == event_type {
            return envelope;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_one_thing_is_announced_listed_and_summarised() {
    on_each_server(&[("CAMPANILE_MEMORY_SUMMARY_DELAY", "0s")], async |server| {
        let mut receiver = Receiver::start().await;
        server.add_endpoint(&receiver.url()).await;
        issue(&server, 1, "Checkout times out", "opened", 10).await;
        issue(&server, 2, "Bigger letters in the manual of the printer", "opened", 20).await;
        assigned(&server).await;
        let first = next(&mut receiver, "observation.created").await;
        assert_eq!((&first["data"]["clusterId"], &first["data"]["clusterIsNew"]), (&Value::Null, &Value::Null));
        assert!(server.all("/api/clusters").await.is_empty(), "one observation is no cluster to look at");

        pull_request(&server, 3, "Retry the gateway", 1, 11).await;
        let all = assigned(&server).await;
        let cluster = all.iter().find(|one| one["type"] == "pull_request.opened").unwrap()["cluster_id"].clone();
        next(&mut receiver, "observation.created").await;
        let fix = next(&mut receiver, "observation.created").await;
        assert_eq!((&fix["data"]["clusterId"], &fix["data"]["clusterIsNew"]), (&cluster, &json!(false)), "{fix}");
        let announced = next(&mut receiver, "cluster.created").await;
        assert_eq!(announced["data"]["clusterId"], cluster);
        assert_eq!(announced["data"]["observationCount"], 2);
        let told = server.get("/api/v1/event-type/cluster.created").await.unwrap().json;
        let example = &told["schemas"]["1"]["examples"][0]["data"];
        let fields = |data: &Value| data.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(fields(example), fields(&announced["data"]), "what is published is what is sent");

        let listed = server.all("/api/clusters").await;
        assert_eq!((listed.len(), &listed[0]["id"], &listed[0]["status"]), (1, &cluster, &json!("stalled")));
        assert_eq!(listed[0]["sources"], json!([{ "name": "github", "observations": 2 }]));
        assert_eq!(listed[0]["actors"][0]["name"], "ada");
        for (query, expected) in [
            ("source=github&actor=ada&status=stalled&since=2026-10-04T00:00:00Z", 1),
            ("source=linear", 0),
            ("actor=eve", 0),
            ("status=completed", 0),
            ("since=2026-10-05T00:00:00Z", 0),
            ("since=2026-10-04&until=2026-10-05&actor=github:7", 1),
            ("until=2026-10-04", 0),
            ("min_observations=1", 2),
        ] {
            assert_eq!(server.all(&format!("/api/clusters?{query}")).await.len(), expected, "{query}");
        }
        for wrong in [
            "status=done",
            "since=today",
            "until=2026-10",
            "source=gihtub",
            "min_observations=0",
            "limit=0",
            "cursor=x",
        ] {
            let refused = server.get(&format!("/api/clusters?{wrong}")).await.unwrap();
            assert_eq!(refused.status, 400, "{wrong}: {}", refused.json);
        }
        assert_eq!(server.get("/api/clusters/cl_nobody").await.unwrap().status, 404);

        for (number, hour) in [(4, 12), (5, 13)] {
            pull_request(&server, number, &format!("Retry the gateway again, attempt {number}"), 1, hour).await;
        }
        issue(&server, 1, "Checkout times out", "closed", 14).await;
        assigned(&server).await;
        let id = cluster.as_str().unwrap();
        let mut page = server.get(&format!("/api/clusters/{id}?limit=3")).await.unwrap().json;
        assert_eq!(page["observation_count"], 5);
        let mut seen: Vec<Value> = page["observations"]["data"].as_array().unwrap().clone();
        while let Some(cursor) = page["observations"]["next"].as_str().map(str::to_owned) {
            page = server.get(&format!("/api/clusters/{id}?limit=3&cursor={cursor}")).await.unwrap().json;
            seen.extend(page["observations"]["data"].as_array().unwrap().clone());
        }
        assert_eq!(seen.len(), 5);
        assert!(seen.iter().all(|one| one["cluster_id"] == cluster));
        let times: Vec<&str> = seen.iter().map(|one| one["occurred_at"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "newest first: {times:?}");

        let asked = json!({ "query": "checkout gateway", "filters": { "kinds": ["summary"] } });
        let began = Instant::now();
        let found = loop {
            let found = server.post("/api/search", &asked).await.unwrap().json;
            if found["data"][0]["id"] == cluster {
                break found;
            }
            assert!(began.elapsed() < PATIENCE, "{found}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(found["data"][0]["kind"], "summary");
        let both = server.post("/v1/search", &json!({ "query": "checkout gateway" })).await.unwrap().json;
        assert_eq!(both["context"]["clusters"][0]["id"], cluster);
        let read = server.post("/api/contents", &json!({ "ids": [cluster] })).await.unwrap().json;
        assert_eq!(read["data"][0]["summary"]["method"], "extractive", "{read}");
        assert!(read["data"][0]["summary"]["text"].as_str().unwrap().starts_with("5 events on 2026-10-04"), "{read}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_cluster_that_was_joined_with_another_leads_there() {
    on_each_server(&[], async |server| {
        issue(&server, 1, "Checkout times out", "opened", 10).await;
        issue(&server, 2, "Bigger letters in the manual of the printer", "opened", 20).await;
        let former: Vec<Value> = assigned(&server).await.iter().map(|one| one["cluster_id"].clone()).collect();
        assert_ne!(former[0], former[1]);
        pull_request_with(&server, 3, ("One cause of both", "Fixes #1. Fixes #2."), 21).await;
        let now = assigned(&server).await;
        let survivor = now[0]["cluster_id"].as_str().unwrap();
        assert!(now.iter().all(|one| one["cluster_id"] == survivor), "{now:?}");
        let vanished = former.iter().find(|id| *id != survivor).unwrap().as_str().unwrap();

        let moved = server.get(&format!("/api/clusters/{vanished}?limit=2")).await.unwrap();
        assert_eq!(moved.status, 308, "{}", moved.json);
        let (_, target) = moved.headers.iter().find(|(name, _)| name == "location").unwrap();
        assert_eq!(*target, format!("/api/clusters/{survivor}?limit=2"));
        let found = server.get(target).await.unwrap();
        assert_eq!((found.status, &found.json["observation_count"]), (200, &json!(3)), "{}", found.json);
        let read = server.post("/api/contents", &json!({ "ids": [vanished] })).await.unwrap().json;
        assert_eq!(read["data"][0]["id"], survivor, "{read}");
        let listed = server.all("/api/clusters?min_observations=1").await;
        assert_eq!(listed.iter().map(|one| &one["id"]).collect::<Vec<_>>(), [survivor]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_assign_each_observation_once() {
    let settings = [("CAMPANILE_ENGINE_LEASE", "1s"), ("CAMPANILE_LOG", "off")];
    on_each_server(&settings, async |mut server| {
        let mut number = 0;
        for round in 0..rounds() as u64 {
            for _ in 0..30 {
                number += 1;
                let payload = json!({
                    "action": "opened", "repository": repository(), "sender": ada(),
                    "issue": {
                        "number": number, "title": format!("Noise in hall {}", number % 9), "body": "", "user": ada(),
                        "created_at": "2026-10-04T10:00:00Z", "updated_at": "2026-10-04T10:00:00Z",
                        "html_url": "https://github.com/acme/shop/issues/1",
                    },
                });
                let id = format!("i-{number}");
                let delivery = sign("github", SOURCE_SECRET, "issues", &id, payload.to_string().as_bytes());
                assert_eq!(server.deliver(&delivery).await.unwrap().status, 202);
            }
            // The job is stored within half a second.
            tokio::time::sleep(Duration::from_millis(150 + round * 97 % 600)).await;
            server.restart().await;
        }
        server.until_settled().await;
        let all = assigned(&server).await;
        assert_eq!(all.len() as u64, number);
        let mut members: HashMap<String, i64> = HashMap::new();
        for observation in &all {
            *members.entry(observation["cluster_id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        for cluster in server.all("/api/clusters?min_observations=1").await {
            assert_eq!(cluster["observation_count"].as_i64(), members.remove(cluster["id"].as_str().unwrap()));
        }
        assert!(members.is_empty(), "{members:?}");
    })
    .await;
}

/// The stories with the time of their Sentry deliveries, which stands in a header alone.
const STORIES: [(&str, u64); 4] =
    [("story-1", 1_770_208_200), ("story-2", 1_770_375_600), ("story-4", 1_770_576_600), ("story-6", 1_770_550_200)];

/// The source ids of a story's observations, in the order in which they were told.
async fn tell_stories(server: &Server) -> HashMap<String, &'static str> {
    let stories: Vec<(&str, u64, Vec<Value>)> = STORIES
        .iter()
        .map(|(name, time)| {
            let story = read(&shared(&format!("stories/{name}.json")).unwrap());
            (*name, *time, story["webhooks"].as_array().unwrap().clone())
        })
        .collect();
    // The last two happened on the same day, one among the other.
    let mut order: Vec<(usize, usize)> = (0..2).flat_map(|n| (0..stories[n].2.len()).map(move |m| (n, m))).collect();
    let most = stories[2].2.len().max(stories[3].2.len());
    order.extend((0..most).flat_map(|m| [(2, m), (3, m)]).filter(|(n, m)| *m < stories[*n].2.len()));
    let mut story_of = HashMap::new();
    for (place, (story, webhook)) in order.into_iter().enumerate() {
        let (name, time, webhooks) = &stories[story];
        let webhook = &webhooks[webhook];
        let (source, event) = (webhook["source"].as_str().unwrap(), webhook["eventType"].as_str().unwrap());
        let event = if source == "sentry" { event.split('.').next().unwrap() } else { event };
        let id = if source == "sentry" { format!("{}", time + place as u64) } else { format!("d-{place}") };
        let delivery = sign(source, SOURCE_SECRET, event, &id, webhook["payload"].to_string().as_bytes());
        assert!(matches!(server.deliver(&delivery).await.unwrap().status, 200 | 202));
        server.until_settled().await;
        for observation in server.all("/api/observations").await {
            story_of.entry(observation["source_id"].as_str().unwrap().to_owned()).or_insert(*name);
        }
    }
    story_of
}

/// The share of observations that are in the cluster with most of their story, the share that is in a
/// cluster of mostly their own story, and the number of clusters.
fn rates(observations: &[Value], story_of: &HashMap<String, &'static str>) -> (f64, f64, usize) {
    let mut clusters: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for observation in observations {
        let story = story_of[observation["source_id"].as_str().unwrap()];
        *clusters.entry(observation["cluster_id"].as_str().unwrap()).or_default().entry(story).or_default() += 1;
    }
    let mut together = 0;
    for (story, _) in STORIES {
        let all: usize = clusters.values().filter_map(|stories| stories.get(story)).sum();
        let most = clusters.values().filter_map(|stories| stories.get(story)).max().unwrap();
        let parts = clusters.values().filter(|stories| stories.contains_key(story)).count();
        println!("  {story}: {most} of {all} in one cluster, the others in {}", parts - 1);
        together += most;
    }
    let pure: usize = clusters.values().filter_map(|stories| stories.values().max()).sum();
    let all = observations.len() as f64;
    (together as f64 / all, pure as f64 / all, clusters.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_story_are_gathered_and_those_of_two_are_not_mixed() {
    if shared("stories/story-1.json").is_none() {
        return println!("no stories here");
    }
    for embedder in ["off", "built-in"] {
        on_each_server(&[("CAMPANILE_MEMORY_EMBEDDER", embedder)], async |server| {
            let story_of = tell_stories(&server).await;
            let (together, pure, clusters) = rates(&assigned(&server).await, &story_of);
            println!("embedder {embedder}: {together:.3} together, {pure:.3} pure, {clusters} clusters");
            assert!(together >= 0.8, "{together}");
            assert!(pure >= 0.95, "{pure}");
        })
        .await;
    }
}
