//! Durability: the process is killed repeatedly under load, and then everything is counted.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_testkit::provider::sign;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::rounds::rounds;

const CONNECTIONS: usize = 16;

fn push(sha: &str) -> Vec<u8> {
    let payload = json!({
        "ref": "refs/heads/work", "before": "0000000", "after": sha, "commits": [],
        "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" },
        "sender": { "id": 7, "login": "ada" },
        "head_commit": { "id": sha, "message": format!("Commit {sha}"), "timestamp": "2026-02-04T10:00:00Z" },
    });
    payload.to_string().into_bytes()
}

/// Posts from sixteen connections until the server is gone. Records the deliveries that were
/// answered 202.
async fn load_until_killed(
    server: &Arc<Server>,
    round: usize,
    accepted: &Arc<Mutex<HashSet<String>>>,
) -> Vec<tokio::task::JoinHandle<()>> {
    (0..CONNECTIONS)
        .map(|connection| {
            let (server, accepted) = (server.clone(), accepted.clone());
            tokio::spawn(async move {
                for number in 0..100_000 {
                    let sha = format!("{round:04x}{connection:04x}{number:08x}");
                    let delivery = sign("github", SOURCE_SECRET, "push", &sha, &push(&sha));
                    match server.deliver(&delivery).await {
                        Ok(answer) if answer.status == 202 => drop(accepted.lock().unwrap().insert(sha)),
                        // The connection broke: the result is unknown, and a real sender would try
                        // again.
                        _ => return,
                    }
                }
            })
        })
        .collect()
}

fn sha_of(source_id: &str) -> String {
    source_id.rsplit(':').next().unwrap().to_owned()
}

async fn everything_accepted_is_there(database: campanile_db::testing::TestDatabase) {
    let name = database.name;
    let mut receiver = Receiver::start().await;
    let settings = [("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "200ms,200ms,200ms,200ms"), ("CAMPANILE_LOG", "error")];
    let mut server = Server::start(crate::BINARY, database, &settings).await;
    server.add_endpoint(&receiver.url()).await;
    let accepted = Arc::new(Mutex::new(HashSet::new()));
    for round in 0..rounds() {
        let shared = Arc::new(server);
        let load = load_until_killed(&shared, round, &accepted).await;
        let chance = u64::from(campanile_base::random_bytes::<1>()[0]);
        tokio::time::sleep(Duration::from_millis(40 + chance)).await;
        kill(shared.process_id().unwrap());
        for connection in load {
            connection.await.unwrap();
        }
        server = Arc::try_unwrap(shared).unwrap_or_else(|_| panic!("the load has ended"));
        server.restart().await;
    }
    let accepted = accepted.lock().unwrap().clone();
    println!("{name}: {} deliveries were accepted in {} rounds", accepted.len(), rounds());
    assert!(accepted.len() > rounds(), "the load was a load");

    server.until_settled().await;
    let mut remembered: HashMap<String, u32> = HashMap::new();
    for observation in server.all("/api/observations").await {
        *remembered.entry(sha_of(observation["source_id"].as_str().unwrap())).or_default() += 1;
    }
    let lost: Vec<&String> = accepted.iter().filter(|sha| !remembered.contains_key(*sha)).collect();
    assert!(lost.is_empty(), "{name}: {} of {} lost: {lost:?}", lost.len(), accepted.len());
    assert!(remembered.values().all(|times| *times == 1), "{name}: something was remembered twice");

    // Each has exactly one message, which reaches the receiver at least once.
    let mut messages: HashMap<String, HashSet<String>> = HashMap::new();
    let began = Instant::now();
    while messages.len() < remembered.len() && began.elapsed() < Duration::from_secs(60) {
        if let Ok(Some(received)) = tokio::time::timeout(Duration::from_secs(5), receiver.requests.recv()).await {
            let envelope: Value = serde_json::from_slice(&received.body).unwrap();
            // Pushes to one branch are a cluster, which is announced as well.
            let Some(source) = envelope["data"]["sourceId"].as_str() else { continue };
            let sha = sha_of(source);
            messages.entry(sha).or_default().insert(received.header("svix-id").to_owned());
        }
    }
    let silent = remembered.keys().filter(|sha| !messages.contains_key(*sha)).count();
    assert_eq!(silent, 0, "{name}: webhooks that never arrived");
    assert!(messages.values().all(|ids| ids.len() == 1), "{name}: one observation, one message");
}

fn kill(process: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
    assert!(killed.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_accepted_is_lost_when_the_process_is_killed_on_sqlite() {
    everything_accepted_is_there(campanile_db::testing::TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_accepted_is_lost_when_the_process_is_killed_on_postgres() {
    everything_accepted_is_there(campanile_db::testing::TestDatabase::postgres().await).await;
}
